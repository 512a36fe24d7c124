"""Routing rules, from `ip rule`."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from netlint.build.facts import HostFacts, Parsed
from netlint.model.host import RoutingRule
from netlint.parse.ip_rule import RuleLine
from netlint.parse.tree import Word
from netlint.prefix import Prefix, parse_prefix

_VERSION_IN_NAME = re.compile(r"(?:^|[-_ ])6[-_ ]")
_ANY = ("all", "any", "default")
_ALL_BITS = 0xFFFFFFFF
# What `ip rule` prints and no packet is chosen by.
_NO_SELECTORS = frozenset(("proto", "protocol", "suppress_prefixlength", "suppress_ifgroup", "realms"))


def build_routing_rules(files: list[Parsed], facts: HostFacts) -> None:
    """Add the rules of every listing, each once."""
    rules = facts.routing_rules if facts.routing_rules is not None else []
    known = {_key(rule) for rule in rules}
    for file in files:
        tree: tuple[RuleLine, ...] = file.tree
        named = 6 if _VERSION_IN_NAME.search(PurePosixPath(file.source.path).name) else None
        found = [rule for line in tree if (rule := _rule(line, named, facts)) is not None]
        rules += [rule for rule in found if _key(rule) not in known]
        known |= {_key(rule) for rule in found}
    facts.routing_rules = rules


def _key(rule: RoutingRule) -> tuple[object, ...]:
    selectors = rule.source, rule.destination, rule.mark, rule.in_interface, rule.out_interface, rule.others
    return rule.version, rule.priority, rule.negated, rule.action, rule.table, selectors


def _rule(line: RuleLine, named: int | None, facts: HostFacts) -> RoutingRule | None:
    prefixes: dict[str, Prefix] = {}
    texts: dict[str, str] = {}
    mark: tuple[int, int] | None = None
    others: list[str] = []
    for name, word in line.selectors:
        if name in ("from", "to"):
            prefix = parse_prefix(word.text)
            if prefix is not None:
                prefixes[name] = prefix
            elif word.text not in _ANY:
                facts.problem(word.span, f"{word.text!r} is no prefix")
                return None
        elif name == "fwmark":
            mark = _mark(word, facts)
        elif name in ("iif", "oif", "suppress_prefixlength"):
            texts[name] = word.text
        if name not in _NO_SELECTORS and name not in ("from", "to", "fwmark", "iif", "oif"):
            others.append(f"{name} {word.text}")
    versions = {prefix.version for prefix in prefixes.values()}
    return RoutingRule(
        span=line.span,
        priority=line.priority,
        version=versions.pop() if len(versions) == 1 else line.version or named or 4,
        source=prefixes.get("from"),
        destination=prefixes.get("to"),
        mark=mark,
        in_interface=texts.get("iif"),
        out_interface=texts.get("oif"),
        negated=line.negated,
        action=line.action,
        table=line.table.text if line.table is not None else None,
        suppressed=int(texts["suppress_prefixlength"]) if texts.get("suppress_prefixlength", "").isdecimal() else None,
        others=tuple(others),
    )


def _mark(word: Word, facts: HostFacts) -> tuple[int, int] | None:
    value, _, mask = word.text.partition("/")
    try:
        return int(value, 0), int(mask, 0) if mask else _ALL_BITS
    except ValueError:
        facts.problem(word.span, f"{word.text!r} is no mark")
        return None
