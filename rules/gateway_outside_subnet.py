"""A network's gateway is not an address of its subnet that a bridge can have

## What it means

The gateway is the address of the bridge, and of the route that containers use. It must lie in the subnet and must be
neither its first (the network itself) nor its last address (broadcast).

## Why it matters

The engine refuses the network, after Compose has already created the project's other networks: "failed to allocate
gateway", from 25 on for a gateway outside "parent subnet 10.20.0.0/24 doesn't contain this address", or, from `docker
network create`, "no matching subnet for gateway". A `bip` that is a network address stops `dockerd` at start.

## How to fix it

Take an address inside the subnet, usually the first usable one, or leave the gateway out: that is what the engine then
takes. `bip` is the address of docker0 with the length of its network: `10.9.0.1/24`.

## Bad: outside the subnet

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
          gateway: 10.20.1.1  # <- error
```

## Bad: the network itself

```json title="daemon.json"
{
  "bip": "10.9.0.0/24"  // <- error
}
```

## Good: the first usable address

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
          gateway: 10.20.0.1
```
"""

from collections.abc import Iterator

from netlint.api import (
    Address,
    Edit,
    Finding,
    Fix,
    Host,
    Label,
    Located,
    Network,
    Severity,
    Site,
    Subnet,
    members,
    rule,
)


@rule(
    "NL112",
    Severity.ERROR,
    compose=["network.subnets"],
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    for host in site.hosts:
        for network in host.networks:
            if network.external:
                continue
            for subnet in network.subnets:
                if subnet.gateway is not None and (fault := _fault(subnet, subnet.gateway)):
                    own = network.default_bridge
                    yield Finding(
                        message=f"{'bip' if own else 'gateway'} {subnet.gateway.value} {fault}"
                        + ("" if own else f" of network {network.name}"),
                        at=subnet.gateway.span,
                        help=_help(_free(host, site, network, subnet), subnet, network),
                        related=() if own else (Label(subnet.span, f"the subnet is {subnet.prefix}"),),
                        fixes=_fixes(host, site, network, subnet),
                        host=host.name,
                    )


def _fault(subnet: Subnet, gateway: Located[Address]) -> str | None:
    prefix = subnet.prefix
    if not prefix.holds(gateway.value):
        return f"lies outside the subnet {prefix}"
    if prefix.version == 6 or prefix.length >= 31:
        return None
    if gateway.value == prefix.network_address:
        return f"is the network address of {prefix} itself"
    return f"is the broadcast address of {prefix}" if gateway.value == prefix.broadcast_address else None


def _help(first: Address | None, subnet: Subnet, network: Network) -> str:
    if first is None:
        return "give the network a larger subnet"
    if network.default_bridge:
        return f"write {first}/{subnet.prefix.length}"
    # left out, it is the first address, whoever else asks for that
    return f"write {first}, or leave it out" if first == subnet.prefix.address(1) else f"write {first}"


def _free(host: Host, site: Site, network: Network, subnet: Subnet) -> Address | None:
    """The first address that nobody asks for."""
    prefix = subnet.prefix
    if prefix.size <= 2:
        return None
    asked = {member.address.value for member in members(host, site, network) if member.address is not None}
    asked |= {address.value for _, address in subnet.reserved}
    numbers = range(1, min(prefix.size - 1, 1 + len(asked) + 1))
    return next((address for number in numbers if (address := prefix.address(number)) not in asked), None)


def _fixes(host: Host, site: Site, network: Network, subnet: Subnet) -> tuple[Fix, ...]:
    """Plainly meant where the gateway is the network's own address."""
    prefix, gateway, first = subnet.prefix, subnet.gateway, _free(host, site, network, subnet)
    if gateway is None or not gateway.exact or first is None:
        return ()
    written = subnet.written.value if network.default_bridge else str(gateway.value)
    text = f"{first}/{prefix.length}" if network.default_bridge else str(first)
    change = Edit(gateway.span, text, old=written)
    return (Fix(title=f"write {text}", changes=(change,), safe=gateway.value == prefix.network_address),)
