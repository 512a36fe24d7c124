"""An engine advertises itself to its cluster at an address where nobody finds it

## What it means

`cluster-advertise` names an interface or address of this host, with the port of its API. The other engines send their
overlay traffic there. It is of no use when it is loopback or a container bridge, when this host does not have it, or
when another host of the same cluster advertises the same address, as clones of a virtual machine do with the address of
their NAT interface.

## Why it matters

`dockerd` refuses to start on an interface that is not there. With an address that others cannot reach, or that several
hosts share, it starts, and overlay traffic to this host is lost. (Engines from 23.0 on refuse the option itself.)

## How to fix it

Name the interface or address by which the other hosts of the cluster reach this one.

## Bad: loopback

```json title="daemon.json"
{
  "cluster-store": "consul://10.0.0.9:8500",
  "cluster-advertise": "127.0.0.1:2376"  // <- error
}
```

## Bad: an interface that is not there

```json title="daemon.json"
{
  "cluster-store": "consul://10.0.0.9:8500",
  "cluster-advertise": "eth1:2376"  // <- error
}
```

```text title="ip-addr.txt"
1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN
    inet 127.0.0.1/8 scope host lo
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP
    inet 10.0.0.5/24 scope global eth0
```

## Good: the way to this host

```json title="daemon.json"
{
  "cluster-store": "consul://10.0.0.9:8500",
  "cluster-advertise": "eth0:2376"
}
```

```text title="ip-addr.txt"
1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN
    inet 127.0.0.1/8 scope host lo
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP
    inet 10.0.0.5/24 scope global eth0
```
"""

from collections.abc import Iterator

from netlint.api import Address, Finding, Host, Label, Located, Severity, Site, own_address, rule


@rule(
    "NL603",
    Severity.ERROR,
    needs=["daemon"],
)
def check(site: Site) -> Iterator[Finding]:
    seen: dict[Address, tuple[Host, Located[str]]] = {}
    for host in site.hosts:
        option = host.daemon.text("cluster-advertise") if host.daemon is not None else None
        if option is None or not option.exact or host.knows_store is False:
            continue
        address, fault = own_address(host, option.value)
        related: tuple[Label, ...] = ()
        if fault is None and address is not None:
            other = seen.setdefault(address, (host, option))
            if other[0] is not host:
                fault = f"is {address}, which host {other[0].name} advertises too"
                related = (Label(other[1].span, f"host {other[0].name}"),)
        if fault is not None:
            yield Finding(
                message=f"cluster-advertise {option.value} {fault}: "
                + ("" if host.engine is not None else "with an engine up to 20.10 ")
                + "overlay traffic does not find this host",
                at=option.span,
                help="name the interface or address by which the other hosts reach this one",
                related=related,
                host=host.name,
            )
