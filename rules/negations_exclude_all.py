"""Two rules that each drop everybody but one range drop everybody

## What it means

`! -s 10.1.0.0/16 -j DROP` drops what does not come from that range. A second rule of the kind with another range drops
what comes from the first. No address is in both, so that nothing passes the two.

## Why it matters

Nobody reaches what the rules were to open to both, not even those that reached it before the second rule was added.

## How to fix it

Let each range pass by a rule of its own (`-s 10.1.0.0/16 -j RETURN`), and drop the rest by one last rule; or use a set
(`-m set ! --match-set allowed src`).

## Bad: two ranges

```text title="iptables-save.txt"
*filter
:INPUT ACCEPT [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
:DOCKER-USER - [0:0]
-A FORWARD -j DOCKER-USER
-A FORWARD -o docker0 -j ACCEPT
-A FORWARD -i docker0 -j ACCEPT
-A DOCKER-USER -m conntrack --ctstate RELATED,ESTABLISHED -j RETURN
-A DOCKER-USER ! -s 10.1.0.0/16 -i eth0 -j DROP
-A DOCKER-USER ! -s 10.2.0.0/16 -i eth0 -j DROP  # <- error
-A DOCKER-USER -j RETURN
COMMIT
```

## Bad: in a script

```sh title="firewall.sh"
iptables -I DOCKER-USER -i eth0 ! -s 10.1.0.0/16 -j DROP
iptables -I DOCKER-USER -i eth0 ! -s 10.2.0.0/16 -j DROP  # <- error
```

## Good: a rule each, and the rest

```text title="iptables-save.txt"
*filter
:INPUT ACCEPT [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
:DOCKER-USER - [0:0]
-A FORWARD -j DOCKER-USER
-A FORWARD -o docker0 -j ACCEPT
-A FORWARD -i docker0 -j ACCEPT
-A DOCKER-USER -m conntrack --ctstate RELATED,ESTABLISHED -j RETURN
-A DOCKER-USER -s 10.1.0.0/16 -j RETURN
-A DOCKER-USER -s 10.2.0.0/16 -j RETURN
-A DOCKER-USER -i eth0 -j DROP
-A DOCKER-USER -j RETURN
COMMIT
```

## Good: one passes before the other is asked

```text title="iptables-save.txt"
*filter
:INPUT ACCEPT [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
:DOCKER-USER - [0:0]
-A FORWARD -j DOCKER-USER
-A FORWARD -o docker0 -j ACCEPT
-A FORWARD -i docker0 -j ACCEPT
-A DOCKER-USER -m conntrack --ctstate RELATED,ESTABLISHED -j RETURN
-A DOCKER-USER ! -s 10.1.0.0/16 -i eth0 -j DROP
-A DOCKER-USER -s 10.1.0.0/16 -j RETURN
-A DOCKER-USER ! -s 10.2.0.0/16 -i eth0 -j DROP
-A DOCKER-USER -j RETURN
COMMIT
```

## Good: for two ports

```text title="iptables-save.txt"
*filter
:INPUT ACCEPT [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
:DOCKER-USER - [0:0]
-A FORWARD -j DOCKER-USER
-A FORWARD -o docker0 -j ACCEPT
-A FORWARD -i docker0 -j ACCEPT
-A DOCKER-USER -m conntrack --ctstate RELATED,ESTABLISHED -j RETURN
-A DOCKER-USER ! -s 10.1.0.0/16 -i eth0 -p tcp -m tcp --dport 80 -j DROP
-A DOCKER-USER ! -s 10.2.0.0/16 -i eth0 -p tcp -m tcp --dport 5432 -j DROP
-A DOCKER-USER -j RETURN
COMMIT
```
"""

from collections.abc import Iterable, Iterator

from netlint.api import Finding, FirewallChange, FirewallRule, Host, Label, Severity, Site, Span, rule

REFUSE = ("DROP", "REJECT")


@rule(
    "NL423",
    Severity.ERROR,
    proof="the complement of one range holds every other: a packet has one source",
    beyond_compose=True,
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    for host in site.hosts:
        for ruleset in host.rulesets:
            for table in ruleset.tables.values():
                for chain in table.chains.values():
                    yield from _chain(host, chain.name, ((one, one.span) for one in chain.rules))
        scripted: dict[tuple[int, str, str], list[tuple[FirewallRule, Span]]] = {}
        for action in host.actions:
            if isinstance(action, FirewallChange) and action.operation in ("A", "I") and action.certain:
                place = (action.version, action.table, action.chain)
                scripted.setdefault(place, []).append((action.rule, action.span))
        for (_, _, name), rules in scripted.items():
            yield from _chain(host, name, rules)


def _chain(host: Host, name: str, rules: Iterable[tuple[FirewallRule, Span]]) -> Iterator[Finding]:
    seen: dict[tuple[object, ...], tuple[FirewallRule, Span]] = {}
    said: set[tuple[object, ...]] = set()
    for one, span in rules:
        source = one.source
        if one.target not in REFUSE:
            seen.clear()  # it may let some pass before the next
            continue
        if source is None or not source.negated:
            continue
        key = _others(one)
        first, at = seen.setdefault(key, (one, span))
        if first is one or key in said or first.source is None or first.source.prefix.overlaps(source.prefix):
            continue
        said.add(key)
        yield Finding(
            message=f"in {name}, one rule drops all but {first.source.prefix} and this one all but {source.prefix}: "
            "nobody passes both",
            at=span,
            label=f"also drops {first.source.prefix}",
            help=f"write -s {first.source.prefix} -j RETURN, -s {source.prefix} -j RETURN, and one rule for the rest",
            related=(Label(at, f"drops {source.prefix}"),),
            host=host.name,
        )


def _others(one: FirewallRule) -> tuple[object, ...]:
    """What else the rule asks for: the two have to be for the same packets."""
    matches = tuple(sorted((match.module, match.option, match.values, match.negated) for match in one.matches))
    return (one.in_interface, one.out_interface, one.destination, one.protocol, matches)
