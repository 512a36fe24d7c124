"""More containers on a network than its subnet has addresses

## What it means

Of the addresses of a subnet, the first and the last are the network's and the broadcast address; the gateway has one,
and those under `aux_addresses` are left out. What remains is fewer than the containers that the files put on the
network. With an `ip_range`, containers that ask for no address have only those of the range.

## Why it matters

`docker compose config` accepts the file. The last containers do not start: "no available IPv4 addresses on this
network's address pools".

## How to fix it

Make the subnet (or the `ip_range`) larger.

## Bad: six containers and five addresses

```yaml title="compose.yaml"
services:
  web:
    image: example/web
    networks: [back]
  worker:
    image: example/worker
    deploy:
      replicas: 5
    networks: [back]
networks:
  back:
    ipam:
      config:
        - subnet: 172.28.0.8/29  # <- error
```

## Bad: a range for one

```yaml title="compose.yaml"
services:
  web:
    image: example/web
    networks: [back]
  worker:
    image: example/worker
    networks: [back]
networks:
  back:
    ipam:
      config:
        - subnet: 172.28.0.0/24
          gateway: 172.28.0.1
          ip_range: 172.28.0.128/32  # <- error
```

## Good: room enough

```yaml title="compose.yaml"
services:
  web:
    image: example/web
    networks: [back]
  worker:
    image: example/worker
    deploy:
      replicas: 5
    networks: [back]
networks:
  back:
    ipam:
      config:
        - subnet: 172.28.0.16/28
```
"""

from collections.abc import Iterator, Sequence

from netlint.api import (
    Finding,
    Host,
    Label,
    Member,
    Network,
    Prefix,
    Severity,
    Site,
    Subnet,
    dynamic_range,
    members,
    never_free,
    rule,
)

SHOWN = 3  # services that a finding points at


@rule(
    "NL117",
    Severity.ERROR,
    compose=["network.subnets"],
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    for host in site.hosts:
        for network in host.networks:
            if network.external or network.driver not in ("bridge", "macvlan", "ipvlan", "overlay"):
                continue
            subnets = [subnet for subnet in network.subnets if subnet.prefix.version == 4]
            if len(subnets) != 1 or not subnets[0].written.exact:
                continue
            # services with profiles need not run at once with the others
            present = [one for one in members(host, site, network) if not one.optional]
            yield from _checked(host, network, subnets[0], present)


def _checked(host: Host, network: Network, subnet: Subnet, present: Sequence[Member]) -> Iterator[Finding]:
    wanted = sum(one.containers for one in present)
    room = _room(network, subnet, subnet.prefix)
    asked = {one.address.value for one in present if one.address is not None}
    dynamic = [one for one in present if one.address is None]
    pool = dynamic_range(subnet)
    left = _room(network, subnet, pool) - sum(pool.holds(address) for address in asked)
    if wanted > room:
        yield Finding(
            message=f"{wanted} containers are put on network {network.key or network.name}, and {subnet.prefix} has "
            f"{_addresses(room)} for them",
            at=subnet.span,
            label="less the network, broadcast and gateway address, and what is reserved",
            help=f"a /{_length(wanted + 3)} or larger has room for them",
            related=_labels(present),
            host=host.name,
        )
    elif subnet.ip_range is not None and subnet.ip_range.exact and sum(one.containers for one in dynamic) > left:
        count = sum(one.containers for one in dynamic)
        yield Finding(
            message=f"{count} containers on network {network.key or network.name} ask for no address, and "
            f"ip_range {pool} has {_addresses(max(left, 0))} left for them",
            at=subnet.ip_range.span,
            help=f"a /{_length(count + 3)} or larger has room for them",
            related=_labels(dynamic),
            host=host.name,
        )


def _room(network: Network, subnet: Subnet, within: Prefix) -> int:
    """How many addresses of `within` containers can have."""
    never = {address for address, _, _ in never_free(network, subnet) if within.holds(address)}
    return within.size - len(never)


def _length(count: int) -> int:
    return 32 - max(count - 1, 1).bit_length()


def _addresses(count: int) -> str:
    return f"{count} address" if count == 1 else f"{count} addresses"


def _labels(present: Sequence[Member]) -> tuple[Label, ...]:
    return tuple(
        Label(one.span, one.who if one.containers == 1 else f"{one.who}: {one.containers} containers")
        for one in present[:SHOWN]
    )
