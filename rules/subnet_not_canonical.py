"""A subnet is written with host bits set

## What it means

`10.20.0.5/24` is an address and the length of its network, not a network: that is `10.20.0.0/24`.

## Why it matters

Engines up to 27 cut the host bits off without a word, so that the network is another one than the file says. Engine 28
refuses: "invalid subnet 10.20.0.5/24: it should be 10.20.0.0/24". The file works until the upgrade.

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

## Bad: refused by engine 28

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
  Version:          28.5.2
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

from netlint.api import Edit, Finding, Fix, Severity, Site, rule


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
                refused = host.before(28, 0) is False
                fate = "Docker 28 refuses it" if not refused else "this engine refuses it"
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
