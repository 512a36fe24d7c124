"""A container asks for an address that its network does not have

## What it means

`ipv4_address` and `ipv6_address` must lie in a subnet that the network was created with. A network whose subnet the
engine chooses, and the predefined network `bridge`, allow no address of one's own at all.

## Why it matters

`docker compose config` accepts the file. At `up` the container fails to start ("no configured subnet or ip-range
contain the IP address", up to 24 "It does not belong to any of this network's subnets"; "user specified IP address is
supported only when connecting to networks with user configured subnets"), when its network and other services are there
already.

## How to fix it

Give the network a subnet that holds the address, or take the address out and reach the container by its name.

## Bad: an address of another subnet

```yaml title="compose.yaml"
services:
  db:
    image: example/db
    networks:
      back:
        ipv4_address: 172.28.1.5  # <- error
networks:
  back:
    ipam:
      config:
        - subnet: 172.28.0.0/24
```

## Bad: the engine chooses the subnet

```yaml title="compose.yaml"
services:
  db:
    image: example/db
    networks:
      back:
        ipv4_address: 172.28.0.5  # <- error
networks:
  back: {}
```

## Bad: an address on the predefined bridge

```sh title="run.sh"
docker run -d --name db --ip 172.17.0.50 mysql:8  # <- error
```

## Good: an address of the subnet

```yaml title="compose.yaml"
services:
  db:
    image: example/db
    networks:
      back:
        ipv4_address: 172.28.0.5
networks:
  back:
    ipam:
      config:
        - subnet: 172.28.0.0/24
```
"""

from collections.abc import Iterator

from netlint.api import (
    Address,
    ContainerRun,
    Finding,
    Fix,
    Host,
    Label,
    Located,
    Network,
    Origin,
    Project,
    Service,
    Severity,
    Site,
    rule,
    take_free_address,
)

DEFAULT_BRIDGE = ("bridge", "default")


@rule(
    "NL114",
    Severity.ERROR,
    compose=["attachment.ipv4|attachment.ipv6"],
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    for host in site.hosts:
        for project in host.projects:
            for service in project.services:
                for attachment in service.attachments:
                    network = host.network_of(project, attachment.network)
                    for address in (attachment.ipv4, attachment.ipv6):
                        if network is not None and address is not None:
                            yield from _address(host, site, project, service, network, address)
        for action in host.actions:
            if isinstance(action, ContainerRun):
                yield from _run(host, action)


def _run(host: Host, run: ContainerRun) -> Iterator[Finding]:
    """`--ip` of a container that the script starts on the predefined bridge."""
    network = run.network
    if run.address is None or (network is not None and (not network.exact or network.value not in DEFAULT_BRIDGE)):
        return
    name = f"container {run.name.value}" if run.name is not None else "a container"
    yield Finding(
        message=f"address {run.address.value} of {name} is asked of the predefined network bridge, which allows none",
        at=run.address.span,
        label="the container does not start",
        help="create a network with a subnet that holds it, and start the container with --network",
        host=host.name,
    )


def _address(
    host: Host, site: Site, project: Project, service: Service, network: Network, address: Located[Address]
) -> Iterator[Finding]:
    same_version = [subnet for subnet in network.subnets if subnet.prefix.version == address.value.version]
    if any(subnet.prefix.holds(address.value) for subnet in same_version):
        return
    declared = next((one for one in project.networks if one.name == network.name), network)
    fixes: tuple[Fix, ...] = ()
    if network.default_bridge:
        fault, cure = "is asked of the predefined network bridge, which allows none", "use a network of your own"
    elif same_version and all(subnet.written.exact for subnet in same_version):
        ranges = ", ".join(str(subnet.prefix) for subnet in same_version)
        fault = f"lies outside the subnet {ranges} of network {network.name}"
        cure = f"take an address of {ranges}, or give the network another subnet"
        fixes = take_free_address(address, host, site, network, same_version[0])
    elif declared.external or network.subnets_open or declared.origin is not Origin.COMPOSE:
        return  # somebody else, or a variable, decides the subnet
    elif declared.subnets and address.value.version == 4:
        fault = f"is an IPv4 address, and network {network.name} sets only an IPv6 subnet"
        cure = "add an IPv4 subnet that holds it"
    else:
        version = f"IPv{address.value.version} "
        fault = f"is asked of network {network.name}, whose {version}subnet the engine chooses"
        cure = f"give the network an {version}subnet that holds it"
    yield Finding(
        message=f"address {address.value} of service {service.name} {fault}",
        at=address.span,
        label="the container does not start",
        fixes=fixes,
        help=cure,
        related=(Label(declared.span, f"network {network.name}"),) if declared.span.source else (),
        host=host.name,
    )
