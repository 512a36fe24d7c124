"""The way of a packet from its first host to its last, what its answer does, and whether the two can talk."""

from __future__ import annotations

from functools import cached_property

from msgspec import Struct, structs

from netlint.dataplane.host_walk import HostWalk
from netlint.dataplane.leg import Leg
from netlint.dataplane.packet import Packet
from netlint.dataplane.proxy import Relay, refused, relay
from netlint.dataplane.view import is_container_link
from netlint.dataplane.walk import Passage
from netlint.model.host import Host
from netlint.model.netfilter import FirewallRule
from netlint.prefix import Address
from netlint.source import Span

_MOST_LEGS = 8


class Journey(Struct, frozen=True, kw_only=True):
    """A packet's way through one host after the other, and the way of what answers it.

    `relay` is the docker-proxy that takes the connection and makes one of its own. `answer` is empty where nothing
    is there to be answered. `answered` is False where the answer is lost or does not come back as what was asked,
    and None where that is not known. `gaps` are the hosts on the way whose firewall is not known, or not all of it:
    the walk goes on as if what is not known let everything pass.
    """

    legs: tuple[Leg, ...]
    relay: Relay | None = None
    answer: tuple[Leg, ...] = ()
    answered: bool | None = None
    answer_text: str = ""
    answer_at: Span | None = None
    gaps: tuple[Passage, ...] = ()

    @property
    def first(self) -> Leg:
        return self.legs[0]

    @property
    def last(self) -> Leg:
        return self.legs[-1]

    @property
    def packet(self) -> Packet:
        """As it was sent."""
        return self.first.entered

    @property
    def arrives(self) -> Packet:
        """As it arrives, or as it was when it was lost."""
        return self.last.left

    @property
    def verdict(self) -> str:
        return self.last.verdict

    @property
    def accepted(self) -> bool:
        return self.last.accepted

    @property
    def certain(self) -> bool:
        """Whether the verdict, and what the packet is then, rest on what is known alone."""
        return not self.gaps and all(leg.certain for leg in self.legs)

    @property
    def doubts(self) -> tuple[Passage, ...]:
        """What the certainty lacks."""
        return tuple(dict.fromkeys((*self.gaps, *(doubt for leg in self.legs for doubt in leg.doubts))))

    @property
    def steps(self) -> tuple[Passage, ...]:
        steps = [leg.steps for leg in self.legs]
        if self.relay is not None:
            steps[-1] = (self.relay.step, *steps[-1])
        return tuple(step for some in steps for step in some)

    @property
    def keeps_source(self) -> bool:
        return self.arrives.source == self.packet.source and not any(leg.source_rule is not None for leg in self.legs)

    @property
    def source_rule(self) -> FirewallRule | None:
        """The rule that rewrote the source last."""
        return next((leg.source_rule for leg in reversed(self.legs) if leg.source_rule is not None), None)

    @property
    def destination_rule(self) -> FirewallRule | None:
        return next((leg.destination_rule for leg in reversed(self.legs) if leg.destination_rule is not None), None)


_MOST_WALKS = 32  # kept at a time: they hold all that they have looked up in the host's listings


class Gathered:
    """What is known of some hosts: their walks, and which of their links to others have an address."""

    def __init__(self, hosts: tuple[Host, ...]) -> None:
        self.hosts = hosts
        self.walks: dict[tuple[int, int], HostWalk] = {}

    @cached_property
    def links(self) -> dict[Address, list[tuple[Host, str]]]:
        """Each link once for an address, in the order of the hosts and their links."""
        found: dict[Address, list[tuple[Host, str]]] = {}
        for host in self.hosts:
            for link in host.interfaces or ():
                if not is_container_link(host, link.name):
                    for address in dict.fromkeys(entry.address for entry in link.addresses):
                        found.setdefault(address, []).append((host, link.name))
        return found


_last = Gathered(())


