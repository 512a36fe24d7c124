"""The address plan: everything that lays claim to a range of addresses on a host."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import Enum
from typing import TYPE_CHECKING

from msgspec import Struct

from netlint.addresses.clusters import clusters_of
from netlint.addresses.links import docker_bridges, is_container_link, is_docker_link, is_tunnel
from netlint.model.cluster import ClusterRange, Role
from netlint.model.given import Reserved
from netlint.model.host import Configured, Host, Route, Site
from netlint.model.network import Network, Subnet
from netlint.prefix import Prefix, parse_address
from netlint.source import Span

if TYPE_CHECKING:
    from netlint.model.interface import Interface


class ClaimKind(Enum):
    """What claims a range."""

    NETWORK = "Docker network"
    LINK = "host link"
    ROUTE = "route"
    POOL = "address pool"
    SWARM_POOL = "swarm address pool"
    RESERVED = "reserved range"
    RESOLVER = "resolver"
    GATEWAY = "default gateway"
    WEAVE = "weave range"
    PODS = "pod range"
    SERVICES = "service range"
    VIRTUAL = "service address"


class Claim(Struct, frozen=True, kw_only=True, gc=False):
    """One claim. `what` names who claims it in the words of a message ("network web", "interface eth0").

    `span` is the place that states it, None for a range that the configuration of netlint reserves. Of `network` and
    `subnet`, `interface`, `route`, `cluster` those are set that the claim comes from. `container_link`: the link, or
    the device of the route, belongs to another container or virtual machine manager (cni0, flannel.1, virbr0), which
    chose the range.
    """

    prefix: Prefix
    kind: ClaimKind
    what: str
    span: Span | None
    network: Network | None = None
    subnet: Subnet | None = None
    interface: Interface | None = None
    route: Route | None = None
    cluster: ClusterRange | None = None
    container_link: bool = False

    @property
    def is_bridged(self) -> bool:
        """Whether a Docker network has the range on a bridge of this host: a macvlan or ipvlan network is the LAN
        itself, and the addresses of overlays and other drivers exist elsewhere."""
        return self.network is not None and self.network.driver == "bridge"

    def is_own(self, other: Claim) -> bool:
        """Whether the link or route `other` is the network's own bridge."""
        device = other.route.device if other.route is not None else other.interface and other.interface.name
        return self.network is not None and device is not None and device == self.network.bridge


class Plan(tuple[Claim, ...]):
    """The claims of a host, kind by kind in the order of `ClaimKind`."""

    def __init__(self, claims: Iterable[Claim]) -> None:
        self._kinds: dict[ClaimKind, list[Claim]] = {kind: [] for kind in ClaimKind}
        kind, group = ClaimKind.NETWORK, self._kinds[ClaimKind.NETWORK]
        for claim in self:
            if claim.kind is not kind:
                kind, group = claim.kind, self._kinds[claim.kind]
            group.append(claim)

    def of(self, *kinds: ClaimKind) -> list[Claim]:
        """The claims of these kinds, without a look at the others: a host may have a million routes."""
        return [claim for kind in kinds for claim in self._kinds[kind]]


_LOOPBACK = (Prefix(4, 0x7F000000, 8), Prefix(6, 1, 128))
_LINK_LOCAL = (Prefix(4, 0xA9FE0000, 16), Prefix(6, 0xFE80 << 112, 10))
_MULTICAST = (Prefix(4, 0xE0000000, 4), Prefix(6, 0xFF00 << 112, 8))
# Ranges that are each host's own, or nobody's. A route via a gateway may lead to 169.254/16 (cloud metadata).
_FOREIGN = (*_LOOPBACK, *_MULTICAST, _LINK_LOCAL[1])
# Where overlay networks of a swarm come from if nothing else is said.
_SWARM_DEFAULT = Prefix(4, 0x0A000000, 8)
_MOST_PLANS = 32  # kept at a time


def claims(host: Host, site: Site) -> Plan:
    """Every claim on `host`, kind by kind in the order of `ClaimKind`.

    Left out are loopback, link-local and multicast ranges of links, routes and resolvers, and routes for everything
    (default, and the halves 0.0.0.0/1 and 128.0.0.0/1 of a VPN), which claim nothing in particular. The address of a
    Docker bridge and the kernel's route for it are no claims of their own beside the network's; nor is the kernel's
    route for an address of another interface beside the link's.
    """
    # Every rule on addresses asks for this, and a host may have a million routes.
    if _plans.hosts is not site.every or _plans.reserved is not site.reserved:
        _plans.hosts, _plans.reserved, _plans.of_host = site.every, site.reserved, {}
    if id(host) not in _plans.of_host:
        if len(_plans.of_host) >= _MOST_PLANS:
            del _plans.of_host[next(iter(_plans.of_host))]
        _plans.of_host[id(host)] = (host, _claims(host, site))
    return _plans.of_host[id(host)][1]


