"""What containers are told to reach, and whether the firewall lets them."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from netlint.dataplane.host_walk import HostWalk
from netlint.dataplane.leg import Leg
from netlint.dataplane.packet import Packet
from netlint.dataplane.probes import Inside
from netlint.model.compose import Project, Service
from netlint.model.host import Host
from netlint.model.intents import intents
from netlint.prefix import Address, parse_address
from netlint.source import Span

DEFAULT_BRIDGE = ("bridge", "docker0")  # its name as a network, and where only its interface is known


class Wanted(Struct, frozen=True):
    """A server that containers use. `networks` are those of the containers, None for all."""

    address: Address
    protocol: str
    port: int
    what: str
    span: Span
    networks: frozenset[str] | None = None


def source_networks(host: Host, project: Project, service: Service) -> frozenset[str]:
    """The names of the networks that the service's packets come from."""
    if service.mode is not None and service.mode.value == "bridge":
        return frozenset(DEFAULT_BRIDGE)
    found = (host.network_of(project, attachment.network) for attachment in service.attachments)
    return frozenset(network.name for network in found if network is not None)


def service_targets(host: Host) -> Iterator[Wanted]:
    """The addresses and ports that services of Compose files connect to, also by `host-gateway`."""
    gateway = next(
        (
            subnet.gateway
            for network in host.networks
            if network.default_bridge
            for subnet in network.subnets
            if subnet.gateway is not None
        ),
        None,
    )
    for project in host.projects:
        for service in project.services:
            names = {name for name, value in service.extra_hosts if value.value == "host-gateway"}
            networks = source_networks(host, project, service)
            for intent in intents(service):
                by_name = gateway is not None and intent.host in names
                address = gateway.value if gateway is not None and by_name else parse_address(intent.host)
                if address is not None and intent.port is not None and intent.exact:
                    what = f"what service {service.name} connects to"
                    yield Wanted(address, "tcp", intent.port, what, intent.span, networks)


def refused_way(walk: HostWalk, inside: Inside, wanted: Wanted) -> Leg | None:
    """The way of a container's packet to the server that surely ends on this host; None where it may pass."""
    packet = Packet(
        source=inside.first,
        destination=wanted.address,
        protocol=wanted.protocol,
        destination_port=wanted.port,
        in_interface=inside.link,
    )
    leg = walk.receive(packet)
    ends = leg.certain and not leg.accepted and leg.decided is not None
    return leg if ends and leg.left.destination == wanted.address else None
