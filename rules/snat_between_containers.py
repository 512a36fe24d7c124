"""SNAT gives containers the host's outer address towards other containers, too

## What it means

A rule gives what containers send a fixed source address, so that they leave the host with an address of their own. It
says neither by which interface nor to which destination, and so it is also for what they send to containers of another
network of the same host, which the firewall lets pass. (Docker's own masquerading does not get that far: it keeps its
networks apart.) Within one network, masquerade-too-broad says the same.

## Why it matters

The other container sees the outer address instead of its neighbour: allow lists, database grants by address and logs
are wrong, and a firewall that accepts the container networks by their addresses refuses the connection.

## How to fix it

Say which way out is meant: `-o eth0`, or a rule before it, `! -o eth0 -j RETURN`.

## Bad: no way out is named

```text title="iptables-save.txt"
*nat
:PREROUTING ACCEPT [0:0]
:INPUT ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
-A POSTROUTING -s 172.17.0.2/32 -j SNAT --to-source 203.0.113.20  # <- error
-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE
-A POSTROUTING -s 172.18.0.0/16 ! -o br-3c85620f7ed1 -j MASQUERADE
COMMIT
*filter
:INPUT ACCEPT [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -i docker0 -j ACCEPT
COMMIT
```

```text title="ip-addr.txt"
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP
    inet 203.0.113.7/24 scope global eth0
    inet 203.0.113.20/24 scope global secondary eth0
3: docker0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP
    inet 172.17.0.1/16 scope global docker0
4: br-3c85620f7ed1: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP
    inet 172.18.0.1/16 scope global br-3c85620f7ed1
```

## Good: the way out is named

```text title="iptables-save.txt"
*nat
:PREROUTING ACCEPT [0:0]
:INPUT ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
-A POSTROUTING -s 172.17.0.2/32 -o eth0 -j SNAT --to-source 203.0.113.20
-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE
-A POSTROUTING -s 172.18.0.0/16 ! -o br-3c85620f7ed1 -j MASQUERADE
COMMIT
*filter
:INPUT ACCEPT [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -i docker0 -j ACCEPT
COMMIT
```

```text title="ip-addr.txt"
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP
    inet 203.0.113.7/24 scope global eth0
    inet 203.0.113.20/24 scope global secondary eth0
3: docker0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP
    inet 172.17.0.1/16 scope global docker0
4: br-3c85620f7ed1: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP
    inet 172.18.0.1/16 scope global br-3c85620f7ed1
```

## Good: the firewall keeps the networks apart

```text title="iptables-save.txt"
*nat
:PREROUTING ACCEPT [0:0]
:INPUT ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
-A POSTROUTING -s 172.18.0.0/16 -j SNAT --to-source 203.0.113.20
-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE
COMMIT
*filter
:INPUT ACCEPT [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -i docker0 ! -o br-3c85620f7ed1 -j ACCEPT
-A FORWARD -i br-3c85620f7ed1 ! -o docker0 -j ACCEPT
COMMIT
```

```text title="ip-addr.txt"
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP
    inet 203.0.113.7/24 scope global eth0
    inet 203.0.113.20/24 scope global secondary eth0
3: docker0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP
    inet 172.17.0.1/16 scope global docker0
4: br-3c85620f7ed1: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP
    inet 172.18.0.1/16 scope global br-3c85620f7ed1
```
"""

from collections.abc import Iterator
from itertools import permutations

from netlint.api import (
    Finding,
    FirewallRule,
    Flows,
    HostWalk,
    Inside,
    Label,
    Leg,
    Packet,
    Questions,
    Severity,
    Site,
    Walker,
    insides,
    leg_witness,
    local_addresses,
    of_docker,
    rule,
)


@rule(
    "NL418",
    Severity.ERROR,
    needs=["firewall"],
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    walker = Walker(site.every)
    for host in site.hosts:
        walk = walker.on(host)
        if walk.gap() is not None:
            continue  # what is not known to be let through may never come to the translation
        said: set[FirewallRule] = set()
        for ruleset in walk.rulesets:
            rules = (one for table in ruleset.tables.values() for _, one in table.rules())
            if not any(one.target == "SNAT" and not of_docker(one, walk) for one in rules):
                continue
            questions = Questions(ruleset, local_addresses(host))
            for one, other in permutations(insides(walk), 2):
                for leg in _translated(questions, walk, one, other) if one.link != other.link else ():
                    culprit = leg.source_rule
                    if culprit is not None and culprit not in said:
                        said.add(culprit)
                        yield _finding(leg, culprit, one, other)


def _translated(questions: Questions, walk: HostWalk, one: Inside, other: Inside) -> Iterator[Leg]:
    """The ways of packets from one network to another whose source SNAT rewrites, and which arrive."""
    flows = Flows(sources=(one.prefix,), destinations=(other.prefix,), out_interface=other.link, foreign=True)
    for end in questions.ended("nat", "POSTROUTING", flows, ("SNAT",)):
        if end.rule is None or not end.surely or of_docker(end.rule, walk):
            continue
        found = end.packet
        source = one.first if found.source in (one.prefix.network_address, *walk.router.own) else found.source
        packet = Packet(
            source=source,
            destination=other.first,
            protocol=found.protocol,
            source_port=found.source_port,
            destination_port=found.destination_port,
            in_interface=one.link,
        )
        leg = walk.receive(packet)
        there = leg.accepted and leg.left.out_interface == other.link and not leg.doubts
        if there and leg.source_rule == end.rule:
            yield leg


def _finding(leg: Leg, culprit: FirewallRule, one: Inside, other: Inside) -> Finding:
    return Finding(
        message=f"SNAT shows containers of network {one.name} as {leg.left.source} to those of network {other.name}",
        at=culprit.span,
        label=f"{leg.entered} arrives from {leg.left.source}",
        help="name the way out that is meant: -o INTERFACE, or a rule before it: ! -o INTERFACE -j RETURN",
        related=(Label(other.span, f"{other.prefix} is a container network of this host"),),
        witness=leg_witness(leg),
        host=leg.host.name,
    )
