"""Listening sockets of the host, from `ss` and `netstat`."""

from __future__ import annotations

from netlint.build.facts import HostFacts, Parsed
from netlint.model.host import Listener
from netlint.parse.listeners import Row
from netlint.prefix import Address, parse_address

_EVERY = ("*", "[*]")


def build_listeners(files: list[Parsed], facts: HostFacts) -> None:
    """Set the host's listeners, each socket once, with the program where any listing tells it."""
    found: dict[tuple[Address | None, int, str], Listener] = {}
    for file in files:
        rows: list[Row] = file.tree
        # Without root no program is named; with it, a socket without one is the kernel's.
        nobody = "" if any(row.process is not None for row in rows) else None
        for row in rows:
            host, _, number = row.local.text.rpartition(":")
            host = host.partition("%")[0]
            address = parse_address(host.strip("[]"))
            # a name stands where the listing was made without -n
            if not number.isdecimal() or (address is None and host not in _EVERY):
                continue
            process = row.process.text if row.process is not None else nobody
            one = Listener(address, int(number), row.protocol, process, row.local.span)
            key = (one.address, one.port, one.protocol)
            if key not in found or not found[key].process:
                found[key] = one
    facts.listeners = [*(facts.listeners or ()), *found.values()]
