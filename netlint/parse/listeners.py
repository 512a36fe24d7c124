"""Sockets that wait for traffic, as `ss -ltnup` and `netstat -ltnup` list them.

    listing = { heading } { row } ;
    ss      = [ protocol ] state received sent local peer [ "users:(" … ")" ] … ;
    netstat = protocol received sent local foreign [ state ] [ user inode ] [ process ] ;

Rows of connections, of Unix sockets and of protocols without ports are passed over.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from netlint.parse.lines import is_prompt, lines, words
from netlint.parse.tree import Problem, Word
from netlint.source import Source, Span

# IPv6 has names of its own in netstat.
_PROTOCOLS = {"tcp": "tcp", "tcp6": "tcp", "udp": "udp", "udp6": "udp", "udplite": "udp", "sctp": "sctp"}
_WAITING = ("LISTEN", "UNCONN")
_STATES = (
    *_WAITING,
    "ESTAB",
    "TIME-WAIT",
    "CLOSE-WAIT",
    "SYN-SENT",
    "SYN-RECV",
    "FIN-WAIT-1",
    "FIN-WAIT-2",
    "LAST-ACK",
)
_HEADING = re.compile(r"(?:Netid\s+)?State\s+Recv-Q|Proto\s+Recv-Q|Active ", re.IGNORECASE)
_USERS = re.compile(r'users:\(\("(?P<name>[^"]*)"')
_PID = re.compile(r"\d+/(?P<name>\S+)$")


class Row(NamedTuple):
    """A socket. `local` holds address and port as written; `process` is the name of the program, where shown."""

    span: Span
    protocol: str
    local: Word
    process: Word | None


def parse(source: Source) -> tuple[list[Row], list[Problem]]:
    rows: list[Row] = []
    problems: list[Problem] = []
    known = False
    for start, line in lines(source):
        cells = words(source, start, start + len(line))
        if not cells:
            continue
        if _HEADING.match(line.lstrip()) or is_prompt(line):
            known = True
            continue
        row = _row(cells)
        if row is not None:
            known = True
            rows.append(row)
    if not known and source.text.strip():
        problems.append(Problem(source.span(0, len(source.line(1))), "no listing of sockets", fatal=True))
    return rows, problems


def _row(cells: list[Word]) -> Row | None:
    texts = [cell.text for cell in cells]
    protocol = _PROTOCOLS.get(texts[0])
    if protocol is not None and len(cells) > 4 and texts[1].isdecimal():
        waits = texts[5:6] == ["LISTEN"] if protocol != "udp" else texts[4].endswith(":*")
        local, rest = cells[3], cells[5:]
    else:
        at = 0 if texts[0] in _STATES else 1
        if len(cells) < at + 5 or texts[at] not in _STATES or (at and protocol is None):
            return None
        # without a column for it, the state tells: only UDP sockets are unconnected
        protocol = protocol or ("udp" if texts[at] == "UNCONN" else "tcp")
        waits = texts[at] in _WAITING
        local, rest = cells[at + 3], cells[at + 5 :]
    if not waits or ":" not in local.text:
        return None
    span = Span(cells[0].span.source, cells[0].span.start, cells[-1].span.end)
    return Row(span, protocol, local, next((name for cell in rest if (name := _process(cell)) is not None), None))


def _process(cell: Word) -> Word | None:
    found = _USERS.match(cell.text) or _PID.match(cell.text)
    if found is None:
        return None
    return Word(found["name"], cell.part(found.start("name"), found.end("name")))
