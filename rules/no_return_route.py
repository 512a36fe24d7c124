"""Containers of another host are reached, and their answers do not find the way back

## What it means

This host has a route to a container network of another one, and what its containers send there keeps their own address
as source. The other host has no route to these addresses: it sends the answers to its default gateway, or nowhere. Or
its route back goes by another interface, and its strict reverse-path filter drops the packets as they come in.

## Why it matters

The packets arrive and no connection comes about. From the other side it works neither.

## How to fix it

Add the route on the other host: `ip route add 172.17.1.0/24 via 192.168.124.51`; or translate what goes there (`-j
MASQUERADE`), if the other side need not know who asks.

## Bad: a route on one side only

```text title="nodeA/ip-addr.txt"
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP
    inet 192.168.124.51/24 scope global eth0
3: docker0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP
    inet 172.17.1.1/24 scope global docker0
```

```text title="nodeA/ip-route.txt"
default via 192.168.124.1 dev eth0
172.17.1.0/24 dev docker0 scope link src 172.17.1.1
172.17.2.0/24 via 192.168.124.52 dev eth0
192.168.124.0/24 dev eth0 scope link src 192.168.124.51
```

```text title="nodeA/iptables-save.txt"
*nat
:PREROUTING ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
-A POSTROUTING -s 172.17.1.0/24 ! -d 172.17.0.0/16 -j MASQUERADE
COMMIT
*filter
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
COMMIT
```

```text title="nodeB/ip-addr.txt"
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP
    inet 192.168.124.52/24 scope global eth0
3: docker0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP
    inet 172.17.2.1/24 scope global docker0
```

```text title="nodeB/ip-route.txt"
default via 192.168.124.1 dev eth0  # <- error
172.17.2.0/24 dev docker0 scope link src 172.17.2.1
192.168.124.0/24 dev eth0 scope link src 192.168.124.52
```

## Good: a route on both

```text title="nodeA/ip-addr.txt"
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP
    inet 192.168.124.51/24 scope global eth0
3: docker0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP
    inet 172.17.1.1/24 scope global docker0
```

```text title="nodeA/ip-route.txt"
default via 192.168.124.1 dev eth0
172.17.1.0/24 dev docker0 scope link src 172.17.1.1
172.17.2.0/24 via 192.168.124.52 dev eth0
192.168.124.0/24 dev eth0 scope link src 192.168.124.51
```

```text title="nodeA/iptables-save.txt"
*nat
:PREROUTING ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
-A POSTROUTING -s 172.17.1.0/24 ! -d 172.17.0.0/16 -j MASQUERADE
COMMIT
*filter
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
COMMIT
```

```text title="nodeB/ip-addr.txt"
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP
    inet 192.168.124.52/24 scope global eth0
3: docker0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP
    inet 172.17.2.1/24 scope global docker0
```

```text title="nodeB/ip-route.txt"
default via 192.168.124.1 dev eth0
172.17.2.0/24 dev docker0 scope link src 172.17.2.1
172.17.1.0/24 via 192.168.124.51 dev eth0
192.168.124.0/24 dev eth0 scope link src 192.168.124.52
```
"""

from collections.abc import Iterator

from netlint.api import (
    Address,
    Confidence,
    Finding,
    Hop,
    Host,
    Inside,
    Journey,
    Label,
    Packet,
    Route,
    Severity,
    Site,
    Walker,
    crossings,
    insides,
    journey_witness,
    rule,
)


@rule(
    "NL502",
    Severity.ERROR,
    needs=["routes", "firewall"],
    proof="source: an answer is routed like any other packet (ip_route_input of net/ipv4/route.c)",
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    walker = Walker(site.every)
    for host in site.hosts:
        if host.routes is None or walker.on(host).gap() is not None:
            continue
        # a journey between two hosts begins with a route to containers of the other
        led = dict.fromkeys(id(crossing.other) for crossing in crossings(walker, host))
        for other in site.every:
            if id(other) in led and other.routes is not None:
                finding = next(_between(walker, host, other), None)
                if finding is not None:
                    yield finding


def _between(walker: Walker, host: Host, other: Host) -> Iterator[Finding]:
    """What containers of `host` send to those of `other`, and what comes back of it."""
    for ours in insides(walker.on(host)):
        for theirs in insides(walker.on(other)):
            if ours.prefix.overlaps(theirs.prefix):
                continue  # another defect (same-subnet-on-connected-hosts)
            packet = Packet(source=ours.first, destination=theirs.first, in_interface=ours.link)
            journey = walker.journey(host, packet)
            way = _route(host, journey.first.hop)
            if way is None or way.prefix.is_default or journey.last.host is not other or not journey.keeps_source:
                continue
            if not journey.accepted:
                yield from _filtered(other, journey, ours, way)
            elif not journey.last.delivered:
                back = walker.on(other).router.lookup(
                    Packet(source=theirs.first, destination=ours.first, in_interface=theirs.link)
                )
                if back.certain and not _leads_to(walker, host, back):
                    yield _lost(other, journey, ours, way, back)


def _route(host: Host, hop: Hop | None) -> Route | None:
    return next((route for route in host.routes or () if hop is not None and route.span == hop.span), None)


def _leads_to(walker: Walker, host: Host, hop: Hop) -> bool:
    """Whether the next hop is the host, or another one of the site, which knows more."""
    if hop.kind != "unicast":
        return False
    if hop.via is None:
        return True  # on a link, by a tunnel: who is there is not known
    return any(_has(one, hop.via) for one in walker.hosts) or _has(host, hop.via)


def _has(host: Host, address: Address) -> bool:
    return any(entry.address == address for link in host.interfaces or () for entry in link.addresses)


def _lost(other: Host, journey: Journey, ours: Inside, way: Route, back: Hop) -> Finding:
    assert other.routes is not None
    version = ours.prefix.version
    at = _route(other, back) or next(
        (route for route in other.routes if route.table == "main" and route.prefix.version == version), None
    )
    goes = f"its answers go to {back.via}" if back.via is not None else f"its answers are lost: {back.text}"
    host = journey.first.host
    return Finding(
        message=f"{other.name} has no route back to network {ours.name} ({ours.prefix}) of {host.name}, whose packets "
        f"arrive with their own source: {goes}",
        at=at.span if at is not None else back.span,
        label="taken for the answers" if at is not None and at.span == back.span else "no route here is for them",
        help=f"on {other.name}: ip route add {ours.prefix} via an address of {host.name}",
        related=(
            Label(way.span, f"{host.name} reaches {way.prefix} by this route"),
            Label(ours.span, f"network {ours.name} of {host.name}"),
        ),
        # the router may know the way where nobody told
        confidence=Confidence.MEDIUM if back.kind == "unicast" else None,
        witness=journey_witness(journey, answer=True),
        host=other.name,
    )


def _filtered(other: Host, journey: Journey, ours: Inside, way: Route) -> Iterator[Finding]:
    """The reverse-path filter of the other host, whose route back goes by another interface."""
    lost = journey.last
    settings = [value for key, value in other.sysctls or () if key.endswith(".rp_filter")]
    if any(value.span == lost.decided for value in settings) and lost.decided is not None:
        host = journey.first.host
        yield Finding(
            message=f"{other.name} drops what network {ours.name} ({ours.prefix}) of {host.name} sends: its own route "
            "there goes by another interface, and rp_filter is strict",
            at=lost.decided,
            label=lost.steps[-1].text,
            help=f"let both ways use one link, or set rp_filter to 2 on {other.name}",
            related=(Label(way.span, f"{host.name} reaches {way.prefix} by this route"),),
            witness=journey_witness(journey),
            host=other.name,
        )
