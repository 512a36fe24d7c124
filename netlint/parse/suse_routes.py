"""`routes` and `ifroute-*` of openSUSE and SLES (/etc/sysconfig/network), man page ifroute(5).

file  = { comment | route } ;
route = destination gateway [ netmask | "-" ] [ interface | "-" ] { word } ;
"""

from __future__ import annotations

from typing import NamedTuple

from netlint.parse.lines import lines, words
from netlint.parse.tree import Problem, Word
from netlint.source import Source


class RouteLine(NamedTuple):
    """A route as written; a cell that is `-` or missing is None."""

    destination: Word
    gateway: Word | None
    netmask: Word | None
    interface: Word | None


def parse(source: Source) -> tuple[list[RouteLine], list[Problem]]:
    found: list[RouteLine] = []
    for start, line in lines(source):
        text = line.partition("#")[0]
        cells: list[Word | None] = [
            None if cell.text == "-" else cell for cell in words(source, start, start + len(text))
        ]
        cells += [None] * (4 - len(cells))
        destination, gateway, netmask, interface = cells[:4]
        if destination is not None:
            found.append(RouteLine(destination, gateway, netmask, interface))
    return found, []
