"""A machine for an engine, with the links and routes that an example tells of, and somebody on their other side."""

from __future__ import annotations

import platform
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from ipaddress import IPv4Interface, ip_address
from typing import NamedTuple

from netlint.model import host as model
from tests.lab import image
from tests.lab.examples import site
from tests.lab.net import Host, Lan

ADDRESS, NEIGHBOUR, ROUTER = "192.168.10.1", "192.168.10.2", "192.168.10.254"
OWNER = "172.32.0.9"  # of a public address, far behind the router
KERNEL = "kernel " + ".".join(platform.release().split(".")[:2])  # where the kernel alone has been asked
_PLAIN = {"ip-route.txt": f"default via {ROUTER} dev eth0\n192.168.10.0/24 dev eth0 scope link src {ADDRESS}\n"}


class Machine(NamedTuple):
    """The host that gets an engine, and everybody else around it as one other host."""

    host: Host
    others: Host


@contextmanager
def machine(
    texts: dict[str, str] | None = None, *, others: Iterable[str] = (NEIGHBOUR,), name: str = "engine"
) -> Iterator[Machine]:
    """A host with the interfaces and routes that the listings of an example tell of, or on a plain LAN.

    The other side answers for all gateways and for the addresses `others`, and serves on port 80. It has no routes of
    its own: to an address that is on no link it does not answer.
    """
    listed = any(name.startswith("ip-") for name in texts or {})
    described = site(texts if texts and listed else _PLAIN)
    links = _links(described)
    elsewhere = [address for address in others if not any(_on(address, own) for own in links.values())]
    with ExitStack() as stack:
        host, other = stack.enter_context(Host(name)), stack.enter_context(Host(f"{name}-others"))
        for device, own in links.items():
            lan = stack.enter_context(Lan(f"{name}-{device}"))
            lan.join(host, *map(str, own), interface=device)
            here = [address for address in others if _on(address, own)]
            gateways = [str(route.via) for route in described.routes or () if route.via and route.device == device]
            peers = [str(route.prefix.network_address) for route in _peers(described) if route.device == device]
            length = own[0].network.prefixlen
            lan.join(other, *(f"{one}/{length}" for one in dict.fromkeys([*here, *gateways, *peers])), interface=device)
            for peer in peers:
                host.route(peer, "dev", device)
                other.route(str(own[0]), "dev", device)
        for address in elsewhere:
            other.ip("addr", "add", f"{address}/32", "dev", "lo")
        for route in described.routes or ():
            if route.via is not None and route.device is not None:
                onlink = [] if _on(str(route.via), links[route.device]) else ["onlink"]
                host.route(str(route.prefix), "via", str(route.via), "dev", route.device, *onlink)
        other.serve(image.website())
        yield Machine(host, other)


@contextmanager
def pair(first: str = f"{ADDRESS}/24", second: str = f"{NEIGHBOUR}/24") -> Iterator[tuple[Host, Host]]:
    """Two hosts on one LAN, with an address each."""
    with Lan() as lan, Host("node-a") as a, Host("node-b") as b:
        lan.join(a, first)
        lan.join(b, second)
        yield a, b


def _on(address: str, own: list[IPv4Interface]) -> bool:
    return any(ip_address(address) in interface.network for interface in own)


def _peers(described: model.Host) -> list[model.Route]:
    """Routes to the other end of a point-to-point link."""
    return [route for route in described.routes or () if route.on_link and route.prefix.is_host]


def _links(described: model.Host) -> dict[str, list[IPv4Interface]]:
    """The host's own addresses by interface, from its addresses or else from the routes that these bring."""
    links: dict[str, list[IPv4Interface]] = {}
    for interface in described.interfaces or ():
        if interface.name not in ("lo", "docker0"):
            links[interface.name] = [IPv4Interface(f"{a.address}/{a.prefix.length}") for a in interface.addresses]
    for route in described.routes or () if not links else ():
        if route.on_link and route.device is not None and route.source is not None:
            address = IPv4Interface(f"{route.source}/{route.prefix.length}")
            links.setdefault(route.device, []).append(address)
    return links
