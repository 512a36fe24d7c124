"""The packets that are compared with the most rules on their way through a hook."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from msgspec import Struct

from netlint.dataplane.packet import Packet, matches
from netlint.dataplane.walk import FINAL
from netlint.model.netfilter import Chain, Ruleset, Table

_MOST = 300_000  # rules that one packet is compared with; a dump whose chains multiply is not counted to its end
_DEEPEST = 64
_CHAINS = 8  # the longest chains, for whose ends packets are looked for


class LongWay(Struct, frozen=True):
    """A packet that is compared with `rules` rules of a table on its way through a hook, most of them in `chain`,
    `in_chain` of them. `later`: how many a packet of the same kind is compared with whose connection is known."""

    table: Table
    packet: Packet
    rules: int
    chain: Chain
    in_chain: int
    later: int


def long_ways(ruleset: Ruleset, fewest: int) -> Iterator[LongWay]:
    """The longest way through each table, where a packet is found that is compared with `fewest` rules."""
    for table in ruleset.tables.values():
        if max(_bounds(table).values(), default=0) >= fewest:
            found = _longest(ruleset, table)
            if found is not None and found.rules >= fewest:
                yield found


def _bounds(table: Table) -> dict[str, int]:
    """How many rules a packet can be compared with from each chain on, as if it came to all of them."""
    most: dict[str, int] = {}

    def bound(name: str, depth: int) -> int:
        if name not in most:
            most[name] = 0  # for a chain that leads back to itself
            rules = table.chains[name].rules
            inner = (
                bound(rule.target, depth + 1) for rule in rules if rule.target in table.chains and depth < _DEEPEST
            )
            most[name] = min(len(rules) + sum(inner), _MOST)
        return most[name]

    for name in table.chains:
        bound(name, 0)
    return most


def _longest(ruleset: Ruleset, table: Table) -> LongWay | None:
    from netlint.dataplane.samples import sample  # noqa: PLC0415 - loads oxidd
    from netlint.dataplane.set_walk import NoWalkError  # noqa: PLC0415
    from netlint.dataplane.table_sets import set_walks  # noqa: PLC0415

    best: LongWay | None = None
    try:
        for walk in set_walks(ruleset, only=table):
            space = walk.space
            known, new = space.states(("ESTABLISHED",)), space.states(("NEW",))
            chains = sorted(walk.reach, key=lambda name: len(table.chains[name].rules), reverse=True)[:_CHAINS]
            for root, entering in walk.roots:
                for name in dict.fromkeys((root.name, *chains)):
                    end = walk.reach[name][-1].may & entering if name in walk.reach else space.nothing
                    later = sample(space, end & known)
                    packet = sample(space, end & new) or later
                    if packet is None:
                        continue
                    compared = _compared(table, root, packet)
                    if best is None or compared.total() > best.rules:
                        at, most = compared.most_common(1)[0]
                        others = _compared(table, root, later).total() if later is not None else 0
                        best = LongWay(table, packet, compared.total(), table.chains[at], most, others)
    except (MemoryError, NoWalkError):
        return None
    return best


def _compared(table: Table, chain: Chain, packet: Packet) -> Counter[str]:
    """With how many rules of each chain the packet is compared. A jump that nothing decides is taken."""
    compared: Counter[str] = Counter()

    def through(one: Chain, depth: int) -> bool:
        for rule in one.rules:
            compared[one.name] += 1
            matched = matches(rule, packet, None)
            if matched is False or rule.target is None or compared.total() > _MOST:
                continue
            if matched is None and rule.target not in table.chains:
                continue
            if rule.target in FINAL:
                return True
            if rule.target == "RETURN":
                return False
            inner = table.chain(rule.target)
            if inner is not None and depth < _DEEPEST:
                ended = through(inner, depth + 1)
                if ended or rule.goto:
                    return ended
        return False

    through(chain, 0)
    return compared
