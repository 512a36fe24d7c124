"""The engine hands out addresses of a LAN that its DHCP server hands out too

## What it means

On a macvlan or ipvlan network the containers are machines of the LAN. Docker gives each the lowest address that none of
its own containers has; it asks nobody whether a machine of the LAN has it.

## Why it matters

Sooner or later a container and a machine have one address, and which of them answers changes by the minute. The lowest
addresses are often those of routers and access points.

## How to fix it

Give the network an `ip_range` that the DHCP server leaves alone, or every service an `ipv4_address` of its own.

The check speaks where the LAN is known from the parent's address on this host.

## Bad: the whole LAN

```yaml title="compose.yaml"
services:
  app:
    image: example/app
    networks: [lan]
networks:
  lan:
    driver: macvlan
    driver_opts:
      parent: eth0
    ipam:
      config:
        - subnet: 192.168.1.0/24  # <- warning
          gateway: 192.168.1.1
```

```text title="ip-addr.txt"
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP
    inet 192.168.1.10/24 brd 192.168.1.255 scope global dynamic eth0
```

## Good: a range of its own

```yaml title="compose.yaml"
services:
  app:
    image: example/app
    networks: [lan]
networks:
  lan:
    driver: macvlan
    driver_opts:
      parent: eth0
    ipam:
      config:
        - subnet: 192.168.1.0/24
          gateway: 192.168.1.1
          ip_range: 192.168.1.192/27
```

```text title="ip-addr.txt"
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP
    inet 192.168.1.10/24 brd 192.168.1.255 scope global dynamic eth0
```

## Good: an address for each

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
          gateway: 192.168.1.1
```

```text title="ip-addr.txt"
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP
    inet 192.168.1.10/24 brd 192.168.1.255 scope global dynamic eth0
```
"""

from collections.abc import Iterator

from netlint.api import (
    Confidence,
    Finding,
    Host,
    Label,
    Network,
    Prefix,
    Severity,
    Site,
    Span,
    handed_out,
    members,
    rule,
)

DRIVERS = ("macvlan", "ipvlan")


@rule(
    "NL228",
    Severity.WARNING,
    confidence=Confidence.MEDIUM,
    compose=["network.driver=macvlan|network.driver=ipvlan"],
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    for host in site.hosts:
        for network in host.networks:
            parent = network.option("parent")
            link = host.interface(parent.value) if parent is not None and parent.exact else None
            if network.driver in DRIVERS and link is not None and network.ipam_driver is None:
                lans = [one for one in link.addresses if one.address.version == 4 and one.scope == "global"]
                yield from _handed_out(host, site, network, [(one.prefix, one.span) for one in lans])


def _handed_out(host: Host, site: Site, network: Network, lans: list[tuple[Prefix, Span]]) -> Iterator[Finding]:
    dynamic = [member for member in members(host, site, network) if member.address is None]
    for subnet in network.subnets:
        lan = next((one for one in lans if one[0].overlaps(subnet.prefix)), None)
        if lan is None or not dynamic or subnet.ip_range is not None or subnet.prefix.size < lan[0].size:
            continue
        first = next(handed_out(network, subnet), None)
        yield Finding(
            message=f"{network.driver} network {network.key or network.name} hands out addresses of the whole LAN "
            f"{subnet.prefix}, from {first} on, beside the LAN's own DHCP server",
            at=subnet.span,
            label=f"{dynamic[0].who} gets whatever Docker takes for free",
            help="add an ip_range that the DHCP server leaves alone, or give each service an ipv4_address",
            related=(Label(lan[1], "the LAN of the parent"), Label(dynamic[0].span, f"{dynamic[0].who} has none")),
            host=host.name,
        )
