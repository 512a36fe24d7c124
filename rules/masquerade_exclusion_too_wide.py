"""An exclusion from masquerading also leaves out destinations that cannot answer

## What it means

`-s 172.17.1.0/24 ! -d 172.16.0.0/12 -j MASQUERADE`, or a rule before it that returns or accepts for a range, lets
packets to that range leave with the container's own address. That is right for networks that know the way back to the
containers: those of other hosts that routes lead to. Here the range was meant for container networks, because it holds
the own one, and it also holds the network that this host shares with its gateway, or public addresses.

## Why it matters

Containers reach everything but that network: the request arrives there from an address of the containers, and the
answer goes to the other side's default gateway, which drops it. From the host the same address answers, so the fault is
looked for in the container.

## How to fix it

Leave out just what routes lead to: `! -d 172.17.0.0/16`, or one rule for each range before the translation,
`-A POSTROUTING -s 172.17.1.0/24 -d 172.17.2.0/24 -j RETURN`. Where the network's router has a route to the containers,
all is well: say so in a suppression.

## Bad: the range holds the LAN, too

```text title="iptables-save.txt"
*nat
:PREROUTING ACCEPT [0:0]
:INPUT ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
-A POSTROUTING -s 172.17.1.0/24 ! -d 172.16.0.0/12 -j MASQUERADE  # <- error
COMMIT
```

```text title="ip-addr.txt"
1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN
    inet 127.0.0.1/8 scope host lo
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP
    inet 172.20.0.51/24 scope global eth0
3: docker0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP
    inet 172.17.1.1/24 scope global docker0
```

```text title="ip-route.txt"
default via 172.20.0.1 dev eth0
172.17.1.0/24 dev docker0 proto kernel scope link src 172.17.1.1
172.17.2.0/24 via 172.20.0.52 dev eth0
172.20.0.0/24 dev eth0 proto kernel scope link src 172.20.0.51
```

## Good: what the routes lead to, and no more

```text title="iptables-save.txt"
*nat
:PREROUTING ACCEPT [0:0]
:INPUT ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
-A POSTROUTING -s 172.17.1.0/24 ! -d 172.17.0.0/16 -j MASQUERADE
COMMIT
```

```text title="ip-addr.txt"
1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN
    inet 127.0.0.1/8 scope host lo
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP
    inet 172.20.0.51/24 scope global eth0
3: docker0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP
    inet 172.17.1.1/24 scope global docker0
```

```text title="ip-route.txt"
default via 172.20.0.1 dev eth0
172.17.1.0/24 dev docker0 proto kernel scope link src 172.17.1.1
172.17.2.0/24 via 172.20.0.52 dev eth0
172.20.0.0/24 dev eth0 proto kernel scope link src 172.20.0.51
```
"""

from collections.abc import Iterator

from msgspec import Struct

from netlint.api import (
    OUTSIDE,
    Address,
    Confidence,
    Finding,
    FirewallRule,
    Flows,
    HostWalk,
    Inside,
    Journey,
    Label,
    Packet,
    Prefix,
    PrefixMatch,
    Questions,
    Severity,
    Site,
    Span,
    Walker,
    insides,
    is_container_link,
    is_tunnel,
    journey_witness,
    local_addresses,
    rule,
)

TRANSLATES = ("MASQUERADE", "SNAT")
LEAVES = ("RETURN", "ACCEPT")
PRIVATE = tuple(Prefix(4, first, length) for first, length in ((0x0A000000, 8), (0xAC100000, 12), (0xC0A80000, 16)))


class Beyond(Struct, frozen=True):
    """A range beside the container networks that an exclusion holds. `span` is what states it, None for the public."""

    prefix: Prefix
    what: str
    span: Span | None


