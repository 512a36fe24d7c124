"""Which rules of a dump hold matches, options or targets that no one here knows."""

from __future__ import annotations

import re
from collections.abc import Iterator

from netlint.model.netfilter import FirewallRule, Match, Table
from netlint.parse.iptables_options import find_option, is_extension
from netlint.parse.tree import Unsupported

_TARGET = re.compile(r"[A-Z0-9]+")  # what extensions are called
# Verdicts that iptables prints as targets and that no extension provides.
_VERDICTS = frozenset(("ACCEPT", "DROP", "RETURN", "QUEUE"))


def strange_rules(table: Table) -> Iterator[tuple[FirewallRule, str]]:
    """Each rule that is not understood, with what of it is not. It is kept, and whether it matches is unknown."""
    chains = table.chains
    targets: set[str | None] = {None, *_VERDICTS}  # that are no chain, and known
    options: set[tuple[str, str]] = set()  # of matches and targets, and known
    for chain in chains.values():
        for rule in chain.rules:
            target = rule.target
            if target not in targets and target not in chains:
                if not is_extension(str(target)):
                    if table.complete and _TARGET.fullmatch(str(target)):  # else it is a chain that was cut off
                        yield rule, f"target {target}, which is no chain of table {table.name} either"
                    continue
                targets.add(target)
            what = ""
            for match in rule.matches:
                if (match.module, match.option) not in options:
                    what = _strange_match(match)
                    if what:
                        break
                    options.add((match.module, match.option))
            if not what and rule.target_options and target is not None and target not in chains:
                for name, _ in rule.target_options:
                    if (target, name) not in options:
                        what = _strange_option(target, name)
                        if what:
                            break
                        options.add((target, name))
            if what:
                yield rule, what


def _strange_match(match: Match) -> str:
    if not match.module:
        return ""
    if not is_extension(match.module):
        return f"match {match.module}"
    return _strange_option(match.module, match.option) if match.option else ""


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
