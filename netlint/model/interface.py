"""Network interfaces and their addresses."""

from __future__ import annotations

from msgspec import Struct

from netlint.model.located import Located
from netlint.prefix import Address, Prefix
from netlint.source import Span


class InterfaceAddress(Struct, frozen=True, kw_only=True):
    """An address on an interface; `prefix` is the on-link range it brings.

    `dynamic` is one that the kernel keeps for a time only: by DHCP or, of IPv6, by router advertisement.
    """

    address: Address
    prefix: Prefix
    span: Span
    scope: str = "global"
    peer: Address | None = None
    dynamic: bool = False


class Interface(Struct, frozen=True, kw_only=True):
    """A network interface.

    `kind` is the kernel's link kind where known ("bridge", "veth", "vxlan", "wireguard", …); `master` the bridge or
    bond it is a port of; `up` whether the administrator switched it on; `carrier` whether the link works. `link` is
    the interface it stands on or is the other end of (eth0 of eth0.5@eth0), `options` what `ip -d link` shows of its
    kind (vxlan: id, local, dev, dstport; vlan: id; macvlan: mode).
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
    link: str | None = None
    options: tuple[tuple[str, Located[str]], ...] = ()

    def option(self, name: str) -> Located[str] | None:
        return next((value for key, value in self.options if key == name), None)


class Managed(Struct, frozen=True):
    """Links that a file gives to a network manager. `patterns` are their names as a shell would match them. The manager
    is to find addresses for them by DHCP (`addressed`), to leave them as they are (`left_alone`) or at least in the
    bridges that they are in (`keeps_bridge`). `path` orders the files."""

    patterns: Located[str]
    origin: str
    path: str
    addressed: bool = False
    left_alone: bool = False
    keeps_bridge: bool = False
