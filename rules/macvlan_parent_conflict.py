"""The parent interface of a macvlan or ipvlan network is missing or taken

## What it means

A macvlan or ipvlan network stands on an interface of the host, its `parent`. It must be there; `eth0.10` is made by
the engine if `eth0` is. Engines up to 26 give a parent to one network of each kind only; later ones share it, unless
one of the networks has the mode `passthru`. An interface carries macvlan or ipvlan, never both at once, and neither
while it is a port of a bridge, a bond or a team: that is what takes its packets. On Wi-Fi macvlan does not work at all:
an access point takes frames from the address that the station registered with, and from no other.

## Why it matters

The network is not created: "invalid subinterface vlan name", "parent interface was not found on the host", "is already
using parent interface". With both kinds on one interface, and on a port of a bridge, containers do not start: "device
or resource busy".

## How to fix it

Name an interface that the host has. For several subnets on one interface use one network with several subnets, or VLAN
sub-interfaces (`eth0.10`, `eth0.20`).

## Bad: no such interface

```yaml title="compose.yaml"
services:
  app:
    image: example/app
    networks: [lan]
networks:
  lan:
    driver: macvlan
    driver_opts:
      parent: eth0  # <- error
    ipam:
      config:
        - subnet: 192.168.10.0/24
```

```text title="ip-addr.txt"
2: enp3s0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP
    inet 192.168.10.1/24 scope global enp3s0
```

## Bad: one parent, two networks

```sh title="setup.sh"
docker network create -d macvlan --subnet 192.168.10.0/25 -o parent=eth0 upper
docker network create -d macvlan --subnet 192.168.10.128/25 -o parent=eth0 lower  # <- error
```

```text title="docker-version.txt"
Server:
 Engine:
  Version:          20.10.24
```

## Bad: macvlan and ipvlan

```yaml title="compose.yaml"
services:
  one:
    image: example/app
    networks: [upper]
  other:
    image: example/app
    networks: [lower]
networks:
  upper:
    driver: macvlan
    driver_opts:
      parent: eth0
    ipam:
      config:
        - subnet: 192.168.10.0/25
  lower:
    driver: ipvlan
    driver_opts:
      parent: eth0  # <- error
    ipam:
      config:
        - subnet: 192.168.10.128/25
```

## Bad: Wi-Fi

```yaml title="compose.yaml"
services:
  app:
    image: example/app
    networks: [lan]
networks:
  lan:
    driver: macvlan
    driver_opts:
      parent: wlan0  # <- warning
    ipam:
      config:
        - subnet: 192.168.10.0/24
```

## Bad: a port of a bridge

```sh title="setup.sh"
docker network create -d macvlan --subnet 192.168.10.0/24 -o parent=eno1 lan  # <- error
```

```text title="ip-addr.txt"
2: eno1: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc mq master br0 state UP
3: br0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP
    inet 192.168.10.5/24 scope global br0
```

## Good: a VLAN each

```sh title="setup.sh"
docker network create -d macvlan --subnet 192.168.10.0/24 -o parent=eth0.10 upper
docker network create -d macvlan --subnet 192.168.20.0/24 -o parent=eth0.20 lower
```

```text title="docker-version.txt"
Server:
 Engine:
  Version:          20.10.24
```
"""

import re
from collections.abc import Iterator

from netlint.api import (
    Confidence,
    Finding,
    Host,
    Interface,
    Label,
    Located,
    Network,
    Origin,
    Severity,
    Site,
    pattern,
    rule,
)

VLAN = pattern(r"(.+)\.\d+")
WIRELESS = pattern(r"wl(?:an|p|o|x|s)[0-9a-z]+")  # as the kernel and systemd name Wi-Fi interfaces
DRIVERS = ("macvlan", "ipvlan")


