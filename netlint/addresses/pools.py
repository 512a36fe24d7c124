"""The pools from which the engine takes subnets that nobody chose, and how many of them are left.

Sources: libnetwork/ipamutils/utils.go for the built-in pools; libnetwork/netutils and requestPoolHelper in network.go
for what is passed over: name servers and on-link routes, before 20.10.15 every route but the default one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct

from netlint.addresses.claims import ClaimKind, claims
from netlint.model.host import Host, Route, Site
from netlint.model.network import SHOWN, Network, Origin
from netlint.pattern import pattern
from netlint.prefix import Prefix
from netlint.source import Span

_BRIDGE = pattern(r"br-[0-9a-f]{12}")


class LocalPool(Struct, frozen=True):
    """A range that is split into subnets of `size` bits; `span` is None for one that is built in."""

    base: Prefix
    size: int
    span: Span | None = None

    @property
    def subnets(self) -> int:
        return 1 << (self.size - self.base.length)

    def touched(self, prefixes: Iterable[Prefix]) -> int:
        """How many of its subnets overlap any of `prefixes`."""
        shift = 32 - self.size
        indices = sorted(
            (max(one.first, self.base.first) >> shift, min(one.last, self.base.last) >> shift)
            for one in prefixes
            if one.overlaps(self.base)
        )
        count, past = 0, -1
        for first, last in indices:
            count += max(0, last - max(first, past + 1) + 1)
            past = max(past, last)
        return count


BUILT_IN = (
    LocalPool(Prefix(4, 0xAC110000, 16), 16),
    LocalPool(Prefix(4, 0xAC120000, 16), 16),
    LocalPool(Prefix(4, 0xAC130000, 16), 16),
    LocalPool(Prefix(4, 0xAC140000, 14), 16),
    LocalPool(Prefix(4, 0xAC180000, 14), 16),
    LocalPool(Prefix(4, 0xAC1C0000, 14), 16),
    LocalPool(Prefix(4, 0xC0A80000, 16), 20),
)


class Supply(Struct, frozen=True):
    """`total` subnets in the pools of a host, of which `left` are free for new networks.

    `left_before` is the same for engines before 20.10.15, and `routes` are those that only they stop at. `holders` are
    the places of what takes subnets, with its words.
    """

    pools: tuple[LocalPool, ...]
    total: int
    left: int
    left_before: int
    routes: tuple[Route, ...]
    holders: tuple[tuple[str, Span], ...]


def local_pools(host: Host) -> tuple[LocalPool, ...]:
    """The IPv4 pools of the host's engine."""
    stated = host.daemon.pools if host.daemon is not None else None
    if not stated:
        return BUILT_IN
    return tuple(
        LocalPool(pool.base, pool.size.value, pool.span)
        for pool in stated
        if pool.base is not None and pool.base.version == 4 and pool.size is not None and pool.size.exact
        and pool.base.length <= pool.size.value <= 32
    )  # fmt: skip


def supply(host: Host, site: Site) -> Supply:
    """What is left of the host's pools."""
    pools = local_pools(host)
    plan = claims(host, site)
    found: list[tuple[Prefix, str, Span | None]] = [
        (claim.prefix, claim.what, claim.span)
        for claim in plan.of(ClaimKind.NETWORK)
        if claim.network is not None and claim.network.driver != "overlay" and claim.prefix.version == 4
    ]
    found += [(claim.prefix, claim.what, claim.span) for claim in plan.of(ClaimKind.LINK) if claim.prefix.version == 4]
    if host.resolver is not None:
        found += [
            (Prefix.of(server.value), f"resolver {server.value}", server.span)
            for server in host.resolver.nameservers
            if server.value.version == 4 and not server.value.is_loopback
        ]
    prefixes = [prefix for prefix, _, _ in found]
    others = tuple(
        route
        for route in host.routes or ()
        if route.via is not None and route.prefix.version == 4 and not route.prefix.is_default
        and route.kind == "unicast" and route.table == "main"
        and any(route.prefix.overlaps(pool.base) for pool in pools)
    )  # fmt: skip
    total = sum(pool.subnets for pool in pools)
    unseen = _unseen(host)
    holders = tuple(
        (f"{what} has {prefix}", span)
        for prefix, what, span in found
        if span is not None and any(prefix.overlaps(pool.base) for pool in pools)
    )
    return Supply(
        pools=pools,
        total=total,
        left=max(0, _free(pools, prefixes) - unseen),
        left_before=max(0, _free(pools, [*prefixes, *(route.prefix for route in others)]) - unseen),
        routes=others,
        holders=holders,
    )


def _free(pools: Sequence[LocalPool], prefixes: Sequence[Prefix]) -> int:
    return sum(pool.subnets - pool.touched(prefixes) for pool in pools)


def _unseen(host: Host) -> int:
    """Networks that hold a subnet which no file tells: docker0, and those of a bare `docker network ls`."""
    bridge = host.daemon.text("bridge") if host.daemon is not None else None
    docker0 = "docker0" in _devices(host) or any(one.default_bridge and one.subnets for one in host.networks)
    count = 0 if docker0 or bridge is not None else 1
    if host.routes is None and host.interfaces is None:
        count += sum(
            network.origin is Origin.LIST and network.driver == "bridge" and not network.subnets
            and not network.default_bridge
            for network in host.networks
        )  # fmt: skip
    return count


def automatic(host: Host) -> list[Network]:
    """The networks that files ask for, that do not exist yet and whose IPv4 subnet is left to the engine.

    Each bridge on the host that is no known network's may be that of one of them, which is then left out.
    """
    bridges = {network.bridge for network in host.networks if network.origin not in SHOWN}
    unknown = [name for name in _devices(host) if _BRIDGE.fullmatch(name) and name not in bridges]
    wanted = [
        network
        for network in host.networks
        if network.origin in (Origin.COMPOSE, Origin.SCRIPT)
        and network.driver in ("bridge", "macvlan", "ipvlan")
        and not network.external and not network.subnets_open and network.id is None
        and all(subnet.prefix.version != 4 for subnet in network.subnets)
    ]  # fmt: skip
    return wanted[len(unknown) :]


def _devices(host: Host) -> set[str]:
    """The interfaces with an address or a route."""
    named = {interface.name for interface in host.interfaces or () if interface.addresses}
    return named | {route.device for route in host.routes or () if route.device is not None}
