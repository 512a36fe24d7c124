"""Which services of a project find each other, by which name and port."""

from __future__ import annotations

import re
from functools import cached_property

from netlint.model.compose import PortRange, Project, Service
from netlint.model.network import Network

# The port on which the program of a well-known image listens, by the last part of the image's name.
_IMAGES = {
    "postgres": 5432, "postgresql": 5432, "postgis": 5432, "timescaledb": 5432, "timescaledb-ha": 5432,
    "pgvector": 5432, "mysql": 3306, "mysql-server": 3306, "mariadb": 3306, "percona": 3306, "redis": 6379,
    "redis-stack": 6379, "valkey": 6379, "keydb": 6379, "dragonfly": 6379, "mongo": 27017, "mongodb": 27017,
    "rabbitmq": 5672, "kafka": 9092, "cp-kafka": 9092, "zookeeper": 2181, "cp-zookeeper": 2181, "elasticsearch": 9200,
    "opensearch": 9200, "memcached": 11211, "nats": 4222, "etcd": 2379, "influxdb": 8086, "neo4j": 7687,
    "mailhog": 1025, "mailpit": 1025,
}  # fmt: skip
# Ports of programs that a browser does not speak to.
BACKEND_PORTS = frozenset((*_IMAGES.values(), 1433, 1521, 4317, 5671, 6650, 9042, 11211))


class Reach:
    """The names of a project's services and the networks on which they resolve."""

    def __init__(self, project: Project) -> None:
        self.project = project

    @cached_property
    def by_name(self) -> dict[str, Service]:
        """Each service under its name, its container's name and its aliases; a service's own name comes first."""
        found: dict[str, Service] = {}
        for service in self.project.services:
            if service.container_name is not None and service.container_name.exact:
                found.setdefault(service.container_name.value, service)
            for attachment in service.attachments:
                for alias in attachment.aliases:
                    found.setdefault(alias, service)
        return found | {service.name: service for service in self.project.services}

    def namespace(self, service: Service) -> Service | None:
        """The service in whose network namespace the containers of `service` are, itself where it has its own. None
        where that is the host's, a container's outside the project, or not known."""
        seen = {service.name}
        while service.mode is not None and not service.extends:
            kind, _, name = service.mode.value.partition(":")
            other = self._services.get(name) if kind == "service" else None
            if other is None or other.name in seen or not service.mode.exact:
                return service if kind in ("bridge", "default") else None
            seen.add(other.name)
            service = other
        return None if service.extends else service

    def networks(self, service: Service) -> frozenset[str] | None:
        """The engine's names of the networks that the containers of `service` are on, also through another's
        namespace; None where they are not all known."""
        owner = self.namespace(service)
        if owner is None or owner.mode is not None:
            return None
        names = set()
        for attachment in owner.attachments:
            network = self._networks.get(attachment.network)
            if network is None or "$" in network.name:
                return None
            names.add(network.name)
        return frozenset(names)

    def has_foreign_network(self, service: Service) -> bool:
        """Whether containers that no file here describes may be on a network of the service."""
        owner = self.namespace(service) or service
        networks = (self._networks.get(attachment.network) for attachment in owner.attachments)
        return any(network is None or network.external for network in networks)

    def sharers(self, service: Service) -> list[Service]:
        """The services in the same network namespace, `service` among them."""
        owner = self.namespace(service)
        return [service] if owner is None else self._groups[id(owner)]

    @cached_property
    def _groups(self) -> dict[int, list[Service]]:
        """The services by the one in whose namespace they are: a project may have thousands."""
        groups: dict[int, list[Service]] = {}
        for service in self.project.services:
            owner = self.namespace(service)
            if owner is not None:
                groups.setdefault(id(owner), []).append(service)
        return groups

    @cached_property
    def _services(self) -> dict[str, Service]:
        return {service.name: service for service in reversed(self.project.services)}

    @cached_property
    def _networks(self) -> dict[str | None, Network]:
        return {network.key: network for network in reversed(self.project.networks)}


def container_ports(service: Service) -> list[PortRange]:
    """The ports on which the containers of a service say that they listen, protocol aside."""
    ports = [port.target for port in service.ports]
    for exposed in service.expose:
        first, _, last = exposed.value.partition("/")[0].partition("-")
        if first.isdecimal() and (not last or last.isdecimal()):
            ports.append(PortRange(int(first), int(last or first)))
    return ports


def image_name(service: Service) -> str:
    """`postgres` of `registry.example/library/postgres:16@sha256:…`; empty where there is none."""
    if service.image is None:
        return ""
    return service.image.value.partition("@")[0].rpartition("/")[2].partition(":")[0]


def image_port(service: Service) -> int | None:
    """The port on which the program of a well-known image listens."""
    return _IMAGES.get(image_name(service))


def serves(service: Service, port: int) -> bool:
    """Whether the service says that it listens on `port`, or its image is known to."""
    listed = any(ports.first <= port <= ports.last for ports in container_ports(service))
    return listed or image_port(service) == port


def mentions(service: Service, port: int) -> bool:
    """Whether the number stands in the environment or command of the service, so that it may listen there."""
    number = re.compile(rf"(?<!\d){port}(?!\d)")
    values = (*(value.value for _, value in service.environment), *(word.value for word in service.command))
    return any(number.search(value) for value in values)


def published_as(service: Service, port: int) -> int | None:
    """The container port behind the published `port` where the two differ."""
    for one in service.ports:
        if one.published is None or len(one.published) != len(one.target):
            continue
        if one.published.first <= port <= one.published.last and one.published != one.target:
            return one.target.first + port - one.published.first
    return None
