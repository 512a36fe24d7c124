"""Containers reach no other network: nothing rewrites their source on the way out

## What it means

The addresses of a container network are known to its host alone. A packet that leaves with such an address reaches its
destination, and the answer goes nowhere. Docker adds `-s SUBNET ! -o BRIDGE -j MASQUERADE` to the `POSTROUTING` chain
for each bridge network; in this dump a packet from the network leaves the host as it is.

## Why it matters

Containers have no way out: no package server, no DNS but the embedded one, no API. Published ports still work, which
makes the cause hard to see.

## How to fix it

If the rule was flushed, restart the engine (`systemctl restart docker`), and keep firewall scripts from flushing the
`nat` table. With `iptables: false` or `ip-masq: false` add the rule yourself. If every network that the containers
speak to has a route back to them, nothing is wrong: say so in a suppression.

## Bad: POSTROUTING was flushed

```text title="iptables-save.txt"
*nat
:PREROUTING ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]  # <- error
:DOCKER - [0:0]
-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
-A OUTPUT ! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -j DOCKER
-A DOCKER -i docker0 -j RETURN
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

## Good: the rule is there

```text title="iptables-save.txt"
*nat
:PREROUTING ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
:DOCKER - [0:0]
-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
-A OUTPUT ! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -j DOCKER
-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE
-A DOCKER -i docker0 -j RETURN
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

from netlint.api import (
    Bridge,
    Confidence,
    Finding,
    FirewallRule,
    Host,
    Label,
    Outcome,
    Packet,
    Ruleset,
    Severity,
    Site,
    Step,
    Witness,
    bridges,
    is_left_out,
    local_addresses,
    parse_address,
    paths,
    rule,
    uplinks,
    walk,
)

ELSEWHERE = parse_address("198.51.100.7")  # a documentation address: on no network of the host


@rule(
    "NL403",
    Severity.ERROR,
    needs=["firewall"],
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    for host in site.hosts:
        ruleset = host.ruleset(4)
        nat = ruleset.table("nat") if ruleset is not None else None
        # the tables of an engine that drives nftables itself are not in an iptables dump
        if ruleset is None or nat is None or not nat.complete or host.uses_nftables:
            continue
        for bridge in bridges(host):
            if is_left_out(host, bridge.name):
                continue
            if bridge.network.masquerades and bridge.subnet.prefix.network().is_private:
                yield from _bridge(host, ruleset, bridge)


def _bridge(host: Host, ruleset: Ruleset, bridge: Bridge) -> Iterator[Finding]:
    if ELSEWHERE is None:
        return
    source = bridge.subnet.prefix.address(2)
    packets = [Packet(source=source, destination=ELSEWHERE, out_interface=uplink) for uplink in uplinks(host)]
    outcomes = [walk(ruleset, "nat", "POSTROUTING", packet, local_addresses(host)) for packet in packets]
    if any(outcome.verdict != "ACCEPT" or not outcome.certain for outcome in outcomes):
        return
    chain = ruleset.chain("nat", "POSTROUTING")
    meant = host.daemon is not None and not (host.daemon.flag("ip-masq", True) and host.daemon.flag("iptables", True))
    related = [Label(bridge.subnet.span, f"network {bridge.network.name} has {bridge.subnet.prefix}")]
    for name in ("ip-masq", "iptables"):
        option = host.daemon.get(name) if host.daemon is not None else None
        if option is not None and option.value is False:
            related.append(Label(option.span, f"{name} is off, so the engine adds no rule"))
    near = next(
        (label for path in paths(ruleset, "nat", "POSTROUTING") if (label := _near(path.rule, packets, bridge))), None
    )
    if near is not None:
        related.append(near)
    related += _ended(ruleset, outcomes[0])
    yield Finding(
        message=f"nothing rewrites the source of network {bridge.network.name} ({bridge.subnet.prefix}) on its way "
        f"out: the answers of other networks do not come back",
        at=chain.span if chain is not None else ruleset.span,
        label=f"no rule here is for {bridge.subnet.prefix}",
        help=f"restart the engine, or add -A POSTROUTING -s {bridge.subnet.prefix} ! -o {bridge.name} -j MASQUERADE",
        related=tuple(related),
        confidence=Confidence.MEDIUM if meant else None,
        witness=_witness(packets[0], outcomes[0], bridge),
        host=host.name,
    )


def _ended(ruleset: Ruleset, outcome: Outcome) -> list[Label]:
    """The rule that keeps the packet from all that come after it."""
    last = outcome.steps[-1].span if outcome.steps else None
    ends = (path.rule for path in paths(ruleset, "nat", "POSTROUTING") if path.rule.target == "ACCEPT")
    return [Label(one.span, "ends the table for these packets") for one in ends if one.span == last]


def _near(one: FirewallRule, packets: list[Packet], bridge: Bridge) -> Label | None:
    """A rule that seems meant for this network, and what keeps it from it: another way out, another range."""
    subnet, source, out = bridge.subnet.prefix, one.source, one.out_interface
    if one.target not in ("MASQUERADE", "SNAT") or source is None or source.negated:
        return None
    if not any(source.prefix.holds(packet.source) for packet in packets):
        # that of the bridge itself, with a range that it had once
        if out is not None and out.negated and out.name == bridge.name:
            return Label(
                one.span, f"this is for what does not leave by {bridge.name}, but of {source.prefix}, not of {subnet}"
            )
        return None
    if out is not None and not any(out.matches(packet.out_interface or "") for packet in packets):
        ways = ", ".join(packet.out_interface or "" for packet in packets)
        return Label(
            one.span,
            f"this is for what {'does not leave' if out.negated else 'leaves'} by {out.name}; the way out is {ways}",
        )
    return None


def _witness(packet: Packet, outcome: Outcome, bridge: Bridge) -> Witness:
    steps = tuple(Step(step.span, step.text) for step in outcome.steps)
    last = Step(
        bridge.subnet.span, f"leaves {packet.out_interface} from {packet.source}, an address of this host alone"
    )
    return Witness(packet=str(packet), steps=(*steps, last))
