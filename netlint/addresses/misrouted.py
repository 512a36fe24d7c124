"""Containers that a route of the host leads away from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from netlint.addresses.allocation import occupied
from netlint.addresses.claims import Claim, ClaimKind, Plan, claims
from netlint.addresses.overlap import overlaps_between
from netlint.model.host import Host, Site
from netlint.prefix import Address
from netlint.source import Span


class Misrouted(NamedTuple):
    """`route` lies inside the subnet of `network` and holds `address`, which `who` (stated at `span`) has or gets."""

    network: Claim
    route: Claim
    address: Address
    who: str
    span: Span
    plan: Plan


def misrouted(host: Host, site: Site) -> Iterator[Misrouted]:
    """Each route that is longer than a bridge's own and holds an address of its containers, with the lowest of them."""
    plan = claims(host, site)
    networks = [claim for claim in plan.of(ClaimKind.NETWORK) if claim.is_bridged]
    for network, route in overlaps_between(networks, plan.of(ClaimKind.ROUTE)):
        if network.prefix == route.prefix or not network.prefix.contains(route.prefix) or network.is_own(route):
            continue
        if network.network is None or network.subnet is None or route.route is None or route.route.kind != "unicast":
            continue
        holders = occupied(host, site, network.network, network.subnet)
        address = min((address for address in holders if route.prefix.holds(address)), default=None, key=int)
        if address is not None:
            who, span = holders[address]
            yield Misrouted(network, route, address, who, span, plan)
