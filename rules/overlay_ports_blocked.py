"""The firewall drops what the hosts of an overlay send to each other

## What it means

Networks that span hosts need more than the ports of their containers. For each host the packets of the others are
walked through its firewall, and its own on their way out:

| network | protocols and ports |
|---|---|
| swarm mode, key-value overlay | tcp, udp 7946; udp 4789 or `--data-path-port`; tcp 2377 to managers |
| encrypted overlay | ESP, which is IP protocol 50 and not port 50 of anything |
| weave | tcp and udp 6783, udp 6784 |
| flannel | udp 8472 (vxlan), udp 8285 (udp), udp 51820 (wireguard), protocol 4 (ipip) |
| Calico | tcp 179 (BGP), protocol 4 (IPIP), udp 4789 (VXLAN) |

Nodes are taken from the hosts that were given together. Where there is one alone, a packet has to fail from every
address that the firewall accepts anything from, and there must be a sign that the cluster has other nodes: that docker
info says so, that a script joins one, or that some of the ports are open and others are not.

## Why it matters

`docker node ls` says `Ready` with udp 4789 and port 7946 closed: the managers talk over 2377 alone. Containers on one
host find each other, those on different hosts do not, or lose every packet.

## How to fix it

Accept the packets from the other nodes, and from nobody else: VXLAN has no protection of its own. ESP is
`-p esp`.

## Bad: VXLAN is missing

```text title="hostA/iptables-save.txt"
*filter
:INPUT DROP [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
-A INPUT -i lo -j ACCEPT
-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A INPUT -s 10.0.5.0/24 -p tcp -m multiport --dports 22,2377,7946 -j ACCEPT
-A INPUT -s 10.0.5.0/24 -p udp -m udp --dport 7946 -j ACCEPT
-A INPUT -j REJECT --reject-with icmp-host-prohibited  # <- error
COMMIT
```

```text title="hostA/ip-addr.txt"
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP
    inet 10.0.5.11/24 scope global eth0
3: docker_gwbridge: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP
    inet 172.18.0.1/16 scope global docker_gwbridge
```

```text title="hostB/ip-addr.txt"
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP
    inet 10.0.5.12/24 scope global eth0
3: docker_gwbridge: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP
    inet 172.18.0.1/16 scope global docker_gwbridge
```

## Good: all of it from the other nodes

```text title="hostA/iptables-save.txt"
*filter
:INPUT DROP [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
-A INPUT -i lo -j ACCEPT
-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A INPUT -s 10.0.5.0/24 -p tcp -m multiport --dports 22,2377,7946 -j ACCEPT
-A INPUT -s 10.0.5.0/24 -p udp -m multiport --dports 4789,7946 -j ACCEPT
-A INPUT -j REJECT --reject-with icmp-host-prohibited
COMMIT
```

```text title="hostA/ip-addr.txt"
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP
    inet 10.0.5.11/24 scope global eth0
3: docker_gwbridge: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP
    inet 172.18.0.1/16 scope global docker_gwbridge
```

```text title="hostB/ip-addr.txt"
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP
    inet 10.0.5.12/24 scope global eth0
3: docker_gwbridge: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP
    inet 172.18.0.1/16 scope global docker_gwbridge
```
"""

from collections.abc import Iterator

from msgspec import Struct

from netlint.api import (
    Address,
    ClusterPort,
    Confidence,
    Finding,
    FirewallRule,
    Host,
    HostWalk,
    Label,
    Leg,
    Packet,
    Severity,
    Site,
    Span,
    Walker,
    above,
    cluster_peers,
    cluster_ports,
    clusters_of,
    encrypted_overlay,
    leg_witness,
    node_address,
    rule,
)

NUMBERS = {"esp": 50, "ipencap": 4}  # what people take for a port
CANDIDATES = 24  # senders tried where the other nodes are not known


class Lost(Struct, frozen=True):
    """Packets of one use that do not pass, the way of one of them, and what loses it. `sure`: that there are others
    who send them."""

    port: ClusterPort
    leg: Leg
    at: Span
    inward: bool
    sure: bool


