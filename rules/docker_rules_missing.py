"""Chains or jumps that the engine's own firewall rules need are not there

## What it means

The engine writes its rules when it starts and when a network or container is created, and takes for granted that they
stay. In this dump a chain or jump is absent that an engine of this generation makes: somebody flushed a table, restored
an older save, or replaced the rules after the engine had started. In a script, a command flushes what the engine wrote,
and nothing starts the engine afterwards.

## Why it matters

Published ports do not answer, containers have no way out, or networks are not kept apart any more. The engine does not
notice: new containers start without error and without their rules, or fail with "No chain/target/match by that name".

## How to fix it

Restart the engine (`systemctl restart docker`). Keep firewall scripts to chains of their own and to `DOCKER-USER`; use
`iptables-restore --noflush`; start Docker after the firewall.

## Bad: the nat table was flushed

```text title="iptables-save.txt"
*filter
:INPUT ACCEPT [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
:DOCKER - [0:0]
:DOCKER-ISOLATION-STAGE-1 - [0:0]
:DOCKER-ISOLATION-STAGE-2 - [0:0]
:DOCKER-USER - [0:0]
-A FORWARD -j DOCKER-USER
-A FORWARD -j DOCKER-ISOLATION-STAGE-1
-A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -o docker0 -j DOCKER
-A FORWARD -i docker0 ! -o docker0 -j ACCEPT
-A FORWARD -i docker0 -o docker0 -j ACCEPT
COMMIT
*nat
:PREROUTING ACCEPT [0:0]  # <- error
:INPUT ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]  # <- error
:POSTROUTING ACCEPT [0:0]
-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE
COMMIT
```

```text title="docker-version.txt"
Server:
 Engine:
  Version:          20.10.24
```

## Bad: a script flushes the table

```sh title="setup.sh"
docker network create shop
iptables -t nat -F POSTROUTING  # <- error
iptables -t nat -A POSTROUTING -s 172.17.1.0/24 ! -d 172.17.0.0/16 -j MASQUERADE
```

## Bad: a script makes the engine's chains

```sh title="firewall.sh"
docker network create shop
iptables -N DOCKER  # <- warning
iptables -N DOCKER-ISOLATION-STAGE-1
iptables -A FORWARD -o docker0 -j DOCKER
```

## Good: the engine writes its rules anew

```sh title="setup.sh"
docker network create shop
iptables -t nat -F POSTROUTING
iptables -t nat -A POSTROUTING -s 172.17.1.0/24 ! -d 172.17.0.0/16 -j MASQUERADE
systemctl restart docker
```
"""

from collections.abc import Iterator

from msgspec import Struct

from netlint.api import (
    Chain,
    ChainChange,
    Confidence,
    DockerStart,
    Finding,
    FirewallFlush,
    Host,
    Label,
    Ruleset,
    Severity,
    Site,
    Span,
    rule,
)


class Need(Struct, frozen=True):
    """A jump from a built-in chain that engines from `since` on make, and what is lost without it."""

    table: str
    chain: str
    target: str
    since: tuple[int, ...]
    before: tuple[int, ...]
    effect: str


ALWAYS, NEVER = (0,), (9999,)
NEEDS = (
    Need("nat", "PREROUTING", "DOCKER", ALWAYS, NEVER, "published ports do not answer"),
    Need("nat", "OUTPUT", "DOCKER", ALWAYS, NEVER, "published ports do not answer on the host itself"),
    Need("filter", "FORWARD", "DOCKER-USER", (17, 6), NEVER, "rules in DOCKER-USER have no effect"),
    Need("filter", "FORWARD", "DOCKER-FORWARD", (28, 0, 1), NEVER, "nothing lets containers' traffic pass"),
    Need("filter", "FORWARD", "DOCKER-ISOLATION-STAGE-1", (18, 3), (28, 0, 1), "networks are not kept apart"),
)
# Chains that the engine fills; DOCKER-USER is there for others, and may be made before the engine starts.
MADE = {"nat": {"DOCKER"}, "filter": {"DOCKER", "DOCKER-FORWARD", "DOCKER-CT", "DOCKER-BRIDGE", "DOCKER-INTERNAL",
                                     "DOCKER-ISOLATION-STAGE-1", "DOCKER-ISOLATION-STAGE-2"}}  # fmt: skip
# What only the engine restores: whole tables, and the chains that hold its rules.
FLUSHED = {
    "nat": {"PREROUTING", "OUTPUT", "POSTROUTING", "DOCKER"},
    "filter": {"FORWARD", "DOCKER", "DOCKER-FORWARD", "DOCKER-CT", "DOCKER-BRIDGE", "DOCKER-ISOLATION-STAGE-1",
               "DOCKER-ISOLATION-STAGE-2"},
}  # fmt: skip


