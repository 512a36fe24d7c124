"""`brctl show`: bridges and their ports.

    listing = { heading | prompt | bridge | port } ;
    bridge  = name id ( "yes" | "no" ) [ port ] ;
    port    = name ;                                  a further port of the bridge above

busybox and net-tools print the same columns; pasted text may have lost the blanks between them.
"""

from __future__ import annotations

import re

from msgspec import Struct

from netlint.parse.lines import is_prompt, lines, words
from netlint.parse.tree import Problem, Word
from netlint.source import Source

_ID = re.compile(r"[0-9a-f]{4}\.[0-9a-f]{12,13}")
_HEADING = re.compile(r"\s*bridge name\s+bridge id")
_NO_BRIDGE = re.compile(r".*(?:can't get info|[Oo]peration not supported|does not exist)")


class BridgeRow(Struct, frozen=True):
    """A bridge and its ports in order."""

    name: Word
    id: Word
    stp: bool | None
    ports: list[Word]


def parse(source: Source) -> tuple[list[BridgeRow], list[Problem]]:
    rows: list[BridgeRow] = []
    problems: list[Problem] = []
    known = False
    for start, line in lines(source):
        cells = words(source, start, start + len(line))
        if not cells:
            continue
        if _HEADING.match(line) or is_prompt(line) or _NO_BRIDGE.match(line):
            known = True
        elif len(cells) > 1 and _ID.fullmatch(cells[1].text):
            stp = {"yes": True, "no": False}.get(cells[2].text) if len(cells) > 2 else None
            rows.append(BridgeRow(cells[0], cells[1], stp, cells[3:4]))
        elif len(cells) == 1 and rows:
            rows[-1].ports.append(cells[0])
        elif cells[0].text != "...":
            problems.append(Problem(source.span(cells[0].span.start, cells[-1].span.end), "not a line of a bridge"))
    if not known and not rows and source.text.strip():
        problems = [Problem(source.span(0, len(source.line(1))), "no listing of bridges", fatal=True)]
    return rows, problems
