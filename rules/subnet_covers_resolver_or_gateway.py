"""The host's name server or default gateway lies inside a Docker network

## What it means

The address of a name server (`resolv.conf`, the daemon's `dns`) or of the default gateway lies in the subnet of a
Docker network. Containers of that network, and for a bridge the host itself, look for the address on the network and
not where it is.

## Why it matters

Names do not resolve in the containers of the network: the engine forwards their questions from inside the container,
where the server's address is local. This is what happens in clouds whose resolver is 10.0.0.2 when a swarm's first
overlay network takes 10.0.0.0/24. (Docker 28.5 asks the servers of the host's `resolv.conf` from the host, from which
an overlay takes nothing. There only containers that ask such a server themselves, or have it from `dns`, lose it.) With
the gateway's address the host still gets out by its default route, but nothing
reaches the router itself.

A name server that is a container of the network, or the address of the bridge, is meant and not reported.

## How to fix it

Give the network another range; for a swarm, set `--default-addr-pool` at `docker swarm init`.

## Bad: an overlay over the cloud's resolver

```json title="docker-network-inspect.json"
[
  {
    "Name": "app",
    "Id": "qs50jqnaspkbqs50jqnaspkb1",
    "Scope": "swarm",
    "Driver": "overlay",
    "IPAM": { "Config": [ { "Subnet": "10.0.0.0/24", "Gateway": "10.0.0.1" } ] }  // <- error
  }
]
```

```text title="resolv.conf"
nameserver 10.0.0.2
```

## Good: elsewhere, and a resolver of one's own on docker0

```json title="docker-network-inspect.json"
[
  {
    "Name": "app",
    "Id": "qs50jqnaspkbqs50jqnaspkb1",
    "Scope": "swarm",
    "Driver": "overlay",
    "IPAM": { "Config": [ { "Subnet": "10.20.0.0/24", "Gateway": "10.20.0.1" } ] }
  }
]
```

```json title="daemon.json"
{
  "bip": "172.17.0.1/16",
  "dns": ["172.17.0.1"]
}
```

```text title="resolv.conf"
nameserver 10.0.0.2
```
"""

from collections.abc import Iterator

from netlint.api import (
    Address,
    Claim,
    ClaimKind,
    Finding,
    Host,
    Label,
    Severity,
    Site,
    claims,
    free_help,
    move_network,
    overlaps_between,
    rule,
)


@rule(
    "NL104",
    Severity.ERROR,
    beyond_compose=True,
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    for host in site.hosts:
        plan = claims(host, site)
        networks = [
            claim
            for claim in plan.of(ClaimKind.NETWORK)
            if claim.network is not None and claim.network.driver not in ("macvlan", "ipvlan", "host", "null")
        ]
        needed = plan.of(ClaimKind.RESOLVER, ClaimKind.GATEWAY)
        links = plan.of(ClaimKind.LINK)
        for network, server in overlaps_between(networks, needed):
            address = server.prefix.network_address
            if (
                network.network is None
                or network.span is None
                or server.span is None
                or _is_meant(host, network, address)
            ):
                continue
            if network.is_bridged and any(link.prefix.holds(address) for link in links):
                continue  # the network lies on the whole link, which is said once
            spared = network.network.driver == "overlay" and _asks_from_host(host, server)
            yield Finding(
                message=f"subnet {network.prefix} of {network.what} contains the {server.what}",
                at=network.span,
                label=f"containers look for {address} on this network",
                help=free_help(network.prefix, plan),
                related=(Label(server.span, f"{server.what} is set here"),),
                fixes=move_network(network, host, site),
                severity=Severity.WARNING if spared else None,
                host=host.name,
            )


def _asks_from_host(host: Host, server: Claim) -> bool:
    """Whether the engine asks this name server from the host: seen with 28.5 and not with 26.1, for the servers of
    resolv.conf, which the daemon's `dns` would replace."""
    given = host.daemon is not None and any(option.items for option in host.daemon.all("dns"))
    return server.kind is ClaimKind.RESOLVER and not given and host.before(28, 5) is False


def _is_meant(host: Host, claim: Claim, address: Address) -> bool:
    """Whether the address is that of the network's bridge or of a container on it."""
    network, subnet = claim.network, claim.subnet
    if network is None or subnet is None:
        return False
    gateway = subnet.gateway.value if subnet.gateway is not None else subnet.prefix.address(1)
    if address == gateway or any(endpoint.address == address for endpoint in network.endpoints or ()):
        return True
    return any(
        attachment.ipv4 is not None and attachment.ipv4.value == address
        for project in host.projects
        for service in project.services
        for attachment in service.attachments
    )
