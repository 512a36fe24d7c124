"""Traffic between services crosses an overlay network, at a price that depends on the machines

## What it means

A network with the driver `overlay` wraps each packet into VXLAN on its way to another host. What that costs is no
property of the driver but of the network card, the MTU, the number of flows and the engine's age: from 2 % of the TCP
throughput (40G, many flows, MTU 8950) to 56 % and more between virtual machines without offload. Where one flow at 40G
lost 38 %, routing without any tunnel lost as much. The table below has the sources; one that is quoted often, that the
overlay of 1.12 costs up to 60 %, stands for virtual machines of 2016 and is not borne out by others as a property of
that version.

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

from netlint.api import Finding, Label, Severity, Site, measured, rule, shared_link


@rule(
    "NL701",
    Severity.NOTE,
    proof="published measurements (rules/evidence.json); tests/bench/overlay.py measures the same at home",
    compose=["network.driver=overlay"],
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    for host in site.hosts:
        old = host.before(17, 0) is True and host.before(1, 12) is False
        shared = shared_link(host, site)
        for network in host.networks:
            if network.driver != "overlay" or network.ingress or network.external:
                continue
            related = [Label(host.engine.span, f"Docker {host.engine.value}")] if old and host.engine else []
            cheaper = "measure it; a port in host mode goes past the cost, a larger MTU lowers it"
            if shared is not None:
                related.append(Label(shared.span, f"on one link with {shared.other}"))
                cheaper += f"; {shared.other} is on the same link {shared.prefix}, so container networks can be routed"
            figures = ("overlay-sammyliu-2016",) if old else ("vxlan-ib24-multi", "overlay-moby37855-2018")
            yield Finding(
                message=f"network {network.key or network.name} is an overlay: traffic between hosts is wrapped in "
                f"VXLAN; measured: {measured(*figures)}",
                at=network.driver_span or network.span,
                help=cheaper,
                related=tuple(related),
                severity=Severity.WARNING if old else None,
                host=host.name,
            )
