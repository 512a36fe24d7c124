"""A jump to a chain that is not there, or a chain that nothing jumps to

## What it means

A rule sends packets to a chain that its table does not have, so the rules cannot be loaded: `iptables-restore` refuses
the whole table, and in a script the command fails with "No chain/target/match by that name" and adds nothing. The other
way round, a chain has rules, and no rule leads there: they are never asked.

## Why it matters

What a rules file of the system (`/etc/iptables/rules.v4`) cannot load is not there after the next start, all of it. A
script goes on after the error, without the rule. Rules in a chain that nothing leads to look like protection and are
none.

## How to fix it

Declare the chain (`:NAME - [0:0]` in a save file, `iptables -N NAME` before the first use in a script), correct the
name, or add the jump that leads to it.

## Bad: a name that is written in two ways

```text title="rules.v4"
*filter
:INPUT DROP [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
:allow-ssh - [0:0]  # <- note
-A INPUT -p tcp -m tcp --dport 22 -j allow_ssh  # <- error
-A allow-ssh -s 10.0.0.0/8 -j ACCEPT
COMMIT
```

## Bad: a script that never makes the chain

```sh title="firewall.sh"
#!/bin/sh
iptables -A INPUT -p tcp --dport 22 -j BLOCKLIST  # <- error
iptables -A INPUT -j DROP
```

## Good: made before it is used

```sh title="firewall.sh"
#!/bin/sh
iptables -N BLOCKLIST
iptables -A BLOCKLIST -s 198.51.100.0/24 -j DROP
iptables -A INPUT -j BLOCKLIST
```
"""

from collections.abc import Iterator

from netlint.api import (
    Chain,
    ChainChange,
    Confidence,
    Finding,
    FirewallChange,
    Host,
    Label,
    Severity,
    Site,
    Table,
    chain_maker,
    is_chain_name,
    rule,
    undefined,
    unreferenced,
)

MADE_FOR_USERS = ("DOCKER-USER",)  # chains of programs that scripts use, and that the program makes
SHOWN = 12  # places that a finding names


@rule(
    "NL417",
    Severity.ERROR,
    beyond_compose=True,
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    for host in site.hosts:
        for ruleset in host.rulesets:
            for table in ruleset.tables.values():
                if table.complete:
                    yield from _table(host, table)
        yield from _scripts(host)


def _table(host: Host, table: Table) -> Iterator[Finding]:
    for chain, jump in undefined(table):
        yield Finding(
            message=f"{chain.name} jumps to {jump.target}, a chain that table {table.name} does not have: it cannot be "
            "loaded",
            at=jump.span,
            help=f"declare it: :{jump.target} - [0:0], or correct the name",
            host=host.name,
        )
    alone = unreferenced(table)
    if alone:
        yield _unreferenced(host, table, alone)


def _unreferenced(host: Host, table: Table, chains: list[Chain]) -> Finding:
    names = ", ".join(chain.name for chain in chains[:SHOWN])
    what = f"chain {names} of" if len(chains) == 1 else f"{len(chains)} chains of"
    return Finding(
        message=f"nothing jumps to {what} table {table.name}: no packet comes to {_count(chains)}",
        at=chains[0].span,
        help="add the jump that leads there, or delete the chain",
        related=tuple(Label(chain.span, f"nor to {chain.name}") for chain in chains[1:SHOWN]),
        severity=Severity.NOTE,
        host=host.name,
    )


def _count(chains: list[Chain]) -> str:
    count = sum(len(chain.rules) for chain in chains)
    return "its rule" if count == 1 else f"their {count} rules" if len(chains) > 1 else f"its {count} rules"


def _scripts(host: Host) -> Iterator[Finding]:
    """Jumps of scripts to chains that neither a script nor the host's firewall has."""
    made = {
        (action.version, action.table, action.chain)
        for action in host.actions
        if isinstance(action, ChainChange) and action.operation == "N"
    }
    there = {
        (ruleset.version, table.name, chain)
        for ruleset in host.rulesets
        for table in ruleset.tables.values()
        for chain in table.chains
    }
    for action in host.actions:
        if not isinstance(action, FirewallChange) or action.operation == "D" or not is_chain_name(action.rule):
            continue
        target = action.rule.target or ""
        if (action.version, action.table, target) in made | there or target in MADE_FOR_USERS:
            continue
        if chain_maker(target) is not None:
            continue
        yield Finding(
            message=f"{action.chain} of table {action.table} is to jump to {target}, and no command makes that chain",
            at=action.span,
            help=f"run iptables -t {action.table} -N {target} first, or correct the name",
            confidence=None if there else Confidence.MEDIUM,
            host=host.name,
        )
