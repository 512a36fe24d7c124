"""Networks of virtual machines, system containers and tunnels for which the host is the router."""

from __future__ import annotations

from collections.abc import Iterator

from netlint.dataplane.host_walk import HostWalk
from netlint.dataplane.paths import paths
from netlint.dataplane.probes import Inside, insides, two_addresses
from netlint.dataplane.view import uplinks
from netlint.model.interface import Interface
from netlint.pattern import pattern
from netlint.prefix import Prefix

# Bridges that LXC, LXD, Incus and libvirt make for what they run; theirs is to be forwarded, unless isolated.
_BRIDGES = pattern(r"lxcbr\d+|lxdbr\d+|incusbr-?\d+|virbr\d+")
_TRANSLATES = ("MASQUERADE", "SNAT")


def machines(walk: HostWalk) -> Iterator[Inside]:
    """The networks behind links that are no containers', and whose packets somebody wants to leave the host: bridges of
    LXC, LXD, Incus and libvirt, and links of which the table nat translates the subnet on the way out. A link that is
    down is none."""
    seen = {inside.link for inside in insides(walk)}
    seen |= {route.device for route in walk.host.routes or () if route.prefix.is_default and route.device is not None}
    for link in walk.host.interfaces or ():
        if link.name in seen or link.up is False or link.carrier is False:
            continue
        for entry in link.addresses:
            if entry.address.version != walk.version or entry.scope == "link":
                continue
            if not _BRIDGES.fullmatch(link.name) and not _translated(walk, link, entry.prefix):
                continue
            addresses = two_addresses(entry.prefix, walk)
            if addresses is not None:
                yield Inside(link.name, link.name, entry.prefix, *addresses, network=None, span=entry.span)
                break


def _translated(walk: HostWalk, link: Interface, prefix: Prefix) -> bool:
    """Whether a rule translates what comes from this range and goes anywhere by an uplink."""
    ruleset = walk.host.ruleset(walk.version)
    away = set(uplinks(walk.host)) - {link.name}
    for path in paths(ruleset, "nat", "POSTROUTING") if ruleset is not None else ():
        sources = path.sources
        if path.rule.target not in _TRANSLATES or len(sources) != 1 or path.destinations or not path.plain:
            continue
        out = path.out_interfaces
        if any(one.name != link.name if one.negated else one.name not in away for one in out):
            continue
        if not sources[0].negated and sources[0].prefix == prefix:
            return True
    return False
