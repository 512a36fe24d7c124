"""A routing rule sends traffic of containers past the routes to them

## What it means

`ip rule` lets some packets be looked up in a table of their own. With containers two things go wrong there.

The table has a default route and no route to the bridges, so that what is meant for a container and matches the rule
leaves by the uplink. Or the rule asks for the host's own address on a second uplink, `from 10.0.2.5 lookup uplink2`:
answers of containers to what came in there are looked up while they still have the container's address as source. The
rule is not for them, and they leave by the default route of table main, with an address that does not belong there.

## Why it matters

Published ports work by one uplink and time out by the other, or containers are cut off as soon as the rules of the VPN
or of the provider's second line are in place.

## How to fix it

Give the table the routes to the bridges: `ip route add 172.17.0.0/16 dev docker0 table uplink2`. For answers mark the
connection where it comes in, and let the mark decide: `iptables -t mangle -A PREROUTING -i eth1 -m conntrack --ctstate
NEW -j CONNMARK --set-mark 2`, `iptables -t mangle -A PREROUTING -i docker0 -j CONNMARK --restore-mark`, `ip rule add
fwmark 2 lookup uplink2`.

## Bad: the rule of a second uplink

```text title="ip-rule.txt"
0:	from all lookup local
32765:	from 192.168.11.1 lookup 102  # <- warning
32766:	from all lookup main
32767:	from all lookup default
```

```text title="ip-route-table-102.txt"
default via 192.168.11.254 dev eth1
```

```text title="ip-route.txt"
default via 192.168.10.254 dev eth0
172.17.0.0/16 dev docker0 proto kernel scope link src 172.17.0.1
192.168.10.0/24 dev eth0 proto kernel scope link src 192.168.10.1
192.168.11.0/24 dev eth1 proto kernel scope link src 192.168.11.1
```

```text title="ip-addr.txt"
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP
    inet 192.168.10.1/24 scope global eth0
3: eth1: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP
    inet 192.168.11.1/24 scope global eth1
4: docker0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP
    inet 172.17.0.1/16 scope global docker0
```

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
```

## Bad: the table knows no bridge

```text title="ip-rule.txt"
0:	from all lookup local
100:	from all lookup 51820  # <- error
32766:	from all lookup main
32767:	from all lookup default
```

```text title="ip-route-table-51820.txt"
default dev wg0 scope link
```

```text title="ip-route.txt"
default via 192.168.10.254 dev eth0
172.17.0.0/16 dev docker0 proto kernel scope link src 172.17.0.1
192.168.10.0/24 dev eth0 proto kernel scope link src 192.168.10.1
```

## Good: the mark of the connection decides, and the table knows the bridge

```text title="ip-rule.txt"
0:	from all lookup local
32764:	from all fwmark 0x2 lookup 102
32765:	from 192.168.11.1 lookup 102
32766:	from all lookup main
32767:	from all lookup default
```

```text title="ip-route-table-102.txt"
default via 192.168.11.254 dev eth1
172.17.0.0/16 dev docker0 scope link
```

```text title="ip-route.txt"
default via 192.168.10.254 dev eth0
172.17.0.0/16 dev docker0 proto kernel scope link src 172.17.0.1
192.168.10.0/24 dev eth0 proto kernel scope link src 192.168.10.1
192.168.11.0/24 dev eth1 proto kernel scope link src 192.168.11.1
```

```text title="ip-addr.txt"
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP
    inet 192.168.10.1/24 scope global eth0
3: eth1: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP
    inet 192.168.11.1/24 scope global eth1
4: docker0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP
    inet 172.17.0.1/16 scope global docker0
```

```text title="iptables-save.txt"
*mangle
:PREROUTING ACCEPT [0:0]
-A PREROUTING -i eth1 -m conntrack --ctstate NEW -j CONNMARK --set-xmark 0x2/0xffffffff
-A PREROUTING -i docker0 -j CONNMARK --restore-mark --nfmask 0xffffffff --ctmask 0xffffffff
COMMIT
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
```

## Good: main is asked first for all but the default route

```text title="ip-rule.txt"
0:	from all lookup local
100:	from all lookup main suppress_prefixlength 0
101:	not from all fwmark 0xca6c lookup 51820
32766:	from all lookup main
32767:	from all lookup default
```

```text title="ip-route-table-51820.txt"
default dev wg0 scope link
```

```text title="ip-route.txt"
default via 192.168.10.254 dev eth0
172.17.0.0/16 dev docker0 proto kernel scope link src 172.17.0.1
192.168.10.0/24 dev eth0 proto kernel scope link src 192.168.10.1
```
"""

from collections.abc import Iterator

from netlint.api import (
    OUTSIDE,
    Finding,
    Host,
    HostWalk,
    Inside,
    Journey,
    Label,
    Leg,
    Packet,
    Prefix,
    Published,
    Route,
    RoutingRule,
    Severity,
    Site,
    Span,
    Walker,
    from_host,
    insides,
    inward,
    is_container_link,
    journey_witness,
    known_as,
    leg_witness,
    published,
    rule,
)

OWN_TABLES = ("local", "main", "default", "255", "254", "253")


