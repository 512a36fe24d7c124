"""Firewall tables as iptables shows them, in the kernel's own words."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from netlint.prefix import Prefix
from netlint.source import Span

BUILT_IN = {
    "raw": ("PREROUTING", "OUTPUT"),
    "mangle": ("PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"),
    "nat": ("PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"),
    "filter": ("INPUT", "FORWARD", "OUTPUT"),
    "security": ("INPUT", "FORWARD", "OUTPUT"),
}


class PrefixMatch(Struct, frozen=True, gc=False):
    """`-s` or `-d`."""

    prefix: Prefix
    negated: bool = False


class NameMatch(Struct, frozen=True, gc=False):
    """`-i`, `-o` or `-p`. An interface name that ends in `+` stands for every name with that beginning."""

    name: str
    negated: bool = False

    def matches(self, name: str) -> bool:
        same = name.startswith(self.name[:-1]) if self.name.endswith("+") else name == self.name
        return same != self.negated


class Match(Struct, frozen=True, gc=False):
    """One option of a match extension: `-m state ! --state NEW` is Match("state", "state", ("NEW",), True).

    `option` is the name that iptables-save prints, without dashes, and empty for a match without options
    (`-m socket`); `values` are the words after it. `-s` or `-d` with what is no prefix (a name, a mask with gaps) is an
    option "source" or "destination" of no module.
    """

    module: str
    option: str
    values: tuple[str, ...] = ()
    negated: bool = False


class FirewallRule(Struct, frozen=True, kw_only=True, gc=False):
    """One rule of a chain. `target` is None for a rule that only counts; `target_options` are the options after it."""

    span: Span
    source: PrefixMatch | None = None
    destination: PrefixMatch | None = None
    in_interface: NameMatch | None = None
    out_interface: NameMatch | None = None
    protocol: NameMatch | None = None
    fragment: bool | None = None
    matches: tuple[Match, ...] = ()
    target: str | None = None
    goto: bool = False
    target_options: tuple[tuple[str, str], ...] = ()
    counters: tuple[int, int] | None = None

    def match(self, option: str) -> Match | None:
        return next((m for m in self.matches if m.option == option), None)

    def target_option(self, name: str) -> str | None:
        return next((value for key, value in self.target_options if key == name), None)

    @property
    def comment(self) -> str | None:
        found = self.match("comment")
        return found.values[0] if found and found.values else None

    @property
    def unconditional(self) -> bool:
        """True where the rule applies to every packet (a comment is no condition)."""
        return (
            self.source is None
            and self.destination is None
            and self.in_interface is None
            and self.out_interface is None
            and self.protocol is None
            and self.fragment is None
            and all(m.module == "comment" for m in self.matches)
        )


class Chain(Struct, frozen=True, kw_only=True):
    """A chain with its rules in order. `policy` is None for a user-defined chain.

    `declared` is False for a chain that the dump has rules of but no line for; its span is then that of the first rule.
    """

    name: str
    span: Span
    policy: str | None = None
    rules: tuple[FirewallRule, ...] = ()
    declared: bool = True


class Table(Struct, frozen=True, kw_only=True):
    """A table. `complete` is False where its end or a chain's declaration is not in the dump: what is absent there may
    have been cut off."""

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


class Ruleset(Struct, frozen=True, kw_only=True):
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