class Walker:
    """Walks packets through the hosts of a site. What is known of a host is gathered once."""

    def __init__(self, hosts: tuple[Host, ...]) -> None:
        global _last  # noqa: PLW0603 - every rule asks, and for the same hosts
        self.hosts = hosts
        if _last.hosts is not hosts:
            _last = Gathered(hosts)
        self.gathered = _last
        self._walks = _last.walks

    def on(self, host: Host, version: int = 4) -> HostWalk:
        known = self._walks.get((id(host), version))
        if known is None or known.host is not host:
            if len(self._walks) >= _MOST_WALKS:
                del self._walks[next(iter(self._walks))]
            known = self._walks[id(host), version] = HostWalk(host, version)
        return known

    def journey(self, host: Host, packet: Packet, first: Leg | None = None) -> Journey:
        """The way of `packet` from `host` on: it comes in by its `in_interface`, or the host sends it. `first` is its
        way through that host, where it is known."""
        walk = self.on(host, packet.source.version)
        leg = first or (walk.send(packet) if packet.in_interface is None else walk.receive(packet))
        legs = [leg]
        while leg.accepted and not leg.delivered and len(legs) < _MOST_LEGS:
            found = self._next(leg)
            if found is None:
                break
            leg = found
            legs.append(leg)
        taken = None
        if leg.delivered:
            legs[-1] = leg = refused(leg)
        if leg.delivered and (taken := self._relay(leg)) is not None:
            legs.append(self.on(leg.host, packet.source.version).send(taken.packet))
        gaps = dict.fromkeys(self.on(leg.host, packet.source.version).gap() for leg in legs)
        journey = Journey(legs=tuple(legs), relay=taken, gaps=tuple(gap for gap in gaps if gap is not None))
        return self._answered(journey) if journey.accepted else journey

    def _relay(self, leg: Leg) -> Relay | None:
        return relay(leg, self.on(leg.host, leg.left.destination.version).router)

    def _next(self, leg: Leg) -> Leg | None:
        """The way through the host that the packet comes to next, None where it is none of the site's."""
        towards = leg.via or leg.left.destination
        if self.on(leg.host, towards.version).router.bridge_of(leg.left.destination) is not None:
            return None
        owners = [owner for owner in self.gathered.links.get(towards, ()) if owner[0] is not leg.host]
        if len(owners) != 1:
            return None
        host, link = owners[0]
        arriving = structs.replace(
            leg.left, in_interface=link, out_interface=None, mark=0, connmark=0, original=None,
            translated=frozenset(), state="NEW",
        )  # fmt: skip
        return self.on(host, towards.version).receive(arriving)

    def _answered(self, journey: Journey) -> Journey:
        """With the answer's way back."""
        arrives = journey.arrives
        if arrives.source == arrives.destination and not journey.last.delivered:
            text = f"{arrives.destination} gets a packet from its own address, and drops it"
            at = journey.destination_rule.span if journey.destination_rule is not None else journey.last.steps[-1].span
            return structs.replace(journey, answered=False, answer_text=text, answer_at=at)
        # behind a proxy only its own connection is answered by the other side; the client is answered by the host
        legs = list(journey.legs) if journey.relay is None else [journey.last]
        back: list[Leg] = []
        for leg in reversed(legs):
            answer = self.on(leg.host, arrives.source.version).answer(leg)
            back.append(answer)
            lost = _lost(leg, answer)
            if lost is not None:
                known = answer.certain and leg.certain and lost[2]
                return structs.replace(
                    journey,
                    answer=tuple(back),
                    answered=False if known else None,
                    answer_text=lost[0],
                    answer_at=lost[1],
                )
        certain = all(leg.certain for leg in back) and journey.certain
        text = f"the answer comes back as {back[-1].left}"
        return structs.replace(journey, answer=tuple(back), answered=True if certain else None, answer_text=text)


def _lost(leg: Leg, answer: Leg) -> tuple[str, Span, bool] | None:
    """How the answer fails to come back through a host, where that is written, and whether that is sure."""
    at = answer.decided or answer.steps[-1].span
    if not answer.accepted:
        return f"the answer is {answer.verdict}: {answer.steps[-1].text}", at, True
    if leg.left.state == "UNTRACKED":
        return None
    asked, got = leg.entered, answer.left
    if (got.source, got.source_port) != (asked.destination, asked.destination_port):
        text = f"the answer comes from {got.source}, not from {asked.destination} that was asked"
        return text, at, True
    came = asked.in_interface
    if came is not None and got.out_interface not in (came, None):
        text = f"the answer leaves by {got.out_interface}, and not by {came}, where the question came from"
        # another way out of the host may lead to the same peer, from one bridge to another there is none
        return text, at, is_container_link(leg.host, came)
    return None
