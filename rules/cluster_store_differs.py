"""Hosts of one cluster do not use the same cluster store

## What it means

The key-value overlay of engines up to 20.10 exists where engines share a store. Of several hosts that were given
together, one names a store and another names a different one, or none.

## Why it matters

The host that is left out knows none of the overlay networks: a container that lands there fails with "network not
found" (20.10) or "cannot find address space GlobalDefault" (1.9), or a network of the same name exists twice and
nothing crosses.

## How to fix it

Give every host of the cluster the same `cluster-store`, and each its own `cluster-advertise`.

## Bad: one host without a store

```json title="hostA/daemon.json"
{
  "cluster-store": "consul://10.0.5.10:8500",
  "cluster-advertise": "eth0:2376"
}
```

```json title="hostB/daemon.json"
{  // <- error
  "storage-driver": "overlay2"
}
```

## Bad: two stores

```json title="hostA/daemon.json"
{
  "cluster-store": "consul://10.0.5.10:8500",
  "cluster-advertise": "eth0:2376"
}
```

```json title="hostB/daemon.json"
{
  "cluster-store": "consul://10.0.6.10:8500",  // <- error
  "cluster-advertise": "eth0:2376"
}
```

## Good: one store for all

```json title="hostA/daemon.json"
{
  "cluster-store": "consul://10.0.5.10:8500",
  "cluster-advertise": "10.0.5.11:2376"
}
```

```json title="hostB/daemon.json"
{
  "cluster-store": "consul://10.0.5.10:8500",
  "cluster-advertise": "10.0.5.12:2376"
}
```
"""

from collections.abc import Iterator

from netlint.api import Confidence, Finding, Label, Severity, Site, rule


@rule(
    "NL605",
    Severity.ERROR,
    confidence=Confidence.MEDIUM,
    needs=["daemon"],
    proof="older engines: moby/moby#18783",
)
def check(site: Site) -> Iterator[Finding]:
    hosts = [host for host in site.hosts if host.daemon is not None and host.daemon.configured and not host.implied]
    stores = [(host, store) for host in hosts if host.daemon and (store := host.daemon.text("cluster-store"))]
    if not stores or len(hosts) < 2:
        return
    first, common = stores[0]
    for host in hosts:
        store = host.daemon.text("cluster-store") if host.daemon is not None else None
        if host.daemon is None or host.before(23, 0) is False or (store and store.value == common.value):
            continue
        yield Finding(
            message=f"host {host.name} "
            + (f"uses the cluster store {store.value}" if store else "names no cluster store")
            + f", and host {first.name} uses {common.value}",
            at=store.span if store else host.daemon.span,
            help=f"set cluster-store to {common.value} here too, with a cluster-advertise of this host",
            related=(Label(common.span, f"the store of host {first.name}"),),
            host=host.name,
        )
