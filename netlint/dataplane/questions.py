"""Questions about sets of packets: where they end in a table, by which rule, and one packet to show it.

What answers them is loaded when a question is asked.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec import Struct

from netlint.dataplane.packet import Packet
from netlint.dataplane.walk import Outcome, walk
from netlint.model.netfilter import Chain, FirewallRule, Ruleset
from netlint.prefix import Address, Prefix

if TYPE_CHECKING:
    from netlint.dataplane.conditions import Conditions
    from netlint.dataplane.set_walk import End, SetWalk
    from netlint.dataplane.space import Packets, PacketSpace


class Flows(Struct, frozen=True, kw_only=True):
    """Packets that a question is about: all that have one of the values of each field that is not None.

    `foreign` leaves out those to the host's own addresses.
    """

    sources: tuple[Prefix, ...] | None = None
    destinations: tuple[Prefix, ...] | None = None
    foreign: bool = False
    in_interface: str | None = None
    out_interface: str | None = None
    states: tuple[str, ...] = ("NEW",)


class Ended(Struct, frozen=True, kw_only=True):
    """Some of the packets asked for end at `rule`, or by the policy of `chain` where it is None.

    `surely`: whatever the conditions are that nothing decides. `packet` is one of them.
    """

    chain: Chain
    rule: FirewallRule | None
    verdict: str
    surely: bool
    packet: Packet


class Questions:
    """Asks about one ruleset. Each hook is walked once, when it is asked about first."""

    def __init__(self, ruleset: Ruleset, local: frozenset[Address] | None = None) -> None:
        self.ruleset, self.local = ruleset, local
        self._known: dict[tuple[str, str], list[tuple[SetWalk, list[End]]]] = {}

    def ended(self, table: str, hook: str, flows: Flows, verdicts: tuple[str, ...] | None = None) -> Iterator[Ended]:
        """Where the packets end that come to a hook, of rules and policies with one of the `verdicts` (None: all).

        Nothing where there are none, or the table is too large to tell.
        """
        from netlint.dataplane.samples import sample  # noqa: PLC0415 - loads oxidd

        try:
            for walk, ends in self._walks(table, hook):
                wanted = packets_of(walk.conditions, flows) & walk.roots[0][1]
                for end in ends:
                    if verdicts is not None and end.verdict not in verdicts:
                        continue
                    packet = sample(walk.space, end.packets.sure & wanted)
                    surely = packet is not None
                    packet = packet or sample(walk.space, end.packets.may & wanted)
                    if packet is not None:
                        yield Ended(chain=end.chain, rule=end.rule, verdict=end.verdict, surely=surely, packet=packet)
        except MemoryError:
            return

    def _walks(self, table: str, hook: str) -> list[tuple[SetWalk, list[End]]]:
        from netlint.dataplane.set_walk import NoWalkError  # noqa: PLC0415
        from netlint.dataplane.table_sets import hook_walks  # noqa: PLC0415

        known = self._known.get((table, hook))
        if known is None:
            try:
                known = [(walk, list(walk.ends())) for walk in hook_walks(self.ruleset, table, hook, self.local)]
            except (MemoryError, NoWalkError):
                known = []
            self._known[table, hook] = known
        return known


def packets_of(conditions: Conditions, flows: Flows) -> Packets:
    """The set of packets that the description means."""
    space = conditions.space
    found = space.universe & space.states(flows.states)
    for field, prefixes in (("source", flows.sources), ("destination", flows.destinations)):
        if prefixes is not None:
            found = found & _one_of(space, field, prefixes)
    if flows.foreign:
        found = found & ~conditions.own_addresses("destination")
    for field, name in (("in_interface", flows.in_interface), ("out_interface", flows.out_interface)):
        if name is not None:
            found = found & space.interface(field, name)
    return found


def _one_of(space: PacketSpace, field: str, prefixes: tuple[Prefix, ...]) -> Packets:
    return space.union(space.prefix(field, prefix) for prefix in prefixes)


class Disagreement(Struct, frozen=True):
    """A packet that one ruleset lets pass and another refuses."""

    packet: Packet
    passes: Outcome
    refuses: Outcome


def disagreement(one: Ruleset, other: Ruleset) -> Disagreement | None:
    """A packet about which the filter tables of two rulesets surely say the opposite; None where none is found."""
    for first, second in ((one, other), (other, one)):
        questions = Questions(second)
        for hook in ("FORWARD", "INPUT", "OUTPUT"):
            for end in questions.ended("filter", hook, Flows(), ("DROP", "REJECT")):
                if not end.surely:
                    continue
                outcomes = [walk(ruleset, "filter", hook, end.packet) for ruleset in (first, second)]
                certain = all(outcome.certain for outcome in outcomes)
                if certain and outcomes[0].passes and not outcomes[1].passes:
                    return Disagreement(end.packet, *outcomes)
    return None
