"""A DNAT or REDIRECT takes connections that were never meant for this host

## What it means

The rule asks for a port and says neither which destination nor which interface is meant. In `PREROUTING` it is for
everything that passes through the host: what containers send to the internet as well. In `OUTPUT` it is for everything
that the host itself opens. netlint asks where all packets of a container to addresses that are not the host's own end,
and shows one.

## Why it matters

`-A PREROUTING -p tcp --dport 80 -j DNAT --to-destination 172.17.0.2:8000` publishes a port, and also leads every HTTP
request of every container to that one container: package mirrors, registries and APIs answer with the wrong page or a
wrong certificate. It is found late, because connections from outside work.

## How to fix it

Say what is meant: `-m addrtype --dst-type LOCAL` (Docker's own way), `-d ADDRESS` or `-i eth0`. Better still, publish
the port with Docker (`-p 80:8000`).

## Bad: containers and the host reach nothing but this container

```text title="iptables-save.txt"
*nat
:PREROUTING ACCEPT [0:0]
:INPUT ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
-A PREROUTING -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80  # <- warning
-A OUTPUT -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80  # <- warning
-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE
COMMIT
```

```text title="ip-addr.txt"
1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN
    inet 127.0.0.1/8 scope host lo
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP
    inet 192.168.10.5/24 scope global eth0
3: docker0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP
    inet 172.17.0.1/16 scope global docker0
```

## Good: each says what is meant

```text title="iptables-save.txt"
*nat
:PREROUTING ACCEPT [0:0]
:INPUT ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
-A PREROUTING -p tcp -m tcp --dport 8080 -m addrtype --dst-type LOCAL -j DNAT --to-destination 172.17.0.2:80
-A PREROUTING -i eth0 -p tcp -m tcp --dport 8081 -j DNAT --to-destination 172.17.0.2:80
-A PREROUTING -d 192.168.10.5/32 -p tcp -m tcp --dport 8082 -j DNAT --to-destination 172.17.0.2:80
-A OUTPUT -d 192.168.10.5/32 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80
-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE
COMMIT
```

```text title="ip-addr.txt"
1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN
    inet 127.0.0.1/8 scope host lo
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP
    inet 192.168.10.5/24 scope global eth0
3: docker0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP
    inet 172.17.0.1/16 scope global docker0
```
"""

from collections.abc import Iterator

from netlint.api import (
    OUTSIDE,
    Ended,
    Finding,
    FirewallRule,
    Flows,
    Host,
    HostWalk,
    Leg,
    Packet,
    Prefix,
    Questions,
    Severity,
    Site,
    Walker,
    insides,
    leg_witness,
    local_addresses,
    parse_prefix,
    rule,
)

# Addresses for documentation: nobody means them, so a rule that takes them takes any.
ANYWHERE = {4: ("198.51.100.0/24", "203.0.113.0/24"), 6: ("2001:db8::/32",)}
TAKES = ("DNAT", "REDIRECT")
# Names and time of day are led to one's own server on purpose, often for the whole network.
MEANT = ("53", "853", "123")


@rule(
    "NL413",
    Severity.WARNING,
    beyond_compose=True,
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    walker = Walker(site.every)
    for host in site.hosts:
        for version in (4, 6) if host.rulesets or host.actions else ():
            yield from _host(walker.on(host, version))


def _host(walk: HostWalk) -> Iterator[Finding]:
    """Of scripts, too, where no dump shows what is there."""
    said: set[FirewallRule] = set()
    for ruleset in walk.rulesets:
        if not any(_broad(one) for table in ruleset.tables.values() for _, one in table.rules()):
            continue
        questions = Questions(ruleset, local_addresses(walk.host))
        for hook, flows in _flows(walk):
            for end in questions.ended("nat", hook, flows, TAKES):
                if end.rule is None or end.rule in said or not end.surely or not _broad(end.rule):
                    continue
                leg = _taken(walk, end, flows)
                if leg is not None:
                    said.add(end.rule)
                    yield _finding(walk.host, end.rule, leg)


def _flows(walk: HostWalk) -> Iterator[tuple[str, Flows]]:
    """What containers and the host send to somebody out there."""
    anywhere = tuple(prefix for text in ANYWHERE[walk.version] if (prefix := parse_prefix(text)) is not None)
    for inside in insides(walk):
        yield (
            "PREROUTING",
            Flows(sources=(Prefix.of(inside.first),), destinations=anywhere, foreign=True, in_interface=inside.link),
        )
    way_out = walk.router.lookup(Packet(source=OUTSIDE[walk.version], destination=OUTSIDE[walk.version]), output=True)
    if way_out.device is not None:
        yield "OUTPUT", Flows(destinations=anywhere, foreign=True, out_interface=way_out.device)


def _broad(culprit: FirewallRule) -> bool:
    """Whether it leads one port somewhere and nothing else tells what is meant. A rule for all ports is a proxy's, and
    one for certain senders knows whom it means."""
    ports = culprit.match("dport") or culprit.match("dports")
    if culprit.target not in TAKES or ports is None or ports.negated or culprit.source is not None:
        return False
    asked = {part for value in ports.values for part in value.split(",")}
    return not asked.issubset(MEANT) and culprit.match("uid-owner") is None and culprit.match("gid-owner") is None


def _taken(walk: HostWalk, end: Ended, flows: Flows) -> Leg | None:
    """The way of the packet through the host, if the rule takes it there, too."""
    found = end.packet
    packet = Packet(
        source=found.source,
        destination=found.destination,
        protocol=found.protocol,
        source_port=found.source_port,
        destination_port=found.destination_port,
        in_interface=flows.in_interface,
    )
    if flows.in_interface is None:
        own = Packet(
            source=walk.router.source_for(packet),
            destination=packet.destination,
            protocol=packet.protocol,
            source_port=packet.source_port,
            destination_port=packet.destination_port,
        )
        leg = walk.send(own)
    else:
        leg = walk.receive(packet)
    return leg if leg.destination_rule == end.rule else None


def _finding(host: Host, culprit: FirewallRule, leg: Leg) -> Finding:
    asked = culprit.match("dport") or culprit.match("dports")
    ports = ",".join(asked.values) if asked is not None else ""
    who = "the host itself opens" if leg.entered.in_interface is None else "containers open"
    to = leg.left.destination if leg.left.destination != leg.entered.destination else "this host"
    return Finding(
        message=f"{culprit.target} without a destination also takes what {who} to port {ports} of any other host: it "
        f"goes to {to}",
        at=culprit.span,
        label=f"takes {leg.entered}",
        help="add what is meant: -m addrtype --dst-type LOCAL, -d ADDRESS, or -i INTERFACE",
        witness=leg_witness(leg),
        host=host.name,
    )
