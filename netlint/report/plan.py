"""The address plan of a host: who claims which range, and what stands in another's way."""

from __future__ import annotations

from itertools import chain

from msgspec import Struct

from netlint.addresses.claims import Claim, ClaimKind, Plan, claims
from netlint.addresses.overlap import overlaps_between
from netlint.model.host import Host, Site

# Ranges whose addresses belong to one holder. A pool gives its addresses away, and resolvers and gateways lie in links.
_CONTAINERS = (ClaimKind.NETWORK, ClaimKind.WEAVE)
_HOLDERS = (*_CONTAINERS, ClaimKind.LINK, ClaimKind.ROUTE, ClaimKind.RESERVED)
_CLUSTERS = (ClaimKind.PODS, ClaimKind.SERVICES)


class Entry(Struct, frozen=True):
    """A claim, how many claims contain it, and the claims that want the same addresses for something else."""

    claim: Claim
    depth: int
    rivals: tuple[Claim, ...]


def whose(host: Host) -> str:
    """Whose plan it is: a host's, or that of Compose files whose host is not known."""
    files = ", ".join(dict.fromkeys(file for project in host.projects for file in project.files))
    return f"deployment {files}" if host.implied or host.name is None else f"host {host.name}"


def address_plan(host: Host, site: Site) -> list[Entry]:
    """Every claim on `host` in the order of addresses, the wider before those inside it."""
    every = claims(host, site)
    rivals = _rivals(every)
    entries = []
    around: list[Claim] = []
    for claim in sorted(every, key=lambda claim: claim.prefix):
        while around and not around[-1].prefix.contains(claim.prefix):
            around.pop()
        wider = [outer for outer in around if outer.prefix != claim.prefix]
        entries.append(Entry(claim, len({outer.prefix for outer in wider}), tuple(rivals.get(id(claim), ()))))
        around.append(claim)
    return entries


def _rivals(every: Plan) -> dict[int, list[Claim]]:
    """By the id of a claim: those that overlap it. One of a pair is a container network, or a cluster's range; a
    network's own bridge is no rival, nor is another range of the same network, nor a cluster's own links."""
    found: dict[int, list[Claim]] = {}
    holders = [claim for claim in every if claim.kind in _HOLDERS]
    inner = [claim for claim in holders if claim.kind in _CONTAINERS and (claim.network is None or claim.is_bridged)]
    around = [claim for claim in every.of(ClaimKind.LINK, ClaimKind.RESERVED) if not claim.container_link]
    pairs = chain(
        overlaps_between(inner, holders),
        overlaps_between(every.of(*_CLUSTERS), around),
        overlaps_between(every.of(ClaimKind.PODS, ClaimKind.WEAVE), every.of(ClaimKind.SERVICES)),
    )
    for one, other in pairs:
        same = one is other or (one.network is not None and one.network is other.network)
        if same or one.is_own(other) or other in found.get(id(one), ()):
            continue
        found.setdefault(id(one), []).append(other)
        if one not in found.setdefault(id(other), []):
            found[id(other)].append(one)
    return found
