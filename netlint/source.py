"""Texts and places in them. The only module that counts lines."""

from __future__ import annotations

from bisect import bisect_right

from msgspec import Struct


class Span(Struct, frozen=True, order=True, gc=False):
    """Characters `start` to `end` (exclusive) of the source named `source`. Ordered by source, then by place."""

    source: str
    start: int
    end: int

    def part(self, start: int, end: int) -> Span:
        """The span of characters `start` to `end` counted from the start of this one."""
        return Span(self.source, self.start + start, self.start + end)

    def to(self, other: Span) -> Span:
        """The span from the start of this one to the end of `other`, which lies in the same source."""
        return Span(self.source, self.start, other.end)


class Position(Struct, frozen=True):
    """A place as an editor shows it: line and column count from 1, in code points."""

    line: int
    column: int
    offset: int


_MOST_UNPACKED = 8  # texts of packed sources
_LEAST_PACKED = 512  # characters; shorter texts become longer


class Source:
    """A text with its name, which is unique in a run: a path in POSIX form, relative to the scanned root.

    `whole` is the source that this one is a part of, itself for a whole one. Offsets are the same in both.
    """

    __slots__ = ("_packed", "_starts", "_text", "path", "whole")

    def __init__(self, path: str, text: str, whole: Source | None = None) -> None:
        self.path = path
        self._text: str | None = text
        self._packed = b""
        self.whole = whole or self
        self._starts: list[int] | None = None

    def __repr__(self) -> str:
        return f"Source({self.path!r}, {len(self.text)} characters)"

    @property
    def text(self) -> str:
        if self._text is not None:
            return self._text
        if self not in _unpacked:
            import zlib  # noqa: PLC0415 - only large sites have packed texts

            if len(_unpacked) >= _MOST_UNPACKED:
                oldest = next(iter(_unpacked))
                oldest._starts = None
                del _unpacked[oldest]
            _unpacked[self] = zlib.decompress(self._packed).decode("utf-8", "surrogatepass")
        return _unpacked[self]

    def pack(self) -> None:
        """Keep the text compressed, as it will be looked at seldom from now on."""
        if self._text is not None and len(self._text) >= _LEAST_PACKED:
            import zlib  # noqa: PLC0415

            self._packed = zlib.compress(self._text.encode("utf-8", "surrogatepass"), 1)
            self._text = self._starts = None

    @property
    def is_packed(self) -> bool:
        return self._text is None

    def part(self, start: int, end: int) -> Source:
        """The same source with nothing but characters `start` to `end`: blanks stand in place of those before."""
        return Source(self.path, (" " * (start - 1) + "\n" if start else "") + self.text[start:end], self)

    @property
    def key(self) -> tuple[str, int]:
        """What tells a part from others of the same file."""
        return self.path, 0 if self.whole is self else len(self.text)

    def holds(self, span: Span) -> bool:
        """Whether the span lies in this source, and in the part of the file that it is."""
        if span.source != self.path or self.whole is self:
            return span.source == self.path
        return len(self.text) - len(self.text.lstrip()) <= span.start <= len(self.text)

    def span(self, start: int, end: int) -> Span:
        return Span(self.path, start, end)

    def slice(self, span: Span) -> str:
        return self.text[span.start : span.end]

    @property
    def line_starts(self) -> list[int]:
        """Offset of the first character of each line; lines end at \\n, \\r\\n or a lone \\r."""
        if self._starts is None:
            starts, text, at = [0], self.text, 0
            if "\r" in text:
                while at < len(text):
                    newline, carriage = text.find("\n", at), text.find("\r", at)
                    if newline < 0 and carriage < 0:
                        break
                    if carriage >= 0 and (newline < 0 or carriage < newline):
                        at = carriage + (2 if newline == carriage + 1 else 1)
                    else:
                        at = newline + 1
                    starts.append(at)
            else:
                at = text.find("\n")
                while at >= 0:
                    starts.append(at + 1)
                    at = text.find("\n", at + 1)
            self._starts = starts
        return self._starts

    def position(self, offset: int) -> Position:
        starts = self.line_starts
        line = bisect_right(starts, offset)
        return Position(line, offset - starts[line - 1] + 1, offset)

    def line(self, number: int) -> str:
        """The text of line `number` (from 1) without its line end; empty past the end."""
        starts = self.line_starts
        if not 1 <= number <= len(starts):
            return ""
        end = starts[number] if number < len(starts) else len(self.text)
        return self.text[starts[number - 1] : end].rstrip("\r\n")


_unpacked: dict[Source, str] = {}
