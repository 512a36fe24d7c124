"""One `Network` for each network there is, whatever number of sources states it.

Two statements mean the same network where, in this order,

1. their ids agree (`docker network ls` and `br-…` show the first 12 characters);
2. their names agree, for an engine keeps names apart. But networks of one listing with different ids are several, and
   so are two definitions with different subnets, of which at most one can be in force;
3. a network of a Compose file and a running one carry the same Compose key, their projects may be the same (Compose v1
   wrote their names otherwise) and their subnets do not differ, if this holds for these two alone;
4. an interface is the bridge of the network, by its name, or by its subnets for a network that no listing has.

A subnet alone never joins two files: the same subnet in two Compose projects is what netlint is there to report.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from msgspec.structs import replace

from netlint.build.shown_bridges import BRIDGE_NAME, ENGINE_BRIDGE
from netlint.model.located import Located
from netlint.model.network import SHOWN, Network, Origin, Subnet

if TYPE_CHECKING:
    from netlint.model.interface import Interface

_PRECEDENCE = (Origin.COMPOSE, Origin.DAEMON, Origin.SCRIPT, Origin.INSPECT, Origin.LIST, Origin.SERVICE, *SHOWN)
_LISTINGS = (Origin.INSPECT, Origin.LIST, Origin.SERVICE)
_FIXED_BRIDGES = {"bridge": "docker0", "docker_gwbridge": "docker_gwbridge"}  # unless an option says otherwise

# Statements that mean one network.
_Group = list[Network]


def join_networks(
    networks: Sequence[Network], interfaces: Sequence[Interface] | None, shown: Sequence[Network] = ()
) -> tuple[Network, ...]:
    """The networks of a host, each once, in the order of their first statements, then those only interfaces show.

    What the source of highest precedence leaves open is filled in from the others, whose places go to `stated`. The
    bridges docker0, docker_gwbridge and `br-…` with an address are networks even if no other source has them; `shown`
    are those that take the place of interfaces where none are listed.
    """
    groups = _Groups()
    for network in networks:
        if network.origin in _LISTINGS:
            groups.add_listed(network)
    for external in (False, True):  # what an external network means is settled by what the others define
        for network in networks:
            if network.origin not in _LISTINGS and network.external == external:
                groups.add_defined(network)
    groups.join_renamed()
    groups.add_bridges([_of_interface(interface) for interface in interfaces] if interfaces is not None else shown)
    position = {network.span: index for index, network in reversed(list(enumerate(networks)))}
    ordered = sorted(groups, key=lambda group: min(position.get(one.span, len(networks)) for one in group))
    return tuple(_merge(group) for group in ordered)


class _Groups:
    def __init__(self) -> None:
        self.ids: dict[str, _Group] = {}
        self.names: dict[str, list[_Group]] = {}

    def __iter__(self) -> Iterator[_Group]:
        return (group for named in self.names.values() for group in named if group)

    def add(self, network: Network, group: _Group | None) -> None:
        if group is None:
            group = []
            self.names.setdefault(network.name, []).append(group)
        group.append(network)
        if network.id is not None:
            self.ids.setdefault(network.id[:12], group)

    def add_listed(self, network: Network) -> None:
        group = self.ids.get(network.id[:12]) if network.id is not None else None
        if group is None:
            named = self.names.get(network.name, ())
            group = next((group for group in named if not any(_several(network, one) for one in group)), None)
        self.add(network, group)

    def add_defined(self, network: Network) -> None:
        named = [
            group
            for group in self.names.get(network.name, ())
            if not any(one.origin not in _LISTINGS and _differ(network, one) for one in group)
        ]
        same = (group for group in named if not any(_differ(network, one) for one in group))
        self.add(network, next(same, named[0] if named else None))

    def join_renamed(self) -> None:
        """Join networks of Compose files with running ones that were made under another name."""
        running: dict[str, list[tuple[Network, _Group]]] = {}
        for group in self:
            shown = next((one for one in group if one.origin is Origin.INSPECT and one.key is not None), None)
            if shown is not None and shown.key is not None and not any(one.origin is Origin.COMPOSE for one in group):
                running.setdefault(shown.key, []).append((shown, group))
        claims: list[tuple[_Group, _Group]] = []
        for group in self:
            defined = group[0]  # a listing would come first
            if defined.origin is Origin.COMPOSE and not defined.external and defined.key is not None:
                claims += (
                    (group, other)
                    for shown, other in running.get(defined.key, ())
                    if _may_be_same_project(defined, shown) and not _differ(defined, shown)
                )
        times = Counter(id(group) for claim in claims for group in claim)
        for group, other in claims:
            if times[id(group)] == times[id(other)] == 1:
                group.extend(other)
                self.ids.update((one.id[:12], group) for one in other if one.id is not None)
                other.clear()

    def add_bridges(self, shown: Sequence[Network]) -> None:
        bridges = {bridge: group for group in reversed(list(self)) if (bridge := _bridge(group)) is not None}
        for network in shown:
            group = bridges.get(network.name)
            if group is None and ENGINE_BRIDGE.fullmatch(network.name) and network.subnets:
                group = self.ids.get(network.id) if network.id else None
                if group is None and network.id:
                    group = self.unlisted_with(network)
                default = group is None and network.name == "docker0" and "bridge" not in self.names
                self.add(replace(network, default_bridge=True) if default else network, group)
            elif group is not None:
                self.add(network, group)

    def unlisted_with(self, network: Network) -> _Group | None:
        """The network that is only defined, has an interface's subnets and no bridge as yet.

        Where several projects define the subnet, it is the first: one of them runs, and all of them collide with it.
        """
        subnets = {subnet.prefix for subnet in network.subnets}
        for group in self:
            if all(one.origin not in (*_LISTINGS, *SHOWN) and one.driver == "bridge" for one in group):
                defined = {subnet.prefix for one in group for subnet in one.subnets}
                if defined and defined <= subnets:
                    return group
        return None


def _several(one: Network, other: Network) -> bool:
    """Whether these are two networks of one name in one listing, which old engines allow."""
    return (
        one.id is not None
        and other.id is not None
        and one.id[:12] != other.id[:12]
        and one.span.source == other.span.source
    )


def _differ(one: Network, other: Network) -> bool:
    """Whether both state subnets of one IP version and none of them is the same."""
    for version in (4, 6):
        ours, theirs = (
            {subnet.prefix for subnet in network.subnets if subnet.prefix.version == version}
            for network in (one, other)
        )
        if ours and theirs and ours.isdisjoint(theirs):
            return True
    return False


def _may_be_same_project(one: Network, other: Network) -> bool:
    """Compose v1 took everything but letters and digits out of a project's name, v2 keeps `-` and `_`."""
    if one.project is None or other.project is None:
        return True
    ours, theirs = (re.sub(r"[^a-z0-9]", "", name.lower()) for name in (one.project, other.project))
    return ours == theirs


