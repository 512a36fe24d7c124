"""A rule rewrites the source of traffic that must keep it

## What it means

Containers need their source address rewritten when they speak to a network that has no route back to them. Docker's own
rule says just that: `-s SUBNET ! -o BRIDGE -j MASQUERADE`, from the containers and not back into their bridge. A rule
without the subnet, without the interface, or for traffic *into* the bridge rewrites much more.

## Why it matters

Every client of a published port appears to the container as the bridge's own address: logs, rate limits, allow lists
and bans see one client only. A rule with the subnet but without the interface also rewrites what containers of one
network say to each other, as soon as bridged traffic passes iptables (`net.bridge.bridge-nf-call-iptables = 1`).

## How to fix it

Say which source and which way out is meant: `-s 172.17.0.0/16 ! -o docker0`, or `-s 172.17.0.0/16 -o eth0`. For
networks that Docker manages no rule of one's own is needed. The source rewriting of a VPN belongs to the VPN's
addresses: `-s 10.8.0.0/24 -o eth0`.

## Bad: no source, no interface

```text title="iptables-save.txt"
*nat
:PREROUTING ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
:DOCKER - [0:0]
-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
-A POSTROUTING -j MASQUERADE  # <- error
-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE
-A DOCKER ! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80
COMMIT
```

## Bad: into the bridge

```text title="iptables-save.txt"
*nat
:PREROUTING ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
:DOCKER - [0:0]
-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE
-A POSTROUTING -o docker0 -j MASQUERADE  # <- error
COMMIT
```

## Bad: between containers of one network

```text title="iptables-save.txt"
*nat
:PREROUTING ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
-A POSTROUTING -s 172.17.0.0/16 -j MASQUERADE  # <- warning
COMMIT
```

```text title="ip-addr.txt"
1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN
    inet 127.0.0.1/8 scope host lo
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP
    inet 192.168.10.1/24 scope global eth0
3: docker0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP
    inet 172.17.0.1/16 scope global docker0
```

## Good: Docker's own form, and a VPN's

```text title="iptables-save.txt"
*nat
:PREROUTING ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
:DOCKER - [0:0]
-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
-A OUTPUT ! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -j DOCKER
-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE
-A POSTROUTING -s 172.17.0.2/32 -d 172.17.0.2/32 -p tcp -m tcp --dport 80 -j MASQUERADE
-A POSTROUTING -s 10.8.0.0/24 -o eth0 -j MASQUERADE
-A DOCKER ! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80
COMMIT
```
"""

from collections.abc import Iterator

from msgspec import Struct

from netlint.api import (
    Address,
    Finding,
    FirewallChange,
    FirewallRule,
    Host,
    Label,
    Packet,
    Prefix,
    Severity,
    Site,
    Step,
    Witness,
    bridges,
    local_addresses,
    matches,
    parse_address,
    parse_prefix,
    rule,
    walk,
)

TRANSLATES = ("MASQUERADE", "SNAT")
CLIENT = {4: parse_address("198.51.100.7"), 6: parse_address("2001:db8::7")}  # documentation: nobody's own network
DOCKER0 = parse_prefix("172.17.0.0/16")


class Link(Struct, frozen=True):
    """A container network as far as a packet is concerned."""

    name: str
    bridge: str
    prefix: Prefix


@rule(
    "NL401",
    Severity.ERROR,
    beyond_compose=True,
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    for host in site.hosts:
        for ruleset in host.rulesets:
            client = CLIENT[ruleset.version]
            reported: set[FirewallRule] = set()
            for link in _links(host, ruleset.version):
                for packet, effect, severity in _probes(host, link, client):
                    outcome = walk(ruleset, "nat", "POSTROUTING", packet, local_addresses(host))
                    culprit = outcome.rule
                    if culprit is None or culprit in reported or not outcome.certain:
                        continue
                    if outcome.verdict in TRANSLATES:
                        reported.add(culprit)
                        yield _finding(
                            host,
                            culprit,
                            effect,
                            severity,
                            packet,
                            tuple(Step(step.span, step.text) for step in outcome.steps),
                        )
        for action in host.actions:
            if isinstance(action, FirewallChange) and action.operation in ("A", "I") and action.table == "nat":
                yield from _scripted(host, action)


def _scripted(host: Host, action: FirewallChange) -> Iterator[Finding]:
    """A rule that a script adds: judged alone, as nobody knows what is there when the script runs."""
    if action.chain != "POSTROUTING" or action.rule.target not in TRANSLATES:
        return
    for link in _links(host, action.version):
        for packet, effect, severity in _probes(host, link, CLIENT[action.version]):
            if matches(action.rule, packet, local_addresses(host)):
                step = Step(action.span, f"POSTROUTING: {action.rule.target}")
                yield _finding(host, action.rule, effect, severity, packet, (step,))
                return


def _links(host: Host, version: int) -> list[Link]:
    found = [Link(bridge.network.name, bridge.name, bridge.subnet.prefix) for bridge in bridges(host, version)]
    if not found and version == 4 and host.has_docker and DOCKER0 is not None:
        return [Link("bridge", "docker0", DOCKER0)]  # what an engine makes where nothing says otherwise
    return found


def _probes(host: Host, link: Link, client: Address | None) -> Iterator[tuple[Packet, str, Severity]]:
    """Packets that must keep their source, what it means if they do not, and how bad that is."""
    one, other = link.prefix.address(2), link.prefix.address(3)
    if client is not None:
        packet = Packet(source=client, destination=one, out_interface=link.bridge, translated=frozenset({"DNAT"}))
        yield packet, f"hides every client from the containers of network {link.name}", Severity.ERROR
    bridged = host.sysctl(f"net.bridge.bridge-nf-call-ip{'' if link.prefix.version == 4 else '6'}tables")
    if bridged is None or bridged.value != "0":
        packet = Packet(source=one, destination=other, out_interface=link.bridge)
        severity = Severity.WARNING if bridged is None else Severity.ERROR
        yield packet, f"also rewrites what containers of network {link.name} say to each other", severity


def _finding(
    host: Host, culprit: FirewallRule, effect: str, severity: Severity, packet: Packet, steps: tuple[Step, ...]
) -> Finding:
    bridged = host.sysctl("net.bridge.bridge-nf-call-iptables") if "each other" in effect else None
    return Finding(
        message=f"{culprit.target} {_scope(culprit)} {effect}",
        at=culprit.span,
        label=f"the source of {packet} is rewritten here",
        help="say which source and which way out is meant, as Docker does: -s SUBNET ! -o BRIDGE",
        related=(Label(bridged.span, "bridged traffic passes iptables"),) if bridged is not None else (),
        severity=severity,
        witness=Witness(packet=str(packet), steps=steps),
        host=host.name,
    )


def _scope(culprit: FirewallRule) -> str:
    if culprit.unconditional:
        return "without source and interface"
    source = f"from {'not ' if culprit.source.negated else ''}{culprit.source.prefix}" if culprit.source else ""
    out = culprit.out_interface
    way = f"{'not ' if out.negated else ''}out of {out.name}" if out is not None else ""
    return " ".join(part for part in (source, way) if part) or "with this condition"
