"""A subnet is written with host bits set

## What it means

`10.20.0.5/24` is an address and the length of its network, not a network: that is `10.20.0.0/24`.

## Why it matters

Engines up to 24 cut the host bits off without a word, so that the network is another one than the file says. Engines
from 25 on refuse (moby/moby#45759): "invalid subnet 10.20.0.5/24: it should be 10.20.0.0/24". A network that is there
stays and works after the upgrade; it is not made again once it is gone, as after `docker compose down`.

## How to fix it

Write the first address of the range, or correct the length if a smaller network was meant.

## Bad: an address instead of a network

```yaml title="compose.yaml"
services:
  web:
    image: example/app
    networks: [front]
networks:
  front:
    ipam:
      config:
        - subnet: 10.20.0.5/24  # <- warning
```

## Bad: refused by engines from 25 on

```yaml title="compose.yaml"
services:
  web:
    image: example/app
    networks: [front]
networks:
  front:
    ipam:
      config:
        - subnet: 10.20.0.5/24  # <- error
```

```text title="docker-version.txt"
Server:
 Engine:
  Version:          26.1.5
```

## Bad: made by an older engine

```json title="docker-network-inspect.json"
[
  {
    "Name": "front",
    "Driver": "bridge",
    "IPAM": { "Config": [ { "Subnet": "10.20.0.5/24", "Gateway": "10.20.0.1" } ] }  // <- warning
  }
]
```

```text title="docker-version.txt"
Server:
 Engine:
  Version:          26.1.5
```

## Good: the network itself

```yaml title="compose.yaml"
services:
  web:
    image: example/app
    networks: [front]
networks:
  front:
    ipam:
      config:
        - subnet: 10.20.0.0/24
```
"""

from collections.abc import Iterator

from netlint.api import Edit, Finding, Fix, Origin, Severity, Site, rule


@rule(
    "NL111",
    Severity.WARNING,
    compose=["network.subnets"],
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    for host in site.hosts:
        for network in host.networks:
            if network.external or network.default_bridge:  # bip is an address with a length by design
                continue
            for subnet in network.subnets:
                if subnet.canonical:
                    continue
                there = network.is_stated_by(Origin.INSPECT)
                refused = host.before(25) is False and not there
                fate = "this engine refuses it" if refused else "Docker refuses it from 25 on"
                if there and host.before(25) is False:
                    fate = "once it is gone this engine does not make it again"
                yield Finding(
                    message=f"subnet {subnet.written.value} of network {network.name} has host bits set and is really "
                    f"{subnet.prefix}; {fate}",
                    at=subnet.span,
                    help=f"write {subnet.prefix}",
                    severity=Severity.ERROR if refused else None,
                    host=host.name,
                    fixes=(
                        Fix(
                            title=f"write {subnet.prefix}",
                            changes=(Edit(subnet.span, str(subnet.prefix), old=subnet.written.value),),
                            safe=True,
                        ),
                    ),
                )
