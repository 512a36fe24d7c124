"""Which lines of which sources show the places a finding speaks of.

Only lines that carry a mark are shown: a line beside them explains little and may hold a secret.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec import Struct

from netlint.report.marks import Mark, Shown, closing, cut, under
from netlint.report.terminal import Paint
from netlint.source import Source

_NEAR = 8  # marks with at most so many lines between them are shown together


class Place(Struct, frozen=True, order=True):
    """A mark in lines and columns, which count from 1; the end column is exclusive."""

    first: int
    start: int
    last: int
    end: int
    mark: Mark


class Block(Struct, frozen=True):
    """Places near each other in one file, in order; `head` is the one that its heading names."""

    source: Source
    head: Place
    places: tuple[Place, ...]


def blocks(marks: Sequence[Mark], sources: Mapping[str, Source], columns: int) -> list[Block]:
    """The blocks that show `marks`: that of the primary mark first, the others in the order of their files."""
    files: dict[str, list[Place]] = {}
    for mark in dict.fromkeys(marks):
        files.setdefault(mark.span.source, []).append(_place(sources[mark.span.source], mark))
    found: list[Block] = []
    for path, places in files.items():
        group: list[Place] = []
        for place in sorted(places):
            if group and not _fits(group, place, sources[path], columns):
                found.append(_block(sources[path], group))
                group = []
            group.append(place)
        found.append(_block(sources[path], group))
    return sorted(found, key=lambda block: not block.head.mark.primary)


def last_line(found: Iterable[Block]) -> int:
    """The largest line number that is shown."""
    return max((place.last for block in found for place in block.places), default=1)


def _block(source: Source, places: list[Place]) -> Block:
    return Block(source, next((place for place in places if place.mark.primary), places[0]), tuple(places))


def _place(source: Source, mark: Mark) -> Place:
    """Where a mark is drawn: without the blanks and line ends that its span may end with."""
    start, end = mark.span.start, min(mark.span.end, len(source.text))
    while end > start and source.text[end - 1].isspace():
        end -= 1
    first, last = source.position(start), source.position(max(start, end))
    return Place(first.line, first.column, last.line, last.column, mark)


def _fits(group: list[Place], place: Place, source: Source, columns: int) -> bool:
    """Whether `place` can be shown with `group`: close by and, on a line that is cut, within what is left of it."""
    if place.first - max(one.last for one in group) > _NEAR + 1:
        return False
    together = [one for one in group if one.first == place.first]
    return not together or len(source.line(place.first)) <= columns or place.end - together[0].start <= columns // 2


def draw(block: Block, digits: int, columns: int, level: str, paint: Paint) -> Iterator[str]:
    """The lines of a block, from the empty one above the first to the last label.

    `digits` is the width of the line numbers, `columns` that of the whole; primary marks are in the style `level`.
    """
    # The first place of several lines gets a bracket beside them, from its first to its last line; another one is
    # marked on its first line alone.
    bracket = next((place for place in block.places if place.last > place.first), None)
    style = "frame" if bracket is None or not bracket.mark.primary else level
    columns -= digits + 4 + (2 if bracket is not None else 0)
    by_line: dict[int, list[Place]] = {} if bracket is None else {bracket.first: [], bracket.last: []}
    for place in block.places:
        if place is not bracket:
            by_line.setdefault(place.first, []).append(place)

    def side(line: int, below: bool = False) -> str:
        if bracket is None:
            return ""
        inside = bracket.first <= line - (not below) and line + below <= bracket.last
        return paint(style, "/" if line == bracket.first and not below else "|" if inside else " ") + " "

    gutter = paint("frame", " " * (digits + 2) + "|")
    yield gutter
    before = 0
    for line in sorted(by_line):
        if before and line > before + 1:
            dots = f"{'...':<{digits + 3}}"
            yield f"{paint('frame', dots)} {side(before, below=True)}".rstrip()
        before = line
        text = block.source.line(line)
        spans = [
            Shown(place.start - 1, place.end - 1 if place.last == line else len(text), place.mark)
            for place in by_line[line]
        ]
        ends = bracket is not None and bracket.last == line
        if bracket is not None and ends:
            spans.append(Shown(max(0, bracket.end - 2), bracket.end - 1, bracket.mark))
        printed, marks = cut(text, spans, columns)
        yield f"{paint('frame', f' {line:>{digits}} |')} {side(line)}{printed}".rstrip()
        for row in under(marks[: len(by_line[line])], columns, level, paint):
            yield f"{gutter} {side(line, below=not ends)}{row}".rstrip()
        if ends:
            yield from (f"{gutter} {row}" for row in closing(marks[-1], columns, style, paint))
