"""One source line with what stands under it: carets, dashes, labels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct, structs

from netlint.report.secrets import masked
from netlint.report.terminal import TAB, Paint, fill, glyph, width
from netlint.source import Span


class Mark(Struct, frozen=True, order=True):
    """A place to point at; the label is empty where pointing is enough."""

    span: Span
    label: str
    primary: bool = False

    @property
    def sign(self) -> str:
        return "^" if self.primary else "-"


class Shown(Struct, frozen=True):
    """A mark on a line: from and to, characters of the text or columns of what is printed, counted from 0."""

    start: int
    end: int
    mark: Mark

    def style(self, level: str) -> str:
        return level if self.mark.primary else "frame"


def cut(text: str, spans: Sequence[Shown], columns: int) -> tuple[str, list[Shown]]:
    """The line as printed, at most `columns` wide and cut around `spans` where it is longer, with their columns.

    A mark without characters takes one column.
    """
    text = masked(text)
    low = min((span.start for span in spans), default=0)
    # Of an endless line only the neighbourhood is looked at. A tab in it may then be printed wider than it is.
    endless = len(text) > 8 * columns
    begin, stop = (max(0, low - columns), min(len(text), low + 2 * columns)) if endless else (0, len(text))
    glyphs: list[str] = []
    places = [0]
    for character in text[begin:stop]:
        size = TAB - places[-1] % TAB
        printed, cells = (" " * size, size) if character == "\t" else glyph(character)
        glyphs.append(printed)
        places.append(places[-1] + cells)
    drawn = []
    for one in spans:
        left = places[min(max(one.start - begin, 0), len(glyphs))]
        right = places[min(max(one.end - begin, 0), len(glyphs))]
        drawn.append(Shown(left, max(right, left + 1), one.mark))
    if not endless and places[-1] <= columns:
        return "".join(glyphs), drawn
    room = columns - 2  # an ellipsis at both ends
    first = min((one.start for one in drawn), default=0)
    length = min(max((one.end for one in drawn), default=0) - first, room)
    left = max(0, min(first - (room - length) // 2, places[-1] - room))
    start = next(index for index, place in enumerate(places) if place >= left)
    end = max(index for index, place in enumerate(places) if place <= places[start] + room)
    before = "…" if start or begin else ""
    after = "…" if end < len(glyphs) or stop < len(text) else ""
    shift = places[start] - len(before)
    last = places[end] - shift
    moved = [
        Shown(min(max(one.start - shift, len(before)), last), min(max(one.end - shift, 1), last + 1), one.mark)
        for one in drawn
    ]
    return before + "".join(glyphs[start:end]) + after, [
        structs.replace(one, end=max(one.end, one.start + 1)) for one in moved
    ]


def under(marks: Sequence[Shown], columns: int, level: str, paint: Paint) -> Iterator[str]:
    """The rows under a line: the marks with the label of the last one, then the other labels from right to left."""
    if not marks:
        return
    cells: dict[int, tuple[str, str]] = {}
    for one in sorted(marks, key=lambda one: one.mark.primary):
        cells |= dict.fromkeys(range(one.start, one.end), (one.mark.sign, one.style(level)))
    hanging = sorted((one for one in marks if one.mark.label), key=lambda one: (one.start, one.end))
    beside = ""
    if hanging and hanging[-1].end == max(cells) + 1 and hanging[-1].end + 1 + width(hanging[-1].mark.label) <= columns:
        last = hanging.pop()
        beside = " " + paint(last.style(level), last.mark.label)
        if hanging:
            yield _row(cells, paint) + beside
            yield _row({one.start: ("|", one.style(level)) for one in hanging}, paint)
            cells = {}
    if cells:
        yield _row(cells, paint) + beside
    while hanging:
        one = hanging.pop()
        size = width(one.mark.label)
        room = max(columns - one.start, min(size, columns // 2))
        at = min(one.start, columns - room)
        for line in fill(one.mark.label, room):
            beams = {other.start: ("|", other.style(level)) for other in hanging if other.start < at}
            yield _row(beams, paint, at) + paint(one.style(level), line)


def closing(end: Shown, columns: int, style: str, paint: Paint) -> Iterator[str]:
    """The rows that end the bracket of a place of several lines below its last character, with its label."""
    beam = "|" + "_" * (end.end) + end.mark.sign
    if not end.mark.label:
        yield paint(style, beam)
        return
    beside = columns - end.end - 1
    if width(end.mark.label) <= beside:
        yield paint(style, f"{beam} {end.mark.label}")
        return
    yield paint(style, beam)
    for line in fill(end.mark.label, columns):
        yield "  " + paint(style, line)


def _row(cells: dict[int, tuple[str, str]], paint: Paint, size: int = 0) -> str:
    """The cells (character and style by column) as text, padded to `size` columns."""
    text, run, style = "", "", ""
    for column in range(max(size, max(cells, default=-1) + 1)):
        character, wanted = cells.get(column, (" ", ""))
        if wanted != style:
            text, run, style = text + paint(style, run), "", wanted
        run += character
    return text + paint(style, run)
