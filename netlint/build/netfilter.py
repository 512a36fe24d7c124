"""Firewall dumps and single iptables commands, as rules of the model."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable
from importlib import import_module
from itertools import product
from pathlib import PurePosixPath
from typing import TypeAlias, TypeVar

from msgspec.structs import replace

from netlint.build.facts import HostFacts, Parsed
from netlint.build.firewall_merge import RANKS, Dump, merged
from netlint.build.ipsets import build_sets, with_sets
from netlint.model.netfilter import (
    BUILT_IN,
    HIDDEN_INTERFACES,
    Chain,
    FirewallRule,
    Match,
    NameMatch,
    PrefixMatch,
    Ruleset,
    Table,
)
from netlint.parse.iptables_rule import Addresses, Jump, MatchOption, Name, RuleRecord
from netlint.parse.iptables_save import SaveFile, TableBlock
from netlint.parse.tree import Unsupported
from netlint.prefix import Prefix
from netlint.source import Span

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
_Target: TypeAlias = tuple[str | None, bool, tuple[tuple[str, str], ...]]

# The names that iptables-save prints for protocols given otherwise (/etc/protocols).
_PROTOCOLS = {
    "1": "icmp",
    "2": "igmp",
    "4": "ipencap",
    "6": "tcp",
    "17": "udp",
    "33": "dccp",
    "41": "ipv6",
    "47": "gre",
    "50": "esp",
    "51": "ah",
    "58": "ipv6-icmp",
    "89": "ospf",
    "103": "pim",
    "112": "vrrp",
    "132": "sctp",
    "136": "udplite",
    "icmpv6": "ipv6-icmp",
}
_ANY_PROTOCOL = frozenset(("all", "any", "0"))
# Matches that say no more than the `-p` they need, when they come without options.
_PROTOCOL_MATCHES = frozenset(("tcp", "udp", "sctp", "dccp", "udplite", "icmp", "icmp6", "esp", "ah", "mh"))
_ONLY_IPV6 = frozenset(("icmp6", "hl", "frag", "hbh", "dst", "rt", "eui64", "ipv6header", "mh"))
_ONLY_IPV4 = frozenset(("icmp", "ttl", "realm"))
_BUILT_IN_NAMES = frozenset(name for names in BUILT_IN.values() for name in names)
_ONLY_NAT = frozenset(("DNAT", "SNAT", "MASQUERADE", "REDIRECT", "NETMAP"))
# `iptables-nat-S.txt`, an sosreport's `iptables_-t_nat_-nvL`
_TABLE_IN_NAME = re.compile(r"(?<![a-z])(filter|nat|mangle|raw|security)(?![a-z])")


class _Memo(dict[K, V]):
    """What `build` makes of each distinct key."""

    def __init__(self, build: Callable[[K], V]) -> None:
        super().__init__()
        self.build = build

    def __missing__(self, key: K) -> V:
        value = self[key] = self.build(key)
        return value


class _NotOnePrefixError(Exception):
    """`-s` or `-d` is a list, a name or has a mask with gaps."""


def _prefix_match(addresses: Addresses) -> PrefixMatch | None:
    """None for a range that is every address."""
    ranges = addresses.ranges
    if len(ranges) != 1 or not isinstance(prefix := ranges[0], Prefix):
        raise _NotOnePrefixError
    return PrefixMatch(prefix, addresses.negated) if prefix.length or addresses.negated else None


def _interface_match(name: Name) -> NameMatch | None:
    return NameMatch(name.text, name.negated) if name.text != "+" or name.negated else None


def _protocol_match(name: Name) -> NameMatch | None:
    text = name.text.lower()
    text = _PROTOCOLS.get(text, text)
    return NameMatch(text, name.negated) if text not in _ANY_PROTOCOL or name.negated else None


def _matches(options: tuple[MatchOption, ...]) -> tuple[Match, ...]:
    return tuple(
        [
            Match(option.module, option.option, option.values, option.negated)
            for option in options
            if option.option or option.module not in _PROTOCOL_MATCHES
        ]
    )


def _target(jump: Jump | None) -> _Target:
    if jump is None:
        return None, False, ()
    options = tuple([(name, " ".join(values)) for name, values in jump.options])
    return jump.target or None, jump.goto, options


class _RuleBuilder:
    """Turns records into rules; what they have in common is made once."""

    def __init__(self) -> None:
        self.interfaces = _Memo(_interface_match)
        self.protocols = _Memo(_protocol_match)
        self.matches = _Memo(_matches)
        self.targets = _Memo(_target)

    def rule(self, record: RuleRecord, extra: tuple[Match, ...] = ()) -> FirewallRule:
        """The rule of a record whose addresses are one prefix each; `extra` matches stand first."""
        source, destination = record.source, record.destination
        incoming, outgoing, protocol = record.in_interface, record.out_interface, record.protocol
        name, goto, options = self.targets[record.jump]
        return FirewallRule(
            span=record.span,
            source=None if source is None else _prefix_match(source),
            destination=None if destination is None else _prefix_match(destination),
            in_interface=None if incoming is None else self.interfaces[incoming],
            out_interface=None if outgoing is None else self.interfaces[outgoing],
            protocol=None if protocol is None else self.protocols[protocol],
            fragment=record.fragment,
            matches=extra + self.matches[record.matches] if extra else self.matches[record.matches],
            target=name,
            goto=goto,
            target_options=options,
            counters=record.counters,
        )

    def rules(self, record: RuleRecord, extra: tuple[Match, ...] = ()) -> list[FirewallRule]:
        """The rules of a record: one for each pair of addresses, as iptables itself adds them."""
        try:
            return [self.rule(record, extra)]
        except _NotOnePrefixError:
            pairs = product(_single(record.source), _single(record.destination))
            return [self.one(replace(record, source=source, destination=dest), extra) for source, dest in pairs]

    def one(self, record: RuleRecord, extra: tuple[Match, ...] = ()) -> FirewallRule:
        """One rule for the record: ranges that are not one prefix become a match of no module."""
        undecided = []
        sides = {"source": record.source, "destination": record.destination}
        for side, addresses in sides.items():
            if addresses is not None and (len(addresses.ranges) != 1 or isinstance(addresses.ranges[0], str)):
                undecided.append(Match("", side, tuple(map(str, addresses.ranges)), addresses.negated))
                sides[side] = None
        return self.rule(replace(record, **sides), (*extra, *undecided))


def _single(addresses: Addresses | None) -> list[Addresses | None]:
    if addresses is None or addresses.negated:
        return [addresses]
    return [Addresses((part,)) for part in addresses.ranges]


def build_rule(record: RuleRecord) -> FirewallRule:
    """The rule that an iptables command states. Of several addresses it knows only that they are asked for:
    `build_rules` has one rule for each."""
    return _RuleBuilder().one(record)


def build_rules(record: RuleRecord) -> list[FirewallRule]:
    """The rules that an iptables command adds: one for each pair of source and destination that it lists."""
    return _RuleBuilder().rules(record)


def build_rulesets(files: list[Parsed], facts: HostFacts) -> None:
    """Add the ruleset of each IP version and back end, of whatever lists it, with the sets that its rules ask."""
    sets = build_sets([file for file in files if file.format == "ipset"], facts)
    dumps: list[Dump] = []
    for file in files:
        if file.format in RANKS and file.format.startswith("iptables"):
            dumps += _dumps(file, facts)
        elif file.format in RANKS:
            dumps += import_module("netlint.build.nftables").nft_dumps(file, facts)
    facts.rulesets.extend(with_sets(ruleset, sets) for ruleset in merged(dumps, facts))


def _dumps(file: Parsed, facts: HostFacts) -> list[Dump]:
    """The rulesets of one file: more than one where dumps of both versions or back ends follow one another."""
    tree: SaveFile = file.tree
    groups: dict[tuple[int, str | None], list[TableBlock]] = {}
    evidence = [_version(block) for block in tree.tables]
    named = 6 if PurePosixPath(file.source.path).name.startswith(("ip6tables", "rules.v6")) else 4
    version = next((found for found in evidence if found is not None), named)
    backend = next((block.header.backend for block in tree.tables if block.header is not None), None)
    for block, found in zip(tree.tables, evidence, strict=True):
        version = found or version
        backend = block.header.backend if block.header is not None else backend
        groups.setdefault((version, backend), []).append(block)
    return [_dump(blocks, version, backend, file, facts) for (version, backend), blocks in groups.items()]


def _version(block: TableBlock) -> int | None:
    """The IP version that a table's header, addresses or matches show."""
    if block.header is not None and block.header.tool.startswith("ip"):
        return 6 if block.header.tool.startswith("ip6") else 4
    for rule in block.rules:
        for addresses in (rule.source, rule.destination):
            for part in addresses.ranges if addresses is not None else ():
                if isinstance(part, Prefix):
                    return part.version
        if rule.protocol is not None and rule.protocol.text.lower() in {"ipv6-icmp", "icmpv6", "58", "icmp", "1"}:
            return 4 if rule.protocol.text.lower() in {"icmp", "1"} else 6
        modules = {match.module for match in rule.matches}
        if modules & (_ONLY_IPV6 | _ONLY_IPV4):
            return 6 if modules & _ONLY_IPV6 else 4
        for name, values in rule.jump.options if rule.jump is not None else ():
            if name == "reject-with" and values and values[0].startswith("icmp"):
                return 6 if values[0].startswith("icmp6") else 4
    return None


