"""MetalLB hands out an address that a node or the router has

## What it means

In layer 2 mode MetalLB answers on the nodes' own network for every address that it gave to a service. A range that
holds the address of a node, or of the router, is given out as it stands: MetalLB does not ask who has an address.

## Why it matters

The service that gets the address takes the node or the router off the network: two answer for one address, and packets
go to the one or the other. It shows when the pool has been given out so far, and not on the day of the mistake.

## How to fix it

Name a range that nobody has: outside the DHCP server's, without nodes and router.

## Bad: the range holds the node

```yaml title="pool.yaml"
apiVersion: metallb.io/v1beta1
kind: IPAddressPool
metadata: {name: lan, namespace: metallb-system}
spec:
  addresses:
    - 192.168.1.0/24  # <- error
```

```text title="ip-addr.txt"
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP
    inet 192.168.1.21/24 scope global eth0
```

## Bad: the range holds the router

```yaml title="config.yaml"
apiVersion: v1
kind: ConfigMap
metadata: {name: config, namespace: metallb-system}
data:
  config: |
    address-pools:
      - name: default
        protocol: layer2
        addresses:
          - 192.168.1.1-192.168.1.20  # <- error
```

```text title="ip-addr.txt"
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP
    inet 192.168.1.21/24 scope global eth0
```

```text title="ip-route.txt"
default via 192.168.1.1 dev eth0
192.168.1.0/24 dev eth0 proto kernel scope link src 192.168.1.21
```

## Good: a range of its own

```yaml title="pool.yaml"
apiVersion: metallb.io/v1beta1
kind: IPAddressPool
metadata: {name: lan, namespace: metallb-system}
spec:
  addresses:
    - 192.168.1.240-192.168.1.250
```

```text title="ip-addr.txt"
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP
    inet 192.168.1.21/24 scope global eth0
```

```text title="ip-route.txt"
default via 192.168.1.1 dev eth0
192.168.1.0/24 dev eth0 proto kernel scope link src 192.168.1.21
```
"""

from collections.abc import Iterator

from netlint.api import Address, Finding, Host, Label, Severity, Site, Span, clusters_of, is_container_link, rule

MADE = ("kube-ipvs0", "lo", "dummy0")  # where services' addresses are put themselves


@rule(
    "NL621",
    Severity.ERROR,
    needs=["addresses"],
    proof="MetalLB's speaker answers ARP for what the controller assigned (internal/layer2), and its allocator "
    "(internal/allocator) looks at the pools alone",
    beyond_compose=True,
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    for host in site.hosts:
        held = list(_held(host))
        for cluster in clusters_of(host, site):
            for pool in cluster.balanced:
                first, last = pool.value
                inside = [
                    one for one in held if one[0].version == first.version and int(first) <= int(one[0]) <= int(last)
                ]
                if inside and pool.exact:
                    address, what, span = inside[0]
                    yield Finding(
                        message=f"MetalLB hands out {first} to {last}, and {address} is {what}",
                        at=pool.span,
                        label="a service may get it",
                        help="take a range that nobody has: without nodes, router and the addresses of DHCP",
                        related=(Label(span, f"{address} is {what}"),),
                        host=host.name,
                    )


def _held(host: Host) -> Iterator[tuple[Address, str, Span]]:
    """The addresses of the node on the network, and of its router."""
    for link in host.interfaces or ():
        if link.name in MADE or is_container_link(host, link.name):
            continue
        for entry in link.addresses:
            # an address that MetalLB or keepalived put there itself is a host's
            if entry.scope == "global" and not entry.prefix.is_host:
                yield entry.address, "this node's own", entry.span
    for route in host.routes or ():
        if route.prefix.is_default and route.via is not None:
            yield route.via, "the router", route.span
