"""A Docker network takes addresses of a network that the host is connected to

## What it means

The subnet of a bridge network becomes a route of the host to that bridge. If an interface of the host (LAN, VPN,
another virtual switch) is connected to the same addresses, two routes contend for them. The engine avoids connected
networks only when it chooses a subnet itself; an explicit subnet or `bip` is never checked.

## Why it matters

Which side dies depends on how the ranges lie:

| the subnet | what fails |
|---|---|
| equals the LAN | the host reaches the LAN but not its own containers, and the containers do not reach the LAN |
| lies inside the LAN | the host and everything behind it lose these addresses of the LAN, at once |
| contains the LAN | the host still reaches the LAN, its containers do not: they take it for their own bridge |

A `docker network create` over SSH can cut off the very session it runs in.

## How to fix it

Give the network a range that no interface has. Macvlan and ipvlan networks are part of the LAN and are not reported.

## Bad: part of the office network

```yaml title="compose.yaml"
services:
  web:
    image: example/app
    networks: [front]
networks:
  front:
    ipam:
      config:
        - subnet: 192.168.10.64/26  # <- error
```

```text title="ip-addr.txt"
1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN
    inet 127.0.0.1/8 scope host lo
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP
    inet 192.168.10.1/24 scope global eth0
```

## Bad: part of libvirt's network

```yaml title="compose.yaml"
services:
  web:
    image: example/app
    networks: [front]
networks:
  front:
    ipam:
      config:
        - subnet: 192.168.122.0/25  # <- error
```

```text title="ip-addr.txt"
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP
    inet 192.168.10.1/24 scope global eth0
3: virbr0: <NO-CARRIER,BROADCAST,MULTICAST,UP> mtu 1500 qdisc noqueue state DOWN
    inet 192.168.122.1/24 scope global virbr0
```

## Bad: docker0 on top of a VPN

```json title="daemon.json"
{
  "bip": "10.8.0.1/16"  // <- error
}
```

```text title="ip-route.txt"
default via 192.168.10.254 dev eth0
10.8.0.0/24 dev tun0 proto kernel scope link src 10.8.0.6
192.168.10.0/24 dev eth0 proto kernel scope link src 192.168.10.1
```

## Good: a range of its own

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

```text title="ip-addr.txt"
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP
    inet 192.168.10.1/24 scope global eth0
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
    move_network,
    overlaps_between,
    rule,
)

WHOLE = ("virbr", "lxcbr", "lxdbr", "vmnet", "podman", "cni-podman")
EFFECT = {
    "equals": "the host does not reach the containers, and the containers do not reach {what}",
    "lies inside": "the host loses these addresses of {what}",
    "contains": "containers of the network do not reach {what}",
}


@rule(
    "NL102",
    Severity.ERROR,
    needs=["addresses"],
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    for host in site.hosts:
        plan = claims(host, site)
        networks = [claim for claim in plan.of(ClaimKind.NETWORK) if claim.is_bridged]
        links = plan.of(ClaimKind.LINK)
        for network, link in overlaps_between(networks, links):
            if network.span is None or link.span is None or network.is_own(link):
                continue
            relation = network.prefix.relation(link.prefix) or "overlaps"
            if link.container_link and relation == "lies inside" and not _is_whole(link):
                continue  # flannel and its like give each host a part of their own range, for docker0
            if link.prefix.is_host and link.prefix.first == network.prefix.first:
                continue  # flannel.1 has the first address of docker0's subnet, which no container gets
            yield Finding(
                message=f"subnet {network.prefix} of {network.what} {relation} {link.prefix} of {link.what}: "
                + EFFECT[relation].format(what=link.what),
                at=network.span,
                label=f"becomes a route to the bridge of {network.what}",
                help=free_help(network.prefix, plan),
                related=(Label(link.span, f"the host has {link.prefix} here"),),
                witness=_witness(network, link, relation),
                fixes=move_network(network, host, site),
                host=host.name,
            )


def _is_whole(link: Claim) -> bool:
    """Whether the link is the network of virtual machines or of another engine, which is whole on this host."""
    name = link.interface.name if link.interface is not None else link.route.device if link.route is not None else None
    return name is not None and name.startswith(WHOLE)


def _witness(network: Claim, link: Claim, relation: str) -> Witness | None:
    """A packet to an address that both sides claim."""
    inner = max(network.prefix, link.prefix, key=lambda prefix: prefix.length)
    target = inner.address(9 if inner.size > 16 else 0)
    if network.span is None or link.span is None:
        return None
    if relation == "lies inside":
        return Witness(
            packet=f"icmp this host > {target}",
            steps=(
                Step(link.span, f"{target} is a neighbour on {link.what}"),
                Step(network.span, f"the longer prefix {network.prefix} wins: the packet goes to the bridge instead"),
            ),
        )
    container = network.prefix.address(2)
    return Witness(
        packet=f"icmp {container} > {target}",
        steps=(
            Step(network.span, f"the container takes {target} for a neighbour on its bridge and asks for it there"),
            Step(link.span, f"{target} is behind {link.what} and never hears the question"),
        ),
    )
