"""What the packet walk needs to know of a host: its container bridges, its way out, its own addresses."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct

from netlint.dataplane.remembered import remembered
from netlint.model.host import Host
from netlint.model.network import SHOWN, Network, Origin, Subnet
from netlint.pattern import pattern
from netlint.prefix import Address

_CONTAINER_LINK = pattern(
    r"docker0|docker_gwbridge|br-[0-9a-f]{12}|veth.*|lo|cni\d+|flannel.*|weave|cali.*|vxlan.*"
    r"|lxcbr\d+|lxdbr\d+|incusbr-?\d+|virbr\d+"
)


class Bridge(Struct, frozen=True):
    """A container network that is there: its bridge's name and one of its subnets."""

    network: Network
    name: str
    subnet: Subnet


def bridges(host: Host, version: int = 4) -> Iterator[Bridge]:
    """The container bridges of `host` that exist, by its listings or its firewall. A network that only a file asks for
    is none: nothing says that it was created yet."""
    for network in host.networks:
        name = network.bridge
        if name is None or (not network.stated and network.origin not in _SEEN):
            continue
        if host.interfaces is not None and host.interface(name) is None:
            continue
        for subnet in network.subnets:
            if subnet.prefix.version == version and subnet.prefix.size >= 4:
                yield Bridge(network, name, subnet)


_SEEN = (Origin.INSPECT, *SHOWN)


def is_container_link(host: Host, name: str) -> bool:
    """Whether the interface `name` leads to containers and not out of the host."""
    return _CONTAINER_LINK.fullmatch(name) is not None or any(network.bridge == name for network in host.networks)


def is_left_out(host: Host, bridge: str) -> bool:
    """Whether `bridge` is docker_gwbridge and no rule names it. The engine writes rules for it into both tables when a
    node joins a swarm: a dump that has none was made before that, or is an excerpt."""
    if bridge != "docker_gwbridge":
        return False
    rules = (one for ruleset in host.rulesets for table in ruleset.tables.values() for _, one in table.rules())
    links = (link for one in rules for link in (one.in_interface, one.out_interface) if link is not None)
    return all(link.name != bridge for link in links)


@remembered
def uplinks(host: Host) -> Sequence[str]:
    """Interfaces by which packets leave the host: those of the default routes, else every one that leads to no
    containers, else those that the firewall names, else a name that no rule can mean."""
    routes = [route.device for route in host.routes or () if route.prefix.is_default and route.device is not None]
    if routes:
        return list(dict.fromkeys(routes))
    links = [link.name for link in host.interfaces or () if link.addresses and not is_container_link(host, link.name)]
    if links:
        return links
    named = [
        match.name
        for ruleset in host.rulesets
        for table in ruleset.tables.values()
        for _, rule in table.rules()
        for match in (rule.in_interface, rule.out_interface)
        if match is not None and not match.name.endswith("+") and not is_container_link(host, match.name)
    ]
    return list(dict.fromkeys(named)) or ["uplink"]


def local_addresses(host: Host) -> frozenset[Address] | None:
    """The host's own addresses; None where no listing gives them."""
    if host.interfaces is None:
        return None
    return frozenset(entry.address for link in host.interfaces for entry in link.addresses)
