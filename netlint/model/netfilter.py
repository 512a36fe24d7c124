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

# The place of each table among the functions of a hook (include/uapi/linux/netfilter_ipv4.h).
_PRIORITIES = {"raw": -300, "mangle": -150, "nat": -100, "filter": 0, "security": 50}
_SOURCE_NAT = 100


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


class SetMember(Struct, frozen=True, gc=False):
    """An element of a set, one part for each of the set's dimensions. `excluded`: it is an exception (`nomatch`).

    `lasting` is False for an element with a timeout: it may be gone by now.
    """

    parts: tuple[str, ...]
    excluded: bool = False
    lasting: bool = True


class IpSet(Struct, frozen=True, kw_only=True, gc=False):
    """A set of ipset or nftables. `type` is ipset's word for it ("hash:net", "hash:ip,port", "list:set").

    `sets` are those that a "list:set" holds, in the order of its members; None for one that was not given.
    """

    name: str
    span: Span
    type: str
    members: tuple[SetMember, ...]
    sets: tuple[IpSet | None, ...] = ()


class Match(Struct, frozen=True, gc=False):
    """One option of a match extension: `-m state ! --state NEW` is Match("state", "state", ("NEW",), True).

    `option` is the name that iptables-save prints, without dashes, and empty for a match without options (`-m
    socket`); `values` are the words after it. `-s`, `-d`, `-i` or `-o` with what is neither a prefix nor a name (a
    list, a mask with gaps) is an option "source", "destination", "in-interface" or "out-interface" of no module;
    "hidden" of no module stands for conditions that the listing does not show. `set` is the set that a `match-set`
    asks, where its members are known.
    """

    module: str
    option: str
    values: tuple[str, ...] = ()
    negated: bool = False
    set: IpSet | None = None


# What `iptables -L` leaves out without -v: the rule may be for some interfaces only.
HIDDEN_INTERFACES = Match("", "hidden", ("interfaces",))


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


class Hook(Struct, frozen=True):
    """Where the kernel calls a base chain of nftables: at the hook `name` ("PREROUTING"), lower priorities first.

    `table` is the table of iptables that has its turn there.
    """

    table: str
    name: str
    priority: int


class Chain(Struct, frozen=True, kw_only=True):
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
