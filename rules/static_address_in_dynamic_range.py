"""An address that a container asks for may have been given to another one before

## What it means

Containers that ask for no address get the lowest free one of the network's range. The address of this service is so low
in the range that containers without one reach it, if they start before the service does.

## Why it matters

The service then fails with "Address already in use", and who loses depends on the order of the start: it works for
months and fails after a reboot, or when another container was restarted at the wrong time.

## How to fix it

Give the network an `ip_range` for those without an address, which does not hold the addresses that services ask for; or
give every container of the network an address. Containers that are reached by name need none.

## Bad: the first address that anyone gets

```yaml title="compose.yaml"
services:
  db:
    image: example/db
    networks:
      back:
        ipv4_address: 172.28.0.2  # <- warning
  app:
    image: example/app
    networks: [back]
networks:
  back:
    ipam:
      config:
        - subnet: 172.28.0.0/24
```

## Bad: another project on the network

```yaml title="mailman/compose.yaml"
services:
  core:
    image: example/mailman
    networks:
      mailman:
        ipv4_address: 172.28.5.2  # <- warning
networks:
  mailman:
    name: mailman
    ipam:
      config:
        - subnet: 172.28.5.0/24
```

```yaml title="proxy/compose.yaml"
services:
  web:
    image: example/proxy
    networks: [mailman]
networks:
  mailman:
    external: true
```

## Good: a range for those without an address

```yaml title="compose.yaml"
services:
  db:
    image: example/db
    networks:
      back:
        ipv4_address: 172.28.0.2
  app:
    image: example/app
    networks: [back]
networks:
  back:
    ipam:
      config:
        - subnet: 172.28.0.0/24
          ip_range: 172.28.0.128/25
```
"""

from collections.abc import Iterator, Sequence

from netlint.api import (
    Address,
    Confidence,
    Finding,
    Host,
    Label,
    Member,
    Network,
    Prefix,
    Severity,
    Site,
    Subnet,
    handed_out,
    members,
    rule,
)

SHOWN = 3  # containers without an address that a finding points at


@rule(
    "NL116",
    Severity.WARNING,
    confidence=Confidence.MEDIUM,
    compose=["network.subnets", "attachment.ipv4|attachment.ipv6"],
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    for host in site.hosts:
        for network in host.networks:
            if network.external or network.driver not in ("bridge", "macvlan", "ipvlan"):
                continue
            subnets = [subnet for subnet in network.subnets if subnet.prefix.version == 4 and subnet.written.exact]
            present = members(host, site, network) if subnets else []
            for subnet in subnets:
                yield from _races(host, network, subnet, present)


def _races(host: Host, network: Network, subnet: Subnet, present: Sequence[Member]) -> Iterator[Finding]:
    static = [one for one in present if one.address is not None and one.address.exact]
    dynamic = [one for one in present if one.address is None]
    asked = {one.address.value: one for one in static if one.address is not None}
    if not asked or not dynamic:
        return
    # the worst order: all that ask for none start first, and find only lower addresses taken by those that ask
    spare = sum(one.containers for one in dynamic)
    for address in handed_out(network, subnet):
        if spare <= 0:
            return
        one = asked.get(address)
        if one is None:
            spare -= 1
        elif one.address is not None and one.host == host.name:
            yield Finding(
                message=f"address {address} of {one.who} on network {network.key or network.name} may be taken when it "
                f"starts: containers without an address get the lowest free one, and {_others(dynamic)}",
                at=one.address.span,
                label="whoever starts second fails",
                help=_help(network, subnet, list(asked)),
                related=tuple(Label(other.span, f"{other.who} takes what is free") for other in dynamic[:SHOWN]),
                host=host.name,
            )


def _others(dynamic: Sequence[Member]) -> str:
    count = sum(one.containers for one in dynamic)
    return f"{dynamic[0].who} is one of them" if count == 1 else f"there are {count} of them"


def _help(network: Network, subnet: Subnet, asked: Sequence[Address]) -> str:
    if subnet.ip_range is not None:
        return f"choose an address outside of ip_range {subnet.ip_range.value}"
    for half in (1, 0):  # the upper half leaves the low addresses, which people choose, alone
        length = subnet.prefix.length + 1
        if length <= 29:
            part = Prefix.of(subnet.prefix.address(half * subnet.prefix.size // 2), length)
            if not any(part.holds(address) for address in asked):
                return f"add ip_range: {part} to the network, for the containers without an address"
    return "give every container of the network an address, or none"
