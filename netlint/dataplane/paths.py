"""Paths through the chains of a table: from a hook, along jumps, to each rule."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from netlint.dataplane.walk import FINAL
from netlint.model.netfilter import Chain, FirewallRule, NameMatch, PrefixMatch, Ruleset, Table

_DEEPEST = 64  # jumps inside jumps; the kernel refuses loops, a broken dump may hold one


class Path(Struct, frozen=True):
    """A rule of `chain` and the jumps by which a packet gets to it, outermost first."""

    chain: Chain
    rule: FirewallRule
    jumps: tuple[FirewallRule, ...] = ()

    @property
    def rules(self) -> tuple[FirewallRule, ...]:
        """The jumps and the rule: a packet has to match all of them."""
        return (*self.jumps, self.rule)

    @property
    def sources(self) -> tuple[PrefixMatch, ...]:
        return tuple(rule.source for rule in self.rules if rule.source is not None)

    @property
    def destinations(self) -> tuple[PrefixMatch, ...]:
        return tuple(rule.destination for rule in self.rules if rule.destination is not None)

    @property
    def out_interfaces(self) -> tuple[NameMatch, ...]:
        return tuple(rule.out_interface for rule in self.rules if rule.out_interface is not None)

    @property
    def in_interfaces(self) -> tuple[NameMatch, ...]:
        return tuple(rule.in_interface for rule in self.rules if rule.in_interface is not None)

    @property
    def unconditional(self) -> bool:
        return all(rule.unconditional for rule in self.rules)

    @property
    def plain(self) -> bool:
        """True where only addresses and interfaces decide: no protocol and no match but a comment."""
        return all(
            rule.protocol is None and rule.fragment is None and all(match.module == "comment" for match in rule.matches)
            for rule in self.rules
        )


def paths(ruleset: Ruleset, table: str, hook: str) -> Iterator[Path]:
    """Every rule that packets of `hook` can come to, in the order of the walk.

    A chain ends at an unconditional rule that decides (ACCEPT, DROP, REJECT, RETURN, a translation): rules behind
    it are not on any path. A chain that two jumps lead to is walked twice.
    """
    for found, chain in ruleset.base_chains(table, hook):
        yield from _walk(found, chain, ())


def _walk(table: Table, chain: Chain, jumps: tuple[FirewallRule, ...]) -> Iterator[Path]:
    for rule in chain.rules:
        yield Path(chain, rule, jumps)
        inner = table.chain(rule.target) if rule.target is not None else None
        if inner is not None and len(jumps) < _DEEPEST:
            yield from _walk(table, inner, (*jumps, rule))
        if rule.unconditional and (rule.target in FINAL or rule.target == "RETURN" or rule.goto):
            return
