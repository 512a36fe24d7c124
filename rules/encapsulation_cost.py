"""Pods' packets are wrapped though the nodes share a link

## What it means

flannel's `vxlan` and Calico's `IPIP` and `VXLAN` wrap every packet between nodes. Where the nodes are on one link, each
can send the others' packets to them directly: flannel with the backend `host-gw` or with `DirectRouting`, Calico with
`CrossSubnet`, which wraps only what goes through a router. The rule speaks of flannel where the hosts, given together,
are on one link; of Calico wherever a pool always wraps, as `CrossSubnet` never costs more.

## Why it matters

What wrapping costs depends on offload, MTU and flows. In one series on a cloud's machines IPIP reached 64 % of the
direct throughput and plain routing 93 %; at 10G with jumbo frames nothing was to be measured; one flow at 40G lost 38 %
with VXLAN and 29 to 39 % without any tunnel. The table below has the sources. A rule of thumb of 2018, 30 to 40 % for
vxlan and 10 % for host-gw, lies inside what others found.

## How to fix it

Measure, then route inside the link: `"Backend": {"Type": "vxlan", "DirectRouting": true}` or `host-gw`,
`ipipMode: CrossSubnet`, `vxlanMode: CrossSubnet`, `encapsulation: VXLANCrossSubnet`. Some clouds drop packets with
addresses that they do not know; there the tunnel has to stay.

## Bad: flannel between neighbours

```json title="hostA/net-conf.json"
{
  "Network": "10.244.0.0/16",
  "Backend": {"Type": "vxlan"}  // <- note
}
```

```text title="hostA/ip-addr.txt"
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP
    inet 10.0.5.11/24 scope global eth0
```

```text title="hostB/ip-addr.txt"
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP
    inet 10.0.5.12/24 scope global eth0
```

## Bad: Calico always wraps

```yaml title="ippool.yaml"
apiVersion: projectcalico.org/v3
kind: IPPool
metadata:
  name: default-ipv4-ippool
spec:
  cidr: 10.244.0.0/16
  ipipMode: Always  # <- note
```

## Good: only through routers

```yaml title="ippool.yaml"
apiVersion: projectcalico.org/v3
kind: IPPool
metadata:
  name: default-ipv4-ippool
spec:
  cidr: 10.244.0.0/16
  ipipMode: CrossSubnet
```
"""

from collections.abc import Iterator

from netlint.api import Finding, Label, Severity, Site, clusters_of, measured, rule, shared_link

ALWAYS = {"IPIP": ("ipipMode", "calico-ipip-softlayer", "calico-bgp-softlayer", "calico-ipip-ib20-8940"),
          "VXLAN": ("vxlanMode", "daocloud-2023")}  # fmt: skip


@rule(
    "NL703",
    Severity.NOTE,
    proof="published measurements (rules/evidence.json); flannel's and Calico's documentation",
    beyond_compose=True,
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    for host in site.hosts:
        shared = shared_link(host, site)
        link = () if shared is None else (Label(shared.span, f"on one link with {shared.other}"),)
        for cluster in clusters_of(host, site):
            for config in cluster.flannel:
                kind = config.backend
                if kind is not None and kind.value == "vxlan" and not config.direct_routing and shared is not None:
                    yield Finding(
                        message=f"flannel wraps every packet in VXLAN, and {shared.other} is on the same link "
                        f"{shared.prefix}; measured: {measured('vxlan-softlayer', 'hostgw-softlayer')}, "
                        f"{measured('vxlan-ib20-mtu8950')}",
                        at=kind.span,
                        help='route inside the link: "DirectRouting": true, or the backend host-gw',
                        related=link,
                        host=host.name,
                    )
            for pool in cluster.pools:
                if pool.disabled or pool.encapsulation is None or pool.encapsulation.value not in ALWAYS:
                    continue
                key, *figures = ALWAYS[pool.encapsulation.value]
                yield Finding(
                    message=f"the Calico pool {pool.name} wraps every packet ({pool.encapsulation.value})"
                    + (f", and {shared.other} is on the same link {shared.prefix}" if shared is not None else "")
                    + f"; measured: {measured(*figures)}",
                    at=pool.encapsulation.span,
                    help=f"{key}: CrossSubnet wraps only what goes through a router",
                    related=link,
                    host=host.name,
                )
