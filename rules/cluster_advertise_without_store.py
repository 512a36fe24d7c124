"""An engine advertises itself to a cluster without a cluster store: it refuses to start

## What it means

`cluster-advertise` says where other engines find this one through the cluster store. Without `cluster-store` there is
nowhere to say it, and `dockerd` up to 20.10 stops at start with "--cluster-advertise must be accompanied by
--cluster-store configuration".

## Why it matters

The engine is down after the next restart, often long after the change.

## How to fix it

Set `cluster-store`, or remove `cluster-advertise`. Engines from 23.0 on have neither and refuse to start with one.

## Bad: nowhere to advertise

```json title="daemon.json"
{
  "cluster-advertise": "eth0:2376"  // <- error
}
```

## Good: both

```json title="daemon.json"
{
  "cluster-store": "consul://10.0.0.9:8500",
  "cluster-advertise": "eth0:2376"
}
```
"""

from collections.abc import Iterator

from netlint.api import Finding, Fix, Remove, Setting, Severity, Site, rule


@rule(
    "NL602",
    Severity.ERROR,
    needs=["daemon"],
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    for host in site.hosts:
        if host.daemon is None or host.knows_store is False:
            continue
        advertise, option = host.daemon.text("cluster-advertise"), host.daemon.get("cluster-advertise")
        in_file = option is not None and option.setting is Setting.FILE
        if advertise is not None and option is not None and host.daemon.text("cluster-store") is None:
            yield Finding(
                message=f"cluster-advertise {advertise.value} is set without cluster-store: dockerd refuses to start",
                at=advertise.span,
                help="set cluster-store to the key-value store of the cluster, or remove cluster-advertise",
                fixes=(Fix(title="remove cluster-advertise", changes=(Remove(option.name_span),)),) if in_file else (),
                host=host.name,
            )
