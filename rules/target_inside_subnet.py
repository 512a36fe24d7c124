"""A service connects to an address inside a Docker network that no container has

## What it means

A service names another machine by its address, and the address lies in the subnet of a Docker network of the host. The
bridge's route is the shortest way to the whole subnet: host and containers look for the machine on the bridge, where no
container has that address.

## Why it matters

The machine, a database in the company's network or a peered VPC, answers everybody but this host. The default bridge
takes 172.17.0.0/16 on every host, and companies use that range as well.

## How to fix it

Move the Docker network: `bip` for the default bridge, `subnet` in the Compose file, `default-address-pools` for all
others. Where a container is meant, use its name: an address that the engine hands out may be another's after
a restart.

Addresses that a container has or gets next are left alone, and the gateway, which is the host.

## Bad: a database behind docker0's range

```yaml title="compose.yaml"
services:
  report:
    image: example/report
    network_mode: bridge
    environment:
      DB_HOST: 172.17.15.220  # <- warning
      DB_PORT: "1433"
```

```text title="ip-addr.txt"
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 state UP
    inet 10.44.22.9/24 brd 10.44.22.255 scope global eth0
3: docker0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 state UP
    inet 172.17.0.1/16 brd 172.17.255.255 scope global docker0
```

## Bad: in the project's own network

```yaml title="compose.yaml"
services:
  app:
    image: example/app
    networks: [back]
    extra_hosts:
      - "mail.example.org:10.20.0.200"  # <- warning
  cache:
    image: redis
    networks:
      back:
        ipv4_address: 10.20.0.10
networks:
  back:
    ipam:
      config:
        - subnet: 10.20.0.0/24
```

## Good: a container's static address, the gateway, and a machine elsewhere

```yaml title="compose.yaml"
services:
  app:
    image: example/app
    networks: [back]
    environment:
      CACHE_HOST: 10.20.0.10
      METRICS_URL: http://10.20.0.1:9100
      DB_HOST: 10.21.0.9
  cache:
    image: redis
    networks:
      back:
        ipv4_address: 10.20.0.10
networks:
  back:
    ipam:
      config:
        - subnet: 10.20.0.0/24
          gateway: 10.20.0.1
```
"""

from collections.abc import Iterator

from msgspec import Struct

from netlint.api import (
    Address,
    Confidence,
    Finding,
    Host,
    Label,
    Network,
    Service,
    Severity,
    Site,
    Span,
    Step,
    Subnet,
    Witness,
    claims,
    free_help,
    handed_out,
    intents,
    local_addresses,
    never_free,
    occupied,
    parse_address,
    rule,
)

# Containers that nobody told netlint of may have the addresses that the engine hands out first.
FIRST = 64


class Target(Struct, frozen=True):
    address: Address
    span: Span


@rule(
    "NL121",
    Severity.WARNING,
    needs=["networks"],
    compose=["network.subnets", "service.environment|service.command|service.extra_hosts"],
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    for host in site.hosts:
        bridged = [network for network in host.networks if network.driver in ("bridge", "overlay")]
        own = local_addresses(host) or frozenset()
        for project in host.projects:
            for service in project.services:
                for target in _targets(service):
                    if target.address in own:
                        continue
                    for network in bridged:
                        for subnet in network.subnets:
                            if subnet.prefix.holds(target.address) and not _known(host, site, network, subnet, target):
                                yield _finding(host, site, service, target, network, subnet)


def _targets(service: Service) -> Iterator[Target]:
    """The addresses that the service is told to connect to."""
    seen: set[Address] = set()
    for text, span, exact in (
        *((intent.host.strip("[]"), intent.span, intent.exact) for intent in intents(service)),
        *((value.value, value.span, value.exact) for _, value in service.extra_hosts),
    ):
        address = parse_address(text)
        if address is not None and exact and address not in seen:
            seen.add(address)
            yield Target(address, span)


def _known(host: Host, site: Site, network: Network, subnet: Subnet, target: Target) -> bool:
    """Whether the address is a container's or the network's own."""
    never = {address for address, _, _ in never_free(network, subnet)}
    return target.address in never or target.address in occupied(host, site, network, subnet)


def _confidence(network: Network, subnet: Subnet, target: Target) -> Confidence:
    if network.endpoints is not None:
        return Confidence.HIGH
    first = next(handed_out(network, subnet), None)
    near = first is not None and 0 <= int(target.address) - int(first) < FIRST
    return Confidence.LOW if near or network.external else Confidence.MEDIUM


def _finding(host: Host, site: Site, service: Service, target: Target, network: Network, subnet: Subnet) -> Finding:
    address, prefix = target.address, subnet.prefix
    return Finding(
        message=f"{address}, which service {service.name} connects to, lies in subnet {prefix} of network "
        f"{network.name}, where no container is known to have it",
        at=target.span,
        label="looked for on the bridge",
        help=f"{free_help(prefix, claims(host, site))}; or name the container that is meant",
        related=(Label(subnet.span, f"network {network.name} has {prefix}"),),
        confidence=_confidence(network, subnet, target),
        witness=Witness(
            packet=f"tcp {prefix.address(2)} > {address}",
            steps=(
                Step(target.span, f"service {service.name} asks for {address}"),
                Step(subnet.span, f"{address} is taken for a neighbour on the bridge of network {network.name}"),
            ),
        ),
        host=host.name,
    )
