"""Which container is at the other end of which veth interface of the host.

What an administrator follows by hand: the index behind `@if`, `peer_ifindex` of `ethtool -S`, and the hardware
addresses that a bridge learned on a port, against what containers say of their own interfaces, what the engine says of
its containers, and what answered ARP.
"""

from __future__ import annotations

from collections.abc import Iterator

from netlint.build.facts import HostFacts, NamespaceFacts
from netlint.model.container import Container, VethPair
from netlint.model.interface import Interface
from netlint.pattern import pattern
from netlint.source import Span

_INDEX = pattern(r"if(\d{1,9})")


def pair_veths(facts: HostFacts) -> tuple[VethPair, ...]:
    """The pairs that are certain, in the order of the host's interfaces."""
    links = {link.name: link for link in facts.interfaces or ()}
    indexes = {link.name: link.index for link in links.values() if link.index is not None}
    names = dict.fromkeys(
        name for name in (*links, *facts.peers) if name.startswith("veth") or _is_veth(links.get(name))
    )
    inner = [(space, link) for space in facts.namespaces.values() for link in space.facts.interfaces or ()]
    macs = dict(_known_macs(facts, inner))
    pairs = []
    for name in names:
        link = links.get(name)
        stated = facts.peers.get(name)
        peer, spans = None, [link.span] if link is not None else []
        if stated is not None:
            peer, how, spans = stated.value, "peer_ifindex", [*spans, stated.span]
        elif link is not None and link.link is not None:
            found = _INDEX.fullmatch(link.link)
            # older tools show the index by the name that it happens to have in the host's own namespace
            peer, how = (int(found[1]) if found is not None else indexes.get(link.link)), "interface index"
        matches = [(space, one) for space, one in inner if peer is not None and one.index == peer and one.name != "lo"]
        own = indexes.get(name)
        sure = [(space, one) for space, one in matches if own is not None and one.link in (f"if{own}", name)] or [
            (space, one) for space, one in matches if one.link is None or not _INDEX.fullmatch(one.link) or own is None
        ]
        if len(sure) == 1:
            space, one = sure[0]
            inside = _container_name(facts, space.name)
            pairs.append(VethPair(name, inside, one.name, how, (*spans, one.span)))
            continue
        learned = {macs[mac][0]: (macs[mac], span) for mac, port, span in facts.learned if port == name and mac in macs}
        if len(learned) == 1:
            (inside, interface, where), span = next(iter(learned.values()))
            pairs.append(VethPair(name, inside, interface, "hardware address", (*spans, span, where)))
    return tuple(pairs)


def _is_veth(link: Interface | None) -> bool:
    return link is not None and link.kind == "veth"


def _container_name(facts: HostFacts, namespace: str) -> str:
    found = next((one for one in facts.containers or () if one.is_called(namespace)), None)
    return found.name if found is not None else namespace


def _known_macs(
    facts: HostFacts, inner: list[tuple[NamespaceFacts, Interface]]
) -> Iterator[tuple[str, tuple[str, str | None, Span]]]:
    """Hardware addresses of containers; what the container says itself comes last and counts."""
    containers: list[Container] = facts.containers or []
    answered = {(one.address): one for one in facts.neighbours or () if one.mac is not None}
    for network in facts.networks:
        for endpoint in network.endpoints or ():
            if endpoint.mac:
                yield endpoint.mac.lower(), (endpoint.container, None, endpoint.span)
    for container in containers:
        for place in container.networks:
            entry = answered.get(place.address) if place.address is not None else None
            if place.mac:
                yield place.mac, (container.name, None, place.span)
            elif entry is not None and entry.mac is not None:
                yield entry.mac, (container.name, None, entry.span)
    for space, link in inner:
        if link.mac and link.name != "lo":
            yield link.mac.lower(), (_container_name(facts, space.name), link.name, link.span)
