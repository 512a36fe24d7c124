"""Hosts of one cluster do not use the same cluster store

## What it means

The key-value overlay of engines up to 20.10 exists where engines share a store. Of several hosts that were given
together, one names a store and another names a different one, or none. Another order or choice of the servers of one
store is no difference, nor is a host's own agent on each host; another path behind the address is one. The host on
which the store itself runs need not use it.

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

from netlint.api import (
    ClusterStore,
    Confidence,
    Finding,
    Host,
    Label,
    Severity,
    Site,
    cluster_store,
    own_address,
    rule,
)


@rule(
    "NL605",
    Severity.ERROR,
    confidence=Confidence.MEDIUM,
    needs=["daemon"],
    proof="older engines: moby/moby#18783",
)
def check(site: Site) -> Iterator[Finding]:
    hosts = [host for host in site.hosts if host.daemon is not None and host.daemon.configured and not host.implied]
    stores = [(host, store) for host in hosts if (store := cluster_store(host)) is not None]
    if not stores or len(hosts) < 2:
        return
    first, common = stores[0]
    for host in hosts:
        store = cluster_store(host)
        if host.daemon is None or host.knows_store is False or not common.option.exact:
            continue
        if store is None and (host.daemon.get("cluster-store") is not None or _serves(host, common)):
            continue  # what it names cannot be read; or it is the store's own host, which need not use it
        if store is not None and (store.same(common) or not store.option.exact or _agents(first, common, host, store)):
            continue
        yield Finding(
            message=f"host {host.name} "
            + (f"uses the cluster store {store.option.value}" if store else "names no cluster store")
            + f", and host {first.name} uses {common.option.value}",
            at=store.option.span if store else host.daemon.span,
            help=f"set cluster-store to {common.option.value} here too, with a cluster-advertise of this host",
            related=(Label(common.option.span, f"the store of host {first.name}"),),
            host=host.name,
        )


def _agents(one: Host, mine: ClusterStore, other: Host, theirs: ClusterStore) -> bool:
    """Whether each host names its own address: an agent of consul's or a proxy of etcd's, which share one store."""
    same = (mine.program, mine.root) == (theirs.program, theirs.root)
    return same and _own(one, mine) and _own(other, theirs)


def _own(host: Host, store: ClusterStore) -> bool:
    """Whether every server that the store names is this host, as far as its addresses are known."""
    known = {entry.address for link in host.interfaces or () for entry in link.addresses}
    advertise = host.daemon.text("cluster-advertise") if host.daemon is not None else None
    if advertise is not None and (address := own_address(host, advertise.value)[0]) is not None:
        known.add(address)
    return all(
        one.host == "localhost" or (one.address is not None and (one.address.is_loopback or one.address in known))
        for one in store.endpoints
    )


def _serves(host: Host, store: ClusterStore) -> bool:
    """Whether the store runs on this host: by its address, or by what is started here."""
    own = {entry.address for link in host.interfaces or () for entry in link.addresses}
    images = [one.image for one in host.publications()]
    return (
        any(one.address in own or one.host == host.name for one in store.endpoints)
        or any(server.program == store.program for server in host.cluster.stores)
        or any(image is not None and store.program in image.value.rpartition("/")[2] for image in images)
    )
