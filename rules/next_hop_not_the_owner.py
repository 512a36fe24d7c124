"""A route to another host's containers leads to a neighbour that is not that host

## What it means

Containers of several hosts reach each other by routes: the subnet of each host's network, via that host. Here the host
with the network is a neighbour on the link of the route, and the route names another address of that link, which no
host that was given has.

## Why it matters

Packets go to a machine that has no such containers, or to nobody. The containers of the two hosts do not reach each
other in this direction.

## How to fix it

`ip route replace SUBNET via ADDRESS`, with the address of the host that has the network. Where a router on the same
link really is to carry the traffic, suppress the finding with that reason.

## Bad: another neighbour

```text title="hostA/ip-addr.txt"
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP
    inet 192.168.10.1/24 scope global eth0
3: docker0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP
    inet 172.17.0.1/16 scope global docker0
```

```text title="hostA/ip-route.txt"
default via 192.168.10.254 dev eth0
172.17.0.0/16 dev docker0 proto kernel scope link src 172.17.0.1
172.18.0.0/16 via 192.168.10.3 dev eth0  # <- error
192.168.10.0/24 dev eth0 proto kernel scope link src 192.168.10.1
```

```text title="hostB/ip-addr.txt"
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP
    inet 192.168.10.2/24 scope global eth0
3: docker0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP
    inet 172.18.0.1/16 scope global docker0
```

## Good: the host that has the network

```text title="hostA/ip-addr.txt"
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP
    inet 192.168.10.1/24 scope global eth0
3: docker0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP
    inet 172.17.0.1/16 scope global docker0
```

```text title="hostA/ip-route.txt"
default via 192.168.10.254 dev eth0
172.17.0.0/16 dev docker0 proto kernel scope link src 172.17.0.1
172.18.0.0/16 via 192.168.10.2 dev eth0
192.168.10.0/24 dev eth0 proto kernel scope link src 192.168.10.1
```

```text title="hostB/ip-addr.txt"
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP
    inet 192.168.10.2/24 scope global eth0
3: docker0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP
    inet 172.18.0.1/16 scope global docker0
```
"""

from collections.abc import Iterator

from netlint.api import (
    Address,
    Confidence,
    Crossing,
    Finding,
    Host,
    InterfaceAddress,
    Label,
    Severity,
    Site,
    Walker,
    crossings,
    is_container_link,
    rule,
)

# Who writes routes by hand or by a script; routing protocols know more than the files.
BY_HAND = (None, "static", "boot", "unspec")


@rule(
    "NL514",
    Severity.ERROR,
    needs=["addresses", "routes"],
    proof="source: the kernel sends a packet to the link address of the route's gateway (ip_finish_output2 of "
    "net/ipv4/ip_output.c), whoever that is",
    beyond_compose=True,
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    walker = Walker(site.every)
    for host in site.hosts:
        if host.interfaces is None or len(site.every) < 2:
            continue
        gateways = {route.via for route in host.routes or () if route.prefix.is_default}
        for crossing in crossings(walker, host):
            route, other = crossing.route, crossing.other
            if route.via is None or route.via in gateways or route.protocol not in BY_HAND:
                continue
            if not crossing.theirs.prefix.contains(route.prefix) or any(_has(one, route.via) for one in site.every):
                continue
            if (entry := _neighbour(host, other, route.via)) is not None:
                yield _finding(host, crossing, entry)


def _has(host: Host, address: Address) -> bool:
    return any(entry.address == address for link in host.interfaces or () for entry in link.addresses)


def _neighbour(host: Host, other: Host, via: Address) -> InterfaceAddress | None:
    """The address of `other` on the link of `host` on which the gateway is."""
    shared = [
        entry.prefix
        for link in host.interfaces or ()
        for entry in link.addresses
        if entry.prefix.holds(via) and not is_container_link(host, link.name)
    ]
    return next(
        (
            entry
            for link in other.interfaces or ()
            for entry in link.addresses
            if not is_container_link(other, link.name) and any(prefix.holds(entry.address) for prefix in shared)
        ),
        None,
    )


def _finding(host: Host, crossing: Crossing, entry: InterfaceAddress) -> Finding:
    route, other, theirs = crossing.route, crossing.other, crossing.theirs
    return Finding(
        message=f"the route to {route.prefix}, network {theirs.name} of {other.name}, leads to {route.via}, and "
        f"{other.name} is {entry.address} on that link",
        at=route.via_span,
        help=f"ip route replace {route.prefix} via {entry.address}",
        related=(
            Label(entry.span, f"{other.name} is a neighbour here"),
            Label(theirs.span, f"network {theirs.name} of {other.name}"),
        ),
        confidence=Confidence.MEDIUM,
        host=host.name,
    )
