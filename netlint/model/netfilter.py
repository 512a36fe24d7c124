"""Firewall tables as iptables shows them, in the kernel's own words."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from netlint.firewall_rule import FirewallRule, IpSet, Match, NameMatch, PrefixMatch, SetMember
from netlint.source import Span

__all__ = [
    "BUILT_IN",
    "HIDDEN_INTERFACES",
    "Chain",
    "FirewallRule",
    "Hook",
    "IpSet",
    "Match",
    "NameMatch",
    "PrefixMatch",
    "Ruleset",
    "SetMember",
    "Table",
]

BUILT_IN = {
    "raw": ("PREROUTING", "OUTPUT"),
    "mangle": ("PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"),
    "nat": ("PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"),
    "filter": ("INPUT", "FORWARD", "OUTPUT"),
    "security": ("INPUT", "FORWARD", "OUTPUT"),
}

# The place of each table among the functions of a hook (include/uapi/linux/netfilter_ipv4.h).
_PRIORITIES = {"raw": -300, "mangle": -150, "nat": -100, "filter": 0, "security": 50}
_SOURCE_NAT = 100


# What `iptables -L` leaves out without -v: the rule may be for some interfaces only.
HIDDEN_INTERFACES = Match("", "hidden", ("interfaces",))


class Hook(Struct, frozen=True):
    """Where the kernel calls a base chain of nftables: at the hook `name` ("PREROUTING"), lower priorities first.

    `table` is the table of iptables that has its turn there.
    """

    table: str
    name: str
    priority: int


class Chain(Struct, frozen=True, kw_only=True, weakref=True):
    """A chain with its rules in order. `policy` is None for a user-defined chain.

    `declared` is False for a chain that the dump has rules of but no line for; its span is then that of the first rule.
    `hook` is that of a base chain of nftables: the built-in chains of iptables have it in their names.
    """

    name: str
    span: Span
    policy: str | None = None
    rules: tuple[FirewallRule, ...] = ()
    declared: bool = True
    hook: Hook | None = None


class Table(Struct, frozen=True, kw_only=True):
    """A table. `complete` is False where its end or a chain's declaration is not in the dump: what is absent there may
    have been cut off. A table of nftables for both IP versions has its family in its name: "inet filter"."""

    name: str
    span: Span
    chains: dict[str, Chain]
    complete: bool = True

    def chain(self, name: str) -> Chain | None:
        return self.chains.get(name)

    def rules(self) -> Iterator[tuple[Chain, FirewallRule]]:
        for chain in self.chains.values():
            for rule in chain.rules:
                yield chain, rule


class Ruleset(Struct, frozen=True, kw_only=True, weakref=True):
    """All tables of one IP version. `complete` is False for an excerpt (a single chain, a listing of one table).

    `backend` is "nf_tables" or "legacy", None where the dump does not show it; `other_backend` is where it warns that
    the other back end has tables too.
    """

    version: int
    span: Span
    tables: dict[str, Table]
    complete: bool = True
    backend: str | None = None
    other_backend: Span | None = None

    def table(self, name: str) -> Table | None:
        return self.tables.get(name)

    def chain(self, table: str, name: str) -> Chain | None:
        found = self.tables.get(table)
        return found.chain(name) if found is not None else None

    def base_chains(self, table: str, hook: str) -> list[tuple[Table, Chain]]:
        """The chains that a packet passes when it is the turn of iptables' `table` at `hook`, in the kernel's order."""
        own = _SOURCE_NAT if table == "nat" and hook in ("INPUT", "POSTROUTING") else _PRIORITIES.get(table, 0)
        found = [
            (chain.hook.priority if chain.hook is not None else own, one, chain)
            for one in self.tables.values()
            for chain in one.chains.values()
            if (chain.hook is None and (one.name, chain.name) == (table, hook))
            or (chain.hook is not None and (chain.hook.table, chain.hook.name) == (table, hook))
        ]
        return [(one, chain) for _, one, chain in sorted(found, key=lambda item: item[0])]