def _bridge(group: _Group) -> str | None:
    """The bridge of the network on the host."""
    options = (option.value for one in group if (option := one.option(BRIDGE_NAME)) is not None)
    fixed = (_FIXED_BRIDGES[one.name] for one in group if one.name in _FIXED_BRIDGES)
    derived = (bridge for one in group if (bridge := one.bridge) is not None)
    return next((name for names in (options, fixed, derived) for name in names), None)


def _of_interface(interface: Interface) -> Network:
    """The network whose bridge an interface would be. The bridge's own addresses are the gateways."""
    named = ENGINE_BRIDGE.fullmatch(interface.name)
    number = named["id"] if named is not None else None
    subnets = tuple(
        Subnet(
            prefix=address.prefix,
            written=Located(str(address.prefix), address.span),
            gateway=Located(address.address, address.span),
        )
        for address in interface.addresses
        if address.scope != "link" and not address.address.is_link_local
    )
    return Network(
        name=interface.name,
        span=interface.span,
        origin=Origin.INTERFACE,
        id=number,
        subnets=subnets,
        options=() if number else ((BRIDGE_NAME, Located(interface.name, interface.span)),),
    )


def _merge(group: _Group) -> Network:
    """The statement of highest precedence, completed from the others."""
    members = sorted(group, key=lambda one: (_PRECEDENCE.index(one.origin), one.external))
    first = members[0]
    if len(members) == 1:
        return first
    definer = next(
        (one for one in members if not one.external and one.origin not in (Origin.LIST, Origin.SERVICE)), first
    )
    driver = next((one for one in members if one.driver_span is not None), first)
    subnets = _subnets(members)
    places = dict.fromkeys(place for one in members for place in (one.span, *one.stated))
    return replace(
        first,
        driver=driver.driver,
        driver_span=driver.driver_span,
        scope=next((one.scope for one in members if one.origin in _LISTINGS), first.scope),
        key=next((one.key for one in members if one.key is not None), None),
        project=next((one.project for one in members if one.project is not None), None),
        id=next((one.id for one in members if one.id is not None), None),
        subnets=subnets,
        subnets_open=first.subnets_open and not subnets,
        internal=definer.internal,
        attachable=any(one.attachable for one in members),
        ingress=any(one.ingress for one in members),
        default_bridge=any(one.default_bridge for one in members),
        ipv6=next((one.ipv6 for one in members if one.ipv6 is not None), None),
        options=tuple({key: value for one in reversed(members) for key, value in one.options}.items()),
        labels=tuple({key: value for one in reversed(members) for key, value in one.labels}.items()),
        endpoints=next((one.endpoints for one in members if one.endpoints is not None), None),
        stated=tuple(place for place in places if place != first.span),
        origins=tuple(dict.fromkeys(one.origin for one in members[1:])),
    )


def _subnets(members: _Group) -> tuple[Subnet, ...]:
    """For IPv4 and IPv6 apart, the subnets of the first that states any, with gateways from those that show them."""
    chosen: list[Subnet] = []
    for member in members:
        versions = {subnet.prefix.version for subnet in chosen}
        chosen += [subnet for subnet in member.subnets if subnet.prefix.version not in versions]
    gateways = {
        subnet.prefix: subnet.gateway
        for one in reversed(members)
        for subnet in one.subnets
        if subnet.gateway is not None
    }
    return tuple(
        replace(subnet, gateway=gateways.get(subnet.prefix)) if subnet.gateway is None else subnet for subnet in chosen
    )