class _Plans:
    """The address plans of the hosts that were asked for last. It keeps them, so that their ids stay theirs."""

    hosts: tuple[Host, ...] = ()
    reserved: tuple[Reserved, ...] = ()
    of_host: dict[int, tuple[Host, Plan]] = {}  # noqa: RUF012


_plans = _Plans()


def _claims(host: Host, site: Site) -> Plan:
    return Plan(
        (
            *_networks(host),
            *_Links(host).claims(),
            *_pools(host),
            *(
                Claim(prefix=one.prefix, kind=ClaimKind.RESERVED, what=f"reserved range {one.name}", span=None)
                for one in site.reserved
            ),
            *_addresses(host),
            *_weave(host),
            *_cluster(host, site),
            *_virtual(host),
        )
    )


def _inside(prefix: Prefix, ranges: tuple[Prefix, ...]) -> bool:
    for one in ranges:  # noqa: SIM110  (twice as fast as any(), and called for every route)
        if one.contains(prefix):
            return True
    return False


def _networks(host: Host) -> Iterator[Claim]:
    for network in host.networks:
        name = network.key if network.key not in (None, "default") else network.name
        for subnet in network.subnets:
            yield Claim(
                prefix=subnet.prefix,
                kind=ClaimKind.NETWORK,
                what=f"network {name}",
                span=subnet.span,
                network=network,
                subnet=subnet,
            )


