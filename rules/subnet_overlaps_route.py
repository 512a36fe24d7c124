"""A Docker network takes addresses that the host reaches through a router or tunnel

## What it means

The host has a route to a range behind a gateway or VPN, and a Docker network of this host has a subnet in the same
range. The bridge brings a route of its own, and the longer of the two wins. The engine never checks a subnet against
routes with a gateway, not even when it chooses the subnet itself (engines before 20.10.15 looked at all routes).

## Why it matters

With a subnet that is equal to or inside the routed range, host and containers lose these remote addresses: database,
VPN, office. With a subnet that contains the range (reported as a warning) the containers lose it, and so do the
containers whose own addresses lie in the range (an error of its own, `route-inside-subnet`). Typical is a Compose
project whose network swallows the VPN.

Default routes and their halves 0.0.0.0/1 and 128.0.0.0/1, which VPNs set, are no overlap.

## How to fix it

Give the network a range that nothing routes, and keep `default-address-pools` away from the company's ranges.

## Bad: inside a routed range

```yaml title="compose.yaml"
services:
  web:
    image: example/app
    networks: [front]
networks:
  front:
    ipam:
      config:
        - subnet: 10.200.1.0/24  # <- error
```

```text title="ip-route.txt"
default via 192.168.10.254 dev eth0
10.200.0.0/16 via 192.168.10.253 dev eth0
192.168.10.0/24 dev eth0 proto kernel scope link src 192.168.10.1
```

## Bad: around it

```yaml title="compose.yaml"
services:
  web:
    image: example/app
    networks: [front]
networks:
  front:
    ipam:
      config:
        - subnet: 172.20.0.0/16  # <- warning
```

```text title="ip-route.txt"
default via 10.0.0.1 dev eth0
10.0.0.0/24 dev eth0 proto kernel scope link src 10.0.0.5
172.20.8.0/22 via 10.0.0.1 dev eth0
```

## Good: the halves of a VPN are no range of their own

```yaml title="compose.yaml"
services:
  web:
    image: example/app
    networks: [front]
networks:
  front:
    ipam:
      config:
        - subnet: 172.28.0.0/24
```

```text title="ip-route.txt"
0.0.0.0/1 via 10.8.0.5 dev tun0
128.0.0.0/1 via 10.8.0.5 dev tun0
default via 192.168.10.254 dev eth0
10.8.0.5 dev tun0 proto kernel scope link src 10.8.0.6
192.168.10.0/24 dev eth0 proto kernel scope link src 192.168.10.1
```
"""

from collections.abc import Iterator

from netlint.api import (
    Claim,
    ClaimKind,
    Finding,
    Label,
    Severity,
    Site,
    Step,
    Witness,
    claims,
    free_help,
    misrouted,
    move_network,
    overlaps_between,
    rule,
)


@rule(
    "NL103",
    Severity.ERROR,
    needs=["routes"],
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    for host in site.hosts:
        plan = claims(host, site)
        networks = [claim for claim in plan.of(ClaimKind.NETWORK) if claim.is_bridged]
        routes = plan.of(ClaimKind.ROUTE)
        for network, route in overlaps_between(networks, routes):
            if network.span is None or route.span is None or network.is_own(route) or not _carries(route):
                continue
            if misrouted(host, site, network, route) is not None:
                continue  # NL105 has more to say
            relation = network.prefix.relation(route.prefix) or "overlaps"
            lost = "containers of the network do not reach" if relation == "contains" else "this host does not reach"
            yield Finding(
                message=f"subnet {network.prefix} of {network.what} {relation} {route.prefix}, which the host has a "
                f"{route.what} to: {lost} it any more",
                at=network.span,
                label=f"this range belongs to the bridge of {network.what}",
                help=free_help(network.prefix, plan),
                related=(Label(route.span, "the host reaches these addresses here"),),
                severity=Severity.WARNING if relation == "contains" else None,
                witness=_witness(network, route, relation),
                fixes=move_network(network, host, site),
                host=host.name,
            )


def _carries(claim: Claim) -> bool:
    """Whether the route leads somewhere: `unreachable` and `blackhole` only shut a range off."""
    return claim.route is not None and claim.route.kind == "unicast"


def _witness(network: Claim, route: Claim, relation: str) -> Witness | None:
    if network.span is None or route.span is None:
        return None
    inner = max(network.prefix, route.prefix, key=lambda prefix: prefix.length)
    target = inner.address(9 if inner.size > 16 else 0)
    if relation == "contains":
        return Witness(
            packet=f"tcp {network.prefix.address(2)}:40000 > {target}:443",
            steps=(
                Step(network.span, f"the container takes {target} for a neighbour on its bridge and asks for it there"),
                Step(route.span, f"{target} is behind the {route.what} and never hears the question"),
            ),
        )
    return Witness(
        packet=f"tcp this host:40000 > {target}:443",
        steps=(
            Step(route.span, f"{target} is meant to go by the {route.what}"),
            Step(network.span, f"the bridge's own route to {network.prefix} is at least as long and takes it"),
        ),
    )
