"""`bridge link` and `bridge fdb`: which interface is a port of which bridge, and which addresses are behind it.

    listing = { link | entry | detail | prompt } ;
    link    = index ":" name [ "@" peer ] [ "state" … ] ":" … "master" bridge "state" state … ;
    entry   = mac "dev" port { word } [ "master" bridge ] … ;

`bridge vlan` and `bridge mdb` are passed over: they say nothing of who is connected.
"""

from __future__ import annotations

import re

from msgspec import Struct

from netlint.parse import json
from netlint.parse.lines import lines
from netlint.parse.tree import Mapping, Problem, Scalar, Sequence, Word
from netlint.source import Source

_LINK = re.compile(r"\s*\d+:\s+(?P<name>[^\s@:]+)(?:@[^\s:]+)?:?\s(?=.*\bmaster\s)")
_MASTER = re.compile(r"\bmaster\s+(?P<name>\S+)")
_STATE = re.compile(r"\bmaster\s+\S+\s+(?:.*\s)?state\s+(?P<state>\w+)")
_ENTRY = re.compile(r"\s*(?P<mac>(?:[0-9a-f]{2}:){5}[0-9a-f]{2})\s+dev\s+(?P<port>\S+)(?P<rest>.*)")
_ISOLATED = re.compile(r"\b(?P<value>isolated on)\b")


class Port(Struct):
    """An interface of a bridge; `state` is that of the spanning tree ("forwarding", "disabled"). `isolated` is where
    `bridge -d link` says that it reaches no other isolated port."""

    name: Word
    bridge: Word
    state: str | None
    isolated: Word | None = None


class Learned(Struct, frozen=True):
    """A hardware address behind a port. `own`: it is the port's own, or set by hand, and nobody's behind it."""

    mac: Word
    port: Word
    bridge: Word | None
    own: bool


class Listing(Struct, frozen=True):
    ports: list[Port]
    learned: list[Learned]


def parse(source: Source) -> tuple[Listing, list[Problem]]:
    listing = Listing([], [])
    if source.text.lstrip()[:1] in ("[", "{"):
        return listing, _json(source, listing)

    def word(found: re.Match[str], group: str, start: int) -> Word:
        return Word(found[group], source.span(start + found.start(group), start + found.end(group)))

    for start, line in lines(source):
        entry = _ENTRY.match(line)
        if entry is not None:
            master = _MASTER.search(line)
            own = re.search(r"\bpermanent\b|\bself\b", entry["rest"]) is not None
            bridge = word(master, "name", start) if master is not None else None
            listing.learned.append(Learned(word(entry, "mac", start), word(entry, "port", start), bridge, own))
            continue
        found, master = _LINK.match(line), _MASTER.search(line)
        if found is not None and master is not None:
            state = _STATE.search(line)
            name, bridge = word(found, "name", start), word(master, "name", start)
            listing.ports.append(Port(name, bridge, state["state"].lower() if state is not None else None))
        isolated = _ISOLATED.search(line)
        if isolated is not None and listing.ports:
            listing.ports[-1].isolated = word(isolated, "value", start)
    return listing, []


def _json(source: Source, listing: Listing) -> list[Problem]:
    documents, problems = json.parse(source)

    def word(item: Mapping, key: str) -> Word | None:
        node = item.get(key)
        return Word(node.text, node.part(0, len(node.text))) if isinstance(node, Scalar) and node.text else None

    for document in documents:
        for item in document.items if isinstance(document, Sequence) else ():
            if not isinstance(item, Mapping):
                continue
            name, master, mac = word(item, "ifname"), word(item, "master"), word(item, "mac")
            state = word(item, "state")
            if name is not None and mac is not None:
                own = state is not None and state.text == "permanent"
                listing.learned.append(Learned(mac, name, master, own))
            elif name is not None and master is not None:
                isolated = word(item, "isolated")
                listing.ports.append(
                    Port(
                        name,
                        master,
                        state.text.lower() if state is not None else None,
                        isolated if isolated is not None and isolated.text == "true" else None,
                    )
                )
    return problems
