"""Files as reports may quote them: of the same length, so that every place stays what it is."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from importlib import import_module
from typing import TypeAlias

from msgspec import structs

from netlint.discover import Input
from netlint.finding import Finding
from netlint.formats import FORMATS
from netlint.parse.provision import Provision
from netlint.run import Run
from netlint.source import Source, Span

Piece: TypeAlias = tuple[int, int]  # characters from and to that a report must not show

_TREES = frozenset({"compose", "kubernetes", "daemon-json", "flannel", "cni"})
_COMMANDS = frozenset({"shell-script", "systemd-unit", "docker-defaults", "env-file", "dockerd-command", "flannel-env"})
_PROVISIONS = frozenset({"cloud-config", "ansible"})
_EITHER = frozenset({"docker-service", "docker-ps", "docker-network-ls", "podman-network"})
_NAME = re.compile(r"[\w.:/${}\[\]-]{1,80}")
_VISIBLE = re.compile(r"[^\r\n]+")


def quotable(run: Run, inputs: Iterable[Input]) -> Run:
    """The run with texts that its reports may quote: those of `inputs`, as far as a finding points into them."""
    places: dict[str, list[Piece]] = {}
    for finding in run.findings:
        for span in _places(finding):
            marks = places.setdefault(span.source, [])
            if finding.code != "NL901":  # what could not be read may be anything
                marks.append((span.start, span.end))
    pieces: dict[str, list[Piece]] = {path: [] for path in places}
    for item in inputs:
        if item.source.path in pieces:
            pieces[item.source.path] += guarded(item.source, item.format)
    sources = dict(run.sources)
    for path, marks in places.items():
        if pieces[path]:
            masked = Source(path, masked_text(sources[path].text, pieces[path], marks))
            if (kept := sources[path].kept) is not None:
                masked.pack(kept.spool)
            sources[path] = masked
    return structs.replace(run, sources=sources)


def guarded(source: Source, format: str) -> Iterator[Piece]:
    """The pieces of a file, or of a part of a transcript, that a report must not show."""
    if format in _PROVISIONS:
        yield from _of_provision(source, format)
    elif format in _COMMANDS:
        from netlint.guard.commands import guarded_words  # noqa: PLC0415 - one or the other

        yield from guarded_words(source.text, format)
    elif format in _TREES or format.endswith(("-json", "inspect")) or _is_json(source, format):
        from netlint.guard.trees import guarded_values  # noqa: PLC0415

        yield from guarded_values(source, format)


def _of_provision(source: Source, format: str) -> Iterator[Piece]:
    """The pieces of what cloud-init or Ansible runs and writes; a packed file is not shown at all."""
    from netlint.guard.commands import guarded_words  # noqa: PLC0415
    from netlint.sniff import sniff  # noqa: PLC0415

    parser = import_module(f"netlint.parse.{FORMATS[format].parser}")
    if format == "ansible":
        from netlint.guard.trees import guarded_arguments  # noqa: PLC0415 - few files need it

        yield from guarded_arguments(source)
    provision: Provision = parser.parse(source)[0]
    texts = [(text, "shell-script") for text in provision.texts]
    texts += [(one.content, sniff(one.content.text, one.path.text) or "") for one in provision.files]
    texts += [(text, "") for text in provision.holders]
    holders = {text.path: text for text in provision.holders}
    for text, kind in texts:
        inner = text.inner()
        pieces = guarded_words(inner.text, kind) if kind == "shell-script" else guarded(inner, kind)
        for place in (*(text.moved(inner.span(start, end)) for start, end in pieces), *text.packed):
            at = place
            while (holder := holders.get(at.source)) is not None:
                at = holder.moved(at)
            yield at.start, at.end


def _is_json(source: Source, format: str) -> bool:
    """Whether a listing that may be text or JSON is the latter."""
    return format in _EITHER and source.text.lstrip()[:1] in ("[", "{")


def masked_text(text: str, pieces: Iterable[Piece], marks: Iterable[Piece] = ()) -> str:
    """`text` with an asterisk for each character of the pieces; line ends stay.

    A mark that lies inside a piece shows what it points at: the host in a URL. One that is as long as the piece shows a
    name or an address; one that is longer points at a whole, and shows nothing of it.
    """
    merged = _merged(pieces)
    starts = [start for start, _ in merged]
    parts, at = [], 0
    for start, end in _less(merged, _merged(mark for mark in marks if _shows(text, mark, merged, starts))):
        parts += [text[at:start], _VISIBLE.sub(_stars, text[start:end])]
        at = end
    return "".join([*parts, text[at:]])


def _shows(text: str, mark: Piece, pieces: list[Piece], starts: list[int]) -> bool:
    around = bisect_right(starts, mark[0]) - 1
    if around < 0 or mark[1] > pieces[around][1]:
        return False
    return mark != pieces[around] or _NAME.fullmatch(text, *mark) is not None


def _merged(pieces: Iterable[Piece]) -> list[Piece]:
    """The pieces in order, those that overlap as one."""
    found: list[Piece] = []
    for start, end in sorted(pieces):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return found


def _less(pieces: list[Piece], others: list[Piece]) -> Iterator[Piece]:
    """What is left of the pieces without the others; both in order and apart."""
    index = 0
    for start, end in pieces:
        while index < len(others) and others[index][1] <= start:
            index += 1
        at, number = start, index
        while number < len(others) and others[number][0] < end:
            yield at, max(at, others[number][0])
            at = others[number][1]
            number += 1
        yield at, max(at, end)


def _stars(found: re.Match[str]) -> str:
    return "*" * len(found[0])


def _places(finding: Finding) -> Iterable[Span]:
    yield finding.at
    yield from (label.span for label in finding.related)
    if finding.witness is not None:
        yield from (step.span for step in finding.witness.steps)
