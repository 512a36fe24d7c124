"""Containers that a route of the host leads away from."""

from __future__ import annotations

from msgspec import Struct

from netlint.addresses.allocation import occupied
from netlint.addresses.claims import Claim
from netlint.model.host import Host, Site
from netlint.prefix import Address
from netlint.source import Span


class Misrouted(Struct, frozen=True):
    """`address` is that which `who` (stated at `span`) has, or gets first."""

    address: Address
    who: str
    span: Span


def misrouted(host: Host, site: Site, network: Claim, route: Claim) -> Misrouted | None:
    """The lowest address of a container on the bridge of `network` that `route` leads away from, being longer than the
    bridge's own; None where it holds no address of one."""
    if network.network is None or network.subnet is None or route.route is None or route.route.kind != "unicast":
        return None
    if network.prefix == route.prefix or not network.prefix.contains(route.prefix) or network.is_own(route):
        return None
    holders = occupied(host, site, network.network, network.subnet)
    address = min((address for address in holders if route.prefix.holds(address)), default=None, key=int)
    return Misrouted(address, *holders[address]) if address is not None else None
