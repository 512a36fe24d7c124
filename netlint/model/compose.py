"""Compose projects: services, their attachments and published ports."""

from __future__ import annotations

import re
from enum import Enum

from msgspec import Struct

from netlint.model.located import Located
from netlint.model.network import Network
from netlint.pattern import pattern
from netlint.prefix import Address
from netlint.source import Span

_LIBRARY = pattern(r"(?:^|[-_.])(?:base|common|shared|templates?)(?:[-_.]|$)", re.IGNORECASE)


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
    `published` is a host port that only a variable tells, `address_open` an address that only a variable does.
    `misread` is the number that a reader of YAML 1.1 makes of an unquoted `22:22`, whose parts it takes for digits to
    the base 60; None where it reads what is written.
    """

    target: PortRange
    span: Span
    published: PortRange | None = None
    published_span: Span | None = None
    address: Located[str] | None = None
    protocol: str = "tcp"
    mode: str = "ingress"
    exact: bool = True
    address_open: bool = False
    misread: int | None = None


class Attachment(Struct, frozen=True, kw_only=True):
    """A service on a network of its project; `network` is the key inside the file. `implicit`: the default network.

    `priority` orders the attachments when a container starts, `gw_priority` those that its way out may lead through.
    """

    network: str
    span: Span
    ipv4: Located[Address] | None = None
    ipv6: Located[Address] | None = None
    aliases: tuple[str, ...] = ()
    implicit: bool = False
    priority: Located[int] | None = None
    gw_priority: Located[int] | None = None
    interface_name: Located[str] | None = None


class Service(Struct, frozen=True, kw_only=True):
    """A service. `mode` is its network_mode; attachments beside it are what Compose refuses.

    `environment` holds names and places; values only in Located form for rules that read addresses out of them, and
    never for a report. `replicas` is the number of containers that run at once. `links` and `external_links` are as
    written, `name` or `name:alias`. `for_swarm`: its `deploy` holds what only a swarm heeds. `scaled`: `replicas` is
    that of `scale`, which only Compose heeds. `extends`: it takes more from a service that was not read.
    """

    name: str
    span: Span
    image: Located[str] | None = None
    container_name: Located[str] | None = None
    hostname: Located[str] | None = None
    mac_address: Located[str] | None = None
    mode: Located[str] | None = None
    attachments: tuple[Attachment, ...] = ()
    ports: tuple[PublishedPort, ...] = ()
    replicas: Located[int] | None = None
    environment: tuple[tuple[str, Located[str]], ...] = ()
    command: tuple[Located[str], ...] = ()
    labels: tuple[tuple[str, Located[str]], ...] = ()
    deploy_labels: tuple[tuple[str, Located[str]], ...] = ()
    dns: tuple[Located[str], ...] = ()
    profiles: tuple[str, ...] = ()
    links: tuple[Located[str], ...] = ()
    external_links: tuple[Located[str], ...] = ()
    depends_on: tuple[Located[str], ...] = ()
    extra_hosts: tuple[tuple[str, Located[str]], ...] = ()
    expose: tuple[Located[str], ...] = ()
    for_swarm: bool = False
    scaled: bool = False
    extends: bool = False

    def attachment(self, network: str) -> Attachment | None:
        return next((a for a in self.attachments if a.network == network), None)


class Misplacement(Enum):
    """Where a key of a network stands though it belongs elsewhere."""

    NETWORK = "directly under the network"
    IPAM = "directly under ipam"
    ENTRY = "in an entry of the ipam config that has no subnet"
    SERVICE = "directly under the service"


class MisplacedKey(Struct, frozen=True):
    """A key `name` of the network or service `owner`. `beside` is the place of the subnet that it may belong to."""

    name: str
    span: Span
    owner: str
    where: Misplacement
    beside: Span | None = None


class UnsetVariable(Struct, frozen=True):
    """A variable without a default in an address, subnet or port, which is empty unless the environment sets it.

    `key` is the Compose key ("subnet", "ports"), `owner` the "network x" or "service x" that it belongs to. `part` says
    what of a port it stands for: "address", "published" or "target"; of other values "" where nothing stands beside it
    and "middle" where it is a part of the text. `default` is the place where the same file gives the variable one.
    `looked_up`: the project's `.env` files were given, and none of them sets it.
    """

    name: str
    span: Span
    key: str
    owner: str
    part: str = ""
    default: Span | None = None
    looked_up: bool = False


class DuplicateKey(Struct, frozen=True):
    """A key that stands again in one mapping, which Compose refuses."""

    name: str
    first: Span
    again: Span


class Project(Struct, frozen=True, kw_only=True):
    """A Compose project: a file, its overrides, what they include and extend. `networks` are keyed as in the files.

    Networks that no service uses are among them, though Compose creates them not (`uses`). `partial`: a service has
    neither image nor build, so that the file is meant to be laid over another. `version` is that of the file format.
    `incomplete`: more is in files that were not read. `replaced` are the places of values that took the place of one in
    another file, each with that place.
    """

    name: str
    span: Span
    files: tuple[str, ...]
    services: tuple[Service, ...] = ()
    networks: tuple[Network, ...] = ()
    partial: bool = False
    incomplete: bool = False
    duplicate_keys: tuple[DuplicateKey, ...] = ()
    version: Located[str] | None = None
    misplaced: tuple[MisplacedKey, ...] = ()
    unset: tuple[UnsetVariable, ...] = ()
    replaced: tuple[tuple[Span, Span], ...] = ()

    @property
    def is_library(self) -> bool:
        """Whether the first file has the name of one whose services other files extend one by one."""
        return _LIBRARY.search(self.files[0].rpartition("/")[2]) is not None

    def uses(self, key: str) -> bool:
        """Whether a service is on the network."""
        return any(service.attachment(key) is not None for service in self.services)

    def network(self, key: str) -> Network | None:
        return next((n for n in self.networks if n.key == key), None)

    def service(self, name: str) -> Service | None:
        return next((s for s in self.services if s.name == name), None)
