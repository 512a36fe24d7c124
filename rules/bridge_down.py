"""A container network's bridge has no link though containers are attached

## What it means

The engine lists running containers on a network, and the network's bridge on the host has no ports, or no carrier, or
is switched off. Or a veth interface of a bridge has lost its other end: it is up and has no carrier.

## Why it matters

These containers reach nobody, and no published port reaches them; the engine shows them as healthy.

## How to fix it

`docker network disconnect` and `connect` the containers, or restart them; find what took the interfaces off the bridge
(a network manager, a script with `brctl delif` or `ip link set … nomaster`).

## Bad: no ports

```text title="brctl-show.txt"
bridge name     bridge id               STP enabled     interfaces
br-54bef593d492         8000.02428d84c527       no  # <- note
docker0         8000.0242d28aa9c9       no              veth2a129e8
```

```json title="network-inspect.json"
[{"Name": "test", "Id": "54bef593d492aaaa", "Driver": "bridge", "Scope": "local",
  "IPAM": {"Config": [{"Subnet": "172.18.0.0/16", "Gateway": "172.18.0.1"}]},
  "Containers": {"59e246cbf2b7": {"Name": "web", "IPv4Address": "172.18.0.2/16"}}}]
```

## Bad: no carrier

```text title="ip-addr.txt"
4: br-54bef593d492: <NO-CARRIER,BROADCAST,MULTICAST,UP> mtu 1500 qdisc noqueue state DOWN  # <- note
    inet 172.18.0.1/16 brd 172.18.255.255 scope global br-54bef593d492
```

```json title="network-inspect.json"
[{"Name": "test", "Id": "54bef593d492aaaa", "Driver": "bridge", "Scope": "local",
  "IPAM": {"Config": [{"Subnet": "172.18.0.0/16", "Gateway": "172.18.0.1"}]},
  "Containers": {"59e246cbf2b7": {"Name": "web", "IPv4Address": "172.18.0.2/16"}}}]
```

## Good: nobody is attached

```text title="brctl-show.txt"
bridge name     bridge id               STP enabled     interfaces
br-54bef593d492         8000.02428d84c527       no
```

```json title="network-inspect.json"
[{"Name": "test", "Id": "54bef593d492aaaa", "Driver": "bridge", "Scope": "local",
  "IPAM": {"Config": [{"Subnet": "172.18.0.0/16", "Gateway": "172.18.0.1"}]}, "Containers": {}}]
```
"""

from collections.abc import Iterator

from netlint.api import Confidence, Finding, Host, Label, Network, Severity, Site, Span, rule


@rule(
    "NL510",
    Severity.NOTE,
    needs=["networks"],
    beyond_compose=True,
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    for host in site.hosts:
        listed = dict(host.bridges_listed)
        ports = {port.bridge for port in host.bridge_ports or ()}
        ports |= {link.master for link in host.interfaces or () if link.master is not None}
        for network in host.networks:
            attached = _attached(host, network)
            bridge = network.bridge
            if bridge is None or network.driver != "bridge" or not attached:
                continue
            link = host.link(bridge)
            # listings of different moments disagree; a port that any of them shows is there
            if bridge in listed and bridge not in ports:
                yield _finding(host, network, f"bridge {bridge} has no ports", listed[bridge], attached)
            elif link is not None and link.up is False:
                yield _finding(host, network, f"bridge {bridge} is switched off", link.span, attached)
            elif link is not None and link.carrier is False and bridge not in ports:
                yield _finding(host, network, f"bridge {bridge} has no link", link.span, attached)
        yield from _orphans(host)


def _attached(host: Host, network: Network) -> list[Label]:
    """The running containers on the network, where a listing shows them."""
    names = {endpoint.container: endpoint.span for endpoint in network.endpoints or ()}
    names |= {
        container.name: place.span
        for container in host.containers or ()
        for place in container.networks
        if container.running and place.network == network.name and place.address is not None
    }
    stopped = {container.name for container in host.containers or () if container.running is False}
    return [Label(span, f"container {name} is on it") for name, span in names.items() if name not in stopped]


def _finding(host: Host, network: Network, what: str, at: Span, attached: list[Label]) -> Finding:
    count = len(attached)
    return Finding(
        message=f"{what}, and network {network.name} has {count} running container{'s' if count > 1 else ''}",
        at=at,
        label="nobody is connected here",
        help="connect the containers again (docker network disconnect and connect), and find what took the ports away",
        related=tuple(attached[:3]),
        host=host.name,
    )


def _orphans(host: Host) -> Iterator[Finding]:
    """veth interfaces on a bridge whose other end does not answer: it is gone, or switched off in its container."""
    bridges = {network.bridge for network in host.networks if network.bridge is not None}
    for link in host.interfaces or ():
        if link.name.startswith("veth") and link.master in bridges and link.up and link.carrier is False:
            yield Finding(
                message=f"veth interface {link.name} of bridge {link.master} has lost its other end",
                at=link.span,
                label="up, and without a carrier",
                help=f"restart the container it belonged to; if there is none, ip link delete {link.name}",
                confidence=Confidence.MEDIUM,
                host=host.name,
            )
