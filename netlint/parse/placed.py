"""Texts that stand inside another file, and where each of their characters stands there.

A file that cloud-init or Ansible writes is read as that file: under the path that it gets, without the indentation that
it has in YAML. The places that come out of this are then moved to where the text is written.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import NamedTuple

from netlint.parse.tree import Scalar
from netlint.source import Source, Span

_LITERAL = re.compile(r"\|[-+\d]*[ \t]*(?:#[^\n]*)?\r?\n")


class Piece(NamedTuple):
    """Characters from `start` of the inner text on stand at `place`: one by one if `verbatim`, else all as a whole."""

    start: int
    place: Span
    verbatim: bool


class Placed:
    """A text that is put together from pieces of `source`. `path` names it, and is no other source's path."""

    def __init__(self, path: str, source: Source) -> None:
        self.path = path
        self.source = source
        self._parts: list[str] = []
        self._pieces: list[Piece] = []
        self._starts: list[int] = []
        self.length = 0
        self.packed: list[Span] = []  # the places that hold the text in a form that nobody reads

    @property
    def text(self) -> str:
        return "".join(self._parts)

    def inner(self) -> Source:
        """The text as a source of its own."""
        return Source(self.path, self.text)

    def add(self, text: str, place: Span, *, verbatim: bool = False, packed: bool = False) -> None:
        """Add a piece that stands at `place`."""
        if packed:
            self.packed.append(place)
        if text:
            self._pieces.append(Piece(self.length, place, verbatim))
            self._starts.append(self.length)
            self._parts.append(text)
            self.length += len(text)

    def add_scalar(self, scalar: Scalar, start: int = 0, end: int | None = None) -> None:
        """Add characters `start` to `end` of the content of a scalar of the source, at their places where it stands
        there line for line; a folded one, or one with escapes, stands as a whole."""
        end = len(scalar.text) if end is None else end
        for at, line, place in _lines(scalar, self.source):
            first, last = max(start, at), min(end, at + len(line))
            if first >= last:
                continue
            if place is None:
                self.add(line[first - at : last - at], scalar.span)
            else:
                span = Span(self.source.path, place + first - at, place + last - at)
                self.add(line[first - at : last - at], span, verbatim=True)

    def extend(self, other: Placed, start: int = 0, end: int | None = None) -> None:
        """Add characters `start` to `end` of another text of the same source."""
        self.packed += other.packed
        if not other.length:
            return
        text, end = other.text, other.length if end is None else end
        for piece, last in zip(other._pieces, [*other._starts[1:], other.length], strict=True):
            first, until = max(piece.start, start), min(last, end)
            if first >= until:
                continue
            place = piece.place
            if piece.verbatim:
                place = Span(place.source, place.start + first - piece.start, place.start + until - piece.start)
            self.add(text[first:until], place, verbatim=piece.verbatim)

    def moved(self, span: Span) -> Span:
        """Where a span of the inner text stands in the source."""
        if not self._pieces:
            return self.source.span(0, 0)
        first = self._at(span.start)
        last = self._at(max(span.end - 1, span.start))
        start = first.place.start
        if first.verbatim:
            start = min(start + span.start - first.start, first.place.end)
        end = last.place.end
        if last.verbatim:
            end = min(last.place.start + span.end - last.start, last.place.end)
        return Span(self.source.path, start, max(start, end))

    def is_verbatim(self, span: Span) -> bool:
        """Whether the span's characters stand one behind the other in the source too."""
        if not self._pieces:
            return False
        first, last = self._at(span.start), self._at(max(span.end - 1, span.start))
        return first is last and first.verbatim

    def _at(self, offset: int) -> Piece:
        return self._pieces[max(0, bisect_right(self._starts, offset) - 1)]


def _lines(scalar: Scalar, source: Source) -> list[tuple[int, str, int | None]]:
    """The lines of the content: where each begins in it, its text, and its place in the source if that is known."""
    if scalar.start is not None:
        return [(0, scalar.text, scalar.start)]
    header = _LITERAL.match(source.text, scalar.span.start)
    if header is None:
        return [(0, scalar.text, None)]
    found: list[tuple[int, str, int | None]] = []
    inner, outer = 0, header.end()
    for line in scalar.text.splitlines(keepends=True):
        end = source.text.find("\n", outer)
        end = len(source.text) if end < 0 else end
        written, content = source.text[outer:end].removesuffix("\r"), line.rstrip("\r\n")
        if not written.endswith(content):
            return [(0, scalar.text, None)]
        found.append((inner, line, outer + len(written) - len(content)))
        inner += len(line)
        outer = end + 1
    return found
