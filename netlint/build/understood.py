"""Which rules of a dump hold matches, options or targets that no one here knows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from netlint.model.netfilter import FirewallRule, Match, Table
from netlint.parse.iptables_options import find_option, is_extension
from netlint.parse.tree import Unsupported

_TARGET = re.compile(r"[A-Z0-9]+")  # what extensions are called
# Verdicts that iptables prints as targets and that no extension provides.
_VERDICTS = frozenset(("ACCEPT", "DROP", "RETURN", "QUEUE"))


def strange_rules(table: Table) -> Iterator[tuple[FirewallRule, str]]:
    """Each rule that is not understood, with what of it is not. It is kept, and whether it matches is unknown."""
    known: dict[int, str] = {}
    chains, tuples = table.chains, []
    for chain in chains.values():
        for rule in chain.rules:
            target = rule.target
            if target is not None and target not in _VERDICTS and target not in chains and not is_extension(target):
                if table.complete and _TARGET.fullmatch(target):  # else it is a chain that was cut off
                    yield rule, f"target {target}, which is no chain of table {table.name} either"
                continue
            what = known.get(id(rule.matches))
            if what is None:
                tuples.append(rule.matches)  # lives as long as its id counts
                what = known[id(rule.matches)] = _strange_match(rule.matches)
            if not what and rule.target_options and target is not None and target not in chains:
                for name, _ in rule.target_options:
                    what = what or _strange_option(target, name)
            if what:
                yield rule, what


def _strange_match(matches: tuple[Match, ...]) -> str:
    for match in matches:
        if not match.module:
            continue
        if not is_extension(match.module):
            return f"match {match.module}"
        what = _strange_option(match.module, match.option) if match.option else ""
        if what:
            return what
    return ""


@lru_cache(1024)
def _strange_option(extension: str, name: str) -> str:
    return f"option --{name} of {extension}" if find_option(extension, name) is None else ""


def told(table: Table) -> list[Unsupported]:
    """What is to be said of the rules of a table: each kind once, at the first rule, with the number of all."""
    found: dict[str, list[FirewallRule]] = {}
    for rule, what in strange_rules(table):
        found.setdefault(what, []).append(rule)
    return [
        Unsupported(rules[0].span, what if len(rules) == 1 else f"{what} ({len(rules)} rules)")
        for what, rules in found.items()
    ]
