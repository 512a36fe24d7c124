"""A cluster store on an engine in swarm mode

## What it means

Swarm mode, which came with 1.12, keeps its networks itself and does not go together with `cluster-store` and
`cluster-advertise`; engines from 23.0 on have swarm mode alone.

## Why it matters

`docker swarm init` and `join` are refused: "--cluster-store and --cluster-advertise daemon configurations are
incompatible with swarm mode". An engine that is in a swarm already does not start with the options: "Error creating
cluster component: --cluster-store and --cluster-advertise daemon configurations are incompatible with swarm mode".

## How to fix it

Decide for one: remove the options, or leave the swarm.

## Bad: both

```json title="daemon.json"
{
  "cluster-store": "consul://10.0.0.9:8500",  // <- error
  "cluster-advertise": "eth0:2376"
}
```

```sh title="setup.sh"
docker swarm init --advertise-addr eth0
```

## Good: the store alone

```json title="daemon.json"
{
  "cluster-store": "consul://10.0.0.9:8500",
  "cluster-advertise": "eth0:2376"
}
```
"""

from collections.abc import Iterator

from netlint.api import Finding, Label, Severity, Site, rule


@rule(
    "NL606",
    Severity.ERROR,
    needs=["daemon"],
    proof="engines before 20.10: their source",
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    for host in site.hosts:
        store = host.daemon.text("cluster-store") if host.daemon is not None else None
        if store is not None and host.swarm is not None and host.swarm.active and host.knows_store is not False:
            yield Finding(
                message=f"cluster-store {store.value} does not go together with swarm mode, which this host uses",
                at=store.span,
                help="remove cluster-store and cluster-advertise, or leave the swarm",
                related=(Label(host.swarm.span, "swarm mode"),),
                host=host.name,
            )
