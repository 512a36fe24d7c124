"""A rule drops the answers to what containers ask

## What it means

A rule that is to keep strangers from containers comes before anything that accepts established connections, and matches
the answers to the containers' own questions as well: these come in by the same interface, from the same addresses.

## Why it matters

Containers resolve no names and reach nothing outside, though their packets leave the host.

## How to fix it

Accept what belongs to a connection first: `iptables -I DOCKER-USER -m conntrack --ctstate RELATED,ESTABLISHED -j
RETURN`, or restrict the rule to new connections with `-m conntrack --ctstate NEW`.

## Bad: everybody but the LAN

```text title="iptables-save.txt"
*nat
:PREROUTING ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
:DOCKER - [0:0]
-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
-A OUTPUT ! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -j DOCKER
-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE
COMMIT
*filter
:INPUT ACCEPT [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
:DOCKER - [0:0]
:DOCKER-USER - [0:0]
-A FORWARD -j DOCKER-USER
-A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -o docker0 -j DOCKER
-A FORWARD -i docker0 -j ACCEPT
-A DOCKER-USER ! -s 192.168.10.0/24 -i eth0 -j DROP  # <- error
-A DOCKER-USER -j RETURN
COMMIT
```

```text title="ip-addr.txt"
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP
    inet 192.168.10.1/24 scope global eth0
3: docker0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP
    inet 172.17.0.1/16 scope global docker0
```

## Good: connections first

```text title="iptables-save.txt"
*nat
:PREROUTING ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
:DOCKER - [0:0]
-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
-A OUTPUT ! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -j DOCKER
-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE
COMMIT
*filter
:INPUT ACCEPT [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
:DOCKER - [0:0]
:DOCKER-USER - [0:0]
-A FORWARD -j DOCKER-USER
-A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -o docker0 -j DOCKER
-A FORWARD -i docker0 -j ACCEPT
-A DOCKER-USER -m conntrack --ctstate RELATED,ESTABLISHED -j RETURN
-A DOCKER-USER ! -s 192.168.10.0/24 -i eth0 -j DROP
-A DOCKER-USER -j RETURN
COMMIT
```

```text title="ip-addr.txt"
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP
    inet 192.168.10.1/24 scope global eth0
3: docker0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP
    inet 172.17.0.1/16 scope global docker0
```
"""

from collections.abc import Iterator

from msgspec import Struct

from netlint.api import (
    Finding,
    FirewallRule,
    Host,
    Inside,
    Journey,
    Severity,
    Site,
    Walker,
    insides,
    journey_witness,
    outward,
    rule,
)


class Question(Struct, frozen=True):
    """What containers ask of others. `usual`: from a port that any program gets, so that every container is hit."""

    protocol: str
    own_port: int
    port: int
    usual: bool


QUESTIONS = (
    Question("tcp", 40000, 443, True),
    Question("udp", 40000, 53, True),
    Question("udp", 123, 123, False),  # time servers answer to the port that they ask each other from
    Question("udp", 1053, 53, False),  # a resolver with a range of low ports
)


@rule(
    "NL409",
    Severity.ERROR,
    needs=["firewall"],
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    walker = Walker(site.every)
    for host in site.hosts:
        said: set[FirewallRule] = set()
        for inside in insides(walker.on(host)):
            for question in QUESTIONS:
                packet = outward(inside, question.protocol, question.port, question.own_port)
                journey = walker.journey(host, packet)
                culprit = _culprit(host, journey)
                if culprit is not None and culprit not in said:
                    said.add(culprit)
                    yield _finding(journey, culprit, inside, question)


def _culprit(host: Host, journey: Journey) -> FirewallRule | None:
    """The rule of FORWARD that surely drops the answer to a packet that was let out; None where a policy does."""
    if not journey.accepted or journey.answered is not False or not journey.answer:
        return None
    lost = journey.answer[-1]
    if lost.accepted or lost.host is not host:
        return None
    ruleset = host.ruleset(4)
    table = ruleset.table("filter") if ruleset is not None else None
    return next((one for _, one in table.rules() if one.span == lost.decided), None) if table is not None else None


def _finding(journey: Journey, culprit: FirewallRule, inside: Inside, question: Question) -> Finding:
    lost = journey.answer[-1]
    whose = "the answers to what containers" if question.usual else f"answers to port {question.own_port} of containers"
    asking = f" of network {inside.name} ask" if question.usual else f" of network {inside.name}"
    return Finding(
        message=f"{culprit.target} here also hits {whose}{asking}",
        at=culprit.span,
        label=f"{lost.left} belongs to a connection, and ends here",
        help="accept connections first: iptables -I DOCKER-USER -m conntrack --ctstate RELATED,ESTABLISHED -j RETURN",
        severity=None if question.usual else Severity.WARNING,
        witness=journey_witness(journey),
        host=journey.first.host.name,
    )