class _TableBuilder:
    """A table while its lines are carried out."""

    def __init__(self, name: str, span: Span) -> None:
        self.name = name
        self.span = span
        self.lines: dict[str, tuple[Span, str | None, bool]] = {}
        self.rules: dict[str, list[FirewallRule]] = {}
        self.committed = True
        self.listed = False

    def declare(self, chain: str, span: Span, policy: str | None) -> None:
        self.lines[chain] = (span, policy, True)
        self.rules.setdefault(chain, [])

    def rules_of(self, record: RuleRecord) -> list[FirewallRule]:
        found = self.rules.get(record.chain)
        if found is None:
            found = self.rules[record.chain] = []
            self.lines[record.chain] = (record.span, None, False)
        return found

    def table(self) -> Table:
        chains = {
            name: Chain(name=name, span=span, policy=policy, rules=tuple(self.rules[name]), declared=declared)
            for name, (span, policy, declared) in self.lines.items()
        }
        whole = self.committed
        if self.listed:
            # listings have no end that shows; one of a single chain lacks the other built-in ones (INPUT of nat is
            # younger than the rest: Linux 2.6.36)
            needed = set(BUILT_IN.get(self.name, ())) - ({"INPUT"} if self.name == "nat" else set())
            whole = all(chains[name].policy for name in needed if name in chains) and needed <= chains.keys()
        complete = whole and all(chain.declared for chain in chains.values())
        return Table(name=self.name, span=self.span, chains=chains, complete=complete)


