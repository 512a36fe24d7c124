"""Two hosts that route to each other's containers have the same container subnet

## What it means

One host has a route to the containers of the other, through an overlay (flannel, weave, a tunnel) or by the other
host's address, and both have a network with the same range on a bridge of their own. Each host finds the range on its
own bridge and never sends such a packet to the other. Cloned machines, and a lease that was given twice, lead there.

The same range on hosts that do not route containers to each other is normal (docker0 is 172.17.0.0/16 everywhere) and
is not reported.

## Why it matters

Containers of one host do not reach those of the other, and the others in the overlay reach only one of the two, by
chance. Two containers may have one address.

## How to fix it

Give one of the hosts a range of its own; with flannel, remove its `subnet.env` and restart flannel for a new lease.

## Bad: one lease, two hosts

```text title="hostA/ip-route.txt"
default via 10.27.95.1 dev eth0
10.27.95.0/24 dev eth0 proto kernel scope link src 10.27.95.156
172.24.0.0/13 dev flannel.1
172.25.95.0/24 dev docker0 proto kernel scope link src 172.25.95.1
```

```json title="hostA/daemon.json"
{ "bip": "172.25.95.1/24" }
```

```text title="hostB/ip-route.txt"
default via 10.27.95.1 dev eth0
10.27.95.0/24 dev eth0 proto kernel scope link src 10.27.95.157
172.24.0.0/13 dev flannel.1
172.25.95.0/24 dev docker0 proto kernel scope link src 172.25.95.1
```

```json title="hostB/daemon.json"
{ "bip": "172.25.95.1/24" }  // <- error
```

## Good: a lease each

```text title="hostA/ip-route.txt"
default via 10.27.95.1 dev eth0
10.27.95.0/24 dev eth0 proto kernel scope link src 10.27.95.156
172.24.0.0/13 dev flannel.1
172.25.95.0/24 dev docker0 proto kernel scope link src 172.25.95.1
```

```json title="hostA/daemon.json"
{ "bip": "172.25.95.1/24" }
```

```text title="hostB/ip-route.txt"
default via 10.27.95.1 dev eth0
10.27.95.0/24 dev eth0 proto kernel scope link src 10.27.95.157
172.24.0.0/13 dev flannel.1
172.25.96.0/24 dev docker0 proto kernel scope link src 172.25.96.1
```

```json title="hostB/daemon.json"
{ "bip": "172.25.96.1/24" }
```
"""

from collections.abc import Iterator
from itertools import combinations
from typing import NamedTuple

from netlint.api import (
    Address,
    Claim,
    ClaimKind,
    Finding,
    Host,
    Label,
    Prefix,
    Route,
    Severity,
    Site,
    claims,
    overlaps_between,
    rule,
)

FABRICS = ("flannel", "vxlan", "weave", "cilium", "antrea")  # interfaces that lead to containers of other hosts


@rule(
    "NL119",
    Severity.ERROR,
    needs=["routes"],
    proof="two hosts with docker0 on 172.17.0.0/16: each answers the other's 172.17.0.1 itself, on Docker 20.10.24 and "
    "28.5.2",
)
def check(site: Site) -> Iterator[Finding]:
    hosts = [host for host in site.hosts if not host.implied]
    sides = [_side(host, site) for host in hosts]
    wanted = _around({claim.prefix for side in sides for claim in side.bridged})
    owners: dict[object, set[int]] = {}
    for number, side in enumerate(sides):
        for address in side.own:
            owners.setdefault(address, set()).add(number)
    led = [side.fabric or set().union(*(owners.get(gateway, ()) for gateway in side.gateways)) for side in sides]
    ways = [_ways(host, wanted) for host in hosts]
    for (number, one), (position, other) in combinations(enumerate(hosts), 2):
        if not (_leads(led[number], position) or _leads(led[position], number)):
            continue  # no route between them
        for first, second in overlaps_between(sides[number].bridged, sides[position].bridged):
            there = _way(ways[number], sides[position], second.prefix)
            back = _way(ways[position], sides[number], first.prefix)
            route = back or there
            if route is None or first.span is None or second.span is None:
                continue
            yield Finding(
                message=f"{second.prefix} of {second.what} on {other.name} {second.prefix.relation(first.prefix)} "
                f"{first.prefix} of {first.what} on {one.name}, and the hosts route to each other's containers: each "
                "looks for these addresses on its own bridge",
                at=second.span,
                label=f"{one.name} has these addresses too",
                help=f"give one of the two another range: {first.what} on {one.name}, or {second.what} on {other.name}",
                related=(
                    Label(first.span, f"{first.prefix} on {one.name}"),
                    Label(route.span, "the route to the containers of the other host"),
                ),
                host=other.name,
            )


def _bridged(host: Host, site: Site) -> list[Claim]:
    """The ranges of the host's container bridges, of an engine's or of others such as cni0."""
    plan = claims(host, site)
    bridged = [claim for claim in plan.of(ClaimKind.NETWORK) if claim.is_bridged]
    bridged += [claim for claim in plan.of(ClaimKind.LINK) if claim.container_link and _is_bridge(claim)]
    return [claim for claim in bridged if not claim.prefix.is_host]


class _Side(NamedTuple):
    """What of a host matters to the others: the ranges of its bridges, its addresses, the gateways of its routes, and
    whether some are of a network between nodes, which leads to all of them. `sources` are of its routes alone."""

    bridged: list[Claim]
    addresses: set[Address]
    sources: set[Address]
    gateways: set[Address]
    fabric: bool

    @property
    def own(self) -> set[Address]:
        return self.addresses | self.sources


def _side(host: Host, site: Site) -> _Side:
    routes = host.routes or ()
    return _Side(
        _bridged(host, site),
        {entry.address for interface in host.interfaces or () for entry in interface.addresses},
        {route.source for route in routes if route.source is not None},
        {route.via for route in routes if route.via is not None and route.prefix.length > 1},
        any((route.device or "").startswith(FABRICS) for route in routes),
    )


def _leads(led: bool | set[int], number: int) -> bool:
    """Whether any route of a host may lead to that number; True instead of numbers is all."""
    return led is True or (not isinstance(led, bool) and number in led)


def _around(prefixes: set[Prefix]) -> set[Prefix]:
    """The prefixes with all that hold them."""
    return {Prefix.of(one.network_address, length) for one in prefixes for length in range(one.length + 1)}


def _is_bridge(claim: Claim) -> bool:
    device = claim.interface.name if claim.interface is not None else claim.route.device if claim.route else None
    return device is not None and device.startswith(("docker0", "br-", "cni", "cbr"))


def _ways(host: Host, wanted: set[Prefix]) -> list[Route]:
    """The routes of `host` by which packets for a container of any host may go, in order."""
    return [
        route
        for route in host.routes or ()
        if route.kind == "unicast" and route.prefix.length > 1 and route.prefix in wanted
        if route.via is not None or (route.device or "").startswith(FABRICS)
    ]


def _way(ways: list[Route], other: _Side, prefix: Prefix) -> Route | None:
    """The route by which packets for containers with `prefix` are sent to `other`, were they not on a bridge here."""
    for route in ways:
        if not route.prefix.contains(prefix):
            continue
        if route.via is not None and (route.via in other.addresses or route.via in other.sources):
            return route
        if (route.device or "").startswith(FABRICS) and route.prefix.length < prefix.length:
            return route
    return None
