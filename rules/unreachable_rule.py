"""A firewall rule that no packet reaches

## What it means

Every packet that the rule asks for has ended, or left the chain, at a rule before it: at one, or at several together.
netlint follows all packets at once through the chains of a table, along jumps, goto and RETURN, and names the rules
that take them. A rule with a condition that the packet does not decide (`limit`, `recent`, `statistic`) never counts as
taking a packet that it may leave; of a set and of the host's addresses it counts that they can change. Where the rules
before do the same with the packets, the rule is only superfluous: a note.

Rules that Docker, kube-proxy, Calico, firewalld or another program wrote are reported only where a rule of one's own
takes the packets from a jump to their chains: then the program's rules have no effect.

## Why it matters

The rule looks as if it did something. A DROP behind an ACCEPT protects nothing, an ACCEPT behind a REJECT lets nothing
in, and nobody sees it: its counter stays at zero. Most often a rule was appended (`-A`) to a chain that ends in a
REJECT for everything.

## How to fix it

Move the rule before those that take its packets (`iptables -I`, or the order in the file that the rules come from), or
delete it.

## Bad: appended behind the last word

```text title="iptables-save.txt"
*filter
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A INPUT -i lo -j ACCEPT
-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT
-A INPUT -j REJECT --reject-with icmp-host-prohibited
-A INPUT -p tcp -m tcp --dport 9100 -j ACCEPT  # <- warning
COMMIT
```

## Bad: two rules together cover a third

```text title="iptables-save.txt"
*filter
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
-A FORWARD -s 10.0.0.0/25 -j ACCEPT
-A FORWARD -s 10.0.0.128/25 -j ACCEPT
-A FORWARD -s 10.0.0.0/24 -p tcp -m tcp --dport 25 -j DROP  # <- warning
COMMIT
```

## Bad: a rule of one's own keeps everything from Docker's chains

```text title="iptables-save.txt"
*filter
:INPUT ACCEPT [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
:DOCKER - [0:0]
:DOCKER-ISOLATION-STAGE-1 - [0:0]
:DOCKER-ISOLATION-STAGE-2 - [0:0]
:DOCKER-USER - [0:0]
-A FORWARD -j ACCEPT
-A FORWARD -j DOCKER-USER  # <- warning
-A FORWARD -j DOCKER-ISOLATION-STAGE-1
-A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -o docker0 -j DOCKER
-A FORWARD -i docker0 ! -o docker0 -j ACCEPT
-A FORWARD -i docker0 -o docker0 -j ACCEPT
-A DOCKER-ISOLATION-STAGE-1 -i docker0 ! -o docker0 -j DOCKER-ISOLATION-STAGE-2
-A DOCKER-ISOLATION-STAGE-1 -j RETURN
-A DOCKER-ISOLATION-STAGE-2 -o docker0 -j DROP
-A DOCKER-ISOLATION-STAGE-2 -j RETURN
-A DOCKER-USER -j RETURN
COMMIT
```

## Good: each rule has packets of its own

```text title="iptables-save.txt"
*filter
:INPUT DROP [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
-A INPUT -p tcp -m tcp ! --dport 22 -m limit --limit 10/min -j ACCEPT
-A INPUT -p tcp -m tcp ! --dport 22 -j DROP
-A INPUT -p tcp -m tcp --dport 22 --tcp-flags FIN,SYN,RST,ACK SYN -j ACCEPT
-A INPUT -p tcp -m tcp --dport 22 -j DROP
COMMIT
```
"""

from collections.abc import Iterable, Iterator
from itertools import groupby, islice

from netlint.api import (
    Finding,
    FirewallRule,
    Host,
    Label,
    Severity,
    Site,
    UnfinishedError,
    Unreached,
    deed,
    maker,
    rule,
    unreached,
    unreached_witness,
)

REFUSES = ("DROP", "REJECT")
SHOWN = 12  # places that a finding names


