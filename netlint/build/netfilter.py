"""Firewall dumps and single iptables commands, as rules of the model."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable
from importlib import import_module
from itertools import product
from pathlib import PurePosixPath
from typing import TypeVar

from msgspec.structs import replace

from netlint.build import understood
from netlint.build.facts import HostFacts, Parsed
from netlint.build.firewall_merge import RANKS, Dump, merged
from netlint.build.ipsets import build_sets, with_sets
from netlint.model.netfilter import (
    BUILT_IN,
    HIDDEN_INTERFACES,
    Chain,
    FirewallRule,
    Match,
    Ruleset,
    Table,
)
from netlint.parse.iptables_canonical import (
    NotOnePrefixError,
    interface_match,
    option_matches,
    prefix_match,
    protocol_match,
    target_of,
)
from netlint.parse.iptables_rule import Addresses, RuleRecord
from netlint.parse.iptables_save import Appended, SaveFile, TableBlock
from netlint.parse.tree import Unsupported
from netlint.prefix import Prefix
from netlint.source import Span

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

_PROTOCOL_VERSIONS: dict[str | None, int] = {
    "icmp": 4,
    "1": 4,
    "ipv6-icmp": 6,
    "icmpv6": 6,
    "58": 6,
    "ipv6-mh": 6,
    "mobility-header": 6,
}
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


class _RuleBuilder:
    """Turns records into rules; what they have in common is made once."""

    def __init__(self) -> None:
        self.interfaces = _Memo(interface_match)
        self.protocols = _Memo(protocol_match)
        self.matches = _Memo(option_matches)
        self.targets = _Memo(target_of)

    def rule(self, record: RuleRecord, extra: tuple[Match, ...] = ()) -> FirewallRule:
        """The rule of a record whose addresses are one prefix each; `extra` matches stand first."""
        source, destination = record.source, record.destination
        incoming, outgoing, protocol = record.in_interface, record.out_interface, record.protocol
        name, goto, options = self.targets[record.jump]
        return FirewallRule(
            span=record.span,
            source=None if source is None else prefix_match(source),
            destination=None if destination is None else prefix_match(destination),
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
        except NotOnePrefixError:
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
    for entry in block.rules:
        shown = map(_rule_version, entry.in_order()) if isinstance(entry, Appended) else (_record_version(entry),)
        found = next((version for version in shown if version is not None), None)
        if found is not None:
            return found
    return None


def _record_version(record: RuleRecord) -> int | None:
    for addresses in (record.source, record.destination):
        for part in addresses.ranges if addresses is not None else ():
            if isinstance(part, Prefix):
                return part.version
    name = record.protocol.text.lower() if record.protocol is not None else None
    options = target_of(record.jump)[2]
    return _extensions_version(name, {match.module for match in record.matches}, options)


def _rule_version(rule: FirewallRule) -> int | None:
    for side in (rule.source, rule.destination):
        if side is not None:
            return side.prefix.version
    name = rule.protocol.name if rule.protocol is not None else None
    return _extensions_version(name, {match.module for match in rule.matches}, rule.target_options)


def _extensions_version(
    protocol: str | None, modules: set[str], target_options: tuple[tuple[str, str], ...]
) -> int | None:
    if protocol in _PROTOCOL_VERSIONS:
        return _PROTOCOL_VERSIONS[protocol]
    if modules & (_ONLY_IPV6 | _ONLY_IPV4):
        return 6 if modules & _ONLY_IPV6 else 4
    for name, value in target_options:
        if name == "reject-with" and value.startswith("icmp"):
            return 6 if value.startswith("icmp6") else 4
    return None


class _TableBuilder:
    """A table while its lines are carried out."""

    def __init__(self, name: str, span: Span) -> None:
        self.name = name
        self.span = span
        self.lines: dict[str, tuple[Span, str | None, bool]] = {}
        self.rules: dict[str, list[FirewallRule] | tuple[FirewallRule, ...]] = {}  # a list once lines change it
        self.committed = True
        self.listed = False

    def declare(self, chain: str, span: Span, policy: str | None) -> None:
        self.lines[chain] = (span, policy, True)
        self.rules.setdefault(chain, ())

    def rules_of(self, chain: str, span: Span) -> list[FirewallRule]:
        """The rules of a chain, the first of which stands at `span` if nothing declared it."""
        found = self.rules.get(chain)
        if found is None:
            self.lines[chain] = (span, None, False)
        if not isinstance(found, list):
            found = self.rules[chain] = list(found or ())
        return found

    def append(self, appended: Appended) -> None:
        for chain, rules in appended.chains.items():
            if self.rules.get(chain) == ():  # as in every dump: nothing else makes its rules
                self.rules[chain] = tuple(rules)
            else:
                self.rules_of(chain, rules[0].span).extend(rules)

    def clear(self) -> None:
        """Without a rule in any chain."""
        self.rules = dict.fromkeys(self.rules, ())

    def table(self) -> Table:
        chains = {
            name: Chain(name=name, span=span, policy=policy, rules=tuple(self.rules.pop(name)), declared=declared)
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
        for entry in block.rules:
            if isinstance(entry, Appended):
                table.append(entry)
            else:
                _carry_out(entry, table, builder, facts, () if block.interfaces else (HIDDEN_INTERFACES,))
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
    counted = any(_first(entry).counters is not None for block in blocks for entry in block.rules[:1])
    told = [(name, item) for name in built for item in tree.unsupported]
    told += [(name, item) for name, table in built.items() for item in understood.told(table)]
    return Dump(ruleset, RANKS["hidden" if hidden else file.format], counted, tuple(told))


def _first(entry: Appended | RuleRecord) -> FirewallRule | RuleRecord:
    return next(iter(entry.chains.values()))[0] if isinstance(entry, Appended) else entry


def _implied_table(block: TableBlock, path: str) -> str:
    """The table of a listing that does not name it: as the file's name says, or else its chains and targets; filter,
    as in iptables, where they fit it."""
    records, appended = block.records(), block.appended()
    policies = {record.chain for record in records if record.operation == "P"}
    policies |= {line.name for line in block.chains if line.policy is not None}
    policies |= {record.chain for record in records} & _BUILT_IN_NAMES
    policies |= {chain for entry in appended for chain in entry.chains} & _BUILT_IN_NAMES
    named = _TABLE_IN_NAME.search(PurePosixPath(path).name)
    if named is not None and policies <= set(BUILT_IN[named[1]]):
        return named[1]
    targets = {record.jump.target for record in records if record.jump is not None}
    targets |= {rule.target for entry in appended for rules in entry.chains.values() for rule in rules if rule.target}
    if targets & _ONLY_NAT:
        return "nat"
    fits = [name for name, chains in BUILT_IN.items() if policies <= set(chains)]
    exact = [name for name in fits if policies == set(BUILT_IN[name])]
    for found in (exact, ["filter"] if "filter" in fits else [], fits):
        if found:
            return "filter" if "filter" in found else found[0]
    return "filter"


def _carry_out(
    record: RuleRecord, table: _TableBuilder, builder: _RuleBuilder, facts: HostFacts, extra: tuple[Match, ...]
) -> None:
    """Do what a line does to its table. `extra` matches stand first in the rules that it appends."""
    match record.operation:
        case "A":
            table.rules_of(record.chain, record.span).extend(builder.rules(record, extra))
        case "I":
            at = max((record.number or 1) - 1, 0)
            table.rules_of(record.chain, record.span)[at:at] = builder.rules(record)
        case "N":
            table.declare(record.chain, record.span, None)
        case "P":
            table.declare(record.chain, record.span, record.jump.target if record.jump is not None else None)
        case "F" if record.chain:
            table.rules_of(record.chain, record.span).clear()
        case "F":
            table.clear()
        case "":
            pass  # the parser has reported a rule without a command
        case _:
            facts.unsupported(Unsupported(record.span, f"-{record.operation} in a dump"))