@rule(
    "NL219",
    Severity.ERROR,
    compose=["network.driver=macvlan|network.driver=ipvlan"],
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    for host in site.hosts:
        first: dict[tuple[str, str], Network] = {}
        drivers: dict[str, Network] = {}
        for network in host.networks:
            parent = network.option("parent")
            if network.driver not in DRIVERS or parent is None or not parent.exact or not parent.value:
                continue
            other = first.setdefault((network.driver, parent.value), network)
            if network.origin not in (Origin.COMPOSE, Origin.SCRIPT):
                continue
            if _is_missing(host, parent.value):
                yield Finding(
                    message=f"parent {parent.value} of {network.driver} network {network.key or network.name} is no "
                    "interface of this host: the network is not created",
                    at=parent.span,
                    help=f"name one of {_interfaces(host)}",
                    host=host.name,
                )
            elif (holder := _holder(host, parent.value)) is not None:
                yield _enslaved(host, network, parent, holder)
            elif other is not network:
                yield from _shared(host, network, other, parent)
            elif drivers.setdefault(parent.value, network).driver != network.driver:
                yield _mixed(host, network, drivers[parent.value], parent)
            if network.driver == "macvlan" and WIRELESS.fullmatch(parent.value):
                yield _wireless(host, network, parent)


def _is_missing(host: Host, parent: str) -> bool:
    if host.interfaces is None or host.interface(parent) is not None or host.may_get(parent):
        return False
    vlan = VLAN.fullmatch(parent)
    return vlan is None or host.interface(vlan[1]) is None


def _holder(host: Host, parent: str) -> Interface | None:
    """The bridge or bond that the interface is a port of. A VRF does not take a port's packets by the same hook."""
    link = host.interface(parent)
    master = host.interface(link.master) if link is not None and link.master is not None else None
    return master if master is not None and master.kind != "vrf" and not master.name.startswith("vrf") else None


def _enslaved(host: Host, network: Network, parent: Located[str], holder: Interface) -> Finding:
    return Finding(
        message=f"{network.driver} network {network.key or network.name} has the parent {parent.value}, a port of "
        f"{holder.name}: the kernel lets nothing else take its packets",
        at=parent.span,
        label="containers do not start: device or resource busy",
        help=f"write {holder.name}, or an interface that is a port of nothing",
        related=(Label(holder.span, f"{holder.name} has it"),),
        host=host.name,
    )


def _interfaces(host: Host) -> str:
    """Those that a network of this kind may stand on: not the loopback, nor what the engine made."""
    made = re.compile(r"lo|docker.*|br-[0-9a-f]{12}|veth.*")
    names = [link.name for link in host.interfaces or () if not made.fullmatch(link.name)]
    return ", ".join(names) or "its interfaces"


def _mixed(host: Host, network: Network, other: Network, parent: Located[str]) -> Finding:
    return Finding(
        message=f"{network.driver} network {network.key or network.name} has the parent {parent.value} of "
        f"{other.driver} network {other.key or other.name}: an interface carries one kind or the other",
        at=parent.span,
        label="containers of the one fail while those of the other run",
        help="use one driver for both, or a VLAN sub-interface for each",
        related=(Label(other.span, f"{other.driver} network {other.key or other.name} has it"),),
        host=host.name,
    )


def _wireless(host: Host, network: Network, parent: Located[str]) -> Finding:
    return Finding(
        message=f"macvlan network {network.key or network.name} has the Wi-Fi interface {parent.value} as its parent: "
        "an access point takes frames from the station's own address alone",
        at=parent.span,
        label="the containers get no answer",
        help="use a wired interface, or driver ipvlan, whose containers share the interface's address",
        severity=Severity.WARNING,
        host=host.name,
    )


def _shared(host: Host, network: Network, other: Network, parent: Located[str]) -> Iterator[Finding]:
    modes = [option.value for one in (network, other) if (option := one.option("macvlan_mode")) is not None]
    sure = host.before(27) is True or "passthru" in modes
    if host.before(28) is False and not sure:
        return
    engine = "the engine refuses" if sure else "engines up to 26 refuse"
    yield Finding(
        message=f"{network.driver} network {network.key or network.name} has the parent {parent.value} of network "
        f"{other.key or other.name}: {engine} the second of the two",
        at=parent.span,
        help="use one network with several subnets, or a VLAN sub-interface for each",
        related=(Label(other.span, f"network {other.key or other.name} has it"),),
        severity=None if sure else Severity.WARNING,
        confidence=None if sure else Confidence.MEDIUM,
        host=host.name,
    )
