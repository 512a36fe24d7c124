"""`arp -n`, `arp -an` and `ip neigh`, also as JSON: who has which hardware address.

arp -n  = heading { address ( type mac flags | "(incomplete)" ) … interface } ;
arp -an = { name "(" address ")" "at" ( mac | "<incomplete>" ) … "on" interface } ;
neigh   = { address [ "dev" interface ] [ "lladdr" mac ] { word } state } ;
"""

from __future__ import annotations

import re

from msgspec import Struct

from netlint.parse import json
from netlint.parse.lines import is_prompt, lines, words
from netlint.parse.tree import Mapping, Problem, Scalar, Sequence, Word
from netlint.source import Source

_MAC = re.compile(r"(?:[0-9A-Fa-f]{1,2}:){5}[0-9A-Fa-f]{1,2}")
_BSD = re.compile(r"\S+\s+\((?P<address>[^)\s]+)\)\s+at\s+(?P<mac>\S+).*?\son\s+(?P<device>\S+)")
_HEADING = re.compile(r"\s*Address\s+HWtype|\s*IP address\s+HW type|Entries:")
_STATES = ("PERMANENT", "NOARP", "REACHABLE", "STALE", "NONE", "INCOMPLETE", "DELAY", "PROBE", "FAILED")
_PROXY = ("proxy",)


class NeighbourRow(Struct, frozen=True):
    """A neighbour. `mac` is None where nobody answered; `state` is the kernel's word in lower case, or "incomplete"
    or "known" where the listing has no states."""

    address: Word
    mac: Word | None
    device: Word | None
    state: str


def parse(source: Source) -> tuple[list[NeighbourRow], list[Problem]]:
    if source.text.lstrip()[:1] in ("[", "{"):
        return _json(source)
    rows: list[NeighbourRow] = []
    problems: list[Problem] = []
    known = False
    for start, line in lines(source):
        cells = words(source, start, start + len(line))
        if not cells:
            continue
        if _HEADING.match(line) or is_prompt(line):
            known = True
            continue
        row = _row(source, start, line, cells)
        if row is not None:
            known = True
            rows.append(row)
        elif not any(cell.text in _PROXY for cell in cells):
            problems.append(Problem(source.span(cells[0].span.start, cells[-1].span.end), "not a line of a neighbour"))
    if not known and source.text.strip():
        problems = [Problem(source.span(0, len(source.line(1))), "no listing of neighbours", fatal=True)]
    return rows, problems


def _row(source: Source, start: int, line: str, cells: list[Word]) -> NeighbourRow | None:
    bsd = _BSD.match(line)
    if bsd is not None:

        def word(group: str) -> Word:
            return Word(bsd[group], source.span(start + bsd.start(group), start + bsd.end(group)))

        missing = "incomplete" in bsd["mac"]
        state = "incomplete" if missing else "known"
        return NeighbourRow(word("address"), None if missing else word("mac"), word("device"), state)
    texts = [cell.text for cell in cells]
    if texts[-1] in _STATES or "lladdr" in texts or "dev" in texts[1:2]:
        if any(text in _PROXY for text in texts):
            return None
        device = cells[texts.index("dev") + 1] if "dev" in texts[:-1] else None
        mac = cells[texts.index("lladdr") + 1] if "lladdr" in texts[:-1] else None
        return NeighbourRow(cells[0], mac, device, texts[-1].lower() if texts[-1] in _STATES else "known")
    if len(cells) < 3:
        return None
    if "(incomplete)" in texts:
        return NeighbourRow(cells[0], None, cells[-1], "incomplete")
    mac = next((cell for cell in cells[1:] if _MAC.fullmatch(cell.text)), None)
    if mac is None:
        return None
    if mac.text == "00:00:00:00:00:00":  # /proc/net/arp
        return NeighbourRow(cells[0], None, cells[-1], "incomplete")
    return NeighbourRow(cells[0], mac, cells[-1], "known")


def _json(source: Source) -> tuple[list[NeighbourRow], list[Problem]]:
    documents, problems = json.parse(source)
    rows = []

    def word(item: Mapping, key: str) -> Word | None:
        node = item.get(key)
        return Word(node.text, node.part(0, len(node.text))) if isinstance(node, Scalar) and node.text else None

    for document in documents:
        for item in document.items if isinstance(document, Sequence) else ():
            address = word(item, "dst") if isinstance(item, Mapping) else None
            if address is None or not isinstance(item, Mapping):
                continue
            states = item.get("state")
            texts = (
                [one.text for one in states.items if isinstance(one, Scalar)] if isinstance(states, Sequence) else []
            )
            rows.append(
                NeighbourRow(address, word(item, "lladdr"), word(item, "dev"), texts[0].lower() if texts else "known")
            )
    return rows, problems
