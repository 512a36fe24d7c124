"""What setup scripts and unit files do to a host, in order. A command in a branch or loop only may run."""

from __future__ import annotations

from typing import TypeAlias

from msgspec import Struct

from netlint.model.compose import PublishedPort
from netlint.model.located import Located
from netlint.model.netfilter import FirewallRule
from netlint.prefix import Address, Prefix
from netlint.source import Span


class FirewallFlush(Struct, frozen=True, kw_only=True):
    """`iptables -F`, `-X` or `nft flush ruleset`: every table where `table` is None, every chain where `chain` is.

    `tool` is "iptables", "ip6tables" or "nft". `idle`: it stands in a file without a rule of its own, as packages ship
    it, so that nothing tells whether it is ever loaded.
    """

    span: Span
    tool: str
    table: str | None
    chain: str | None
    idle: bool = False
    certain: bool = True


class FirewallChange(Struct, frozen=True, kw_only=True):
    """One rule appended (`-A`), inserted (`-I`) or deleted (`-D`): `operation` is the letter."""

    span: Span
    version: int
    operation: str
    table: str
    chain: str
    rule: FirewallRule
    certain: bool = True


class ChainChange(Struct, frozen=True, kw_only=True):
    """A chain is created (`-N`: operation "N") or a built-in chain's policy set (`-P`: "P", with the `policy`)."""

    span: Span
    version: int
    operation: str
    table: str
    chain: str
    policy: str | None = None
    certain: bool = True


class DockerStart(Struct, frozen=True, kw_only=True):
    """The engine is started or restarted (`systemctl restart docker`): it programs its firewall rules anew."""

    span: Span
    certain: bool = True


class ContainerRun(Struct, frozen=True, kw_only=True):
    """`docker run` or `docker create`. `address` is `--ip`; `network` is None for the default bridge.

    `detached`: the script goes on while the container runs.
    """

    span: Span
    image: Located[str] | None
    name: Located[str] | None = None
    network: Located[str] | None = None
    ports: tuple[PublishedPort, ...] = ()
    command: tuple[Located[str], ...] = ()
    address: Located[Address] | None = None
    dns: tuple[Located[str], ...] = ()
    detached: bool = False
    certain: bool = True


class RouteChange(Struct, frozen=True, kw_only=True):
    """`ip route add` or `route add`: operation is "add", "delete" or "replace" (also for `append` and `change`).

    `each_start`: whenever the host starts, as a unit or a hook of the network manager does it.
    """

    span: Span
    operation: str
    prefix: Located[Prefix]
    via: Located[Address] | None = None
    device: Located[str] | None = None
    certain: bool = True
    each_start: bool = False


class AddressChange(Struct, frozen=True, kw_only=True):
    """`ip addr add` or `ifconfig`: operation is "add", "delete" or "replace"; `length` is the prefix's, in bits.

    `each_start`: whenever the host starts, as a unit or a hook of the network manager does it.
    """

    span: Span
    operation: str
    interface: Located[str]
    address: Located[Address]
    length: int
    certain: bool = True
    each_start: bool = False


class AddressFlush(Struct, frozen=True, kw_only=True):
    """`ip addr flush dev eth0` or `ifconfig eth0 0.0.0.0`: the interface loses its addresses of the IP version, all of
    them where `version` is None."""

    span: Span
    interface: Located[str]
    version: int | None = None
    certain: bool = True


class LinkChange(Struct, frozen=True, kw_only=True):
    """`ip link`, `brctl` or `ifconfig` on an interface: `operation` is "add", "set" or "delete".

    `kind` is the kernel's link kind ("bridge", "veth", …). `changes` are what is set: "mtu", "master" (empty: none),
    "state" ("up", "down"), "mac", "name" (a new one), "link" (the interface it stands on, or its other end) and "netns"
    (where it goes to). `options` are those of its kind, under the names of `ip -d link`.
    """

    span: Span
    operation: str
    interface: Located[str]
    kind: str | None = None
    changes: tuple[tuple[str, Located[str]], ...] = ()
    options: tuple[tuple[str, Located[str]], ...] = ()
    certain: bool = True

    def change(self, name: str) -> Located[str] | None:
        """What it sets last under this name."""
        return next((value for key, value in reversed(self.changes) if key == name), None)


class WeaveAddress(Struct, frozen=True, kw_only=True):
    """`weave run`, `attach` or `expose` (the `command`) with an address: it goes to `container`, or to the host."""

    span: Span
    command: str
    address: Located[Address]
    length: int
    container: Located[str] | None = None
    certain: bool = True


Action: TypeAlias = (
    FirewallFlush
    | FirewallChange
    | ChainChange
    | DockerStart
    | ContainerRun
    | RouteChange
    | AddressChange
    | AddressFlush
    | LinkChange
    | WeaveAddress
)
