"""An unreachable or blackhole route for private ranges hides container networks

## What it means

The host refuses whole private ranges (`unreachable 172.16.0.0/12`, `blackhole 10.0.0.0/8`), as routers do to keep
private addresses off the internet. A Docker network inside such a range works only as long as the bridge's own, longer
route is there; a network that is not up, a container of another host, and a network in a range that an equal or longer
refusing route names are refused.

## Why it matters

The engine looks at on-link routes only when it chooses a subnet, so it takes one that other hosts cannot route to this
one, and packets for containers elsewhere end here with "no route to host".

## How to fix it

Give the containers a range outside, or name the ranges that are really refused.

## Bad: the bridge's range is refused

```text title="ip-route.txt"
default via 203.0.113.1 dev eth0
unreachable 172.18.0.0/16  # <- warning
203.0.113.0/24 dev eth0 proto kernel scope link src 203.0.113.5
```

```json title="network-inspect.json"
[{"Name": "shop", "Id": "54bef593d492aaaa", "Driver": "bridge", "Scope": "local",
  "IPAM": {"Config": [{"Subnet": "172.18.0.0/16", "Gateway": "172.18.0.1"}]}, "Containers": {}}]
```

## Bad: a refusal before the bridge's own route

```text title="ip-route.txt"
default via 203.0.113.1 dev eth0
blackhole 172.18.0.0/17  # <- warning
172.18.0.0/16 dev br-54bef593d492 proto kernel scope link src 172.18.0.1
203.0.113.0/24 dev eth0 proto kernel scope link src 203.0.113.5
```

```json title="network-inspect.json"
[{"Name": "shop", "Id": "54bef593d492aaaa", "Driver": "bridge", "Scope": "local",
  "IPAM": {"Config": [{"Subnet": "172.18.0.0/16", "Gateway": "172.18.0.1"}]}, "Containers": {}}]
```

## Good: the bridge's route is longer

```text title="ip-route.txt"
default via 203.0.113.1 dev eth0
unreachable 172.16.0.0/12
172.18.0.0/16 dev br-54bef593d492 proto kernel scope link src 172.18.0.1
203.0.113.0/24 dev eth0 proto kernel scope link src 203.0.113.5
```

```json title="network-inspect.json"
[{"Name": "shop", "Id": "54bef593d492aaaa", "Driver": "bridge", "Scope": "local",
  "IPAM": {"Config": [{"Subnet": "172.18.0.0/16", "Gateway": "172.18.0.1"}]}, "Containers": {}}]
```
"""

from collections.abc import Iterator

from netlint.api import Finding, Host, Label, Network, Prefix, Route, Severity, Site, Span, Step, Witness, rule

REFUSING = ("unreachable", "blackhole", "prohibit")


@rule(
    "NL511",
    Severity.WARNING,
    needs=["routes", "networks"],
    proof="fib_lookup takes the longest prefix: a refusing route that is longer than the bridge's own answers first",
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    for host in site.hosts:
        refusing = [route for route in host.routes or () if route.kind in REFUSING and not route.prefix.is_default]
        if not refusing:
            continue
        for network in host.networks:
            bridge = network.bridge
            if bridge is None or network.driver != "bridge":
                continue
            for subnet in network.subnets:
                found = next((one for one in refusing if _refuses(host, one, bridge, subnet.prefix)), None)
                if found is not None:
                    yield _finding(host, found, network, subnet.prefix, subnet.span)


def _refuses(host: Host, refusing: Route, bridge: str, subnet: Prefix) -> bool:
    """Whether the route answers for addresses of the subnet though the bridge's own is there, or because it is not."""
    if refusing.table != "main" or not refusing.prefix.overlaps(subnet):
        return False
    own = next((one for one in host.routes or () if one.device == bridge and one.prefix == subnet), None)
    if own is None:
        # the kernel makes it when the bridge comes up: only a network that does not exist yet has none
        return refusing.prefix.contains(subnet) and refusing.prefix.length >= subnet.length
    if refusing.prefix == subnet:
        return (refusing.metric or 0) < (own.metric or 0)
    return refusing.prefix.length > subnet.length


def _finding(host: Host, found: Route, network: Network, subnet: Prefix, span: Span) -> Finding:
    inner = found.prefix if found.prefix.length > subnet.length else subnet
    target = inner.network_address + 2 if inner.size > 2 else inner.network_address
    return Finding(
        message=f"{found.kind} route {found.prefix} refuses packets for subnet {subnet} of network {network.name}",
        at=found.span,
        label=f"asked before the route of {network.bridge}",
        help="name only ranges that are not in use here, or give the network another range",
        related=(Label(span, f"network {network.name} has {subnet}"),),
        witness=Witness(
            packet=f"tcp this host:40000 > {target}:80",
            steps=(Step(found.span, f"the longest route for {target} is {found.kind} {found.prefix}"),),
        ),
        host=host.name,
    )
