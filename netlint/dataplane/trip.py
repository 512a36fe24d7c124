"""From a flow to a packet: which hosts, containers and addresses its words mean."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from msgspec import Struct

from netlint.dataplane.containers import Attached, Published, attached, published
from netlint.dataplane.flow import End, Flow, FlowError
from netlint.dataplane.journey import Journey, Walker
from netlint.dataplane.packet import Packet
from netlint.dataplane.routing import OUTSIDE, Router
from netlint.dataplane.view import is_container_link, uplinks
from netlint.dataplane.walk import Passage
from netlint.model.host import Host
from netlint.prefix import Address


class Trip(Struct, frozen=True):
    """A packet and the host it starts on or comes to. `target` is where it is to arrive, None where anywhere will do;
    `notes` say what the words of the flow were taken to mean."""

    host: Host
    packet: Packet
    target: Address | None
    notes: tuple[Passage, ...]

    def reaches(self, journey: Journey) -> bool:
        """Whether the packet gets to what the flow names."""
        if not journey.accepted:
            return False
        return self.target is None or journey.arrives.destination == self.target


class _Side(NamedTuple):
    """What one end of a flow may mean on a host. `link` is where packets from there come in, None for the host."""

    host: Host
    address: Address | None
    link: str | None
    note: Passage | None = None
    container: Attached | None = None


def plan_trip(walker: Walker, flow: Flow, host_name: str | None = None) -> Trip:
    """The packet that `flow` asks about; FlowError where its words fit no host, or several.

    `host_name` is the host that a container or an address is on, where several have one of it.
    """
    return _Planner(walker, flow, host_name).trip()


class _Planner:
    def __init__(self, walker: Walker, flow: Flow, host_name: str | None) -> None:
        self.walker, self.flow = walker, flow
        ends = (flow.source, flow.destination)
        self.version = 6 if any(end.address is not None and end.address.version == 6 for end in ends) else 4
        self.hosts = [host for host in walker.hosts if host_name is None or host.name == host_name]
        if not self.hosts:
            raise FlowError(f"no host is called {host_name}{_near(host_name or '', self.names())}")

    def names(self) -> list[str]:
        return [host.name for host in self.walker.hosts if host.name is not None]

    def router(self, host: Host) -> Router:
        return self.walker.on(host, self.version).router

    def trip(self) -> Trip:
        flow = self.flow
        sources = list(self.sides(flow.source))
        targets = list(self.sides(flow.destination))
        host = self.host(sources, targets)
        source = self.on(host, sources, flow.source, targets)
        if flow.source.kind in ("lan", "internet", "address") and source.link is not None and source.container is None:
            source = source._replace(link=self.link(host, source.link))
        target = self.on(host, targets, flow.destination, [source], elsewhere=True)
        notes = [note for note in (source.note, target.note) if note is not None]
        address, port = target.address, flow.destination_port
        if flow.destination.kind == "host" and source.container is not None and target.host is host:
            gateway = self.gateway(host, source.container)
            address = gateway or address
        if flow.destination.kind == "container" and flow.source.kind in ("lan", "internet"):
            target, through = self.published_side(target, targets)
            if through is not None:
                address = through.address or self.own_address(target.host, flow.destination)
                port = through.port
                text = f"{flow.destination.name}:{through.target_port} is published as {address}:{port}"
                notes.append(Passage(span=through.rule.span, text=text))
        if address is None:
            raise flow.error(flow.destination.at, "no address is known of it; give one")
        packet = Packet(
            source=source.address or address,
            destination=address,
            protocol=flow.protocol,
            source_port=flow.source_port,
            destination_port=port,
            in_interface=source.link,
        )
        if source.link is None and source.address is None:
            chosen = self.router(host).source_for(packet)
            packet = Packet(
                source=chosen, destination=address, protocol=flow.protocol, source_port=flow.source_port,
                destination_port=port,
            )  # fmt: skip
        # a port of the host may be a container's, to which a translation leads
        aim = target.address if flow.destination.kind == "container" else None
        return Trip(host, packet, aim, tuple(notes))

    # what the words may mean

    def sides(self, end: End) -> Iterator[_Side]:
        for host in self.hosts if end.kind != "host" or not end.name else self.walker.hosts:
            yield from getattr(self, f"_{end.kind}")(host, end)

    def _container(self, host: Host, end: End) -> Iterator[_Side]:
        router = self.router(host)
        for one in attached(host, router):
            if end.name in one.names or end.name == str(one.address):
                text = f"container {one.names[0]} has {one.address} on {one.bridge.name}"
                yield _Side(host, one.address, one.bridge.name, Passage(span=one.span, text=text), one)

    def _host(self, host: Host, end: End) -> Iterator[_Side]:
        if not end.name or host.name == end.name:
            yield _Side(host, None if end is self.flow.source else self.own_address(host, end), None)

    def _lan(self, host: Host, _: End) -> Iterator[_Side]:
        router = self.router(host)
        link = self.flow.link or uplinks(host)[0]
        found = router.first_address(link)
        prefix = next((route.prefix for route in router.tables["main"] if route.device == link and route.on_link), None)
        if prefix is None or found is None:
            yield _Side(host, OUTSIDE[self.version], link)
            return
        taken = {*router.own, *(route.via for route in router.tables["main"])}
        free = (prefix.address(index) for index in range(2, min(prefix.size - 1, 300)))
        address = next((address for address in free if address not in taken), None)
        note = Passage(span=found[1], text=f"{address} stands for any neighbour on {link}")
        yield _Side(host, address, link, note)

    def _internet(self, host: Host, _: End) -> Iterator[_Side]:
        address = OUTSIDE[self.version]
        hop = self.router(host).lookup(Packet(source=address, destination=address))
        note = Passage(span=hop.span, text=f"{address} stands for any address of the internet")
        yield _Side(host, address, hop.device or uplinks(host)[0], note)

    def _address(self, host: Host, end: End) -> Iterator[_Side]:
        address, router = end.address, self.router(host)
        assert address is not None
        if router.is_local(address):
            yield _Side(host, address, None)
            return
        bridge = router.bridge_of(address)
        if bridge is not None:
            known = next((one for one in attached(host, router) if one.address == address), None)
            names = known.names if known is not None else (str(address),)
            yield _Side(host, address, bridge.name, None, Attached(names, bridge, address, bridge.subnet.span))
            return
        hop = router.lookup(Packet(source=address, destination=address))
        yield _Side(host, address, hop.device or uplinks(host)[0])

    # which of it is meant

    def host(self, sources: list[_Side], targets: list[_Side]) -> Host:
        """The host that the packet comes to first."""
        flow = self.flow
        if flow.link is not None:
            having = [host for host in self.hosts if self.has_link(host, flow.link)]
            if not having:
                links = [link.name for host in self.hosts for link in host.interfaces or ()]
                raise flow.error(flow.link_at, f"no host has this interface{_near(flow.link, links)}")
            sources = [side for side in sources if side.host in having] or sources
        inner = [side for side in sources if side.link is None or side.container is not None]
        if flow.source.kind in ("container", "host") or inner:
            return self.only([side.host for side in inner or sources], flow.source)
        inner = [side for side in targets if side.link is None or side.container is not None]
        return self.only([side.host for side in inner or sources], flow.destination if inner else flow.source)

    def has_link(self, host: Host, link: str) -> bool:
        if host.interfaces is not None:
            return host.interface(link) is not None
        router = self.router(host)
        return any(bridge.name == link for bridge in router.bridges) or link in uplinks(host) or not router.listed

    def only(self, hosts: Iterable[Host], end: End) -> Host:
        found: list[Host] = []
        for host in hosts:
            if not any(host is one for one in found):
                found.append(host)
        if not found:
            raise self.unknown(end)
        if len(found) > 1:
            names = [str(host.name) for host in found]
            hint = f": host {' or host '.join(names)}?" if end.kind == "host" else f": {', '.join(names)}"
            raise self.flow.error(end.at, f"it may be on several hosts{hint}")
        return found[0]

    def unknown(self, end: End) -> FlowError:
        if end.kind == "host":
            return self.flow.error(end.at, f"no host is called {end.name}{_near(end.name, self.names())}")
        known = sorted({name for host in self.hosts for one in attached(host, self.router(host)) for name in one.names})
        hint = _near(end.name, known) or (f"; known are {', '.join(known[:8])}" if known else "")
        return self.flow.error(end.at, f"no address of a container {end.name} is known{hint}")

    def on(self, host: Host, sides: list[_Side], end: End, others: list[_Side], *, elsewhere: bool = False) -> _Side:
        """The side that is meant on `host`: of a container's networks the one that it shares with the other end."""
        here = [side for side in sides if side.host is host]
        if elsewhere and end.kind in ("container", "host") and not (end.kind == "host" and not end.name):
            chosen = self.only([side.host for side in sides], end)
            here = [side for side in sides if side.host is chosen]
        if not here:
            raise self.unknown(end)
        shared = {side.link for side in others if side.container is not None}
        ordered = sorted(here, key=lambda side: (side.link not in shared, side.container is not None and (
            side.container.bridge.network.internal, side.container.bridge.network.name)))  # fmt: skip
        return ordered[0]

    def link(self, host: Host, otherwise: str) -> str:
        return self.flow.link or otherwise

    def own_address(self, host: Host, end: End) -> Address:
        """The address by which others know the host."""
        router = self.router(host)
        links = [*uplinks(host), *(link.name for link in host.interfaces or ())]
        for name in links:
            found = router.first_address(name)
            if found is not None and not is_container_link(host, name):
                return found[0]
        if router.own:
            return next(iter(router.own))
        raise self.flow.error(end.at, "no address of the host is known; give one")

    def gateway(self, host: Host, container: Attached) -> Address | None:
        """The host's address on the container's network."""
        found = self.router(host).first_address(container.bridge.name)
        return found[0] if found is not None else None

    def published_side(self, target: _Side, targets: list[_Side]) -> tuple[_Side, Published | None]:
        """The network of the container by which the port is published; `target` and None where it is not."""
        for side in (target, *(side for side in targets if side.host is target.host)):
            through = self.publication(side)
            if through is not None:
                return side, through
        return target, None

    def publication(self, target: _Side) -> Published | None:
        """The port of the host that leads to the container and can be reached from outside."""
        for one in published(target.host, self.router(target.host)):
            same = (one.target, one.target_port, one.protocol) == (
                target.address, self.flow.destination_port, self.flow.protocol,
            )  # fmt: skip
            if same and (one.address is None or not one.address.is_loopback):
                return one
        return None


def _near(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, list(known), n=1)
    return f"; did you mean {near[0]}?" if near else ""