@rule(
    "NL410",
    Severity.WARNING,
    needs=["firewall"],
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    for host in site.hosts:
        for ruleset in host.rulesets:
            try:
                yield from _findings(host, unreached(ruleset))
            except UnfinishedError as error:
                yield Finding(
                    message=f"which rules are never reached was not found out: {error}",
                    at=ruleset.span,
                    severity=Severity.NOTE,
                    host=host.name,
                )


def _findings(host: Host, found: Iterable[Unreached]) -> Iterator[Finding]:
    """One for all rules of a chain that the same rules take the packets from."""
    judged = [(severity, one) for one in found if (severity := _severity(one)) is not None]
    for (severity, _, covers), group in groupby(judged, key=lambda item: (item[0], item[1].chain.name, item[1].covers)):
        some = [one for _, one in group]
        for same in [some] if covers else [[one] for one in some]:
            yield _finding(host, severity, same)


def _severity(one: Unreached) -> Severity | None:
    """How bad it is; None where nobody wants to hear of it."""
    if maker(one.table, one.chain.name, one.rule) is not None:
        # programs write rules for every case; that theirs have no effect is news only where one of the user's is why
        theirs = any(maker(one.table, cover.chain.name, cover.rule) for cover in one.covers)
        return Severity.WARNING if one.rule.target in one.table.chains and one.covers and not theirs else None
    if one.rule.target == "RETURN" and one.rule is one.chain.rules[-1]:
        return None  # the end of the chain does the same
    same = bool(one.covers) and all(_same_effect(one.rule, cover.end) for cover in one.covers)
    return Severity.NOTE if same or one.rule.target is None else Severity.WARNING


def _same_effect(one: FirewallRule, other: FirewallRule) -> bool:
    if one.target in REFUSES and other.target in REFUSES:
        return True
    return (one.target, one.target_options, one.goto) == (other.target, other.target_options, other.goto)


def _finding(host: Host, severity: Severity, same: list[Unreached]) -> Finding:
    first = same[0]
    program = maker(first.table, first.chain.name, first.rule)
    return Finding(
        message=_message(first, len(same), severity, program),
        at=first.rule.span,
        label="never matches" if len(same) == 1 else f"never matches, and {len(same) - 1} more neither",
        help=_help(first, severity, program),
        related=(*_covers(first), *(Label(one.rule.span, "never matches") for one in same[1:SHOWN])),
        severity=severity,
        witness=unreached_witness(first),
        host=host.name,
    )


def _message(first: Unreached, count: int, severity: Severity, program: str | None) -> str:
    chain = f"{first.chain.name} of table {first.table.name}"
    if first.impossible:
        return f"no packet in {chain} has what this rule asks for"
    if not first.covers:
        return f"the jumps to {chain} bring no packet that this rule asks for"
    what = f"{count} rules" if count > 1 else "this rule"
    if program is not None:
        what = f"{program}'s jump to {first.rule.target}" if count == 1 else f"{count} jumps to chains of {program}"
    many = len(first.covers) > 1
    takers = f"{len(first.covers)} rules before" if many else f"{first.covers[0].rule.target or 'a rule'} before"
    if severity is Severity.NOTE:
        adds, does = "add" if count > 1 else "adds", "do" if many else "does"
        return f"{what} in {chain} {adds} nothing: {takers} {does} the same with all packets"
    return f"no packet reaches {what} in {chain}: {takers} {'take' if many else 'takes'} them all"


def _help(first: Unreached, severity: Severity, program: str | None) -> str:
    if program is not None:
        return f"put the rule behind {program}'s jumps, or narrow it to what it is meant for"
    if severity is Severity.NOTE or not first.covers:
        return "delete the rule, or write what it was meant for"
    return "move the rule before those that take its packets, or delete it"


def _covers(first: Unreached) -> Iterator[Label]:
    if not first.covers and not first.impossible:
        jumps = (one for _, one in first.table.rules() if one.target == first.chain.name)
        yield from (Label(jump.span, "brings other packets") for jump in islice(jumps, SHOWN))
    part = "all" if len(first.covers) == 1 else "a part"
    for cover in first.covers[:SHOWN]:
        yield Label(cover.rule.span, f"takes {part} of these packets: {cover.chain.name}: {deed(cover.rule)}")
