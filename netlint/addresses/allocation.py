"""How the engine gives out the addresses of a network: which are never free, who asks for one, which come first.

Docker's own IPAM hands out the lowest free address of the range (libnetwork/ipam, allocator.go); an address that a
container asks for by name is taken from the whole subnet.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from msgspec import Struct

from netlint.model.compose import Project
from netlint.model.host import Host, Site
from netlint.model.located import Located
from netlint.model.network import Network, Subnet
from netlint.prefix import Address, Prefix
from netlint.source import Span

_MOST = 4096  # addresses that are looked at one by one


class Member(Struct, frozen=True):
    """Containers that a service or script puts on a network: `containers` of them, at `address` where one is asked for.

    `optional`: the service has profiles, so that it need not run beside the others. `host` is the name of the host
    whose files say so.
    """

    who: str
    containers: int
    span: Span
    address: Located[Address] | None = None
    optional: bool = False
    host: str | None = None


def never_free(network: Network, subnet: Subnet) -> Iterator[tuple[Address, str, Span]]:
    """The addresses of a subnet that no container can have, what each is, and where that is stated."""
    prefix = subnet.prefix
    if prefix.version == 4 and prefix.length < 31:
        yield prefix.network_address, "the network address", subnet.span
        yield prefix.broadcast_address, "the broadcast address", subnet.span
    if subnet.gateway is not None:
        yield subnet.gateway.value, "the gateway", subnet.gateway.span
    elif network.driver in ("bridge", "overlay") and not network.internal and prefix.size > 2:
        # without a gateway of its own a network takes the first address of its range, or of the subnet
        first = dynamic_range(subnet).network_address
        yield prefix.address(1) if first == prefix.network_address else first, "the gateway", subnet.span
    for name, address in subnet.reserved:
        yield address.value, f"reserved as {name}", address.span


def dynamic_range(subnet: Subnet) -> Prefix:
    """The range that addresses come from which nobody asks for by name."""
    return subnet.ip_range.value if subnet.ip_range is not None else subnet.prefix


def handed_out(network: Network, subnet: Subnet) -> Iterator[Address]:
    """The addresses that containers get which ask for none, the first one first; of a large range only the lower."""
    never = {address for address, _, _ in never_free(network, subnet)}
    addresses = dynamic_range(subnet)
    for index in range(min(addresses.size, _MOST)):
        address = addresses.address(index)
        if address not in never and subnet.prefix.holds(address):
            yield address


def members(host: Host, site: Site, network: Network) -> list[Member]:
    """Everything that the files of `host` put on `network`; for a host that is only implied also the services of other
    projects that use the network as an external one, which they can on the same host only."""
    found = [member for project in host.projects for member in _of_project(project, host, network.name)]
    if host.implied:
        for other, project in _borrowers(site).get(network.name, ()):
            if other is not host:
                found += _of_project(project, other, network.name)
    if not host.actions:
        return found
    from netlint.model.action import ContainerRun  # noqa: PLC0415 - scripts alone have actions

    for action in host.actions:
        if isinstance(action, ContainerRun) and action.certain:
            name = action.network.value if action.network is not None else "bridge"
            if name == network.name:
                who = f"container {action.name.value}" if action.name is not None else "a container"
                found.append(Member(who, 1, action.span, action.address, False, host.name))
    return found


def _borrowers(site: Site) -> dict[str, list[tuple[Host, Project]]]:
    """The projects of implied hosts by the names of the networks that they use as external ones."""
    if _last.hosts is not site.every:  # every network of every project asks
        borrowers: dict[str, list[tuple[Host, Project]]] = {}
        for host in site.every:
            for project in host.projects if host.implied else ():
                for name in {network.name for network in project.networks if network.external}:
                    borrowers.setdefault(name, []).append((host, project))
        _last.hosts, _last.borrowers = site.every, borrowers
    return _last.borrowers


class _Last:
    """The borrowers of the hosts that were asked for last."""

    hosts: tuple[Host, ...] = ()
    borrowers: dict[str, list[tuple[Host, Project]]] = {}  # noqa: RUF012


_last = _Last()


def _of_project(project: Project, host: Host, network: str) -> Iterator[Member]:
    for service in project.services:
        for attachment in service.attachments:
            declared = project.network(attachment.network)
            if declared is None or declared.name != network:
                continue
            count = service.replicas.value if service.replicas is not None and service.replicas.exact else 1
            if count > 0:
                yield Member(
                    f"service {service.name}",
                    count,
                    attachment.span,
                    attachment.ipv4,
                    bool(service.profiles),
                    host.name,
                )


def occupied(host: Host, site: Site, network: Network, subnet: Subnet) -> dict[Address, tuple[str, Span]]:
    """The addresses of `subnet` that containers have or will get first, whose each is, and where that is stated."""
    found = {
        endpoint.address: (f"container {endpoint.container}", endpoint.span)
        for endpoint in network.endpoints or ()
        if endpoint.address is not None and subnet.prefix.holds(endpoint.address)
    }
    present = members(host, site, network)
    for member in present:
        if member.address is not None and member.address.exact and subnet.prefix.holds(member.address.value):
            found.setdefault(member.address.value, (member.who, member.address.span))
    dynamic = [member for member in present if member.address is None for _ in range(min(member.containers, _MOST))]
    if subnet.prefix.version == 4:
        free = (address for address in handed_out(network, subnet) if address not in found)
        for address, member in zip(list(islice(free, len(dynamic))), dynamic, strict=False):
            found[address] = (member.who, member.span)
    return found
