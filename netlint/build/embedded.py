"""JSON and YAML inside the strings of another file, such as the values of a ConfigMap.

Where the text stands as it is (a literal block, a string without escapes), the inner tree's places are those in the
file: what stands there is read with its indentation, and the places are moved. Where it does not, the inner nodes all
stand for the string.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from msgspec import structs
from msgspec.structs import replace

from netlint.build.facts import HostFacts
from netlint.build.values import is_open
from netlint.parse.tree import Entry, Mapping, Node, Problem, Scalar, Sequence, Word
from netlint.source import Source, Span

Parser = Callable[[Source], tuple[list[Node], list[Problem]]]

_SEPARATOR = re.compile(r"^([ \t]+)(---|\.\.\.)([ \t]*)$", re.MULTILINE)


def inner_json(scalar: Scalar, source: Source, facts: HostFacts) -> list[Node]:
    from netlint.parse import json  # noqa: PLC0415 - few files need it

    return _inner(scalar, source, facts, json.parse)


def inner_yaml(scalar: Scalar, source: Source, facts: HostFacts) -> list[Node]:
    from netlint.parse import yaml  # noqa: PLC0415 - the same

    return _inner(scalar, source, facts, yaml.parse)


def json_word(word: Word, facts: HostFacts) -> list[Node]:
    """The JSON that an argument of a command holds; its nodes stand for the word, part by part where it is verbatim."""
    from netlint.parse import json  # noqa: PLC0415 - the same

    documents, problems = json.parse(Source(word.span.source, word.text))
    if problems and word.exact and not is_open(word.text):
        facts.problem(word.span, f"no JSON: {problems[0].message}")
    move = (lambda span: word.span.part(span.start, span.end)) if word.verbatim else (lambda _: word.span)
    return [_moved(node, move, verbatim=word.verbatim) for node in documents]


def _inner(scalar: Scalar, source: Source, facts: HostFacts, parse: Parser) -> list[Node]:
    start, end = _verbatim(scalar, source)
    text = scalar.text if start is None else _SEPARATOR.sub(r"\2\1\3", source.text[start:end])
    documents, problems = parse(Source(source.path, text))

    def move(span: Span) -> Span:
        return scalar.span if start is None else Span(span.source, span.start + start, span.end + start)

    if not is_open(scalar.text):
        moved = [structs.replace(problem, span=move(problem.span)) for problem in problems]
        facts.problems(moved[:1] if start is None else moved)
    return [_moved(node, move, verbatim=start is not None) for node in documents]


def _verbatim(scalar: Scalar, source: Source) -> tuple[int | None, int]:
    """Where the scalar's text stands, indented or not, if it stands as it is."""
    if scalar.start is not None:
        return scalar.start, scalar.start + len(scalar.text)
    if source.text[scalar.span.start : scalar.span.start + 1] == "|":
        body = source.text.find("\n", scalar.span.start, scalar.span.end)
        return (body + 1 if body >= 0 else None), scalar.span.end
    return None, 0


def _moved(node: Node, move: Callable[[Span], Span], *, verbatim: bool) -> Node:
    match node:
        case Scalar(span=span, start=start):
            new = move(span)
            return replace(node, span=new, start=new.start + (start - span.start) if verbatim and start else None)
        case Sequence(span=span, items=inner):
            return replace(node, span=move(span), items=tuple(_moved(one, move, verbatim=verbatim) for one in inner))
        case Mapping(span=span, entries=entries):
            return replace(node, span=move(span), entries=tuple(_moved_entry(one, move, verbatim) for one in entries))


def _moved_entry(entry: Entry, move: Callable[[Span], Span], verbatim: bool) -> Entry:
    key = _moved(entry.key, move, verbatim=verbatim)
    assert isinstance(key, Scalar)
    return Entry(key=key, value=_moved(entry.value, move, verbatim=verbatim), merged=entry.merged)
