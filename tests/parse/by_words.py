"""iptables-save read word by word, each rule compared with what reading by parts makes of it."""

from __future__ import annotations

import re

from msgspec.structs import replace

from netlint.build.netfilter import build_rules
from netlint.firewall_rule import FirewallRule
from netlint.parse.iptables_rule import RuleRecord
from netlint.parse.iptables_save import TableBlock, parse
from netlint.source import Source


def lines(table: TableBlock) -> list[tuple[str, RuleRecord | FirewallRule]]:
    """Chain and rule of each line in the order of the text: a record, or the rule of the model where read by parts."""
    found: list[tuple[str, RuleRecord | FirewallRule]] = []
    for entry in table.rules:
        if isinstance(entry, RuleRecord):
            found.append((entry.chain, entry))
        else:
            rules = [(chain, rule) for chain, rules in entry.chains.items() for rule in rules]
            found += sorted(rules, key=lambda one: one[1].span)
    return found


def records(text: str) -> list[RuleRecord]:
    """The rules of a dump as records, with the spans that they have in `text`.

    Only a line without a blank before it is read by parts, so both ways can be asked: they must agree.
    """
    source = Source("dump", text)
    indented = Source("dump", re.sub(r"(?m)^(?=[\[-])", " ", text))
    by_words = [line for table in parse(indented)[0].tables for _, line in lines(table)]
    by_parts = [line for table in parse(source)[0].tables for line in lines(table)]
    found = []
    for record, (chain, rule) in zip(by_words, by_parts, strict=True):
        assert isinstance(record, RuleRecord)
        assert indented.slice(record.span) == source.slice(rule.span)
        moved = replace(record, span=rule.span)
        assert chain == moved.chain
        assert rule == moved if isinstance(rule, RuleRecord) else [rule] == build_rules(moved)
        found.append(moved)
    return found
