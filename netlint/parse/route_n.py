"""`route -n`, `route`, `route -6 -n` and `netstat -rn`: tables whose heading says which column is which.

    listing = { title } heading { row } ;
    heading = "Destination" ( "Gateway" | "Next Hop" ) … ;
    row     = destination gateway … ;

Cells hold no blanks, so a cell is a word; only the heading "Next Hop" is two.
"""

from __future__ import annotations

from typing import NamedTuple

from msgspec import Struct

from netlint.parse.lines import lines, words
from netlint.parse.tree import Problem, Word
from netlint.source import Source, Span

# What the tools of net-tools, busybox and BSD call a column.
_COLUMNS = {
    "destination": "destination",
    "gateway": "gateway",
    "next hop": "gateway",
    "nexthop": "gateway",
    "genmask": "genmask",
    "flags": "flags",
    "flag": "flags",
    "metric": "metric",
    "met": "metric",
    "iface": "device",
    "if": "device",
    "netif": "device",
}


class Row(NamedTuple):
    """One route. `span` covers the destination; a cell whose column the listing does not have is None."""

    span: Span
    destination: Word
    gateway: Word | None
    genmask: Word | None
    flags: Word | None
    metric: Word | None
    device: Word | None


class Table(Struct, kw_only=True):
    """One listing. `version` is 6 where its title or heading is that of the IPv6 table."""

    span: Span
    version: int
    has_metric: bool
    rows: list[Row]


def parse(source: Source) -> tuple[list[Table], list[Problem]]:
    tables: list[Table] = []
    problems: list[Problem] = []
    columns: dict[str, int] | None = None
    version = 4
    for start, line in lines(source):
        cells = words(source, start, start + len(line))
        if not cells:
            continue
        first = cells[0].text.lower()
        if first == "destination":
            columns = _heading(line)
            version = 6 if "Next Hop" in line else version
            tables.append(
                Table(
                    span=source.span(start, start + len(line.rstrip())),
                    version=version,
                    has_metric="metric" in columns,
                    rows=[],
                )
            )
        elif first in ("kernel", "internet:", "internet6:", "routing"):
            version = 6 if "6" in line else 4
            columns = None
        elif first in ("active", "proto"):
            # The connections that `netstat` without -r lists.
            columns = None
        elif columns is not None:
            needed = max(columns.get(name, 0) for name in ("destination", "gateway", "genmask", "flags", "device"))
            if len(cells) <= needed:
                problems.append(Problem(source.span(cells[0].span.start, cells[-1].span.end), "too few columns"))
                continue
            tables[-1].rows.append(_row(cells, columns))
    if not tables and source.text.strip():
        problems.append(Problem(source.span(0, len(source.line(1))), "no heading of a route table", fatal=True))
    return tables, problems


def _heading(line: str) -> dict[str, int]:
    """Position of each column that is known."""
    names = line.replace("Next Hop", "NextHop").split()
    return {_COLUMNS[name.lower()]: at for at, name in reversed(list(enumerate(names))) if name.lower() in _COLUMNS}


def _row(cells: list[Word], columns: dict[str, int]) -> Row:
    def cell(name: str) -> Word | None:
        at = columns.get(name)
        return cells[at] if at is not None and at < len(cells) else None

    return Row(cells[0].span, cells[0], cell("gateway"), cell("genmask"), cell("flags"), cell("metric"), cell("device"))
