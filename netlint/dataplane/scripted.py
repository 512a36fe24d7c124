"""The rules that scripts add where no dump shows what is there."""

from __future__ import annotations

from netlint.model.action import ChainChange, FirewallChange, FirewallFlush
from netlint.model.host import Host
from netlint.model.netfilter import BUILT_IN, Chain, FirewallRule, Ruleset, Table
from netlint.source import Span

_TOOLS = {"iptables": 4, "ip6tables": 6}


class _Chain:
    def __init__(self, span: Span, policy: str | None) -> None:
        self.span, self.policy = span, policy
        self.rules: list[FirewallRule] = []


def scripted(host: Host, version: int) -> Ruleset | None:
    """The ruleset that the host's scripts make out of empty tables; None where they add no rule.

    Rules of branches that may not run are left out, and a rule is deleted by what it says.
    """
    tables: dict[str, dict[str, _Chain]] = {}

    def chain_of(table: str, name: str, span: Span) -> _Chain:
        chains = tables.setdefault(table, {})
        built_in = name in BUILT_IN.get(table, ())
        return chains.setdefault(name, _Chain(span, "ACCEPT" if built_in else None))

    for action in host.actions:
        if not getattr(action, "certain", True):
            continue
        match action:
            case FirewallFlush(tool=tool, table=table, chain=chain) if _TOOLS.get(tool, version) == version:
                for name, chains in tables.items():
                    for one, held in chains.items() if table in (None, name) else ():
                        if chain in (None, one):
                            held.rules.clear()
            case ChainChange() if action.version == version:
                held = chain_of(action.table, action.chain, action.span)
                held.policy = action.policy or held.policy
            case FirewallChange() if action.version == version:
                held = chain_of(action.table, action.chain, action.span)
                if action.operation == "A":
                    held.rules.append(action.rule)
                elif action.operation == "I":
                    held.rules.insert(0, action.rule)
                else:
                    held.rules = [rule for rule in held.rules if not _same(rule, action.rule)]
            case _:
                pass
    if not any(held.rules for chains in tables.values() for held in chains.values()):
        return None
    first = next(held.span for chains in tables.values() for held in chains.values())
    return Ruleset(
        version=version,
        span=first,
        tables={
            name: Table(
                name=name,
                span=first,
                chains={
                    one: Chain(name=one, span=held.span, policy=held.policy, rules=tuple(held.rules))
                    for one, held in chains.items()
                },
                complete=False,
            )
            for name, chains in tables.items()
        },
        complete=False,
    )


def _same(one: FirewallRule, other: FirewallRule) -> bool:
    """Whether both say the same, wherever they stand."""
    names = [name for name in FirewallRule.__struct_fields__ if name not in ("span", "counters")]
    return all(getattr(one, name) == getattr(other, name) for name in names)
