"""Containers use far smaller packets than the network between the hosts carries

## What it means

The MTU of a pod or overlay network has to leave room for the tunnel's headers, and no more. The hosts' interface
carries large frames here, and the containers' network was left at a value made for 1500, or for less (weave: 1376).

## Why it matters

The price of a packet is paid per packet. Of all that can be read from a file this had the largest effect: weave at
MTU 8916 instead of 1376 doubled the TCP throughput on a 10G link and took UDP to five times. The table below has the
sources.

## How to fix it

Set the network's MTU to that of the interface less the tunnel's headers (50 for VXLAN, 20 for IPIP, 60 to 80 for
WireGuard), on all hosts alike, and make sure that every switch between them carries it.

## Bad: weave's default on jumbo frames

```sh title="setup.sh"
weave launch 10.0.5.12  # <- warning
```

```text title="ip-addr.txt"
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 9001 qdisc mq state UP
    inet 10.0.5.11/24 scope global eth0
```

## Good: as large as fits

```sh title="setup.sh"
export WEAVE_MTU=8916
weave launch 10.0.5.12
```

```text title="ip-addr.txt"
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 9001 qdisc mq state UP
    inet 10.0.5.11/24 scope global eth0
```
"""

from collections.abc import Iterator

from msgspec import Struct

from netlint.api import Finding, Host, Interface, Label, Severity, Site, Span, clusters_of, measured, node_address, rule

MARGIN = 100  # less than this is not worth a word
WEAVE_DEFAULT, WEAVE_OVERHEAD = 1376, 84
TUNNELS = {"flannel.1": 50, "vxlan.calico": 50, "tunl0": 20, "cilium_vxlan": 50}
OPTION = "com.docker.network.driver.mtu"


class Small(Struct, frozen=True):
    """An MTU of containers, what the tunnel adds, and the place that sets it."""

    what: str
    mtu: int
    overhead: int
    at: Span
    severity: Severity | None = None


@rule(
    "NL706", Severity.WARNING, needs=["addresses"], proof="published measurements (rules/evidence.json)", each_host=True
)
def check(site: Site) -> Iterator[Finding]:
    for host in site.hosts:
        underlay = _underlay(host)
        if underlay is None or underlay.mtu is None:
            continue
        said: set[str] = set()
        for one in _stated(host, site):
            # several sources tell of one tunnel; each Docker network is one of its own
            key = one.what if one.severity is not None else str(one.mtu)
            if one.mtu + one.overhead + MARGIN <= underlay.mtu and key not in said:
                said.add(key)
                yield Finding(
                    message=f"{one.what} has MTU {one.mtu}, and {underlay.name} carries {underlay.mtu}; measured: "
                    f"{measured('mtu-ib20')}",
                    at=one.at,
                    help=f"set it to {underlay.mtu - one.overhead} on all hosts, if every switch between them carries "
                    f"{underlay.mtu}",
                    related=(Label(underlay.span, f"{underlay.name} carries {underlay.mtu}"),),
                    severity=one.severity,
                    host=host.name,
                )


def _underlay(host: Host) -> Interface | None:
    address = node_address(host)
    links = host.interfaces or ()
    return next((link for link in links if any(entry.address == address for entry in link.addresses)), None)


def _stated(host: Host, site: Site) -> Iterator[Small]:
    for weave in host.weave:
        mtu = weave.mtu.value if weave.mtu is not None else WEAVE_DEFAULT
        what = "weave's network" if weave.mtu is not None else "weave's network, by default,"
        yield Small(what, mtu, WEAVE_OVERHEAD, weave.mtu.span if weave.mtu is not None else weave.span)
    for cluster in clusters_of(host, site):
        for calico in cluster.calico:
            if calico.mtu is not None and calico.mtu.value:
                yield Small("Calico's network", calico.mtu.value, 50, calico.mtu.span)
        for config in cluster.flannel:
            if config.mtu is not None:
                yield Small("flannel's network", config.mtu.value, 50, config.mtu.span)
        for lease in cluster.leases:
            if lease.mtu is not None:
                yield Small("flannel's network", lease.mtu.value, 50, lease.mtu.span)
    for link in host.interfaces or ():
        if link.name in TUNNELS and link.mtu is not None and (link.addresses or link.name != "tunl0"):
            yield Small(f"the tunnel {link.name}", link.mtu, TUNNELS[link.name], link.span)
    for network in host.networks:
        if network.driver == "overlay" and not network.external and not network.ingress:
            option = network.option(OPTION)
            # on an overlay the option is the underlay's MTU, of which containers get 50 less
            name = f"overlay {network.key or network.name}"
            if option is None:
                yield Small(name, 1450, 50, network.driver_span or network.span, Severity.NOTE)
            elif option.exact and option.value.isascii() and option.value.isdigit():
                yield Small(name, int(option.value) - 50, 50, option.span, Severity.NOTE)
