"""A container asks for an address that is taken

## What it means

On each network an address can be given once. The gateway, the network and the broadcast address, and those reserved
under `aux_addresses`, are taken from the start. A service with several replicas asks for its address several times.

## Why it matters

`docker compose config` accepts the file; at `up` the second container fails with "Address already in use". Which of the
two that is depends on the order of the start.

## How to fix it

Give every container an address of its own, or none at all: containers find each other by name.

## Bad: two services, one address

```yaml title="compose.yaml"
services:
  db:
    image: example/db
    networks:
      back:
        ipv4_address: 172.28.0.5
  cache:
    image: example/cache
    networks:
      back:
        ipv4_address: 172.28.0.5  # <- error
networks:
  back:
    ipam:
      config:
        - subnet: 172.28.0.0/24
```

## Bad: the gateway's address

```yaml title="compose.yaml"
services:
  db:
    image: example/db
    networks:
      back:
        ipv4_address: 172.28.0.1  # <- error
networks:
  back:
    ipam:
      config:
        - subnet: 172.28.0.0/24
```

## Good: one each

```yaml title="compose.yaml"
services:
  db:
    image: example/db
    networks:
      back:
        ipv4_address: 172.28.0.5
  cache:
    image: example/cache
    networks:
      back:
        ipv4_address: 172.28.0.6
networks:
  back:
    ipam:
      config:
        - subnet: 172.28.0.0/24
```
"""

from collections.abc import Iterator

from msgspec import Struct

from netlint.api import (
    Address,
    Confidence,
    Finding,
    Fix,
    Host,
    Label,
    Located,
    Network,
    Remove,
    Service,
    Severity,
    Site,
    never_free,
    rule,
    take_free_address,
)


class Asked(Struct, frozen=True):
    """An address that a service asks for on a network."""

    network: Network
    service: Service
    address: Located[Address]
    external: bool


@rule(
    "NL115",
    Severity.ERROR,
    compose=["attachment.ipv4|attachment.ipv6"],
)
def check(site: Site) -> Iterator[Finding]:
    shared: dict[tuple[str, Address], tuple[Host, Asked]] = {}
    for host in site.hosts:
        first: dict[tuple[str, Address], Asked] = {}
        for asked in _asked(host):
            if host.implied and asked.external:
                yield from _elsewhere(host, shared, asked)
            yield from _reserved(host, site, asked)
            yield from _replicated(host, asked)
            other = first.setdefault((asked.network.name, asked.address.value), asked)
            if other is not asked and _together(other.service, asked.service):
                yield Finding(
                    message=f"address {asked.address.value} of service {asked.service.name} on network "
                    f"{asked.network.name} is also that of service {other.service.name}",
                    at=asked.address.span,
                    label="whoever starts second fails",
                    help="give each container an address of its own, or none",
                    related=(Label(other.address.span, f"service {other.service.name} asks for it here"),),
                    fixes=_another(host, site, asked),
                    host=host.name,
                )


def _another(host: Host, site: Site, asked: Asked) -> tuple[Fix, ...]:
    subnet = next((one for one in asked.network.subnets if one.prefix.holds(asked.address.value)), None)
    return take_free_address(asked.address, host, site, asked.network, subnet) if subnet is not None else ()


def _asked(host: Host) -> Iterator[Asked]:
    for project in host.projects:
        for service in project.services:
            for attachment in service.attachments:
                network = host.network_of(project, attachment.network)
                declared = project.network(attachment.network)
                for address in (attachment.ipv4, attachment.ipv6):
                    if network is not None and address is not None and address.exact:
                        yield Asked(network, service, address, declared is not None and declared.external)


def _elsewhere(host: Host, shared: dict[tuple[str, Address], tuple[Host, Asked]], asked: Asked) -> Iterator[Finding]:
    """The same address in a project of its own: one external network makes two projects run on one host."""
    place, other = shared.setdefault((asked.network.name, asked.address.value), (host, asked))
    if place is not host and "$" not in asked.network.name and _together(other.service, asked.service):
        yield Finding(
            message=f"address {asked.address.value} of service {asked.service.name} on network {asked.network.name} is "
            f"also that of service {other.service.name} in {other.address.span.source}",
            at=asked.address.span,
            label="whoever starts second fails",
            help="give each container an address of its own, or none",
            related=(Label(other.address.span, f"service {other.service.name} asks for it here"),),
            severity=Severity.WARNING,
            confidence=Confidence.MEDIUM,
            host=host.name,
        )


def _together(one: Service, other: Service) -> bool:
    """Whether both can run at once: services of disjoint profiles need not."""
    return not one.profiles or not other.profiles or bool(set(one.profiles) & set(other.profiles))


def _reserved(host: Host, site: Site, asked: Asked) -> Iterator[Finding]:
    address = asked.address.value
    for subnet in asked.network.subnets:
        if not subnet.prefix.holds(address):
            continue
        holder = next(
            ((what, span) for value, what, span in never_free(asked.network, subnet) if value == address), None
        )
        if holder is not None:
            yield Finding(
                message=f"address {address} of service {asked.service.name} is {holder[0]} of network "
                f"{asked.network.name}",
                at=asked.address.span,
                label="the container does not start",
                help="take another address of the subnet, or none",
                related=(Label(holder[1], holder[0]),),
                fixes=take_free_address(asked.address, host, site, asked.network, subnet),
                host=host.name,
            )


def _replicated(host: Host, asked: Asked) -> Iterator[Finding]:
    replicas = asked.service.replicas
    if replicas is not None and replicas.exact and replicas.value > 1:
        yield Finding(
            message=f"service {asked.service.name} asks for one address, {asked.address.value}, and runs "
            f"{replicas.value} replicas",
            at=asked.address.span,
            label="only one container can have it",
            help="leave the address out, or run one replica",
            related=(Label(replicas.span, f"{replicas.value} replicas"),),
            fixes=(Fix(title="leave the address out", changes=(Remove(asked.address.span),)),),
            host=host.name,
        )
