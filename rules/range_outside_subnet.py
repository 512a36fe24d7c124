"""An address range or reserved address lies outside the subnet it belongs to

## What it means

`ip_range` (for docker0: `fixed-cidr`) is the part of the subnet from which the engine hands out addresses;
`aux_addresses` are addresses of the subnet that it leaves alone. Both must lie inside the subnet.

## Why it matters

A reserved address outside is refused by every engine. With a range outside:

| engine | `ip_range` | `fixed-cidr` |
|---|---|---|
| up to 24 | addresses of the subnet with the last bits of the range: .129 and more for 10.21.0.128/25 | the same |
| from 25 on | no such network is made (moby/moby#45759); those that are there stay as they were | the same |
| 28.5 | on those that are there no container starts: "range … is not in subnet …" | no container starts on docker0 |

A range that is larger than the subnet has no effect, the engine uses the whole subnet; from 25 on it refuses such an
`ip_range` too.

## How to fix it

Choose a range inside the subnet, or leave it out: the engine then uses the whole subnet.

## Bad: a range of another subnet

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
          ip_range: 10.21.0.128/25  # <- warning
```

## Bad: an address that is not of the subnet

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
          aux_addresses:
            router: 10.20.1.9  # <- error
```

## Bad: docker0 hands out addresses of another network

```json title="daemon.json"
{
  "bip": "10.5.0.1/24",
  "fixed-cidr": "10.9.0.0/24"  // <- warning
}
```

## Good: a part of the subnet

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
          ip_range: 10.20.0.128/25
          aux_addresses:
            router: 10.20.0.9
```
"""

from collections.abc import Iterator

from netlint.api import Finding, Host, Label, Network, Origin, Severity, Site, Subnet, rule


@rule(
    "NL113",
    Severity.ERROR,
    compose=["network.subnets"],
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    for host in site.hosts:
        for network in host.networks:
            if not network.external:
                for subnet in network.subnets:
                    yield from _subnet(host, network, subnet)


def _subnet(host: Host, network: Network, subnet: Subnet) -> Iterator[Finding]:
    of = "docker0" if network.default_bridge else f"network {network.name}"
    label = Label(subnet.span, f"the subnet is {subnet.prefix}")
    if subnet.ip_range is not None and not subnet.prefix.contains(subnet.ip_range.value):
        name = "fixed-cidr" if network.default_bridge else "ip_range"
        larger = subnet.ip_range.value.contains(subnet.prefix)
        lies = "is larger than" if larger else "lies outside"
        fate = _fate(host, network, outside=not larger)
        yield Finding(
            message=f"{name} {subnet.ip_range.value} {lies} the subnet {subnet.prefix} of {of}{fate}",
            at=subnet.ip_range.span,
            help=f"choose a part of {subnet.prefix}, or leave it out",
            related=(label,),
            severity=None if fate else Severity.WARNING,
            host=host.name,
        )
    for name, address in subnet.reserved:
        if not subnet.prefix.holds(address.value):
            yield Finding(
                message=f"reserved address {address.value} ({name}) lies outside the subnet {subnet.prefix} of {of}",
                at=address.span,
                help=f"reserve an address of {subnet.prefix}, or leave it out",
                related=(label,),
                host=host.name,
            )


def _fate(host: Host, network: Network, *, outside: bool) -> str:
    """What this engine is known to refuse on account of the range."""
    # moby/moby#49223 made the difference between 28.0 and 28.5, which is where it was seen
    there = network.default_bridge or network.is_stated_by(Origin.INSPECT)
    if there:
        return ": this engine starts no container on it" if outside and host.before(28, 5) is False else ""
    return ": this engine refuses it" if host.before(25) is False else ""
