"""Containers and namespaces of a host for `netlint show`: addresses, the host's end of their links, ports."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from netlint.model.compose import PublishedPort
from netlint.model.host import Host
from netlint.source import Span


class Inhabitant(Struct, frozen=True):
    """A container, or a network namespace that no listing of containers has. `links` are its interfaces as `inner` and
    the host's end of each, empty where not known, with how the two were matched."""

    name: str
    span: Span
    running: bool | None
    mode: str | None
    addresses: tuple[str, ...]
    links: tuple[tuple[str, str, str], ...]
    ports: tuple[PublishedPort, ...]


def inhabitants(host: Host) -> Iterator[Inhabitant]:
    """The containers in the order of the listing, then the namespaces."""
    for container in host.containers or ():
        addresses = [f"{place.network} {place.address}" for place in container.networks if place.address is not None]
        inside = [space for space in host.namespaces if container.is_called(space.name)]
        if not addresses:
            addresses = [text for space in inside for text in _addresses(host, space.name)]
        yield Inhabitant(
            container.name,
            container.span,
            container.running,
            container.mode.value if container.mode is not None else None,
            tuple(addresses),
            _links(host, container.name),
            container.ports,
        )
    for space in host.namespaces:
        if not any(container.is_called(space.name) for container in host.containers or ()):
            addresses = list(_addresses(host, space.name))
            yield Inhabitant(space.name, space.span, None, None, tuple(addresses), _links(host, space.name), ())


def _addresses(host: Host, name: str) -> Iterator[str]:
    for space in host.namespaces:
        for link in space.interfaces or () if space.name == name else ():
            for one in link.addresses:
                if link.name != "lo" and not one.address.is_link_local:
                    yield f"{link.name} {one.address}/{one.prefix.length}"


def _links(host: Host, name: str) -> tuple[tuple[str, str, str], ...]:
    return tuple((pair.interface or "", pair.name, pair.how) for pair in host.veths if pair.inside == name)
