"""The way of all packets at once through the chains of a table: what comes to each rule, and what ends there.

Every packet of a hook enters its base chain. A rule takes away what it surely matches and ends, and lets on what it may
not match. The chains that change no mark that is asked for later are walked once: first for what falls out of them,
then, callers before callees, with all that enters them from anywhere. The others are walked anew for each jump.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from netlint.dataplane.conditions import Conditions
from netlint.dataplane.mark_changes import MARKING, mark_change
from netlint.dataplane.space import Packets, Region
from netlint.dataplane.walk import FINAL, PASSING
from netlint.model.netfilter import Chain, FirewallRule, Table

_DEEPEST = 64
_MOST_STEPS = 1_000_000
# Targets that change what later rules ask, and the options of matches that ask it.
_CHANGES = (
    (frozenset(("MARK", "CONNMARK", "HMARK")), frozenset(("mark",))),
    (frozenset(("CT", "NOTRACK")), frozenset(("ctstate", "state"))),
)


class NoWalkError(Exception):
    """A table whose chains lead back into themselves, or into one another so often that the walk would not end."""


class End(Struct, frozen=True):
    """Where packets end: a rule with a verdict, or the policy of a base chain (`rule` is None)."""

    chain: Chain
    rule: FirewallRule | None
    verdict: str
    packets: Region


class SetWalk:
    """All packets on their way through one table. `roots` are the base chains with the packets that enter them.

    `reach` has, for each chain that something may enter, the packets that come to each of its rules and, last, to its
    end. `idle` are the rules of a chain, by their place, that no packet may match. `single` are the chains that were
    walked once, so that each of their regions is a part of the one before.
    """

    def __init__(self, conditions: Conditions, table: Table, roots: list[tuple[Chain, Packets]]) -> None:
        self.conditions, self.table, self.roots = conditions, table, roots
        self.space = conditions.space
        self.conditions.filled = _filled(table)
        self.reach: dict[str, list[Region]] = {}
        self.idle: dict[str, set[int]] = {}
        self._nothing = Region(self.space.nothing, self.space.nothing)
        self._everything = Region(self.space.everything, self.space.everything)
        self._inner = {
            name: [rule.target for rule in chain.rules if rule.target in table.chains]
            for name, chain in table.chains.items()
        }
        self._steps = 0
        self._open: list[str] = []
        order = self._callees_first()
        self._anew = self._walked_anew(order)
        self.single = {name for name in order if name not in self._anew}
        self._returns: dict[str, Region] = {}
        self._entry: dict[str, Region] = {}
        self._fallen: dict[str, Region] = {}
        self._recording = False
        called = {name for names in self._inner.values() for name in names if name is not None}
        for name in order:
            if name in self.single and name in called:
                self._returns[name] = self._through(table.chains[name], self._everything)
        self._recording = True
        for chain, packets in roots:
            self._start(chain, Region(packets, packets))
        for name in reversed(order):
            entering = self._entry.get(name)
            if entering is not None and entering.may.satisfiable():
                self._through(table.chains[name], entering)

    def ends(self) -> Iterator[End]:
        """Where packets may end."""
        for name, regions in self.reach.items():
            for rule, region in zip(self.table.chains[name].rules, regions, strict=False):
                if rule.target in FINAL:
                    yield End(self.table.chains[name], rule, rule.target or "", self.hit(rule, region))
        for chain, _ in self.roots:
            if chain.policy is not None and chain.name in self.reach:
                yield End(chain, None, chain.policy, self._fallen[chain.name])

    def hit(self, rule: FirewallRule, region: Region) -> Region:
        """The packets of a region that a rule matches."""
        return _both(region, self.conditions.matched(rule))

    @property
    def changes_marks(self) -> bool:
        """Whether rules ask for marks that others change: then regions are of packets as they are when they come."""
        return bool(self._anew)

    def falls_out(self, chain: Chain) -> bool:
        """Whether some packet may come back from a chain to where it was sent from."""
        return self._fallen[chain.name].may.satisfiable()

    # the walk

    def _start(self, chain: Chain, entering: Region) -> None:
        if chain.name in self.single:
            self._entry[chain.name] = entering
        else:
            self._through(chain, entering)

    def _enter(self, name: str, entering: Region) -> Region:
        """Let packets into a chain; what falls out of it again."""
        if name in self._open or len(self._open) >= _DEEPEST:
            raise NoWalkError(f"the chains of table {self.table.name} lead back into themselves")
        if name not in self.single:
            return self._through(self.table.chains[name], entering)
        if self._recording:
            before = self._entry.get(name)
            self._entry[name] = entering if before is None else _either(before, entering)
        return _both(entering, self._returns[name])

    def _through(self, chain: Chain, entering: Region) -> Region:
        """Walk a chain; what falls out of it."""
        self._open.append(chain.name)
        here, fallen = entering, self._nothing
        regions, idle = [], set()
        for at, rule in enumerate(chain.rules):
            regions.append(here)
            if here is not self._nothing and not here.may.satisfiable():
                here = self._nothing
            if here is self._nothing:
                idle.add(at)
                continue
            here, hits, out = self._step(rule, here)
            if not hits:
                idle.add(at)
            if out is not None:
                fallen = _either(fallen, out)
        self._steps += len(chain.rules)
        regions.append(here)
        fallen = _either(fallen, here)
        self._open.pop()
        if self._steps > _MOST_STEPS:
            raise NoWalkError(f"the chains of table {self.table.name} jump into one another too often")
        if self._recording:
            before = self.reach.get(chain.name)
            both = zip(before, regions, strict=True) if before is not None else ()
            self.reach[chain.name] = regions if before is None else [_either(*pair) for pair in both]
            self.idle[chain.name] = idle & self.idle.get(chain.name, idle)
            gone = self._fallen.get(chain.name)
            self._fallen[chain.name] = fallen if gone is None else _either(gone, fallen)
        return fallen

    def _step(self, rule: FirewallRule, here: Region) -> tuple[Region, bool, Region | None]:
        """Past a rule: what goes on to the next one, whether it may match any, and what falls out of the chain here.
        Where nothing is recorded, nobody asks the second."""
        target = rule.target
        changes = target in MARKING and self._open[-1] in self._anew
        passing = target is None or (target in PASSING and not changes)
        if passing and not self._recording:
            return here, True, None
        matched = self.conditions.matched(rule)
        if target in FINAL and matched.sure is matched.may and here.sure is here.may:
            missed = _missed(here, matched)
            return missed, missed.may != here.may, None
        hit = _both(here, matched)
        hits = hit.may.satisfiable()
        if passing:
            return here, hits, None
        if changes:
            return self._marked(rule, here, matched, hit), hits, None
        missed = _missed(here, matched)
        if target == "RETURN":
            return missed, hits, hit
        if target in FINAL:
            return missed, hits, None
        if target not in self.table.chains:  # what the target does is not known
            return Region(missed.sure, here.may), hits, Region(self.space.nothing, hit.may)
        back = self._enter(target, hit)
        if rule.goto:
            return missed, hits, back
        may = missed.may | back.may
        if here.sure is here.may and matched.sure is matched.may and back.sure is back.may:
            return Region(may, may), hits, None
        sure = missed.sure | back.sure
        if target in self.single:  # whether it matches or not, it goes on
            sure = sure | (here.sure & self._returns[target].sure)
        return Region(sure, may), hits, None

    def _marked(self, rule: FirewallRule, here: Region, matched: Region, hit: Region) -> Region:
        """Past a rule that changes marks or the state."""
        missed = _missed(here, matched)
        changes = mark_change(rule, self.space)
        sure = hit.sure
        may = hit.may
        for change in changes:
            may = self.space.without(may, change.field, change.mask) & change.after
            moved = self.space.without(sure, change.field, change.mask) & change.after
            sure = moved if change.known else self.space.nothing
        return Region(missed.sure | sure, missed.may | may)

    # the order of chains

    def _callees_first(self) -> list[str]:
        """The chains that packets can enter, each behind those that it jumps to."""
        order: dict[str, None] = {}
        for root, _ in self.roots:
            path = {root.name: iter(self._inner[root.name])}
            while path:
                name, inner = next(reversed(path.items()))
                following = next((one for one in inner if one not in order), None)
                if following in path or len(path) > _DEEPEST:
                    raise NoWalkError(f"the chains of table {self.table.name} lead back into themselves")
                if following is not None:
                    path[following] = iter(self._inner[following])
                else:
                    path.pop(name)
                    order.setdefault(name)
        return list(order)

    def _walked_anew(self, order: list[str]) -> set[str]:
        """The chains that change marks or states, or lead to one that does, where something walked with them asks."""
        anew: set[str] = set()
        for targets, options in _CHANGES:
            changing: set[str] = set()
            asking: set[str] = set()
            for name in order:
                rules, inner = self.table.chains[name].rules, set(self._inner[name])
                if any(rule.target in targets for rule in rules) or inner & changing:
                    changing.add(name)
                if any(match.option in options for rule in rules for match in rule.matches) or inner & asking:
                    asking.add(name)
            if any(root.name in changing and root.name in asking for root, _ in self.roots):
                anew |= changing
        return anew


def _filled(table: Table) -> frozenset[str]:
    """The sets that rules of the table add to or delete from."""
    names = set()
    for _, rule in table.rules():
        if rule.target == "SET":
            names |= {value.split(" ")[0] for name, value in rule.target_options if name in ("add-set", "del-set")}
    return frozenset(names)


def _both(one: Region, other: Region) -> Region:
    if one.sure is one.may and other.sure is other.may:
        both = one.may & other.may
        return Region(both, both)
    return Region(one.sure & other.sure, one.may & other.may)


def _either(one: Region, other: Region) -> Region:
    if one.sure is one.may and other.sure is other.may:
        either = one.may | other.may
        return Region(either, either)
    return Region(one.sure | other.sure, one.may | other.may)


def _missed(here: Region, matched: Region) -> Region:
    """What is in `here` and not matched: `imp_strict` is that difference in one step."""
    if here.sure is here.may and matched.sure is matched.may:
        missed = matched.may.imp_strict(here.may)
        return Region(missed, missed)
    return Region(matched.may.imp_strict(here.sure), matched.sure.imp_strict(here.may))
