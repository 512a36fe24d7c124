"""nftables rulesets: the tables that iptables-nft made, Docker's own, and whatever else is loaded or configured."""

from __future__ import annotations

import re

from netlint.build.facts import HostFacts, Parsed
from netlint.build.firewall_merge import CONFIGURATION, RANKS, Dump
from netlint.build.nft_rules import RuleMaker
from netlint.build.nft_values import Values
from netlint.model import netfilter as model
from netlint.model.action import FirewallFlush
from netlint.parse.nft_tree import Base, NftFile, Removal, Table, Value
from netlint.parse.tree import Unsupported

_VERSIONS = {"ip": (4,), "ip6": (6,), "inet": (4, 6)}
_HOOKS = frozenset(("prerouting", "input", "forward", "output", "postrouting"))
# Names of priorities (nft(8)); what stands between two tables of iptables counts to the one before it.
_PRIORITIES = {"raw": -300, "mangle": -150, "dstnat": -100, "filter": 0, "security": 50, "srcnat": 100}
_TABLES = ((-225, "raw"), (-75, "mangle"), (25, "filter"))
_PRIORITY = re.compile(r"(-?\w+)(?:\s*([+-])\s*(\d+))?")


def nft_dumps(file: Parsed, facts: HostFacts) -> list[Dump]:
    """A dump for each IP version that the file has tables of; what it removes is added to the actions."""
    tree: NftFile = file.tree
    chains = [chain for table in tree.tables for chain in table.chains]
    idle = tree.configuration and bool(chains) and not any(chain.rules or chain.policy == "drop" for chain in chains)
    facts.actions += [flush for removal in tree.removals if (flush := _flush(removal, idle)) is not None]
    notes = list(tree.unsupported)
    made: dict[int, dict[str, model.Table]] = {}
    reports: dict[str, list[Unsupported]] = {}
    for table in tree.tables:
        versions = _VERSIONS.get(table.family)
        if versions is None:
            notes.append(Unsupported(table.span, f"nft tables of family {table.family}"))
            continue
        name = f"inet {table.name}" if table.family == "inet" else table.name
        for version in versions:
            built, unsupported = _table(table, name, version, dict(tree.definitions), not tree.configuration)
            made.setdefault(version, {})[name] = built
            reports.setdefault(name, []).extend(unsupported)
    for item in notes:
        facts.unsupported(item)
    rank = CONFIGURATION if tree.configuration else RANKS[file.format]
    return [
        Dump(
            model.Ruleset(
                version=version,
                span=next(iter(tables.values())).span,
                tables=tables,
                complete="filter" in tables and not tree.configuration,
                backend="nf_tables",
            ),
            rank,
            unsupported=tuple((name, item) for name in tables for item in reports[name]),
        )
        for version, tables in made.items()
    ]


def _flush(removal: Removal, idle: bool) -> FirewallFlush | None:
    """What removes rules of IPv4; Docker's are in tables of the family ip."""
    if removal.family not in (None, "ip") or removal.kind not in ("ruleset", "table", "chain"):
        return None
    return FirewallFlush(span=removal.span, tool="nft", table=removal.table, chain=removal.chain, idle=idle)


def _table(
    table: Table, name: str, version: int, definitions: dict[str, Value], loaded: bool
) -> tuple[model.Table, list[Unsupported]]:
    maker = RuleMaker(version, Values(table, definitions))
    chains: dict[str, model.Chain] = {}
    for chain in table.chains:
        hook = _hook(chain.base) if chain.base is not None else None
        if chain.base is not None and hook is None:
            maker.unsupported.append(Unsupported(chain.span, f"nft hook {chain.base.hook}"))
        policy = (chain.policy or "accept").upper() if hook is not None else None
        rules = tuple(one for rule in chain.rules for one in maker.rules(rule))
        chains[chain.name] = model.Chain(name=chain.name, span=chain.span, policy=policy, rules=rules, hook=hook)
    complete = table.closed and loaded
    return model.Table(name=name, span=table.span, chains=chains, complete=complete), maker.unsupported


def _hook(base: Base) -> model.Hook | None:
    """None for a hook that IP packets do not pass, or a priority that is no number."""
    found = _PRIORITY.fullmatch(base.priority.strip())
    if base.hook not in _HOOKS or found is None:
        return None
    start = _PRIORITIES.get(found[1])
    if start is None and not re.fullmatch(r"-?\d{1,9}", found[1]):
        return None
    number = start if start is not None else int(found[1])
    priority = number + int(f"{found[2]}{found[3][:9]}") if found[2] else number
    if base.type == "nat":
        table = "nat"
    elif base.type == "route":
        table = "mangle"
    else:
        table = next((name for least, name in _TABLES if priority < least), "security")
    return model.Hook(table, base.hook.upper(), priority)
