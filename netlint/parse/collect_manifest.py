"""The manifest of `netlint collect`: which command was run for which file, and how it ended.

text = heading { status "  " file "  = " command } ;
"""

from __future__ import annotations

import re

from msgspec import Struct

from netlint.parse.lines import lines
from netlint.parse.tree import Problem
from netlint.source import Source, Span

_LINE = re.compile(r"(?P<status>\d+)  (?P<file>\S+)  = (?P<command>.*)$")


class Ran(Struct, frozen=True):
    """A command with its exit status; 124 where it took too long."""

    status: int
    file: str
    command: str
    span: Span


def parse(source: Source) -> tuple[list[Ran], list[Problem]]:
    found = []
    for start, line in lines(source):
        match = _LINE.match(line)
        if match is not None:
            span = source.span(start, start + len(line))
            found.append(Ran(int(match["status"]), match["file"], match["command"], span))
    return found, []
