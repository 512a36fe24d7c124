"""Ports of the host as sets: which of them a published port takes, and whether two can be there at once.

A socket is bound to one address or to every address of one IP version, and takes a protocol and a port. Two collide
where version, protocol and port agree and one of them has every address, or both have the same. A range of host ports
for fewer container ports takes whichever is free, so that nothing can be said of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct

from netlint.model.compose import PortRange, PublishedPort
from netlint.model.host import Host, Listener, Publication
from netlint.prefix import Address, parse_address

_BINDING = "com.docker.network.bridge.host_binding_ipv4"


class Binding(Struct, frozen=True):
    """Ports taken on the host. `places` are the IP versions, each with its address, or None for all of that version."""

    places: tuple[tuple[int, Address | None], ...]
    protocol: str
    ports: PortRange

    def common(self, other: Binding) -> PortRange | None:
        """The ports that both want, None where they can be there together."""
        if self.protocol != other.protocol or not self.ports.overlaps(other.ports):
            return None
        if not any(
            version == another and (mine is None or theirs is None or mine == theirs)
            for version, mine in self.places
            for another, theirs in other.places
        ):
            return None
        return PortRange(max(self.ports.first, other.ports.first), min(self.ports.last, other.ports.last))

    def __str__(self) -> str:
        if len(self.places) == 1:
            version, address = self.places[0]
            host = str(address) if address is not None else "0.0.0.0" if version == 4 else "::"
        else:
            host = "*"
        return f"[{host}]:{self.ports}" if ":" in host else f"{host}:{self.ports}"


class Taken(Struct, frozen=True):
    """A published port with what it takes."""

    publication: Publication
    binding: Binding


def takes(port: PublishedPort, default: Address | None = None) -> Binding | None:
    """What a published port takes, `default` being the IPv4 address of ports that name none; None where it cannot be
    told: the engine or a variable chooses the port, or the address is a name."""
    if port.published is None or len(port.published) != len(port.target) or port.address_open:
        return None
    if port.address is None:
        return Binding(((4, default), (6, None)), port.protocol, port.published)
    address = parse_address(port.address.value)
    return Binding(_places(address), port.protocol, port.published) if address is not None else None


def listens(listener: Listener) -> Binding:
    """What a socket of the host takes."""
    ports = PortRange(listener.port, listener.port)
    return Binding(_places(listener.address), listener.protocol, ports)


def published_ports(host: Host) -> Iterator[Taken]:
    """Every port of the host that a Compose project or script surely takes."""
    for publication in host.publications():
        service = publication.service
        if service is not None and service.replicas is not None and service.replicas.value == 0:
            continue
        binding = takes(publication.port, _default(publication))
        if binding is not None:
            yield Taken(publication, binding)


_MOST = 300  # collisions of one: all pairs of ten thousand would take minutes


def collisions(taken: Iterable[Taken]) -> Iterator[tuple[Taken, Taken, PortRange]]:
    """Each pair that wants the same ports, in the order given, and the ports. Of many that want the same, each is
    paired with some of the others."""
    ordered = list(taken)
    active: list[int] = []
    pairs: list[tuple[int, int, PortRange]] = []
    for index in sorted(range(len(ordered)), key=lambda index: ordered[index].binding.ports.first):
        binding = ordered[index].binding
        active = [other for other in active if ordered[other].binding.ports.last >= binding.ports.first]
        found = 0
        for other in active:
            common = binding.common(ordered[other].binding)
            if common is not None:
                pairs.append((min(index, other), max(index, other), common))
                found += 1
                if found == _MOST:
                    break
        active.append(index)
    for first, second, common in sorted(pairs, key=lambda pair: (pair[1], pair[0])):
        yield ordered[first], ordered[second], common


def _places(address: Address | None) -> tuple[tuple[int, Address | None], ...]:
    if address is None:
        return ((4, None), (6, None))
    if address.version == 6 and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return ((address.version, None if address.is_unspecified else address),)


def _default(publication: Publication) -> Address | None:
    """The address that the networks of a container give to ports without one, if they agree."""
    options = [network.option(_BINDING) for network in publication.networks]
    values = {option.value if option is not None else None for option in options}
    value = values.pop() if len(values) == 1 else None
    address = parse_address(value) if value is not None else None
    return None if address is None or address.is_unspecified else address
