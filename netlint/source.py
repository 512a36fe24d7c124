"""Texts and places in them. The only module that counts lines."""

from __future__ import annotations

from bisect import bisect_right
from typing import NamedTuple


class Span(NamedTuple):
    """Characters `start` to `end` (exclusive) of the source named `source`."""

    source: str
    start: int
    end: int

    def part(self, start: int, end: int) -> Span:
        """The span of characters `start` to `end` counted from the start of this one."""
        return Span(self.source, self.start + start, self.start + end)

    def to(self, other: Span) -> Span:
        """The span from the start of this one to the end of `other`, which lies in the same source."""
        return Span(self.source, self.start, other.end)


class Position(NamedTuple):
    """A place as an editor shows it: line and column count from 1, in code points."""

    line: int
    column: int
    offset: int


class Source:
    """A text with its name, which is unique in a run: a path in POSIX form, relative to the scanned root."""

    __slots__ = ("_starts", "path", "text")

    def __init__(self, path: str, text: str) -> None:
        self.path = path
        self.text = text
        self._starts: list[int] | None = None

    def __repr__(self) -> str:
        return f"Source({self.path!r}, {len(self.text)} characters)"

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