@rule(
    "NL607",
    Severity.ERROR,
    needs=["firewall", "addresses"],
    proof="port 7946: an experiment with two nodes of 20.10.24 and 28.5.2; ESP: Docker's documentation",
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    walker = Walker(site.every)
    for host in site.hosts:
        own = {control: node_address(host, control=control) for control in (False, True)}
        address = own[False]
        if not host.rulesets or address is None:
            continue
        walk = walker.on(host, address.version)
        sharing = (host, *above(host, site), *(one for one in site.every if not one.implied))
        secured = next((span for one in sharing if (span := encrypted_overlay(one)) is not None), None)
        lost: list[Lost] = []
        open_to: set[str] = set()  # clusters of which some packets pass
        for port in cluster_ports(host, tuple(clusters_of(host, site)), secured):
            peers, known = cluster_peers(host, site, port.cluster, control=port.control)
            address = own[port.control]
            if known is False or address is None or address.version != walk.version:
                continue
            senders = peers or _candidates(walk, address)
            found = list(_lost(walk, address, senders, port, every=not peers, sure=known is True))
            lost += found
            if not found:
                open_to.add(port.cluster)
        # a host that takes nothing from anybody may well be the only one of its cluster
        lost = [one for one in lost if one.sure or one.port.cluster in open_to]
        yield from _findings(host, lost)


def _candidates(walk: HostWalk, address: Address) -> list[Address]:
    """Addresses that other nodes may have: neighbours, and what the firewall's rules name as a source."""
    found: dict[Address, None] = {}
    for entry in (entry for link in walk.host.interfaces or () for entry in link.addresses if entry.address == address):
        for index in range(1, min(entry.prefix.size - 1, 12)):
            found[entry.prefix.address(index)] = None
    for ruleset in walk.rulesets:
        for table in ruleset.tables.values():
            for _, one in table.rules():
                if one.source is not None and not one.source.negated and one.source.prefix.version == address.version:
                    found[one.source.prefix.address(min(1, one.source.prefix.size - 1))] = None
    return [one for one in found if one not in walk.router.own and not one.is_loopback][:CANDIDATES]


def _lost(
    walk: HostWalk, address: Address, peers: list[Address], port: ClusterPort, *, every: bool, sure: bool
) -> Iterator[Lost]:
    """What is lost on the way in and on the way out; with `every`, only what no peer gets through."""
    for inward in (True, False):
        ways = [_way(walk, address, peer, port, inward) for peer in peers]
        bad = [way for way in ways if way is not None]
        if bad and (len(bad) == len(ways) or not every):
            leg = bad[0]
            assert leg.decided is not None
            yield Lost(port, leg, leg.decided, inward, sure)
            return


def _way(walk: HostWalk, address: Address, peer: Address, port: ClusterPort, inward: bool) -> Leg | None:
    """The way that loses the packet or its answer; None where both pass, or where that is not sure."""
    source, destination = (peer, address) if inward else (address, peer)
    link = walk.router.lookup(Packet(source=address, destination=peer)).device
    packet = Packet(
        source=source,
        destination=destination,
        protocol=port.protocol,
        source_port=None if port.port is None else 40000,
        destination_port=port.port,
        in_interface=link if inward else None,
    )
    leg = walk.receive(packet) if inward else walk.send(packet)
    if leg.accepted and leg.certain and port.protocol == "tcp":
        leg = walk.answer(leg)
    return leg if not leg.accepted and leg.certain and leg.decided is not None else None


def _findings(host: Host, lost: list[Lost]) -> Iterator[Finding]:
    """One for each place that loses packets."""
    for at in dict.fromkeys(one.at for one in lost):
        here = [one for one in lost if one.at == at]
        first = here[0]
        names = ", ".join(dict.fromkeys(f"{one.port.name} ({one.port.use})" for one in here))
        effects = "; ".join(dict.fromkeys(one.port.lost for one in here))
        end = f"from {first.leg.entered.source}" if first.inward else f"to {first.leg.entered.destination}"
        mistaken = [label for one in here for label in _mistaken(host, one.port)]
        yield Finding(
            message=f"{first.port.cluster} needs {names}, which does not pass {end}: {effects}",
            at=at,
            label=f"{first.leg.steps[-1].text}: {first.leg.left} ends here",
            help="accept it from the other nodes: " + "; ".join(_cure(one) for one in here[:3]),
            related=(*mistaken, Label(first.port.span, f"{first.port.cluster} is in use here")),
            witness=leg_witness(first.leg),
            confidence=None if first.sure else Confidence.MEDIUM,
            host=host.name,
        )


def _cure(one: Lost) -> str:
    where = "INPUT -s" if one.inward else "OUTPUT -d"
    port = "" if one.port.port is None else f" --dport {one.port.port}"
    protocol = str(NUMBERS["ipencap"]) if one.port.protocol == "ipencap" else one.port.protocol
    return f"iptables -I {where} NODES -p {protocol}{port} -j ACCEPT"


def _mistaken(host: Host, port: ClusterPort) -> Iterator[Label]:
    """Rules that accept the right number of the wrong kind: udp port 50 for ESP, tcp 4789 for VXLAN."""
    number = port.port if port.port is not None else NUMBERS.get(port.protocol)
    for ruleset in host.rulesets:
        for _, chain in ruleset.base_chains("filter", "INPUT"):
            for one in chain.rules:
                named = one.protocol.name if one.protocol is not None else port.protocol
                if one.target == "ACCEPT" and _is_for(one, number) and named != port.protocol:
                    yield Label(one.span, f"this accepts {named} port {number}, and {port.use} is {port.name}")


def _is_for(one: FirewallRule, number: int | None) -> bool:
    match = one.match("dport")
    return match is not None and match.values == (str(number),) and not match.negated
