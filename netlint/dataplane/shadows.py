"""Rules that no packet reaches, and the rules before them that take all their packets."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from msgspec import Struct

from netlint.dataplane.packet import Packet
from netlint.dataplane.samples import sample
from netlint.dataplane.set_walk import SetWalk
from netlint.dataplane.space import Packets, PacketSpace
from netlint.dataplane.walk import FINAL, PASSING, Outcome, walk_chain
from netlint.model.netfilter import Chain, FirewallRule


class Cover(Struct, frozen=True):
    """A rule of `chain` that takes packets which a later rule was meant for. `end` is the rule that they end at: the
    same, or the one of a chain that ends all that the rule sends there."""

    chain: Chain
    rule: FirewallRule
    end: FirewallRule


class Shadow(Struct, frozen=True):
    """A rule of `chain` that no packet matches.

    `covers` are the rules that take its packets, in the order of the walk and as few as that takes. `impossible`: no
    packet of the chain's hooks has what it asks for. Without either, the jumps that lead to its chain leave out what it
    asks for. `lost` are packets that the covers take.
    """

    chain: Chain
    rule: FirewallRule
    covers: tuple[Cover, ...]
    lost: Packets
    impossible: bool = False


class _Taken(Struct, frozen=True):
    """What a rule would take of the packets if the others were not there, as far as that is known, and what it does."""

    cover: Cover
    packets: Packets
    first: Packets


def shadows(walk: SetWalk, most: int = 1000) -> Iterator[Shadow]:
    """The rules of a table that no packet matches, of the chains that packets enter; `most` of them at most."""
    return islice(_shadows(walk), most)


def _shadows(walk: SetWalk) -> Iterator[Shadow]:
    search = _Search(walk)
    for name, chain in walk.table.chains.items():
        regions = walk.reach.get(name)
        if regions is None or not regions[0].may.satisfiable():
            continue
        for at in sorted(walk.idle[name]):
            found = search.shadow(chain, at)
            # where marks change on the way, what the jumps bring does not show why
            if found.covers or found.impossible or name in walk.single:
                yield found


class _Search:
    """Looks for the rules that cover others in one table."""

    def __init__(self, walk: SetWalk) -> None:
        self.walk, self.space = walk, walk.space
        self.sites: dict[str, list[tuple[Chain, int]]] = {}
        for chain in walk.table.chains.values():
            for at, rule in enumerate(chain.rules):
                if rule.target in walk.table.chains and rule.target is not None:
                    self.sites.setdefault(rule.target, []).append((chain, at))
        self.hooks = self.space.union(packets for _, packets in walk.roots)

    def shadow(self, chain: Chain, at: int) -> Shadow:
        rule = chain.rules[at]
        wanted = self.walk.conditions.matched(rule).may & self.hooks
        if not wanted.satisfiable():
            return Shadow(chain, rule, (), self.space.nothing, impossible=True)
        barred: list[Packets] = []
        taken = list(self._taken(chain, at, wanted, barred, ()))
        missing = self.space.union(barred)
        fewest = _fewest(self.space, taken, wanted & ~missing)
        covers = tuple(dict.fromkeys(one.cover for one in fewest))
        lost = self.space.union(one.first for one in fewest)
        return Shadow(chain, rule, covers, lost)

    def _taken(
        self, chain: Chain, at: int, wanted: Packets, barred: list[Packets], below: tuple[str, ...]
    ) -> Iterator[_Taken]:
        """What of the packets that should come to the rule `at` of `chain` is taken before, callers first."""
        regions = self.walk.reach.get(chain.name)
        entered = regions[0].may if regions is not None else self.space.nothing
        absent = wanted & ~entered
        if absent.satisfiable() and chain.name not in below:
            led = [packets for root, packets in self.walk.roots if root.name == chain.name]
            for caller, site in self.sites.get(chain.name, ()):
                asked = absent & self.walk.conditions.matched(caller.rules[site]).may
                if asked.satisfiable():
                    led.append(asked)
                    yield from self._taken(caller, site, asked, barred, (*below, chain.name))
            barred.append(absent & ~self.space.union(led))
        if regions is not None:
            yield from self._in_chain(chain, 0, at, wanted & entered, whole=wanted)

    def _in_chain(self, chain: Chain, low: int, high: int, wanted: Packets, whole: Packets | None) -> Iterator[_Taken]:
        """The rules of a chain from `low` to before `high` that take some of `wanted`. `whole`: what they would take if
        the others were not there is a part of this; None where only what each takes first is known."""
        regions = self.walk.reach[chain.name]
        if chain.name not in self.walk.single:
            yield from self._one_by_one(chain, high, wanted)
            return
        before, after = wanted & regions[low].may, wanted & regions[high].may
        if before == after or low == high:
            return
        if high - low > 1:
            middle = (low + high) // 2
            yield from self._in_chain(chain, low, middle, before, whole)
            yield from self._in_chain(chain, middle, high, before, whole)
            return
        rule = chain.rules[low]
        gone = before & ~after
        inner = self.walk.table.chain(rule.target) if rule.target is not None else None
        end = rule
        if inner is not None and (whole is None or not rule.goto):
            ends = [one for one in inner.rules if one.target in FINAL]
            # a chain for one thing (log and drop) is named by what leads there
            named = len(ends) == 1 and ends[0].unconditional and not rule.unconditional
            if not named or self.walk.falls_out(inner):
                yield from self._in_chain(inner, 0, len(inner.rules), gone, None)
                return
            end = ends[0]
        matched = self.walk.conditions.matched(rule).sure
        yield _Taken(Cover(chain, rule, end), whole & matched if whole is not None else gone, gone)

    def _one_by_one(self, chain: Chain, high: int, wanted: Packets) -> Iterator[_Taken]:
        """The same for a chain that was walked anew for each jump."""
        for rule, region in zip(chain.rules[:high], self.walk.reach[chain.name], strict=False):
            ends = rule.target is not None and (rule.target in FINAL or rule.target == "RETURN" or rule.goto)
            inner = self.walk.table.chain(rule.target) if rule.target is not None else None
            if rule.target in PASSING or (not ends and inner is None):
                continue
            hit = wanted & self.walk.hit(rule, region).may
            if not hit.satisfiable():
                continue
            if inner is not None and not rule.goto:
                yield from self._in_chain(inner, 0, len(inner.rules), hit, None)
            else:
                yield _Taken(Cover(chain, rule, rule), hit, hit)


def witness_of(walk: SetWalk, shadow: Shadow) -> tuple[Packet, Outcome] | None:
    """A packet that the rule is for and another takes, with its way; None where one packet cannot show it."""
    places = {cover.end.span for cover in shadow.covers}
    for chain, entering in walk.roots:
        packet = sample(walk.space, shadow.lost & entering)
        if packet is None:
            continue
        outcome = walk_chain(walk.table, chain, packet)
        passed = {step.span for step in outcome.steps}
        if places & passed and shadow.rule.span not in passed:
            return packet, outcome
    return None


def _fewest(space: PacketSpace, taken: list[_Taken], wanted: Packets) -> list[_Taken]:
    """The same without those that the others make up for."""
    behind = [space.nothing]
    for one in reversed(taken):
        behind.append(behind[-1] | one.packets)
    kept, held = [], space.nothing
    for number, one in enumerate(taken):
        if (wanted & ~held & ~behind[len(taken) - number - 1]).satisfiable():
            kept.append(one)
            held = held | one.packets
    return kept
