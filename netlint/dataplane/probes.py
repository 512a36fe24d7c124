"""Packets that stand for what containers and their peers do, for rules that ask what becomes of them."""

from __future__ import annotations

from collections.abc import Iterator
from weakref import WeakKeyDictionary

from msgspec import Struct, structs

from netlint.dataplane.containers import attached
from netlint.dataplane.host_walk import HostWalk
from netlint.dataplane.packet import Packet
from netlint.dataplane.routing import OUTSIDE
from netlint.dataplane.view import uplinks
from netlint.model.netfilter import FirewallRule, Ruleset
from netlint.model.network import Network
from netlint.pattern import pattern
from netlint.prefix import Address, Prefix
from netlint.source import Span

# Bridges that container networks of others than Docker have.
_DOCKER = pattern(r"docker0|br-[0-9a-f]{12}")
_FOREIGN = pattern(r"weave|cni\d+|cbr0|kube-bridge")

_BIRD = ("bird", "12", "80")  # Calico writes the routes of its blocks as protocol 80 too


class Inside(Struct, frozen=True):
    """A container network on a host. `first` and `second` are addresses of containers, that are there or may be.

    `network` is None for one that Docker does not know of; `span` states the subnet.
    """

    name: str
    link: str
    prefix: Prefix
    first: Address
    second: Address
    network: Network | None
    span: Span


def insides(walk: HostWalk) -> tuple[Inside, ...]:
    """The container networks of a host that exist, in the walk's IP version."""
    # rules ask for every pair of hosts
    if walk not in _found:
        _found[walk] = tuple(_insides(walk))
    return _found[walk]


_found: WeakKeyDictionary[HostWalk, tuple[Inside, ...]] = WeakKeyDictionary()


def _insides(walk: HostWalk) -> Iterator[Inside]:
    known = list(attached(walk.host, walk.router))
    seen: set[str] = set()
    for bridge in walk.router.bridges:
        seen.add(bridge.name)
        own = [one.address for one in known if one.bridge == bridge]
        addresses = _addresses(bridge.subnet.prefix, walk, own)
        if addresses is not None:
            network = bridge.network
            yield Inside(
                network.name, bridge.name, bridge.subnet.prefix, *addresses, network=network, span=bridge.subnet.span
            )
    for link in walk.host.interfaces or ():
        if link.name in seen or not _FOREIGN.fullmatch(link.name):
            continue
        for entry in link.addresses:
            addresses = _addresses(entry.prefix, walk, []) if entry.address.version == walk.version else None
            if addresses is not None and entry.scope != "link":
                seen.add(link.name)
                yield Inside(link.name, link.name, entry.prefix, *addresses, network=None, span=entry.span)
    for route in walk.host.routes or () if walk.host.interfaces is None else ():
        device = route.device or ""
        if device in seen or not route.on_link or not (_FOREIGN.fullmatch(device) or _DOCKER.fullmatch(device)):
            continue
        addresses = _addresses(route.prefix, walk, []) if route.prefix.version == walk.version else None
        if addresses is not None:
            seen.add(device)
            yield Inside(device, device, route.prefix, *addresses, network=None, span=route.span)
    yield from _calicos(walk)


def _calicos(walk: HostWalk) -> Iterator[Inside]:
    """The blocks of addresses that Calico has on this host: BIRD holds each by a blackhole route, the pods are on links
    of their own (`cali…`)."""
    for route in walk.host.routes or ():
        if route.kind == "blackhole" and route.protocol in _BIRD and route.prefix.version == walk.version:
            addresses = _addresses(route.prefix, walk, [])
            if addresses is not None:
                yield Inside("Calico", "cali0", route.prefix, *addresses, network=None, span=route.span)


def _addresses(prefix: Prefix, walk: HostWalk, known: list[Address]) -> tuple[Address, Address] | None:
    free = (prefix.address(index) for index in range(2, min(prefix.size - 1, 12)))
    found = list(dict.fromkeys([*known, *(address for address in free if address not in walk.router.own)]))
    return (found[0], found[1]) if len(found) > 1 else None


def two_addresses(prefix: Prefix, walk: HostWalk) -> tuple[Address, Address] | None:
    """Two addresses of a subnet that others than the host may have."""
    return _addresses(prefix, walk, [])


def outward(inside: Inside, protocol: str = "tcp", port: int = 443, own_port: int = 40000) -> Packet:
    """A packet of a container to somebody out there."""
    return Packet(
        source=inside.first,
        destination=OUTSIDE[inside.prefix.version],
        protocol=protocol,
        source_port=own_port,
        destination_port=port,
        in_interface=inside.link,
    )


def inward(walk: HostWalk, destination: Address, port: int, protocol: str = "tcp") -> Packet:
    """A packet of somebody out there."""
    outside = OUTSIDE[walk.version]
    hop = walk.router.lookup(Packet(source=outside, destination=outside))
    return Packet(
        source=outside,
        destination=destination,
        protocol=protocol,
        destination_port=port,
        in_interface=hop.device or uplinks(walk.host)[0],
    )


def from_host(walk: HostWalk, destination: Address, port: int = 443, protocol: str = "tcp") -> Packet:
    """A packet of the host itself, with the source that it chooses."""
    packet = Packet(source=destination, destination=destination, protocol=protocol, destination_port=port)
    return structs.replace(packet, source=walk.router.source_for(packet))


def known_as(walk: HostWalk) -> Address | None:
    """The address by which others reach the host."""
    for name in uplinks(walk.host):
        found = walk.router.first_address(name)
        if found is not None:
            return found[0]
    return None


def of_docker(rule: FirewallRule, walk: HostWalk) -> bool:
    """Whether a translation is the engine's own for a network: from its subnet, and not back into its bridge."""
    source, out = rule.source, rule.out_interface
    return (
        source is not None
        and out is not None
        and out.negated
        and not source.negated
        and any((one.subnet.prefix, one.name) == (source.prefix, out.name) for one in walk.router.bridges)
    )


def rules_below(ruleset: Ruleset, table: str, start: str) -> list[FirewallRule]:
    """The rules of a chain and of all chains that it leads to."""
    found = ruleset.table(table)
    waiting, seen, rules = [start], {start}, []
    for name in waiting:
        chain = found.chain(name) if found is not None else None
        for rule in chain.rules if chain is not None else ():
            rules.append(rule)
            if rule.target is not None and rule.target not in seen:
                seen.add(rule.target)
                waiting.append(rule.target)
    return rules
