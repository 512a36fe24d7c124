"""Traffic between services crosses an overlay network, at a price that depends on the machines

## What it means

A network with the driver `overlay` wraps each packet into VXLAN on its way to another host. What that costs is no
property of the driver but of the network card, the MTU, the number of flows and the engine's age:

| measured | loss of TCP throughput against the host | source |
|---|---|---|
| two VMs, 1.12 | 56 % | SammyLiu, 2016 |
| two VMs | about 85 % | moby issue 37855, 2018 |
| 10G, MTU 1450, kernel 4.15 (flannel's VXLAN) | 15 % | InfraBuilder, 2020 |
| 10G, MTU 8950, kernel 4.15 (flannel's VXLAN) | 3 % | InfraBuilder, 2020 |
| 40G, one flow, kernel 5.15 (flannel's VXLAN) | 38 % | InfraBuilder, 2024 |
| 40G, many flows, kernel 5.15 (flannel's VXLAN) | 2 % | InfraBuilder, 2024 |

Within one host, and where the card offloads VXLAN and the MTU is large, there is little to gain.

## Why it matters

For a database or a message queue in VMs without offload the overlay can be the narrowest place of the system. The large
losses were reported most for engines 1.12 and 1.13, for which the finding is a warning; those engines are also long out
of support.

## How to fix it

Measure first. Then: publish the port with `mode: host` and go past the overlay, route the container networks between
hosts that share a link, or raise the MTU of the underlay and of the network.

## Bad: an overlay under an old engine

```yaml title="compose.yaml"
services:
  queue:
    image: example/queue
    networks: [wide]
networks:
  wide:
    driver: overlay  # <- warning
```

```text title="docker-version.txt"
Server:
 Version:      1.12.6
```

## Bad: to be known

```yaml title="compose.yaml"
services:
  queue:
    image: example/queue
    networks: [wide]
networks:
  wide:
    driver: overlay  # <- note
```

## Good: a bridge on one host

```yaml title="compose.yaml"
services:
  queue:
    image: example/queue
    networks: [near]
networks:
  near:
    driver: bridge
```
"""

from collections.abc import Iterator

from netlint.api import Finding, Label, Severity, Site, rule


@rule(
    "NL701",
    Severity.NOTE,
    proof="published measurements, listed in the text; tests of our own come with the benchmark of the lab",
)
def check(site: Site) -> Iterator[Finding]:
    for host in site.hosts:
        old = host.before(17, 0) is True and host.before(1, 12) is False
        for network in host.networks:
            if network.driver != "overlay" or network.ingress or network.external:
                continue
            measured = (
                "measured on engines of this age: 56 % less TCP throughput between two VMs (2016)"
                if old
                else "measured: 2 % (40G, many flows, 2024) to 56 % and more (VMs, 2016) less TCP throughput"
            )
            related = (Label(host.engine.span, f"Docker {host.engine.value}"),) if old and host.engine else ()
            yield Finding(
                message=f"network {network.key or network.name} is an overlay: traffic between hosts is wrapped in "
                f"VXLAN; {measured}",
                at=network.driver_span or network.span,
                help="measure it; ports in host mode, routed container networks and a larger MTU go past the cost",
                related=related,
                severity=Severity.WARNING if old else None,
                host=host.name,
            )
