"""Hosts: what a machine's own listings say, and what Docker and Compose put on it."""

from __future__ import annotations

from typing import NamedTuple

from msgspec import Struct

from netlint.model.action import Action
from netlint.model.compose import Project
from netlint.model.daemon import Daemon, EngineVersion
from netlint.model.located import Located
from netlint.model.netfilter import Ruleset
from netlint.model.network import Network
from netlint.model.overlay import Swarm, Weave
from netlint.prefix import Address, Prefix
from netlint.source import Span


class InterfaceAddress(Struct, frozen=True, kw_only=True):
    """An address on an interface; `prefix` is the on-link range it brings."""

    address: Address
    prefix: Prefix
    span: Span
    scope: str = "global"
    peer: Address | None = None


class Interface(Struct, frozen=True, kw_only=True):
    """A network interface.

    `kind` is the kernel's link kind where known ("bridge", "veth", "vxlan", "wireguard", …); `master` the bridge or
    bond it is a port of; `up` whether the administrator switched it on; `carrier` whether the link works.
    """

    name: str
    span: Span
    addresses: tuple[InterfaceAddress, ...] = ()
    index: int | None = None
    mtu: int | None = None
    mac: str | None = None
    kind: str | None = None
    master: str | None = None
    up: bool | None = None
    carrier: bool | None = None


class Route(NamedTuple):
    """A route. `kind` is the kernel's route type ("unicast", "local", "blackhole", "unreachable", …)."""

    prefix: Prefix
    span: Span
    kind: str = "unicast"
    via: Address | None = None
    device: str | None = None
    table: str = "main"
    metric: int | None = None
    protocol: str | None = None
    scope: str | None = None
    source: Address | None = None

    @property
    def on_link(self) -> bool:
        """True where the destination is reached without a gateway."""
        return self.via is None and self.kind == "unicast"


class Resolver(Struct, frozen=True, kw_only=True):
    """What resolv.conf states."""

    span: Span
    nameservers: tuple[Located[Address], ...] = ()


class Host(Struct, frozen=True, kw_only=True):
    """One machine, or the unknown machine on which one Compose project will run (`implied`).

    A field that is None was not in the input; an empty tuple was, and holds nothing. `span` is the place that stands
    for the host as a whole. `networks` holds each Docker network once (see build/networks.py); `networks_listed` is
    True where the engine's own list of networks was given, so that a network missing there does not exist.
    """

    name: str | None
    span: Span
    implied: bool = False
    engine: Located[EngineVersion] | None = None
    interfaces: tuple[Interface, ...] | None = None
    routes: tuple[Route, ...] | None = None
    rulesets: tuple[Ruleset, ...] = ()
    resolver: Resolver | None = None
    sysctls: tuple[tuple[str, Located[str]], ...] | None = None
    daemon: Daemon | None = None
    networks: tuple[Network, ...] = ()
    networks_listed: bool = False
    projects: tuple[Project, ...] = ()
    actions: tuple[Action, ...] = ()
    swarm: Swarm | None = None
    weave: tuple[Weave, ...] = ()

    def interface(self, name: str) -> Interface | None:
        return next((i for i in self.interfaces or () if i.name == name), None)

    def sysctl(self, key: str) -> Located[str] | None:
        """The value of `key` (`net.ipv4.ip_forward`) that was set last."""
        return next((value for name, value in reversed(self.sysctls or ()) if name == key), None)

    def ruleset(self, version: int = 4) -> Ruleset | None:
        """The dump of the IPv4 or IPv6 firewall."""
        return next((r for r in self.rulesets if r.version == version), None)

    def before(self, *version: int) -> bool | None:
        """Whether the engine is older than `version`; None where its version is unknown."""
        return None if self.engine is None else self.engine.value.numbers < version


class InputProblem(Struct, frozen=True):
    """A place that could not be read (or was read and is not modelled), and what is the matter there."""

    span: Span
    message: str
    help: str = ""
    host: str | None = None


class Reserved(Struct, frozen=True):
    """A range that the configuration keeps for something else; `name` is what for."""

    prefix: Prefix
    name: str


class Site(Struct, frozen=True, kw_only=True):
    """Everything that was given, and what the configuration adds to it.

    `unreadable` are places with wrong syntax, `not_understood` places that were read but are not modelled.
    """

    hosts: tuple[Host, ...]
    reserved: tuple[Reserved, ...] = ()
    unreadable: tuple[InputProblem, ...] = ()
    not_understood: tuple[InputProblem, ...] = ()
