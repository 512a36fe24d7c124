"""Containers of another host see this host instead of the container that speaks to them

## What it means

A route leads to a container network of another host, so that containers of both could speak with their own addresses.
A rule that rewrites the source of what leaves this host is for that traffic too: the exclusion is missing, or does not
cover the other network. Docker's own rule for a network, `-s SUBNET ! -o BRIDGE -j MASQUERADE`, is such a rule.

## Why it matters

The peer sees the host's address. Names that it keeps for addresses, allow lists and logs are wrong, and a connection to
what the peer believes to have spoken goes to the host.

## How to fix it

Leave out what the routes lead to the other hosts: `-s 172.17.1.0/24 ! -d 172.17.0.0/16 -j MASQUERADE` in place of
Docker's rule (`"ip-masq": false`, or `com.docker.network.bridge.enable_ip_masquerade=false` for one network), or a rule
before it: `iptables -t nat -I POSTROUTING -s 172.17.1.0/24 -d 172.17.2.0/24 -j RETURN`.

Docker 28 drops in table `raw` whatever comes to a container's address from elsewhere, the peer's answers among it: set
`"allow-direct-routing": true` (28.2) as well.

## Bad: no exclusion

```text title="nodeA/iptables-save.txt"
*nat
:PREROUTING ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
-A POSTROUTING -s 172.17.1.0/24 -o eth0 -j MASQUERADE  # <- error
COMMIT
```

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

## Good: the routed range is left out

```text title="nodeA/iptables-save.txt"
*nat
:PREROUTING ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
-A POSTROUTING -s 172.17.1.0/24 ! -d 172.17.0.0/16 -j MASQUERADE
COMMIT
```

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

```text title="nodeB/ip-addr.txt"
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP
    inet 192.168.124.52/24 scope global eth0
3: docker0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP
    inet 172.17.2.1/24 scope global docker0
```
"""

from collections.abc import Iterator

from msgspec import Struct

from netlint.api import (
    Address,
    Confidence,
    Crossing,
    Finding,
    FirewallRule,
    Host,
    HostWalk,
    Inside,
    Label,
    Leg,
    Packet,
    Prefix,
    Route,
    Severity,
    Site,
    Span,
    Walker,
    crossings,
    insides,
    leg_witness,
    of_docker,
    rule,
)


class Peer(Struct, frozen=True):
    """A container network that a route leads to, with an address of it. `host` is None where the route alone speaks."""

    prefix: Prefix
    address: Address
    route: Route
    host: str | None
    span: Span | None


@rule(
    "NL402",
    Severity.ERROR,
    needs=["routes"],
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    walker = Walker(site.every)
    for host in site.hosts:
        walk = walker.on(host)
        said: set[FirewallRule] = set()
        routed = _Routed(walker, host)
        for inside in (*insides(walk), *_blocks(walk)):
            for peer in routed.peers(inside):
                packet = Packet(
                    source=inside.first, destination=peer.address, destination_port=80, in_interface=inside.link
                )
                leg = walk.receive(packet)
                culprit = leg.source_rule
                if culprit is None or culprit in said or not leg.accepted or leg.doubts or culprit.unconditional:
                    continue
                said.add(culprit)
                yield _finding(walk, leg, culprit, inside, peer)


def _blocks(walk: HostWalk) -> Iterator[Inside]:
    """The block of pods that Calico has on this host: a route keeps it from all others, each pod has its own."""
    for route in walk.host.routes or ():
        if route.kind != "blackhole" or route.protocol != "bird" or route.prefix.version != walk.version:
            continue
        pods = [one for one in walk.host.routes or () if one.prefix.is_host and route.prefix.contains(one.prefix)]
        pods = [one for one in pods if one.device is not None and one.device.startswith("cali")]
        first = pods[0].prefix.network_address if pods else route.prefix.address(min(2, route.prefix.size - 1))
        link = pods[0].device if pods else None
        yield Inside("Calico", link or "cali0", route.prefix, first, first, network=None, span=route.span)


class _Routed:
    """The routes of a host that may lead to container networks of others: those that are known, with their networks,
    and those behind a gateway by the length and the /16 of their prefixes."""

    def __init__(self, walker: Walker, host: Host) -> None:
        led: dict[Span, list[Crossing]] = {}
        for crossing in crossings(walker, host):
            led.setdefault(crossing.route.span, []).append(crossing)
        own = [one.prefix for one in insides(walker.on(host))]
        ranges = {(one.length, one.first >> 32 - one.length) for one in own}
        lengths = {one.length for one in own}
        self.routes: list[tuple[Route, list[Peer]]] = []
        self.known: list[int] = []
        self.alike: dict[tuple[int, int], list[int]] = {}
        for route in host.routes or ():
            prefix = route.prefix
            if prefix.is_default or prefix.version != 4 or route.kind != "unicast" or route.table != "main":
                continue
            if any(length <= prefix.length and (length, prefix.first >> 32 - length) in ranges for length in lengths):
                continue
            known = [
                Peer(theirs.prefix, theirs.first, route, other.name, theirs.span)
                for _, other, theirs in led.get(route.span, ())
                if not any(one.overlaps(theirs.prefix) for one in own)
            ]
            if known:
                self.known.append(len(self.routes))
            elif route.via is not None:
                self.alike.setdefault((prefix.length, prefix.first >> 16), []).append(len(self.routes))
            else:
                continue
            self.routes.append((route, known))

    def peers(self, inside: Inside) -> Iterator[Peer]:
        """The container networks that routes of the host lead to another one, in the order of the routes."""
        own = inside.prefix
        # as long, and of the same /16: the same hand may have dealt it to another host
        siblings = self.alike.get((own.length, own.first >> 16), ()) if own.length > 16 else ()
        for number in sorted((*self.known, *siblings)):
            route, known = self.routes[number]
            if route.device == inside.link:
                continue
            if known:
                yield from known
            elif route.prefix != own:
                yield Peer(route.prefix, route.prefix.address(2), route, None, None)


def _finding(walk: HostWalk, leg: Leg, culprit: FirewallRule, inside: Inside, peer: Peer) -> Finding:
    related = [Label(peer.route.span, f"the route to {peer.prefix}")]
    if peer.span is not None:
        related.append(Label(peer.span, f"{peer.prefix} is a container network of {peer.host}"))
    of = f"of {peer.host}" if peer.host is not None else "behind another host"
    change = "a rule before it" if of_docker(culprit, walk) else f"! -d {peer.prefix} to this rule, or a rule before it"
    return Finding(
        message=f"{culprit.target} hides the containers of network {inside.name} from {peer.prefix} {of}",
        at=culprit.span,
        label=f"the source {leg.entered.source} is rewritten here",
        help=f"add {change}: iptables -t nat -I POSTROUTING -s {inside.prefix} -d {peer.prefix} -j RETURN",
        related=tuple(related),
        confidence=None if peer.span is not None else Confidence.MEDIUM,
        witness=leg_witness(leg),
        host=leg.host.name,
    )
