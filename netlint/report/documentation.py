"""A rule's documentation for a terminal: headings, paragraphs, lists and fences are all the Markdown it has."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import zip_longest

from netlint.report.terminal import Paint, clean, fill, width

_MARK = re.compile(r"[ \t]*(?:#|//|;) <- (?:error|warning|note)[ \t]*$", re.MULTILINE)
_MARKED = re.compile(r"(?:#|//|;) <- (error|warning|note)[ \t]*$")
_TITLE = re.compile(r'title="([^"]+)"')
_NARROWEST = 8  # columns of a table
_ITEM = re.compile(r"(?:[-*]|\d+\.)[ ]+")


def without_marks(text: str) -> str:
    """`text` without the marks that say on which line of an example a rule speaks."""
    return _MARK.sub("", text)


def as_text(text: str, columns: int = 80) -> str:
    """Markdown as plain text of at most `columns` columns."""
    return "\n".join(terminal_lines(text, columns, Paint(color=False))).strip("\n")


def terminal_lines(text: str, columns: int, paint: Paint) -> Iterator[str]:
    """The lines of Markdown `text` as a terminal shows them: fences indented under the name of their file."""
    paragraph: list[str] = []
    rows: list[str] = []
    fence = ""
    for line in text.splitlines():
        ticks = re.match(r"`{3,}", line)
        if fence:
            if line.startswith(fence) and not line.strip("` "):
                fence = ""
            else:
                yield ("    " + _example(line, paint)).rstrip()
            continue
        item = _ITEM.match(line)
        if not line.strip() or ticks or item or line.startswith(("#", "|")):
            yield from _paragraph(paragraph, columns)
            paragraph = []
        if not line.startswith("|"):
            yield from _table(rows, columns)
            rows = []
        if ticks:
            fence = ticks[0]
            title = _TITLE.search(line)
            if title is not None:
                yield "  " + paint("dim", clean(title[1]) + ":")
        elif line.startswith("#"):
            yield paint("bold", clean(line.lstrip("# ")))
        elif line.startswith("|"):
            rows.append(line)
        elif line.strip():
            paragraph.append(line.rstrip())
        else:
            yield ""
    yield from _paragraph(paragraph, columns)
    yield from _table(rows, columns)


def _paragraph(lines: list[str], columns: int) -> Iterator[str]:
    """A paragraph, or an item of a list with the lines that go on with it."""
    if not lines:
        return
    item = _ITEM.match(lines[0])
    indent = " " * (len(item[0]) if item is not None else 0)
    text = " ".join([lines[0][len(indent) :], *(line.strip() for line in lines[1:])])
    for number, line in enumerate(fill(clean(text), columns - len(indent))):
        yield (item[0] if item is not None and number == 0 else indent) + line


def _table(lines: list[str], columns: int) -> Iterator[str]:
    """The rows with aligned columns; the text of the widest is broken into lines until the table fits."""
    rows = [[clean(cell.strip()) for cell in line.strip().strip("|").split("|")] for line in lines]
    rows = [row for row in rows if any(cell.strip("-: ") for cell in row)]
    sizes = [max(map(width, column)) for column in zip(*rows, strict=False)]
    while sum(sizes) + 2 * (len(sizes) - 1) > columns and max(sizes) > _NARROWEST:
        sizes[sizes.index(max(sizes))] -= 1
    for row in rows:
        cells = [fill(cell, size) for cell, size in zip(row, sizes, strict=False)]
        for parts in zip_longest(*cells, fillvalue=""):
            padded = (part + " " * (size - width(part)) for part, size in zip(parts, sizes, strict=False))
            yield "  ".join(padded).rstrip()


def _example(line: str, paint: Paint) -> str:
    found = _MARKED.search(line)
    if found is None:
        return clean(line.expandtabs(4))
    return clean(line[: found.start()].expandtabs(4)) + paint(found[1], found[0].rstrip())