@rule(
    "NL406",
    Severity.ERROR,
    beyond_compose=True,
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    for host in site.hosts:
        ruleset = host.ruleset(4)
        writes = host.daemon is None or host.daemon.flag("iptables", True)
        if not writes:
            continue
        if (
            not host.uses_nftables
            and ruleset is not None
            and (confidence := _engine_was_here(host, ruleset)) is not None
        ):
            yield from _dump(host, ruleset, confidence)
        yield from _scripts(host)


def _engine_was_here(host: Host, ruleset: Ruleset) -> Confidence | None:
    """How sure it is that an engine wrote rules on the host that the dump is of; None where nothing says so."""
    if any(name.startswith("DOCKER") for table in ruleset.tables.values() for name in table.chains):
        return Confidence.HIGH
    if host.networks_listed or (host.engine is not None and host.engine.exact) or host.daemon is not None:
        return Confidence.MEDIUM
    # the bridge alone: the engine may have been told to leave the firewall alone
    return Confidence.LOW if host.interface("docker0") is not None else None


def _dump(host: Host, ruleset: Ruleset, confidence: Confidence) -> Iterator[Finding]:
    generation = _generation(host, ruleset)
    for need in NEEDS:
        table = ruleset.table(need.table)
        start = table.chain(need.chain) if table is not None else None
        if table is None or start is None or not table.complete:
            continue
        if generation is None or not need.since <= generation < need.before:
            continue
        if table.chain(need.target) is not None and _reaches(table.chains, start, need.target):
            continue
        gone = "the chain is" if table.chain(need.target) is None else f"the jump from {need.chain} is"
        yield Finding(
            message=f"Docker's {need.target} in table {need.table}: {gone} missing, so {need.effect}",
            at=start.span,
            severity=Severity.WARNING if need.target == "DOCKER-USER" else None,
            label=f"no packet of {need.chain} comes to {need.target}",
            help="restart the engine, and keep other tools from flushing or restoring this table",
            related=_older(need, start),
            confidence=confidence,
            host=host.name,
        )


def _older(need: Need, start: Chain) -> tuple[Label, ...]:
    """Where the chain has what engines write that do not make the jump yet."""
    since = ".".join(map(str, need.since))
    if need.target != "DOCKER-FORWARD":
        return ()
    older = [one for one in start.rules if one.target == "DOCKER"]
    return tuple(Label(one.span, f"engines before {since} jump to DOCKER from here") for one in older)


def _generation(host: Host, ruleset: Ruleset) -> tuple[int, ...] | None:
    """The engine's version: as stated, or as the chains show that are there."""
    if host.engine is not None and host.engine.exact:
        return host.engine.value.numbers
    chains = {name for table in ruleset.tables.values() for name in table.chains}
    for name, version in (("DOCKER-FORWARD", (28, 0, 1)), ("DOCKER-ISOLATION-STAGE-1", (18, 3)),
                          ("DOCKER-USER", (17, 6)), ("DOCKER", (1, 10))):  # fmt: skip
        if name in chains:
            return version
    return host.engine.value.numbers if host.engine is not None else (1, 10)


def _reaches(chains: dict[str, Chain], start: Chain, target: str) -> bool:
    """Whether a jump leads from `start` to the chain `target`, directly or through other chains."""
    seen, waiting = {start.name}, [start]
    while waiting:
        for one in waiting.pop().rules:
            if one.target == target:
                return True
            if one.target is not None and one.target in chains and one.target not in seen:
                seen.add(one.target)
                waiting.append(chains[one.target])
    return False


def _scripts(host: Host) -> Iterator[Finding]:
    """Flushes that no start of the engine follows, and chains of the engine that a script makes itself."""
    if not host.has_docker:
        return
    starts = [action.span for action in host.actions if isinstance(action, DockerStart) and action.certain]
    yield from _made_by_hand(host, starts)
    for action in host.actions:
        if not isinstance(action, FirewallFlush) or action.tool == "ip6tables" or not _hits(host, action):
            continue
        if any(start.source == action.span.source and start.start > action.span.start for start in starts):
            continue
        what = f"chain {action.chain} of table {action.table}" if action.chain else f"table {action.table}"
        what = what if action.table else "every table"
        yield Finding(
            message=f"{action.tool} flushes {what} and with it the rules that Docker wrote there",
            at=action.span,
            label="published ports, the way out or the isolation of networks are gone from here on",
            help="restart the engine afterwards, or delete single rules of your own instead",
            related=_running(host, action.span),
            severity=None if action.certain else Severity.WARNING,
            confidence=Confidence.LOW if action.idle else None,
            host=host.name,
        )


def _made_by_hand(host: Host, starts: list[Span]) -> Iterator[Finding]:
    made = [
        action
        for action in host.actions
        if isinstance(action, ChainChange)
        and (action.operation, action.version) == ("N", 4)
        and action.chain in MADE.get(action.table, ())
        and not any(start.source == action.span.source and start.start > action.span.start for start in starts)
    ]
    if not made:
        return
    names = ", ".join(dict.fromkeys(action.chain for action in made))
    known = host.engine is not None and host.engine.exact
    of = f"Docker {host.engine.value}" if known and host.engine is not None else "each version of Docker"
    yield Finding(
        message=f"a script makes Docker's chains {names} itself: {of} has chains and rules of its own, and writes them "
        "when it starts only",
        at=made[0].span,
        help="leave the chains to the engine: systemctl restart docker after the firewall's own rules",
        related=(*_running(host, made[0].span), *(Label(action.span, f"makes {action.chain}") for action in made[1:])),
        severity=Severity.WARNING,
        host=host.name,
    )


def _hits(host: Host, action: FirewallFlush) -> bool:
    if host.uses_nftables:
        return action.tool == "nft" and action.table in (None, "docker-bridges")
    if action.table is None:
        return True
    return action.table in FLUSHED and (action.chain is None or action.chain in FLUSHED[action.table])


def _running(host: Host, at: Span) -> tuple[Label, ...]:
    if host.engine is None or not host.engine.exact or host.engine.span == at:
        return ()
    return (Label(host.engine.span, f"Docker {host.engine.value} runs on this host"),)
