"""An engine uses a cluster store but does not advertise itself: its overlay traffic is lost

## What it means

`cluster-store` makes an engine up to 20.10 keep its overlay networks in consul, etcd or ZooKeeper. To exchange traffic
with the others it must also say where they find it: `cluster-advertise`. Without that option discovery stays off and
the engine never joins the gossip that tells the hosts who carries which container.

## Why it matters

Nothing fails visibly. The engine starts without a warning, `docker network create -d overlay` succeeds, containers get
addresses of the overlay, and every packet to a container on another host is lost.

## How to fix it

Set `cluster-advertise` on every host to the interface or address by which the others reach it, with the port of its
API: `eth0:2376`. Engines from 23.0 on have neither option and refuse to start with one; there swarm mode is the way to
an overlay.

## Bad: only the store

```json title="daemon.json"
{
  "cluster-store": "etcd://192.168.10.1:2379"  // <- error
}
```

## Bad: on the command line

```ini title="docker.service"
[Service]
ExecStart=/usr/bin/dockerd --cluster-store=consul://10.0.0.9:8500  ; <- error
```

## Good: the store and the way to this host

```json title="daemon.json"
{
  "cluster-store": "etcd://192.168.10.1:2379",
  "cluster-advertise": "eth0:2376"
}
```
"""

from collections.abc import Iterator

from netlint.api import Add, Change, Edit, Finding, Fix, Host, Option, Setting, Severity, Site, Span, rule, uplinks


@rule(
    "NL601",
    Severity.ERROR,
    needs=["daemon"],
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    for host in site.hosts:
        if host.daemon is None or host.knows_store is False:
            continue
        store, option = host.daemon.text("cluster-store"), host.daemon.get("cluster-store")
        if store is not None and option is not None and host.daemon.text("cluster-advertise") is None:
            yield Finding(
                message=f"cluster-store {store.value} is set without cluster-advertise: "
                + ("" if host.engine is not None else "on an engine up to 20.10 ")
                + "discovery stays off and overlay traffic of this host is lost without an error",
                at=store.span,
                label="the store is known, the way to this host is not",
                help="set cluster-advertise to the interface or address that the other hosts reach, such as eth0:2376",
                fixes=_advertise(host, option),
                host=host.name,
            )


def _advertise(host: Host, store: Option) -> tuple[Fix, ...]:
    """The option beside the store, with the interface of the default route and the port of Docker's documentation."""
    links = uplinks(host) if host.routes is not None else []
    if len(links) != 1 or store.setting is Setting.RUNNING or host.daemon is None:
        return ()
    name, value = "cluster-advertise", f"{links[0]}:2376"
    change: Change
    if host.daemon.get(name) is not None:
        return ()
    if store.setting is Setting.FILE:
        change = Add(store.name_span, (name,), value, beside=True)
    else:
        at = store.name_span.start
        change = Edit(Span(store.name_span.source, at, at), f"--{name}={value} ")
    return (Fix(title=f"set {name} to {value}", changes=(change,)),)