@rule(
    "NL505",
    Severity.ERROR,
    needs=["routes"],
    proof="source: the answer is routed before the translation is undone in POSTROUTING (net/netfilter/nf_nat_proto.c)",
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    walker = Walker(site.every)
    for host in site.hosts:
        if any(one.table not in OWN_TABLES for one in host.routing_rules or ()):
            walk = walker.on(host)
            yield from _past_the_bridges(walk)
            yield from _answers(walker, walk)


def _past_the_bridges(walk: HostWalk) -> Iterator[Finding]:
    """Rules whose tables lead away what is meant for containers."""
    said: set[Span] = set()
    for inside in insides(walk):
        for leg in _to_containers(walk, inside):
            hop = leg.hop
            asked = hop.rule if hop is not None else None
            if hop is None or asked is None or asked.table in (*OWN_TABLES, None) or asked.span in said:
                continue
            route = next((one for one in walk.host.routes or () if one.span == hop.span), None)
            # a route inside the subnet is another defect (route-inside-subnet)
            away = route is not None and hop.device != inside.link and route.prefix.contains(inside.prefix)
            if away and hop.certain and route is not None:
                said.add(asked.span)
                yield _away(walk, inside, leg, asked, route)


def _to_containers(walk: HostWalk, inside: Inside) -> Iterator[Leg]:
    """Packets of the host to a container, and of others to what it publishes."""
    yield walk.send(from_host(walk, inside.first, 80))
    for port in published(walk.host, walk.router):
        if inside.prefix.holds(port.target):
            own = port.address or known_as(walk)
            if own is not None and not own.is_loopback:
                yield walk.receive(inward(walk, own, port.port, port.protocol))


def _away(walk: HostWalk, inside: Inside, leg: Leg, asked: RoutingRule, route: Route) -> Finding:
    to = "default" if route.prefix.is_default else str(route.prefix)
    return Finding(
        message=f"table {asked.table}, which this rule asks before main, has no route to network {inside.name} "
        f"({inside.prefix}): {leg.entered} leaves by {route.device}",
        at=asked.span,
        label="this rule is for it",
        help=f"ip route add {inside.prefix} dev {inside.link} table {asked.table}, or a rule before it: ip rule add to "
        f"{inside.prefix} lookup main",
        related=(
            Label(route.span, f"the route to {to} that it takes"),
            Label(inside.span, f"network {inside.name} is behind {inside.link}"),
        ),
        witness=leg_witness(leg),
        host=walk.host.name,
    )


def _answers(walker: Walker, walk: HostWalk) -> Iterator[Finding]:
    """Rules for the host's own address on an uplink, which are for no answer of a container."""
    host = walk.host
    for asked in walk.router.rules:
        found = _uplink_of(walk, asked)
        if found is None:
            continue
        link, route = found
        own = walk.router.first_address(link)
        for port in published(host, walk.router) if own is not None else ():
            if own is None or port.address not in (None, own[0]):
                continue
            packet = Packet(
                source=OUTSIDE[walk.version],
                destination=own[0],
                protocol=port.protocol,
                destination_port=port.port,
                in_interface=link,
            )
            journey = walker.journey(host, packet)
            if _leaves_elsewhere(journey, link):
                yield _wrong_way(host, asked, route, journey, port)
                break


def _uplink_of(walk: HostWalk, asked: RoutingRule) -> tuple[str, Route] | None:
    """The link whose own address the rule asks for, with the way out that its table has by it."""
    source = asked.source
    if source is None or asked.negated or asked.mark is not None or asked.destination is not None or asked.others:
        return None
    for route in walk.router.tables.get(asked.table or "main", ()):
        device = route.device or ""
        own = walk.router.first_address(device)
        leads_out = route.prefix.is_default and route.via is not None and not is_container_link(walk.host, device)
        if leads_out and own is not None and source.holds(own[0]) and not _holds_containers(walk, source):
            return device, route
    return None


def _holds_containers(walk: HostWalk, source: Prefix) -> bool:
    return any(source.overlaps(one.subnet.prefix) for one in walk.router.bridges)


def _leaves_elsewhere(journey: Journey, link: str) -> bool:
    """Whether a container got the packet, and its answer leaves by another link."""
    if not journey.accepted or journey.last.delivered or not journey.answer:
        return False
    back = journey.answer[-1]
    return back.accepted and back.left.out_interface not in (link, None) and back.hop is not None and back.hop.certain


def _wrong_way(host: Host, asked: RoutingRule, route: Route, journey: Journey, port: Published) -> Finding:
    back = journey.answer[-1]
    related = [Label(route.span, f"the way out of table {asked.table}")]
    if back.hop is not None:
        related.append(Label(back.hop.span, f"the answer to port {port.port} leaves by {back.left.out_interface}"))
    return Finding(
        message=f"the rule for {journey.packet.destination} is not for the answers of containers: what comes to port "
        f"{port.port} by {route.device} is answered by {back.left.out_interface}",
        at=asked.span,
        label=f"their source is {back.entered.source} until they have been routed",
        help=f"mark connections that come in by {route.device} (CONNMARK), restore the mark on what containers send, "
        f"and add a rule for it: ip rule add fwmark 2 lookup {asked.table}",
        severity=Severity.WARNING,
        related=tuple(related),
        witness=journey_witness(journey, answer=True),
        host=host.name,
    )
