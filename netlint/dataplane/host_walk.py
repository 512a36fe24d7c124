"""Walks of packets through a host: the first of a connection, and its answer."""

from __future__ import annotations

from functools import cached_property

from msgspec import structs

from netlint.dataplane.host_way import HostWay
from netlint.dataplane.leg import Leg
from netlint.dataplane.packet import Packet
from netlint.dataplane.routing import Router
from netlint.dataplane.scripted import scripted
from netlint.dataplane.switches import Switches
from netlint.dataplane.walk import Passage
from netlint.model.host import Host
from netlint.model.netfilter import Ruleset


class HostWalk:
    """Walks packets of one IP version through a host."""

    def __init__(self, host: Host, version: int = 4) -> None:
        self.host = host
        self.version = version
        self.router = Router(host, version)
        self.switches = Switches(host, version)

    @cached_property
    def dumped(self) -> bool:
        """Whether the firewall was listed."""
        return any(ruleset.version == self.version for ruleset in self.host.rulesets)

    @cached_property
    def rulesets(self) -> tuple[Ruleset, ...]:
        """Those of the dump, or else what scripts make; looked up late, for networks are asked of many hosts."""
        if self.dumped:
            return tuple(ruleset for ruleset in self.host.rulesets if ruleset.version == self.version)
        found = scripted(self.host, self.version)
        return () if found is None else (found,)

    def gap(self) -> Passage | None:
        """What of the firewall is not known at all."""
        if not self.dumped:
            what = "only the rules that scripts add are known" if self.rulesets else "no rule is known"
            return Passage(span=self.host.span, text=f"no firewall dump of {self.host.name or 'the host'}: {what}")
        if not any(ruleset.base_chains("filter", "FORWARD") for ruleset in self.rulesets):
            return Passage(span=self.rulesets[0].span, text="the dump has no filter table")
        return None

    def receive(self, packet: Packet) -> Leg:
        """The first packet of a connection, which comes in by `packet.in_interface`."""
        return HostWay(self, packet, None).received()

    def send(self, packet: Packet) -> Leg:
        """The first packet of a connection that the host itself makes."""
        return HostWay(self, packet, None).sent()

    def along(self, packet: Packet) -> Leg:
        """The first packet of a connection between two that are behind ports of the bridge `packet.in_interface`."""
        way = HostWay(self, packet, None)
        way.step(way.place(packet.in_interface or "?"), f"enters by a port of {packet.in_interface}: {packet}")
        return way.bridged()

    def answer(self, leg: Leg, link: str | None = None) -> Leg:
        """The answer to the packet of `leg` on its way back through the same host.

        It comes in by `link`, else by the interface by which the packet left.
        """
        first, there = leg.entered, leg.left
        tracked = there.state != "UNTRACKED"
        reply = structs.replace(
            there,
            source=there.destination,
            destination=there.source,
            source_port=there.destination_port,
            destination_port=there.source_port,
            in_interface=None if leg.delivered else link or there.out_interface,
            out_interface=None,
            # what answers a connection that nobody tracks is no beginning of one, but for UDP
            state="ESTABLISHED" if tracked else "NEW" if there.protocol == "udp" else "INVALID",
            mark=0,
            original=first if tracked else None,
            reply=True,
            bridged=False,
        )
        way = HostWay(self, reply, leg if tracked else None)
        return way.sent() if leg.delivered else way.received()
