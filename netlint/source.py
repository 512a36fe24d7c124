"""Texts and places in them. The only module that counts lines."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from netlint.spool import Kept, Spool


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


_MOST_UNPACKED = 8 << 20  # characters of packed texts at hand
_MOST_TEXTS = 64  # such texts
_LEAST_PACKED = 512  # characters; shorter texts become longer


class Source:
    """A text with its name, which is unique in a run: a path in POSIX form, relative to the scanned root.

    `size` is its length in characters, `kept` where its text is if it is packed, `whole` the source that this one is a
    part of, itself for a whole one. Offsets are the same in both.
    """

    __slots__ = ("_starts", "_text", "kept", "path", "size")

    def __init__(self, path: str, text: str) -> None:
        self.path = path
        self.size = len(text)  # characters
        self._text: str | None = text
        self.kept: Kept | None = None
        self._starts: list[int] | None = None

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.path!r}, {self.size} characters)"

    @property
    def text(self) -> str:
        return self._text if self._text is not None else _remembered(self)

    @property
    def whole(self) -> Source:
        return self

    def pack(self, spool: Spool) -> None:
        """Keep the text in `spool`, as it will be looked at seldom from now on."""
        if self._text is not None and self.size >= _LEAST_PACKED:
            self.kept = spool.keep(self._text.encode("utf-8", "surrogatepass"))
            self._text = self._starts = None

    def unpacked(self) -> str:
        """The text of a packed source, read anew."""
        assert self.kept is not None  # packed
        return self.kept.read().decode("utf-8", "surrogatepass")

    def part(self, start: int, end: int) -> Source:
        """The same source with nothing but characters `start` to `end`: blanks stand in place of those before."""
        return _Part(self, start, end)

    @property
    def key(self) -> tuple[str, int]:
        """What tells a part from others of the same file."""
        return self.path, 0

    def holds(self, span: Span) -> bool:
        """Whether the span lies in this source, and in the part of the file that it is."""
        return span.source == self.path

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


class _Part(Source):
    """Characters `start` to `size` of a source. Its text is made when it is asked for: many parts of a long file would
    hold that many times its blanks."""

    __slots__ = ("_whole", "start")

    def __init__(self, whole: Source, start: int, end: int) -> None:
        super().__init__(whole.path, "")
        self._text = None
        self._whole = whole
        self.start = start
        self.size = end

    @property
    def whole(self) -> Source:
        return self._whole

    def unpacked(self) -> str:
        blank = " " * (self.start - 1) + "\n" if self.start else ""
        return blank + self._whole.text[self.start : self.size]

    def part(self, start: int, end: int) -> Source:
        return _Part(self._whole, max(start, self.start), min(end, self.size))

    @property
    def key(self) -> tuple[str, int]:
        return self.path, self.size

    def holds(self, span: Span) -> bool:
        return span.source == self.path and self.start <= span.start <= self.size


_unpacked: dict[Source, str] = {}


def _remembered(source: Source) -> str:
    """The text of a packed source or of a part. The last few are at hand."""
    text = _unpacked.get(source)
    if text is None:
        text = source.unpacked()
        room = _MOST_UNPACKED - len(text)
        while _unpacked and (len(_unpacked) >= _MOST_TEXTS or sum(map(len, _unpacked.values())) > room):
            oldest = next(iter(_unpacked))
            oldest._starts = None
            del _unpacked[oldest]
        _unpacked[source] = text
    return text
