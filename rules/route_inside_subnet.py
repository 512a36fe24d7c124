"""A route of the host leads away from containers: it points into their network's subnet

## What it means

A Docker network reaches its containers by the route to its bridge. The host has a longer route inside the same subnet,
through a gateway or tunnel, and addresses that containers of the network have lie in it. The longer route wins; a
routing table that is asked before `main`, as VPNs set one up, wins as well.

## Why it matters

The host's packets to these containers, and the answers to them of everything that the host forwards, leave through the
other route: published ports stay silent, containers have no way back in. Containers outside of the route's range still
work, which makes it look like chance. Where no container is known to have such an address, only
`subnet-overlaps-route` speaks.

## How to fix it

Renumber one of the two: the Docker network (`bip`, `subnet`), or what the other side announces.

## Bad: a mesh VPN announces a part of docker0's subnet

```json title="docker-network-inspect.json"
[
  {
    "Name": "bridge",
    "Driver": "bridge",
    "Scope": "local",
    "IPAM": { "Config": [ { "Subnet": "172.17.0.0/16", "Gateway": "172.17.0.1" } ] },
    "Containers": { "01": { "Name": "web", "IPv4Address": "172.17.1.5/16" } }
  }
]
```

```text title="ip-route.txt"
default via 192.168.10.254 dev eth0
172.17.0.0/16 dev docker0 proto kernel scope link src 172.17.0.1
192.168.10.0/24 dev eth0 proto kernel scope link src 192.168.10.1
```

```text title="ip-route-table-52.txt"
172.17.1.0/24 dev tailscale0  # <- error
```

## Bad: the first addresses of a Compose network

```yaml title="compose.yaml"
services:
  web:
    image: example/app
    networks: [front]
networks:
  front:
    ipam:
      config:
        - subnet: 172.20.0.0/16
```

```text title="ip-route.txt"
default via 10.0.0.1 dev eth0
10.0.0.0/24 dev eth0 proto kernel scope link src 10.0.0.5
172.20.0.0/24 via 10.0.0.1 dev eth0  # <- error
```

## Good: the route is elsewhere

```yaml title="compose.yaml"
services:
  web:
    image: example/app
    networks: [front]
networks:
  front:
    ipam:
      config:
        - subnet: 172.20.0.0/16
```

```text title="ip-route.txt"
default via 10.0.0.1 dev eth0
10.0.0.0/24 dev eth0 proto kernel scope link src 10.0.0.5
172.21.0.0/24 via 10.0.0.1 dev eth0
```
"""

from collections.abc import Iterator

from netlint.api import (
    ClaimKind,
    Confidence,
    Finding,
    Label,
    Severity,
    Site,
    Step,
    Witness,
    claims,
    free_help,
    misrouted,
    overlaps_between,
    rule,
)


@rule(
    "NL105",
    Severity.ERROR,
    needs=["routes", "networks"],
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    for host in site.hosts:
        plan = claims(host, site)
        networks = [claim for claim in plan.of(ClaimKind.NETWORK) if claim.is_bridged]
        for network, route in overlaps_between(networks, plan.of(ClaimKind.ROUTE)):
            found = misrouted(host, site, network, route)
            if found is None or route.span is None or network.span is None:
                continue
            main = route.route is None or route.route.table == "main"
            yield Finding(
                message=f"the {route.what} to {route.prefix} lies inside subnet {network.prefix} of {network.what}: "
                f"what is meant for {found.address} of {found.who} leaves by it",
                at=route.span,
                label=f"longer than the bridge's route to {network.prefix}" if main else "asked before table main",
                help=free_help(network.prefix, plan) + ", or take the route away",
                related=(
                    Label(found.span, f"{found.who}: {found.address}"),
                    Label(network.span, f"{network.what} has {network.prefix}"),
                ),
                confidence=None if main else Confidence.MEDIUM,
                witness=Witness(
                    packet=f"tcp this host:40000 > {found.address}:80",
                    steps=(
                        Step(found.span, f"{found.address} is {found.who} on the bridge of {network.what}"),
                        Step(route.span, f"the packet leaves by the {route.what} and never comes to the bridge"),
                    ),
                ),
                host=host.name,
            )
