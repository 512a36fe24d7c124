"""The table that `docker network ls` prints.

    text    = { noise | prompt | listing } ;
    listing = header { row } ;
    header  = titles of columns, at least "NETWORK ID" or "ID", and "NAME" ;

A cell belongs to the title above it. Engines before 1.12 print no SCOPE. `--format json` prints one object a line.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from msgspec import Struct

from netlint.parse import json
from netlint.parse.lines import is_prompt
from netlint.parse.tree import Mapping, Problem, Scalar, Word
from netlint.source import Source, Span

_TITLE = re.compile(r"NETWORK ID|\S+")
_COLUMNS = {"NETWORK ID": "id", "ID": "id", "NAME": "name", "DRIVER": "driver", "SCOPE": "scope"}
_OBJECT = re.compile(r'^[ \t]*\{"', re.MULTILINE)
_ID = re.compile(r"[0-9a-z]{6,64}")
_FILTER = re.compile(r"docker\b.*\snetwork\s+(?:ls|list)\b.*\s(?:-f|--filter)[ =]")


class Row(NamedTuple):
    """One network. `driver` and `scope` are None where the table has no such column."""

    span: Span
    id: Word
    name: Word
    driver: Word | None
    scope: Word | None


class Listing(Struct, frozen=True):
    """What one run of the command printed. `filtered`: the command above it asked for a part of the networks."""

    rows: tuple[Row, ...]
    filtered: bool


def parse(source: Source) -> tuple[list[Listing], list[Problem]]:
    """The listings of the text in order, and a problem for each stretch of lines that are no row."""
    listings, problems = (_json_lines if _OBJECT.search(source.text) else _tables)(source)
    if not listings and source.text.strip():
        problems = [Problem(source.span(0, len(source.text)), "this is no list of networks", fatal=True)]
    return listings, problems


def _tables(source: Source) -> tuple[list[Listing], list[Problem]]:
    listings: list[Listing] = []
    problems: list[Problem] = []
    columns: list[tuple[int, str]] | None = None
    filtered = False
    rows: list[Row] = []
    noise: Span | None = None

    def end_listing() -> None:
        if columns is not None:
            listings.append(Listing(tuple(rows), filtered))
            rows.clear()

    for found in re.finditer(r"[^\r\n]+", source.text):
        line, start = found[0], found.start()
        if not line.strip():
            continue
        row = None
        if is_prompt(line):
            end_listing()
            columns, filtered = None, bool(_FILTER.search(line))
        elif header := _header(line):
            end_listing()
            columns = header
        elif columns is None or (row := _row(source, line, start, columns)) is None:
            span = source.span(start, start + len(line.rstrip()))
            noise = noise.to(span) if noise else span
            continue
        else:
            rows.append(row)
        if noise:
            problems.append(Problem(noise, "this is no row of a list of networks"))
            noise = None
    end_listing()
    if noise:
        problems.append(Problem(noise, "this is no row of a list of networks"))
    return listings, problems


def _header(line: str) -> list[tuple[int, str]] | None:
    """Offset and field of each column; None where the line is no header."""
    columns = [(title.start(), _COLUMNS.get(title[0], "")) for title in _TITLE.finditer(line)]
    fields = {field for _, field in columns}
    return columns if {"id", "name"} <= fields else None


def _row(source: Source, line: str, offset: int, columns: list[tuple[int, str]]) -> Row | None:
    """The row in `line`; None where the cells that it must have are missing."""
    found = list(re.finditer(r"\S+", line))
    cells: dict[str, Word] = {}
    for number, word in enumerate(found):
        if len(found) == len(columns):  # the layout may have been squeezed on the way here
            field = columns[number][1]
        else:
            field = next((field for start, field in reversed(columns) if start <= word.start()), "")
        cells.setdefault(field, Word(word[0], source.span(offset + word.start(), offset + word.end())))
    if "id" not in cells or "name" not in cells or not _ID.fullmatch(cells["id"].text):
        return None
    span = source.span(offset + found[0].start(), offset + found[-1].end())
    return Row(span, cells["id"], cells["name"], cells.get("driver"), cells.get("scope"))


def _json_lines(source: Source) -> tuple[list[Listing], list[Problem]]:
    documents, problems = json.parse(source)
    rows: list[Row] = []
    for document in documents:
        words = {
            field: Word(value.text, value.part(0, len(value.text)), value.start is not None)
            for field in ("ID", "Name", "Driver", "Scope")
            if isinstance(document, Mapping) and isinstance(value := document.get(field), Scalar)
        }
        if "ID" in words and "Name" in words:
            rows.append(Row(document.span, words["ID"], words["Name"], words.get("Driver"), words.get("Scope")))
        else:
            problems.append(Problem(document.span, "this is no row of a list of networks"))
    return [Listing(tuple(rows), bool(_FILTER.search(source.text)))] if rows else [], problems
