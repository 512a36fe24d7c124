"""INPUT is to keep strangers from a published port that never comes to INPUT

## What it means

A packet to a published port is rewritten before routing and goes through FORWARD. The chain INPUT, with the rules of
ufw, fail2ban or one's own, decides only over what is for the host itself. A rule there for a published port is for
nothing, and a chain that lets nobody in lets everybody in to the published ports.

## Why it matters

A port that its owner believes closed answers the whole network; clients that fail2ban has banned go on.

## How to fix it

Say it in `DOCKER-USER`: `iptables -I DOCKER-USER -i eth0 -m conntrack --ctorigdstport 8080 --ctdir ORIGINAL -j DROP`
(fail2ban: `chain = DOCKER-USER`); or publish on an address that nobody else reaches: `127.0.0.1:8080:80`.

## Bad: a rule for the port

```text title="iptables-save.txt"
*nat
:PREROUTING ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
:DOCKER - [0:0]
-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
-A OUTPUT ! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -j DOCKER
-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE
-A DOCKER ! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80
COMMIT
*filter
:INPUT ACCEPT [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
:DOCKER - [0:0]
:DOCKER-USER - [0:0]
-A INPUT -i eth0 -p tcp -m tcp --dport 8080 -j DROP  # <- warning
-A FORWARD -j DOCKER-USER
-A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -o docker0 -j DOCKER
-A FORWARD -i docker0 -j ACCEPT
-A DOCKER -d 172.17.0.2/32 ! -i docker0 -o docker0 -p tcp -m tcp --dport 80 -j ACCEPT
-A DOCKER-USER -j RETURN
COMMIT
```

```text title="ip-addr.txt"
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP
    inet 192.168.10.1/24 scope global eth0
3: docker0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP
    inet 172.17.0.1/16 scope global docker0
```

## Bad: nobody is let in

```text title="iptables-save.txt"
*nat
:PREROUTING ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
:DOCKER - [0:0]
-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
-A OUTPUT ! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -j DOCKER
-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE
-A DOCKER ! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80
COMMIT
*filter
:INPUT ACCEPT [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
:DOCKER - [0:0]
:DOCKER-USER - [0:0]
-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT
-A INPUT -j DROP  # <- warning
-A FORWARD -j DOCKER-USER
-A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -o docker0 -j DOCKER
-A FORWARD -i docker0 -j ACCEPT
-A DOCKER -d 172.17.0.2/32 ! -i docker0 -o docker0 -p tcp -m tcp --dport 80 -j ACCEPT
-A DOCKER-USER -j RETURN
COMMIT
```

```text title="ip-addr.txt"
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP
    inet 192.168.10.1/24 scope global eth0
3: docker0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP
    inet 172.17.0.1/16 scope global docker0
```

## Good: the same in DOCKER-USER

```text title="iptables-save.txt"
*nat
:PREROUTING ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
:DOCKER - [0:0]
-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
-A OUTPUT ! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -j DOCKER
-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE
-A DOCKER ! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80
COMMIT
*filter
:INPUT ACCEPT [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
:DOCKER - [0:0]
:DOCKER-USER - [0:0]
-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT
-A INPUT -j DROP
-A FORWARD -j DOCKER-USER
-A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -o docker0 -j DOCKER
-A FORWARD -i docker0 -j ACCEPT
-A DOCKER -d 172.17.0.2/32 ! -i docker0 -o docker0 -p tcp -m tcp --dport 80 -j ACCEPT
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
    Confidence,
    Finding,
    FirewallRule,
    Host,
    HostWalk,
    Label,
    Leg,
    Published,
    Ruleset,
    Severity,
    Site,
    Walker,
    inward,
    known_as,
    leg_witness,
    published,
    rule,
    rules_below,
    walk,
)

LOSES = ("DROP", "REJECT")


class Open(Struct, frozen=True):
    """A published port that anybody reaches, and how."""

    port: Published
    leg: Leg

    @property
    def label(self) -> Label:
        return Label(self.port.rule.span, f"port {self.port.port} leads to {self.port.target}:{self.port.target_port}")


@rule(
    "NL411",
    Severity.WARNING,
    needs=["firewall"],
    security=7.5,
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    walker = Walker(site.every)
    for host in site.hosts:
        ruleset = host.ruleset(4)
        if ruleset is None:
            continue
        ports = list(_open(walker.on(host)))
        named: set[int] = set()
        for one in rules_below(ruleset, "filter", "INPUT") if ports else ():
            meant = [port for port in ports if _names(one, port.port)] if one.protocol is not None else []
            if meant and _loses(ruleset, one):
                named |= {port.port.port for port in meant}
                yield _named(host, one, meant)
        if not any(_loses(ruleset, one) for one in rules_below(ruleset, "filter", "DOCKER-USER")):
            yield from _nobody(walker.on(host), ruleset, [one for one in ports if one.port.port not in named])


def _open(on_host: HostWalk) -> Iterator[Open]:
    """The published ports that a packet of somebody out there gets through to."""
    own = known_as(on_host)
    for port in published(on_host.host, on_host.router):
        address = port.address or own
        if address is None or address.is_loopback or on_host.router.bridge_of(port.target) is None:
            continue
        leg = on_host.receive(inward(on_host, address, port.port, port.protocol))
        if leg.accepted and not leg.doubts and leg.destination_rule == port.rule:
            yield Open(port, leg)


def _names(one: FirewallRule, port: Published) -> bool:
    """Whether the rule is for that port among few."""
    if one.protocol is None or one.protocol.negated or one.protocol.name != port.protocol:
        return False
    for name in ("dport", "dports"):
        found = one.match(name)
        if found is not None and not found.negated and str(port.port) in ",".join(found.values).split(","):
            return True
    return False


def _loses(ruleset: Ruleset, one: FirewallRule) -> bool:
    """Whether the rule loses packets, or leads to one that does."""
    if one.target in LOSES:
        return True
    known = one.target is not None and ruleset.chain("filter", one.target) is not None
    return known and any(below.target in LOSES for below in rules_below(ruleset, "filter", one.target or ""))


def _named(host: Host, one: FirewallRule, ports: list[Open]) -> Finding:
    first = ports[0]
    numbers = ", ".join(dict.fromkeys(str(port.port.port) for port in ports))
    return Finding(
        message=f"{one.target} in INPUT is for port {numbers}, which is published: its packets go through FORWARD",
        at=one.span,
        label="no packet of the published port comes here",
        help=f"say it in {host.own_rules}, which published ports pass"
        + ("" if host.uses_nftables else "; fail2ban: chain = DOCKER-USER"),
        related=tuple(port.label for port in ports),
        witness=leg_witness(first.leg),
        host=host.name,
    )


def _nobody(on_host: HostWalk, ruleset: Ruleset, ports: list[Open]) -> Iterator[Finding]:
    """INPUT as a whole would lose what the published ports let in, and nobody said otherwise in DOCKER-USER."""
    lost: dict[object, list[Open]] = {}
    for port in ports:
        asked = port.leg.entered
        outcome = walk(ruleset, "filter", "INPUT", asked, on_host.router.local(asked))
        if not outcome.passes and outcome.certain:
            lost.setdefault(outcome.steps[-1].span, []).append(port)
    for some in lost.values():
        first = some[0]
        outcome = walk(ruleset, "filter", "INPUT", first.leg.entered, on_host.router.local(first.leg.entered))
        numbers = ", ".join(dict.fromkeys(str(one.port.port) for one in some))
        what = f"policy {outcome.verdict}" if outcome.rule is None else outcome.verdict
        yield Finding(
            message=f"{what} of INPUT does not keep anybody from the published port {numbers}",
            at=outcome.steps[-1].span,
            label=f"would end {first.leg.entered}, which goes through FORWARD instead",
            help=f"say in {on_host.host.own_rules} who may reach published ports, or publish them on 127.0.0.1",
            related=tuple(one.label for one in some),
            confidence=Confidence.MEDIUM,
            witness=leg_witness(first.leg),
            host=on_host.host.name,
        )
