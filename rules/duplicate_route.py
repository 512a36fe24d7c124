"""One destination has two routes of equal rank

## What it means

Two routes of one table have the same prefix and the same metric, and lead different ways. The kernel takes the one that
was added first as long as its interface is up, and the other after that. It comes from two interfaces with addresses of
one subnet, from a bridge that was left behind, or from `ip route append`.

## Why it matters

Which way packets take depends on the order in which interfaces came up. What answers on the other interface is not
reached, and after the next start it may be the other way round.

## How to fix it

Remove the interface or the address that is not meant (`ip link del br-0123456789ab`, `docker network rm`), or give one
of the routes a metric.

## Bad: two bridges of one subnet

```text title="ip-route.txt"
default via 192.168.10.254 dev eth0
172.20.0.0/16 dev br-0123456789ab proto kernel scope link src 172.20.0.1 linkdown
172.20.0.0/16 dev br-fedcba987654 proto kernel scope link src 172.20.0.1  # <- warning
192.168.10.0/24 dev eth0 proto kernel scope link src 192.168.10.1
```

## Bad: two gateways

```text title="ip-route.txt"
default via 192.168.10.254 dev eth0
10.8.0.0/16 via 192.168.10.7 dev eth0
10.8.0.0/16 via 192.168.10.8 dev eth0  # <- warning
192.168.10.0/24 dev eth0 proto kernel scope link src 192.168.10.1
```

## Good: one waits for the other to fail

```text title="ip-route.txt"
default via 192.168.10.254 dev eth0 metric 100
default via 192.168.11.254 dev wlan0 metric 600
10.8.0.0/16 via 192.168.10.7 dev eth0
10.8.0.0/16 via 192.168.10.8 dev eth0 metric 50
192.168.10.0/24 dev eth0 proto kernel scope link src 192.168.10.1 metric 100
192.168.11.0/24 dev wlan0 proto kernel scope link src 192.168.11.1 metric 600
```
"""

from collections.abc import Iterator

from netlint.api import OUTSIDE, Finding, Host, Label, Route, Severity, Site, Walker, from_host, leg_witness, rule


@rule(
    "NL503",
    Severity.WARNING,
    needs=["routes"],
    proof="source: fib_table_lookup of net/ipv4/fib_trie.c takes the first of equal routes whose interface is up",
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    walker = Walker(site.every)
    for host in site.hosts:
        first: dict[object, Route] = {}
        for route in host.routes or ():
            if not _counts(route):
                continue
            before = first.setdefault((route.prefix, route.table, route.metric or 0), route)
            same = (before.via, before.device) == (route.via, route.device)
            if before is not route and before.span != route.span and not same:
                yield _finding(walker, host, before, route)


def _counts(route: Route) -> bool:
    """Not what every interface has, nor what routers announce side by side."""
    network = route.prefix.network_address
    if route.kind != "unicast" or network.is_link_local or network.is_multicast or "dead" in route.flags:
        return False
    return route.prefix.version == 4 or not route.prefix.is_default


def _finding(walker: Walker, host: Host, before: Route, route: Route) -> Finding:
    prefix = route.prefix
    version = prefix.version
    destination = OUTSIDE[version] if prefix.is_default else prefix.address(min(2, prefix.size - 1))
    walk = walker.on(host, version)
    leg = walk.send(from_host(walk, destination))
    taken = leg.hop is not None and leg.hop.span == before.span
    return Finding(
        message=f"two routes to {'default' if prefix.is_default else prefix}: {_way(before)} and {_way(route)}, of "
        "equal rank",
        at=route.span,
        label="used only when the other is gone",
        help="remove the one that is not meant, or give it a metric",
        related=(Label(before.span, "this one is taken"),),
        witness=leg_witness(leg) if taken else None,
        host=host.name,
    )


def _way(route: Route) -> str:
    parts = [f"via {route.via}" if route.via is not None else "", f"dev {route.device}" if route.device else ""]
    return " ".join(filter(None, parts))
