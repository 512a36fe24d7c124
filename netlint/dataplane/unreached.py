"""The rules of a ruleset that no packet reaches. What finds them out is loaded when it is asked for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec import Struct

from netlint.dataplane.packet import Packet
from netlint.dataplane.walk import Passage
from netlint.model.netfilter import Chain, FirewallRule, Ruleset, Table

if TYPE_CHECKING:
    from netlint.dataplane.set_walk import SetWalk
    from netlint.dataplane.shadows import Cover


class Unreached(Struct, frozen=True, kw_only=True):
    """A rule of `chain` that no packet matches.

    `covers` are the rules that take its packets, in the order of the walk and as few as that takes.
    `impossible`: no packet of the chain's hooks has what it asks for. Without either, the jumps to its chain leave out
    what it asks for. `packet` is one that it is for and the covers take, `steps` its way; None where one packet cannot
    show it.
    """

    table: Table
    chain: Chain
    rule: FirewallRule
    covers: tuple[Cover, ...]
    impossible: bool
    packet: Packet | None
    steps: tuple[Passage, ...] = ()


class UnfinishedError(Exception):
    """The ruleset is too large, or its chains lead back into themselves; says which."""


def unreached(ruleset: Ruleset) -> Iterator[Unreached]:
    """The rules that no packet matches whatever the host's addresses and the members of sets are, of all chains that
    packets enter. UnfinishedError where that cannot be found out."""
    from netlint.dataplane.set_walk import NoWalkError  # noqa: PLC0415 - loads oxidd
    from netlint.dataplane.table_sets import set_walks  # noqa: PLC0415

    try:
        for walk in set_walks(ruleset):
            yield from _of_table(walk)
    except MemoryError:
        raise UnfinishedError("its rules tell too many kinds of packets apart") from None
    except NoWalkError as error:
        raise UnfinishedError(str(error)) from None


def _of_table(walk: SetWalk) -> Iterator[Unreached]:
    from netlint.dataplane.shadows import shadows, witness_of  # noqa: PLC0415

    for shadow in shadows(walk):
        shown = witness_of(walk, shadow)
        yield Unreached(
            table=walk.table,
            chain=shadow.chain,
            rule=shadow.rule,
            covers=shadow.covers,
            impossible=shadow.impossible,
            packet=shown[0] if shown is not None else None,
            steps=shown[1].steps if shown is not None else (),
        )
