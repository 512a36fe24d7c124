"""An overlay assumes a larger MTU than the network under it carries

## What it means

An overlay network wraps each packet into VXLAN, which takes 50 bytes. The engine does not look at the host's interface:
it takes 1500 for the underlay unless the network's option `com.docker.network.driver.mtu` says otherwise (on an overlay
the option is the MTU of the *underlay*; containers get 50 less, and 76 less where the overlay is encrypted). Cloud
networks often carry 1450, WireGuard 1420. Calico takes the MTU that it is told (`veth_mtu`, `mtu` of an Installation)
for that of the pods, whatever its tunnel adds: 50 bytes for VXLAN, 20 for IPIP, 60 for WireGuard.

## Why it matters

Small packets pass, large ones do not: connections open and then hang. Where ICMP comes through, hosts learn the right
size after the first loss; where it is filtered, they never do.

## How to fix it

Create the network with `com.docker.network.driver.mtu` set to the MTU of the interface that carries it. Leave Calico's
MTU at 0, so that it finds out, or subtract what the tunnel adds.

## Bad: 1500 over 1450

```yaml title="compose.yaml"
services:
  api:
    image: example/api
    networks: [wide]
networks:
  wide:
    driver: overlay  # <- warning
```

```text title="ip-addr.txt"
1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN
    inet 127.0.0.1/8 scope host lo
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1450 qdisc fq_codel state UP
    inet 10.0.5.11/24 scope global eth0
```

## Good: told what the underlay carries

```yaml title="compose.yaml"
services:
  api:
    image: example/api
    networks: [wide]
networks:
  wide:
    driver: overlay
    driver_opts:
      com.docker.network.driver.mtu: "1450"
```

```text title="ip-addr.txt"
1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN
    inet 127.0.0.1/8 scope host lo
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1450 qdisc fq_codel state UP
    inet 10.0.5.11/24 scope global eth0
```
"""

from collections.abc import Iterator

from netlint.api import (
    Finding,
    Host,
    Interface,
    Label,
    Origin,
    Severity,
    Site,
    clusters_of,
    own_address,
    rule,
    uplinks,
)

DEFAULT = 1500  # what the overlay driver takes for the underlay
WITH_OPTIONS = (Origin.COMPOSE, Origin.SCRIPT, Origin.INSPECT)  # sources that would tell of the option
# What Calico's tunnels add, by their links and by the modes of its pools.
TUNNELS = {"wireguard.cali": 60, "vxlan.calico": 50, "tunl0": 20}
MODES = {"VXLAN": 50, "VXLANCrossSubnet": 50, "IPIP": 20, "IPIPCrossSubnet": 20}
OPTION = "com.docker.network.driver.mtu"


@rule(
    "NL608",
    Severity.WARNING,
    needs=["addresses"],
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    for host in site.hosts:
        underlay = _underlay(host)
        if underlay is None or underlay.mtu is None:
            continue
        yield from _calico(host, site, underlay)
        for network in host.networks:
            if network.driver != "overlay" or network.external or not network.is_stated_by(*WITH_OPTIONS):
                continue
            option = network.option(OPTION)
            if option is not None and not (option.exact and option.value.isascii() and option.value.isdigit()):
                continue
            assumed = int(option.value) if option is not None else DEFAULT
            if assumed > underlay.mtu:
                yield Finding(
                    message=f"overlay {network.key or network.name} assumes an underlay MTU of {assumed}"
                    f"{'' if option else ' (the default)'}, and {underlay.name} carries {underlay.mtu}",
                    at=option.span if option is not None else network.driver_span or network.span,
                    label="large packets of its containers do not fit",
                    help=f"set the network's option {OPTION} to {underlay.mtu}",
                    related=(Label(underlay.span, f"{underlay.name} has MTU {underlay.mtu}"),),
                    host=host.name,
                )


def _calico(host: Host, site: Site, underlay: Interface) -> Iterator[Finding]:
    """An MTU of pods that is stated, and does not leave room for the tunnel that is known of."""
    for cluster in clusters_of(host, site):
        added = [TUNNELS[link.name] for link in host.links if link.name in TUNNELS and link.addresses]
        added += [
            MODES[pool.encapsulation.value]
            for pool in cluster.pools
            if pool.encapsulation is not None and pool.encapsulation.value in MODES and not pool.disabled
        ]
        for calico in cluster.calico:
            if not added or calico.mtu is None or not calico.mtu.exact or underlay.mtu is None:
                continue
            room = underlay.mtu - max(added)
            if calico.mtu.value > room:
                yield Finding(
                    message=f"Calico gives pods the MTU {calico.mtu.value}, its tunnel adds {max(added)}, and "
                    f"{underlay.name} carries {underlay.mtu}",
                    at=calico.mtu.span,
                    label="large packets between nodes do not fit",
                    help=f"set it to {room}, or to 0, so that Calico finds out",
                    related=(Label(underlay.span, f"{underlay.name} has MTU {underlay.mtu}"),),
                    host=host.name,
                )
                return


def _underlay(host: Host) -> Interface | None:
    """The interface that carries the overlay: that of the address which the host says, else the only way out."""
    swarm = host.swarm
    said = [swarm.data_path_addr, swarm.advertise_addr, swarm.node_address] if swarm is not None else []
    said.append(host.daemon.text("cluster-advertise") if host.daemon is not None and host.knows_store else None)
    chosen = next((one for one in said if one is not None), None)
    if chosen is not None:
        address, _ = own_address(host, chosen.value)
        for link in host.links:
            if any(entry.address == address for entry in link.addresses):
                return link
        return None
    names = uplinks(host)
    return host.link(names[0]) if len(names) == 1 else None
