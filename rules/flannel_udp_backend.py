"""flannel copies every packet through user space

## What it means

With the backend `udp`, flanneld itself takes each packet from an interface and sends it on. flannel's documentation
keeps it for debugging and for kernels without VXLAN. A configuration without a `Backend` gets this one, too.

## Why it matters

Two copies and two changes of process for every packet: in the one comparison that was published, 40 % less bandwidth
and 57 % more latency than with `vxlan`. The table below has the sources.

## How to fix it

`"Backend": {"Type": "vxlan"}`, or `host-gw` where the nodes share a link. All nodes have to restart flanneld.

## Bad: the backend for debugging

```json title="net-conf.json"
{
  "Network": "10.1.0.0/16",
  "Backend": {"Type": "udp", "Port": 8285}  // <- warning
}
```

## Bad: no backend is named

```sh title="setup.sh"
etcdctl set /coreos.com/network/config '{"Network": "10.1.0.0/16"}'  # <- warning
```

## Good: in the kernel

```json title="net-conf.json"
{
  "Network": "10.1.0.0/16",
  "Backend": {"Type": "vxlan"}
}
```
"""

from collections.abc import Iterator

from netlint.api import Finding, Label, Severity, Site, measured, rule, shared_link


@rule(
    "NL704",
    Severity.WARNING,
    proof="published measurements (rules/evidence.json); flannel's Documentation/backends.md and pkg/subnet/config.go",
    beyond_compose=True,
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    for host in site.hosts:
        for config in host.cluster.flannel:
            named = config.backend
            if named is not None and (named.value.lower() != "udp" or not named.exact):
                continue
            shared = shared_link(host, site)
            cheaper = "name the backend vxlan"
            if shared is not None:
                cheaper += f", or host-gw: {shared.other} is on the same link {shared.prefix}"
            yield Finding(
                message=(
                    "flannel's backend is udp" if named is not None else "flannel gets no Backend, which means udp"
                )
                + f": each packet goes through user space; measured: {measured('udp-k8s17877-2015')}",
                at=named.span if named is not None else config.network.span if config.network else config.span,
                help=cheaper,
                related=() if shared is None else (Label(shared.span, f"on one link with {shared.other}"),),
                host=host.name,
            )
