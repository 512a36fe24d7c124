"""A macvlan or ipvlan network whose addresses do not belong to the LAN of its parent

## What it means

Containers on macvlan are machines of the LAN that the parent interface is on. Their subnet has to be that LAN's, and
their gateway its router. Docker asks the LAN for neither: without `gateway` it takes the first address of the subnet.

## Why it matters

The containers start. With a subnet of its own none of them reaches the LAN or is reached, as no router knows their
addresses; with a gateway that nobody has they reach their neighbours alone: no internet, no name resolution outside.

## How to fix it

Write the subnet of the parent interface and the router's address as `gateway`, and an `ip_range` for containers that
the DHCP server leaves alone. VLAN sub-interfaces have LANs of their own, and are not looked at.

## Bad: the router has another address

```yaml title="compose.yaml"
services:
  app:
    image: example/app
    networks:
      lan:
        ipv4_address: 192.168.1.200
networks:
  lan:
    driver: macvlan
    driver_opts:
      parent: eth0
    ipam:
      config:
        - subnet: 192.168.1.0/24  # <- warning
```

```text title="ip-addr.txt"
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP
    inet 192.168.1.10/24 scope global eth0
```

```text title="ip-route.txt"
default via 192.168.1.254 dev eth0
192.168.1.0/24 dev eth0 proto kernel scope link src 192.168.1.10
```

## Bad: another subnet

```yaml title="compose.yaml"
services:
  app:
    image: example/app
    networks:
      lan:
        ipv4_address: 10.9.0.20
networks:
  lan:
    driver: macvlan
    driver_opts:
      parent: eth0
    ipam:
      config:
        - subnet: 10.9.0.0/24  # <- warning
```

```text title="ip-addr.txt"
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP
    inet 192.168.1.10/24 scope global eth0
```

## Good: subnet and router of the LAN

```yaml title="compose.yaml"
services:
  app:
    image: example/app
    networks:
      lan:
        ipv4_address: 192.168.1.200
networks:
  lan:
    driver: macvlan
    driver_opts:
      parent: eth0
    ipam:
      config:
        - subnet: 192.168.1.0/24
          gateway: 192.168.1.254
          ip_range: 192.168.1.192/27
```

```text title="ip-addr.txt"
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP
    inet 192.168.1.10/24 scope global eth0
```

```text title="ip-route.txt"
default via 192.168.1.254 dev eth0
192.168.1.0/24 dev eth0 proto kernel scope link src 192.168.1.10
```
"""

from collections.abc import Iterator

from netlint.api import (
    Confidence,
    Finding,
    Host,
    Interface,
    InterfaceAddress,
    Label,
    Network,
    Origin,
    Severity,
    Site,
    Subnet,
    dynamic_range,
    rule,
)

DRIVERS = ("macvlan", "ipvlan")


@rule(
    "NL227",
    Severity.WARNING,
    beyond_compose=True,
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    for host in site.hosts:
        for network in host.networks:
            parent = network.option("parent")
            link = host.interface(parent.value) if parent is not None and parent.exact else None
            l3 = network.option("ipvlan_mode")
            if network.driver not in DRIVERS or link is None or network.internal or link.kind == "vlan":
                continue
            if network.origin not in (Origin.COMPOSE, Origin.SCRIPT) or (l3 is not None and l3.value.startswith("l3")):
                continue
            subnets = [subnet for subnet in network.subnets if subnet.prefix.version == 4 and subnet.written.exact]
            lans = [one for one in link.addresses if one.address.version == 4 and one.scope == "global"]
            if len(subnets) == 1 and lans and link.kind not in ("dummy", "bridge"):
                yield from _subnet(host, network, subnets[0], link, lans)


def _subnet(
    host: Host, network: Network, subnet: Subnet, link: Interface, lans: list[InterfaceAddress]
) -> Iterator[Finding]:
    name = network.key or network.name
    lan = next((one for one in lans if one.prefix.overlaps(subnet.prefix)), None)
    if lan is None:
        yield Finding(
            message=f"subnet {subnet.prefix} of {network.driver} network {name} is not that of its parent {link.name}, "
            f"{lans[0].prefix}",
            at=subnet.span,
            label="no machine of the LAN has a way to these addresses",
            help=f"write {lans[0].prefix}, with an ip_range that nobody else uses",
            related=(Label(lans[0].span, f"the LAN of {link.name}"),),
            confidence=Confidence.MEDIUM,  # a router may have a second subnet on the same wire
            host=host.name,
        )
        return
    routes = [one for one in host.routes or () if one.prefix.length == 0 and one.device == link.name]
    routers = [one for one in routes if one.via is not None and subnet.prefix.holds(one.via)]
    first = dynamic_range(subnet)
    taken = first.address(1) if first.network_address == subnet.prefix.network_address else first.network_address
    if subnet.gateway is None and routers and taken not in [one.via for one in routers]:
        yield Finding(
            message=f"{network.driver} network {name} has no gateway, so that its containers take {taken} for one; the "
            f"router of the LAN is {routers[0].via}",
            at=subnet.span,
            label="containers reach their neighbours alone",
            help=f"add gateway: {routers[0].via}",
            related=(Label(routers[0].span, f"the host's own way out of {link.name}"),),
            host=host.name,
        )