def _dump(blocks: list[TableBlock], version: int, backend: str | None, file: Parsed, facts: HostFacts) -> Dump:
    tree: SaveFile = file.tree
    builder = _RuleBuilder()
    tables: dict[str, _TableBuilder] = {}
    some_named = any(block.name is not None for block in blocks)
    for block in blocks:
        name = block.name or _implied_table(block, "" if some_named else file.source.path)
        if name in tables and not block.listed:
            facts.problem(
                block.span, f"table {name} stands here for the second time", "its lines were added to the first"
            )
        table = tables.setdefault(name, _TableBuilder(name, block.span))
        for line in block.chains:
            table.declare(line.name, line.span, line.policy)
        for record in block.rules:
            if not block.interfaces:
                table.rules_of(record).extend(builder.rules(record, (HIDDEN_INTERFACES,)))
            elif record.operation == "A":
                try:
                    table.rules_of(record).append(builder.rule(record))
                except _NotOnePrefixError:
                    table.rules_of(record).extend(builder.rules(record))
            else:
                _carry_out(record, table, builder, facts)
        table.committed &= block.committed
        table.listed |= block.listed
    built = {name: table.table() for name, table in tables.items()}
    ruleset = Ruleset(
        version=version,
        span=blocks[0].span,
        tables=built,
        complete="filter" in built and all(table.complete for table in built.values()),
        backend=backend,
        other_backend=tree.other_backend,
    )
    hidden = any(not block.interfaces for block in blocks)
    counted = any(rule.counters is not None for block in blocks for rule in block.rules[:1])
    told = tuple((name, item) for name in built for item in tree.unsupported)
    return Dump(ruleset, RANKS["hidden" if hidden else file.format], counted, told)


def _implied_table(block: TableBlock, path: str) -> str:
    """The table of a listing that does not name it: as the file's name says, or else its chains and targets; filter,
    as in iptables, where they fit it."""
    policies = {rule.chain for rule in block.rules if rule.operation == "P"}
    policies |= {line.name for line in block.chains if line.policy is not None}
    policies |= {rule.chain for rule in block.rules} & _BUILT_IN_NAMES
    named = _TABLE_IN_NAME.search(PurePosixPath(path).name)
    if named is not None and policies <= set(BUILT_IN[named[1]]):
        return named[1]
    if any(rule.jump is not None and rule.jump.target in _ONLY_NAT for rule in block.rules):
        return "nat"
    fits = [name for name, chains in BUILT_IN.items() if policies <= set(chains)]
    exact = [name for name in fits if policies == set(BUILT_IN[name])]
    for found in (exact, ["filter"] if "filter" in fits else [], fits):
        if found:
            return "filter" if "filter" in found else found[0]
    return "filter"


def _carry_out(record: RuleRecord, table: _TableBuilder, builder: _RuleBuilder, facts: HostFacts) -> None:
    """Do what a line other than `-A` does to its table."""
    match record.operation:
        case "I":
            at = max((record.number or 1) - 1, 0)
            table.rules_of(record)[at:at] = builder.rules(record)
        case "N":
            table.declare(record.chain, record.span, None)
        case "P":
            table.declare(record.chain, record.span, record.jump.target if record.jump is not None else None)
        case "F" if record.chain:
            table.rules_of(record).clear()
        case "F":
            for rules in table.rules.values():
                rules.clear()
        case "":
            pass  # the parser has reported a rule without a command
        case _:
            facts.unsupported(Unsupported(record.span, f"-{record.operation} in a dump"))