class _Links:
    """The claims of interfaces and routes, which are looked at together as they state the same links."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self.bridges = docker_bridges(host)
        self.subnets = [subnet.prefix for network in host.networks for subnet in network.subnets]
        self.interfaces = {interface.name: interface for interface in host.links}
        self.links: dict[tuple[str, Prefix], Claim] = {}

    def claims(self) -> Iterator[Claim]:
        for interface in self.interfaces.values():
            for address in interface.addresses:
                own = Prefix.of(address.address)
                name = interface.name
                if address.prefix.holds(address.address):
                    what = f"address {own.network_address} of interface {name}" if address.prefix.is_host else None
                    self.add(name, address.prefix, address.span, what=what)
                else:
                    self.add(name, own, address.span, what=f"address {own.network_address} of interface {name}")
                    self.add(name, address.prefix, address.span, what=f"peer of interface {name}")
        routes = [route for route in self.host.routes or () if _claims_range(route)]
        rest = [route for route in routes if not self.is_link(route)]
        known = {route.prefix for route in rest}
        configured = [one for one in self.host.configured if self.is_new(one)]
        yield from self.links.values()
        yield from (_configured(one, ClaimKind.LINK) for one in configured if not one.routed)
        yield from self.routes(rest)
        yield from (_configured(one, ClaimKind.ROUTE) for one in configured if one.routed and one.prefix not in known)

    def add(self, device: str, prefix: Prefix, span: Span, what: str | None = None, route: Route | None = None) -> None:
        """Add a link, unless it is known, of no interest, or the bridge of a Docker network."""
        if (device, prefix) in self.links or _inside(prefix, (*_LOOPBACK, *_LINK_LOCAL)):
            return
        own = is_docker_link(device, self.bridges)
        # A bridge of the engine still holds its range where no source describes its network.
        if own and any(subnet.overlaps(prefix) for subnet in self.subnets):
            return
        self.links[device, prefix] = Claim(
            prefix=prefix,
            kind=ClaimKind.LINK,
            what=what or f"interface {device}",
            span=span,
            interface=self.interfaces.get(device),
            route=route,
            container_link=own or is_container_link(device),
        )

    def is_new(self, one: Configured) -> bool:
        """Whether what a file configures is of interest, and no listing shows it already."""
        if one.prefix.length <= 1 or _inside(one.prefix, (*_FOREIGN, *_LINK_LOCAL)):
            return False
        if one.device is not None and is_docker_link(one.device, self.bridges):
            return False
        return not any(prefix == one.prefix for _, prefix in self.links)

    def is_link(self, route: Route) -> bool:
        """Whether the route only says what is on a link; if so it is added where no interface listing said it."""
        device = route.device
        if device is None or route.via is not None or route.kind not in ("unicast", "local"):
            return False
        if _inside(route.prefix, _LINK_LOCAL):
            return True
        interface = self.interfaces.get(device)
        through = is_tunnel(device, interface.kind if interface is not None else None)
        if (device, route.prefix) not in self.links and through and route.protocol != "kernel":
            return False
        self.add(device, route.prefix, route.span, route=route)
        return True

    def routes(self, routes: list[Route]) -> Iterator[Claim]:
        # A table with a million routes has few different gateways.
        words: dict[tuple[object, ...], tuple[str, bool]] = {}
        for route in routes:
            key = (route.kind, id(route.via), route.device, route.table)
            if key not in words:
                words[key] = (_words(route), route.device is not None and is_container_link(route.device))
            what, container_link = words[key]
            yield Claim(
                prefix=route.prefix,
                kind=ClaimKind.ROUTE,
                what=what,
                span=route.span,
                route=route,
                container_link=container_link,
            )


def _configured(one: Configured, kind: ClaimKind) -> Claim:
    parts = [f"{one.origin} route" if one.routed else f"{one.origin} address"]
    parts += [f"via {one.via}"] if one.via is not None else []
    parts += [f"of {one.device}"] if one.device is not None else []
    return Claim(
        prefix=one.prefix,
        kind=kind,
        what=" ".join(parts),
        span=one.span,
        route=Route(one.prefix, one.span, via=one.via, device=one.device) if one.routed else None,
        # podman's bridges have their whole range on this host
        container_link=one.device is not None and is_container_link(one.device) and one.origin != "podman",
    )


def _claims_range(route: Route) -> bool:
    """False for routes that say nothing of who uses which range."""
    if route.prefix.length <= 1 or route.kind in ("throw", "broadcast", "multicast", "anycast"):
        return False
    if route.kind == "local" and (route.prefix.is_host or route.device == "lo"):
        return False
    first = route.prefix.first
    if route.prefix.version == 4 and route.prefix.length >= 8:  # nearly all there are, and there may be a million
        return first >> 24 != 127 and first >> 28 != 14
    return not _inside(route.prefix, _FOREIGN)


def _words(route: Route) -> str:
    """The route in the words of `ip route`."""
    parts = ["route" if route.kind == "unicast" else f"{route.kind} route"]
    if route.via is not None:
        parts.append(f"via {route.via}")
    if route.device is not None:
        parts.append(f"dev {route.device}")
    if route.table not in ("main", "local"):
        parts.append(f"table {route.table}")
    return " ".join(parts)


def _pools(host: Host) -> Iterator[Claim]:
    for pool in (host.daemon.pools if host.daemon is not None else None) or ():
        if pool.base is not None:
            span = pool.written.span if pool.written is not None else pool.span
            yield Claim(prefix=pool.base, kind=ClaimKind.POOL, what="default-address-pools entry", span=span)
    if host.swarm is not None and host.swarm.active:
        what = "swarm address pool"
        for written in host.swarm.default_addr_pool:
            yield Claim(prefix=written.value, kind=ClaimKind.SWARM_POOL, what=what, span=written.span)
        if not host.swarm.default_addr_pool and host.swarm.pools_known:
            span = host.swarm.span
            yield Claim(prefix=_SWARM_DEFAULT, kind=ClaimKind.SWARM_POOL, what=f"default {what}", span=span)


def _addresses(host: Host) -> Iterator[Claim]:
    """Resolvers and default gateways, each once."""
    servers = {} if host.resolver is None else {one.value: one.span for one in host.resolver.nameservers}
    for option in host.daemon.all("dns") if host.daemon is not None else ():
        for item in option.items:
            address = parse_address(item.value)
            if address is not None:
                servers.setdefault(address, item.span)
    for address, span in servers.items():
        prefix = Prefix.of(address)
        if not _inside(prefix, _FOREIGN):
            yield Claim(prefix=prefix, kind=ClaimKind.RESOLVER, what=f"resolver {address}", span=span)
    gateways = {route.via: route for route in reversed(host.routes or ()) if route.prefix.is_default}
    for via, route in reversed(gateways.items()):
        if via is not None and not _inside(Prefix.of(via), _LINK_LOCAL):
            yield Claim(
                prefix=Prefix.of(via),
                kind=ClaimKind.GATEWAY,
                what=f"default gateway {via}",
                span=route.via_span,
                route=route,
            )


def _weave(host: Host) -> Iterator[Claim]:
    stated = {weave.range.value: weave.range.span for weave in host.weave if weave.range is not None}
    for prefix, span in stated.items():
        yield Claim(prefix=prefix, kind=ClaimKind.WEAVE, what="weave range", span=span)
    if host.weave and not stated:
        first = host.weave[0]
        yield Claim(prefix=first.allocates, kind=ClaimKind.WEAVE, what="default weave range", span=first.span)


def _virtual(host: Host) -> Iterator[Claim]:
    """The addresses of a swarm's services, which lie in the range of an overlay network."""
    for service in host.swarm_services:
        for one in service.addresses:
            prefix = Prefix.of(one.address.value)
            what = f"address of service {service.name}"
            yield Claim(prefix=prefix, kind=ClaimKind.VIRTUAL, what=what, span=one.address.span)


def _cluster(host: Host, site: Site) -> Iterator[Claim]:
    """Pod and service ranges, by kind. What a file above the hosts' directories says is for each of them; a default
    that another source overrules is none."""
    ranges = [one for cluster in clusters_of(host, site) for one in cluster.ranges]
    for role, kind in ((Role.PODS, ClaimKind.PODS), (Role.SERVICES, ClaimKind.SERVICES)):
        alike = [one for one in ranges if one.role is role]
        stated = [one for one in alike if not one.assumed]
        for one in stated or alike:
            yield Claim(prefix=one.prefix.value, kind=kind, what=one.what, span=one.prefix.span, cluster=one)
