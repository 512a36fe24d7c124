"""What holds for every input: nothing is raised, every span lies in its text, every report can be made."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from importlib import import_module
from typing import Any

import msgspec

from netlint.build.interpolation import expand
from netlint.config import Config
from netlint.dataplane.flow import FlowError, parse_flow
from netlint.decode import decode
from netlint.discover import Discovery, Input
from netlint.engine import check
from netlint.formats import FORMATS
from netlint.parse.provision import Provision
from netlint.parse.tree import Scalar
from netlint.rule import load_rules, rules_folder
from netlint.sniff import sniff
from netlint.source import Source, Span

RULES = load_rules([rules_folder()])
REPORTS = ("text", "json", "sarif", "github", "gitlab", "junit", "markdown", "html")


def parser_holds(format: str, text: str) -> None:
    """The parser of the format takes the text, and what it gives points into it."""
    source = Source("f", text)
    result = import_module(f"netlint.parse.{FORMATS[format].parser}").parse(source)
    placed = (*result[0].texts, *result[0].holders) if isinstance(result[0], Provision) else ()
    inside = {text.path: text for text in placed}
    for span in spans(result):
        while (inner := inside.get(span.source)) is not None:  # of a part that is a part of another
            assert 0 <= span.start <= span.end <= inner.length, (span, inner.length)
            span = inner.moved(span)  # noqa: PLW2901
        assert span.source == "f", span
        assert 0 <= span.start <= span.end <= len(text), (span, len(text))


def spans(root: object) -> Iterator[Span]:
    """Every span in what a parser gives, each object looked at once."""
    pending: list[Any] = [root]
    seen: set[int] = set()
    while pending:
        one = pending.pop()
        kind = type(one)
        if kind is Span:
            yield one
        elif kind not in _PLAIN and id(one) not in seen:
            seen.add(id(one))
            if kind is tuple or kind is list:
                pending += one
            elif isinstance(one, tuple | list | set | frozenset):
                pending.extend(one)
            elif isinstance(one, dict):
                pending.extend([*one, *one.values()])
            else:
                pending += [getattr(one, name, None) for name in _fields(kind)]  # type: ignore[arg-type]
                pending.extend(getattr(one, "__dict__", {}).values())


_PLAIN = frozenset((str, int, float, bool, bytes, type(None), Source, type))


@cache
def _fields(kind: type[object]) -> tuple[str, ...]:
    """The names under which values of a type hold others."""
    if issubclass(kind, str | int | float | bytes | Source | type):
        return ()
    if issubclass(kind, msgspec.Struct):
        return kind.__struct_fields__
    return tuple(name for one in kind.__mro__ for name in getattr(one, "__slots__", ()))


def bytes_hold(data: bytes) -> None:
    """Any bytes are binary or a text, of a known format or none."""
    text = decode(data)
    if text is not None:
        sniff(text, "f")


def expression_holds(text: str) -> None:
    """A value with variables, and a flow, are understood or refused."""
    expanded = expand(Scalar(span=Span("f", 0, len(text)), text=text, value=text, start=0))
    for start in range(0, len(expanded.text), 7):
        span = expanded.part(start, min(start + 5, len(expanded.text)))
        assert 0 <= span.start <= span.end <= len(text)
    with suppress(FlowError):
        parse_flow(text)


def run_holds(files: dict[str, tuple[str, str]]) -> int:
    """A check of files (format and text by path) and every report of it; the number of findings."""
    inputs = [Input(Source(path, text), name, "/r") for path, (name, text) in sorted(files.items())]
    discovery = Discovery(inputs=inputs, unreadable=[], skipped=[], root="/r", named=frozenset(), ignored=0)
    run = check(discovery, RULES, Config())
    for finding in run.findings:
        for span in spans(finding):
            assert 0 <= span.start <= span.end <= len(run.sources[span.source].text), (finding.code, span)
    more: dict[str, dict[str, Any]] = {"text": {"color": False}, "sarif": {"checkout": "/r"}}
    for name in REPORTS:
        assert import_module(f"netlint.report.{name}").render(run, **more.get(name, {})) is not None
    return len(run.findings)
