"""`ethtool -S` of veth interfaces: the index of the other end.

    listing = { prompt | heading | name ":" number } ;

The listing does not say whose it is: that stands in the command above it, or in the name of the file.
"""

from __future__ import annotations

import re

from msgspec import Struct

from netlint.parse.lines import command, lines
from netlint.parse.tree import Problem, Word
from netlint.source import Source

_COMMAND = re.compile(r"ethtool\s+(?:-\S+\s+)+(?P<name>[\w.@-]+)$")
_FILE = re.compile(r"ethtool[-_]+(?:-?S|statistics)[-_]+(?P<name>[\w.@-]+?)(?:\.txt|\.log|\.out)?$")
_PEER = re.compile(r"\s*peer_ifindex:\s*(?P<index>\d{1,9})\s*$")


class PeerIndex(Struct, frozen=True):
    """Interface `name`, None where the text does not tell, has its other end at `index` of another namespace."""

    name: Word | None
    number: Word


def parse(source: Source) -> tuple[list[PeerIndex], list[Problem]]:
    found: list[PeerIndex] = []
    name: Word | None = None
    in_path = _FILE.search(source.path.rpartition("/")[2])
    for start, line in lines(source):
        shown = command(line) if "ethtool" not in line else line.strip()
        stated = _COMMAND.search(shown) if shown is not None else None
        if stated is not None:
            at = start + line.rfind(stated["name"])
            name = Word(stated["name"], source.span(at, at + len(stated["name"])))
            continue
        peer = _PEER.match(line)
        if peer is not None:
            at = start + peer.start("index")
            index = Word(peer["index"], source.span(at, start + peer.end("index")))
            whose = name or (Word(in_path["name"], index.span, False) if in_path is not None else None)
            found.append(PeerIndex(whose, index))
    return found, []
