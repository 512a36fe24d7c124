"""Kernel settings that decide over packets, with what holds where no listing tells."""

from __future__ import annotations

from typing import Generic, NamedTuple, TypeVar

from netlint.model.host import Host
from netlint.source import Span

T = TypeVar("T")


class Switch(NamedTuple, Generic[T]):
    """A setting: its value, the place that states it (that of the host where none does), and both in words."""

    value: T
    span: Span
    text: str


class Switches:
    """The settings of a host for one IP version."""

    def __init__(self, host: Host, version: int) -> None:
        self.host = host
        self.family = "ipv4" if version == 4 else "ipv6"
        self.tool = "iptables" if version == 4 else "ip6tables"

    def forwarding(self, link: str | None) -> Switch[bool]:
        """Whether packets that come by `link` are forwarded; an engine switches it on.

        For IPv4 each link has a switch of its own, for IPv6 that of all links alone decides (net/ipv6/ip6_output.c).
        """
        keys = ["net.ipv6.conf.all.forwarding"]
        if self.family == "ipv4":
            keys = [f"net.ipv4.conf.{link}.forwarding", "net.ipv4.conf.all.forwarding", "net.ipv4.ip_forward"]
        for key in keys:
            found = self.host.sysctl(key)
            if found is not None:
                return Switch(found.value != "0", found.span, f"{key} = {found.value}")
        option = self.host.daemon.get("ip-forward") if self.host.daemon is not None else None
        if option is not None and option.value is False:
            return Switch(False, option.span, "the engine is told not to switch forwarding on")
        return Switch(True, self.host.span, "taken to be on")

    def bridge_netfilter(self) -> Switch[bool | None]:
        """Whether bridged packets pass iptables; None where that is not known."""
        key = f"net.bridge.bridge-nf-call-{self.tool}"
        found = self.host.sysctl(key)
        if found is None:
            return Switch(None, self.host.span, f"no listing has {key}")
        return Switch(found.value != "0", found.span, f"{key} = {found.value}")

    def reverse_path(self, link: str | None) -> Switch[int | None]:
        """0 off, 1 strict, 2 loose: the larger value of `all` and of the link; None where neither is known."""
        keys = [f"net.ipv4.conf.{name}.rp_filter" for name in ("all", link)]
        found = [(value, key) for key in keys if (value := self.host.sysctl(key)) is not None]
        known = [(int(value.value), value, key) for value, key in found if value.value in ("0", "1", "2")]
        if not known or (len(known) < 2 and known[0][0] == 0):
            return Switch(None, self.host.span, "no listing has rp_filter")
        number, value, key = max(known, key=lambda one: one[0])
        return Switch(number, value.span, f"{key} = {number}")

    def accepts_local(self, link: str | None) -> bool:
        """Whether a packet from outside may have one of the host's own addresses as source."""
        return self._either("accept_local", link) is not None

    def localnet(self, link: str | None) -> Switch[bool]:
        """Whether 127.0.0.0/8 may come and go by `link`."""
        found = self._either("route_localnet", link)
        if found is not None:
            return found
        return Switch(False, self.host.span, "route_localnet is off")

    def _either(self, name: str, link: str | None) -> Switch[bool] | None:
        """The setting where it is on for `link` or for all."""
        for key in (f"net.ipv4.conf.all.{name}", f"net.ipv4.conf.{link}.{name}"):
            found = self.host.sysctl(key)
            if found is not None and found.value != "0":
                return Switch(True, found.span, f"{key} = {found.value}")
        return None
