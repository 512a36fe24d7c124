"""Published ports go through a bridge and address translation

## What it means

A published port of a bridge network costs a veth pair, a bridge, connection tracking and a translation for each packet.
Host mode has none of it; macvlan has no translation. The finding has low confidence (`--confidence low` shows it): for
most services the cost does not matter.

## Why it matters

For bulk traffic 10 to 19 % was lost against the host (2014 to 2017), idle machines lose nothing one would notice, and
small packets at full load lost 42 to 71 % in 2014, when a veth pair still had a queue of its own. The table below has
the sources.

## How to fix it

Leave it unless a measurement on the machine says otherwise. Then: `network_mode: host` for a service that is trusted
with the host's network, or macvlan where the LAN may see the container's own address.

## Bad: to be known

```yaml title="compose.yaml"
services:
  web:  # <- note
    image: nginx
    ports:
      - "8080:80"
```

## Good: in the host's network

```yaml title="compose.yaml"
services:
  web:
    image: nginx
    network_mode: host
```
"""

from collections.abc import Iterator

from netlint.api import Confidence, Finding, Severity, Site, measured, rule

BRIDGED = ("bridge", "nat")


@rule(
    "NL710",
    Severity.NOTE,
    confidence=Confidence.LOW,
    proof="published measurements (rules/evidence.json)",
    compose=["port.published"],
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    for host in site.hosts:
        bridged = [
            one
            for one in host.publications()
            if one.port.published is not None and all(network.driver in BRIDGED for network in one.networks)
        ]
        if bridged:
            first = bridged[0]
            others = f" and {len(bridged) - 1} more" if len(bridged) > 1 else ""
            yield Finding(
                message=f"what {first.owner} publishes{others} goes through bridge and NAT; measured: "
                f"{measured('bridge-moby33115-2017', 'bridge-moby7857-2014')}",
                at=first.service.span if first.service is not None else first.port.span,
                help="leave it unless it is measured to matter; host mode and macvlan go without",
                host=host.name,
            )