@rule(
    "NL405",
    Severity.ERROR,
    needs=["firewall"],
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    walker = Walker(site.every)
    for host in site.hosts:
        if not host.rulesets:
            continue
        walk = walker.on(host)
        said: set[FirewallRule] = set()
        for inside in insides(walk):
            if inside.network is None:
                continue  # a cluster's networks are routed by what made them
            for exclusion, culprit in _exclusions(walk, inside):
                beyond = next(iter(_beyond(walk, inside, exclusion)), None)
                if beyond is None or culprit in said:
                    continue
                journey = _untranslated(walker, walk, inside, beyond)
                if journey is not None:
                    said.add(culprit)
                    yield _finding(walk, inside, exclusion, culprit, beyond, journey)


def _exclusions(walk: HostWalk, inside: Inside) -> Iterator[tuple[Prefix, FirewallRule]]:
    """Ranges that rules leave out for the network, where others translate: those that hold the network itself."""
    for ruleset in walk.rulesets:
        rules = [one for table in ruleset.tables.values() for _, one in table.rules() if _from(one.source, inside)]
        if not any(one.target in TRANSLATES for one in rules):
            continue
        for one in rules:
            held = one.destination
            if held is None or not held.prefix.contains(inside.prefix) or held.prefix == inside.prefix:
                continue
            if (one.target in TRANSLATES and held.negated) or (one.target in LEAVES and not held.negated):
                yield held.prefix, one


def _from(source: PrefixMatch | None, inside: Inside) -> bool:
    """Whether a rule is for what the network sends."""
    return source is None or source.prefix.contains(inside.prefix) != source.negated


def _beyond(walk: HostWalk, inside: Inside, exclusion: Prefix) -> Iterator[Beyond]:
    """What the range holds beside container networks: networks on the host's own links, then public addresses."""
    outside = walk.router.lookup(Packet(source=inside.first, destination=OUTSIDE[walk.version])).device
    link = walk.host.interface(outside) if outside is not None else None
    # hosts on the other links may have this one for their gateway
    if link is not None and not is_container_link(walk.host, link.name) and not is_tunnel(link.name, link.kind):
        for entry in link.addresses:
            own = entry.prefix
            fits = own.version == walk.version and own.size > 2 and not own.contains(inside.prefix)
            if fits and exclusion.contains(own):
                yield Beyond(own, f"the network {own} of {link.name}", entry.span)
    if walk.version == 4 and not any(private.contains(exclusion) for private in PRIVATE) and exclusion.length >= 3:
        public = next((half for half in _parts(exclusion) if half.network().is_global), None)
        if public is not None:
            yield Beyond(public, f"public addresses as {public}", None)


def _parts(prefix: Prefix) -> Iterator[Prefix]:
    """The /16s of a range, the last first, in which container networks lie more seldom."""
    step = 1 << 16
    last = prefix.last >> 16 << 16
    yield from (Prefix(4, first, 16) for first in range(last, max(prefix.first, last - 63 * step) - 1, -step))


def _untranslated(walker: Walker, walk: HostWalk, inside: Inside, beyond: Beyond) -> Journey | None:
    """The way of a packet that leaves with the container's address and is not known to be answered; None where every
    packet to the range is translated, or lost before."""
    destination = next((one for one in _some(beyond.prefix) if one not in walk.router.own), None)
    if destination is None:
        return None
    asked = Packet(source=inside.first, destination=destination, destination_port=443, in_interface=inside.link)
    hop = walk.router.lookup(asked)
    if hop.kind != "unicast" or hop.device is None or is_container_link(walk.host, hop.device):
        return None
    flows = Flows(sources=(Prefix.of(inside.first),), destinations=(Prefix.of(destination),), out_interface=hop.device)
    for ruleset in walk.rulesets:
        for end in Questions(ruleset, local_addresses(walk.host)).ended("nat", "POSTROUTING", flows):
            if end.verdict in TRANSLATES or not end.surely:
                return None
    journey = walker.journey(walk.host, asked)
    others = len(journey.legs) > 1  # the other side is given, and its walk says whether it answers
    if not journey.accepted or not journey.keeps_source or (others and journey.answered is not False):
        return None
    return journey


def _some(prefix: Prefix) -> Iterator[Address]:
    yield from (prefix.address(index) for index in (9, 2, 1) if index < prefix.size - 1)


def _finding(
    walk: HostWalk, inside: Inside, exclusion: Prefix, culprit: FirewallRule, beyond: Beyond, journey: Journey
) -> Finding:
    related = [Label(inside.span, f"network {inside.name} has {inside.prefix}")]
    if beyond.span is not None:
        related.insert(0, Label(beyond.span, f"{beyond.prefix} lies in {exclusion}"))
    return Finding(
        message=f"what network {inside.name} sends to {exclusion} keeps its source, and that holds {beyond.what}: "
        "the way back to the containers is not known there",
        at=culprit.span,
        label=f"{journey.arrives.destination} sees {journey.arrives.source}",
        help=f"leave out just what routes lead to, such as ! -d {_narrower(inside)}",
        related=tuple(related),
        confidence=Confidence.MEDIUM if beyond.span is not None else None,  # a router there may have a route back
        witness=journey_witness(journey),
        host=walk.host.name,
    )


def _narrower(inside: Inside) -> Prefix:
    """A range of one's own that is likely meant: the /16 of the network."""
    return Prefix.of(inside.prefix.network_address, min(16, inside.prefix.length))
