"""Compose projects: services, their attachments and published ports."""

from __future__ import annotations

from typing import NamedTuple

from msgspec import Struct

from netlint.model.located import Located
from netlint.model.network import Network
from netlint.prefix import Address
from netlint.source import Span


class PortRange(Struct, frozen=True):
    """Ports `first` to `last`, both included."""

    first: int
    last: int

    def overlaps(self, other: PortRange) -> bool:
        return self.first <= other.last and other.first <= self.last

    def __len__(self) -> int:
        return self.last - self.first + 1

    def __str__(self) -> str:
        return str(self.first) if self.first == self.last else f"{self.first}-{self.last}"


class PublishedPort(Struct, frozen=True, kw_only=True):
    """A port of a container and, where `published` is not None, of the host.

    `address` is the host address (or name) as written; None stands for every address of the host, v4 and v6. `exact` is
    False where a variable decides a part: its default was taken, and what has none is None. A `published_span` without
    `published` is a host port that only a variable tells.
    """

    target: PortRange
    span: Span
    published: PortRange | None = None
    published_span: Span | None = None
    address: Located[str] | None = None
    protocol: str = "tcp"
    mode: str = "ingress"
    exact: bool = True


class Attachment(Struct, frozen=True, kw_only=True):
    """A service on a network of its project; `network` is the key inside the file. `implicit`: the default network."""

    network: str
    span: Span
    ipv4: Located[Address] | None = None
    ipv6: Located[Address] | None = None
    aliases: tuple[str, ...] = ()
    implicit: bool = False


class Service(Struct, frozen=True, kw_only=True):
    """A service. `mode` is its network_mode; attachments beside it are what Compose refuses.

    `environment` holds names and places; values only in Located form for rules that read addresses out of them, and
    never for a report. `replicas` is the number of containers that run at once.
    """

    name: str
    span: Span
    image: Located[str] | None = None
    container_name: Located[str] | None = None
    mode: Located[str] | None = None
    attachments: tuple[Attachment, ...] = ()
    ports: tuple[PublishedPort, ...] = ()
    replicas: Located[int] | None = None
    environment: tuple[tuple[str, Located[str]], ...] = ()
    command: tuple[Located[str], ...] = ()
    labels: tuple[tuple[str, Located[str]], ...] = ()
    dns: tuple[Located[str], ...] = ()
    profiles: tuple[str, ...] = ()

    def attachment(self, network: str) -> Attachment | None:
        return next((a for a in self.attachments if a.network == network), None)


class DuplicateKey(NamedTuple):
    """A key that stands again in one mapping, which Compose refuses."""

    name: str
    first: Span
    again: Span


class Project(Struct, frozen=True, kw_only=True):
    """A Compose project: one file, or a file with its overrides. `networks` are keyed by the name inside the file.

    Networks that no service uses are among them, though Compose creates them not (`uses`). `partial`: a service has
    neither image nor build, so that the file is meant to be laid over another.
    """

    name: str
    span: Span
    files: tuple[str, ...]
    services: tuple[Service, ...] = ()
    networks: tuple[Network, ...] = ()
    partial: bool = False
    duplicate_keys: tuple[DuplicateKey, ...] = ()

    def uses(self, key: str) -> bool:
        """Whether a service is on the network."""
        return any(service.attachment(key) is not None for service in self.services)

    def network(self, key: str) -> Network | None:
        return next((n for n in self.networks if n.key == key), None)

    def service(self, name: str) -> Service | None:
        return next((s for s in self.services if s.name == name), None)
