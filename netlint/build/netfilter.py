"""Firewall dumps and single iptables commands, as rules of the model."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from itertools import product
from pathlib import PurePosixPath
from typing import NamedTuple, TypeAlias, TypeVar

from msgspec.structs import replace

from netlint.build.facts import HostFacts, Parsed
from netlint.model.netfilter import (
    BUILT_IN,
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


class _Dump(NamedTuple):
    """A ruleset and what chooses between dumps of the same one. `whole`: each of its tables is all there."""

    ruleset: Ruleset
    whole: bool
    rules: int
    counted: bool


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

    def rules(self, record: RuleRecord) -> list[FirewallRule]:
        """The rules of a record: one for each pair of addresses, as iptables itself adds them."""
        try:
            return [self.rule(record)]
        except _NotOnePrefixError:
            pairs = product(_single(record.source), _single(record.destination))
            return [self.one(replace(record, source=source, destination=dest)) for source, dest in pairs]

    def one(self, record: RuleRecord) -> FirewallRule:
        """One rule for the record: ranges that are not one prefix become a match of no module, which none decides."""
        undecided = []
        sides = {"source": record.source, "destination": record.destination}
        for side, addresses in sides.items():
            if addresses is not None and (len(addresses.ranges) != 1 or isinstance(addresses.ranges[0], str)):
                undecided.append(Match("", side, tuple(map(str, addresses.ranges)), addresses.negated))
                sides[side] = None
        return self.rule(replace(record, **sides), tuple(undecided))


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
    """Add the ruleset of each IP version and back end; where several dumps show the same one, the fullest."""
    dumps = [dump for file in files for dump in _dumps(file, facts)]
    groups: dict[tuple[int, str | None], list[_Dump]] = {}
    for dump in dumps:
        groups.setdefault((dump.ruleset.version, _backend(dump.ruleset, dumps)), []).append(dump)
    facts.rulesets.extend(_one(group) for group in groups.values())


def _one(dumps: list[_Dump]) -> Ruleset:
    """The fullest of the dumps of one firewall; where it is an excerpt, with the tables that the others add."""
    first, *others = sorted(dumps, key=lambda dump: (-dump.rules, not dump.counted))
    if first.ruleset.complete:
        return first.ruleset
    tables, whole = dict(first.ruleset.tables), first.whole
    for other in others:
        new = other.ruleset.tables.keys() - tables.keys()
        whole &= other.whole or not new
        tables |= {name: table for name, table in other.ruleset.tables.items() if name in new}
    return replace(first.ruleset, tables=tables, complete=whole and "filter" in tables)


def _backend(ruleset: Ruleset, dumps: list[_Dump]) -> str | None:
    """The back end of a ruleset; of a dump that does not say, the only one that others of its version have."""
    known = {dump.ruleset.backend for dump in dumps if dump.ruleset.version == ruleset.version} - {None}
    return known.pop() if ruleset.backend is None and len(known) == 1 else ruleset.backend


def _dumps(file: Parsed, facts: HostFacts) -> list[_Dump]:
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
    return [_dump(blocks, version, backend, tree.other_backend, facts) for (version, backend), blocks in groups.items()]


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
        complete = self.committed and all(chain.declared for chain in chains.values())
        return Table(name=self.name, span=self.span, chains=chains, complete=complete)


def _dump(
    blocks: list[TableBlock], version: int, backend: str | None, other_backend: Span | None, facts: HostFacts
) -> _Dump:
    builder = _RuleBuilder()
    tables: dict[str, _TableBuilder] = {}
    whole = True
    for block in blocks:
        name = block.name or _implied_table(block)
        if name in tables:
            facts.problem(
                block.span, f"table {name} stands here for the second time", "its lines were added to the first"
            )
        table = tables.setdefault(name, _TableBuilder(name, block.span))
        for line in block.chains:
            table.declare(line.name, line.span, line.policy)
        for record in block.rules:
            if record.operation == "A":
                try:
                    table.rules_of(record).append(builder.rule(record))
                except _NotOnePrefixError:
                    table.rules_of(record).extend(builder.rules(record))
            else:
                _carry_out(record, table, builder, facts)
        table.committed &= block.committed
        whole &= block.committed
    built = {name: table.table() for name, table in tables.items()}
    chains = [chain for table in built.values() for chain in table.chains.values()]
    whole &= all(chain.declared for chain in chains)
    ruleset = Ruleset(
        version=version,
        span=blocks[0].span,
        tables=built,
        complete=whole and "filter" in built,
        backend=backend,
        other_backend=other_backend,
    )
    counted = any(rule.counters is not None for block in blocks for rule in block.rules[:1])
    return _Dump(ruleset, whole, sum(len(chain.rules) for chain in chains), counted)


def _implied_table(block: TableBlock) -> str:
    """The table that `iptables -S` listed: its policies show the built-in chains. Otherwise filter, as in iptables."""
    policies = {rule.chain for rule in block.rules if rule.operation == "P"}
    return next((name for name in ("filter", "nat", "mangle", "raw") if policies == set(BUILT_IN[name])), "filter")


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
