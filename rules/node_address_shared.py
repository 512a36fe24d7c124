"""A cluster's network takes an address for this node that does not lead to it

## What it means

flannel and Calico register each node under one address, to which the others send the pods' packets. Unless told
otherwise, flanneld takes the first address of the interface with the default route, and Calico the first interface it
finds, a bridge of Docker's among them. In virtual machines that is often the interface of a NAT that gives every
machine the same address: VirtualBox always 10.0.2.15, with the gateway 10.0.2.2. The rule also finds an interface that
is named and not there, and loopback.

## Why it matters

All nodes register as one: one lease, one route, and pods of other nodes are out of reach while each node is `Ready`.

## How to fix it

Name the interface by which the nodes reach each other: `--iface=eth1` for flanneld,
`IP_AUTODETECTION_METHOD=interface=eth1` for calico-node, or `nodeAddressAutodetectionV4` for its operator.

## Bad: the NAT of the virtual machines

```ini title="flanneld.service"
[Service]
ExecStart=/opt/bin/flanneld --etcd-endpoints=http://172.28.128.12:2379  ; <- error
```

```text title="ip-addr.txt"
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP
    inet 10.0.2.15/24 scope global eth0
3: eth1: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP
    inet 172.28.128.11/24 scope global eth1
```

```text title="ip-route.txt"
default via 10.0.2.2 dev eth0
10.0.2.0/24 dev eth0 proto kernel scope link src 10.0.2.15
172.28.128.0/24 dev eth1 proto kernel scope link src 172.28.128.11
```

## Good: the interface between the nodes

```ini title="flanneld.service"
[Service]
ExecStart=/opt/bin/flanneld --etcd-endpoints=http://172.28.128.12:2379 --iface=eth1
```

```text title="ip-addr.txt"
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP
    inet 10.0.2.15/24 scope global eth0
3: eth1: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP
    inet 172.28.128.11/24 scope global eth1
```

```text title="ip-route.txt"
default via 10.0.2.2 dev eth0
10.0.2.0/24 dev eth0 proto kernel scope link src 10.0.2.15
172.28.128.0/24 dev eth1 proto kernel scope link src 172.28.128.11
```
"""

from collections.abc import Iterator

from msgspec import Struct

from netlint.api import (
    Confidence,
    Finding,
    Host,
    Interface,
    InterfaceAddress,
    Label,
    Located,
    Severity,
    Site,
    Span,
    clusters_of,
    is_container_link,
    own_address,
    parse_address,
    pattern,
    rule,
)

# Calico's node/pkg/lifecycle/startup/autodetection, DEFAULT_INTERFACES_TO_EXCLUDE
NOT_CALICOS = pattern(
    r"docker|cbr|dummy|virbr|lxcbr|veth|lo$|cali|tunl|flannel|kube-ipvs|cni|vxlan\.calico|vxlan-v6|wireguard\.cali|nodelocal"
)
METHOD = "IP_AUTODETECTION_METHOD"
FIRST = ("first-found", "true")
VIRTUALBOX = parse_address("10.0.2.15")  # what its DHCP server gives the first interface of every machine


class Chosen(Struct, frozen=True):
    """The address that a program takes for a node, on which link, and the place that makes it so.

    `help` is how to name another interface.
    """

    host: Host
    program: str
    entry: InterfaceAddress
    link: Interface
    at: Span
    help: str


@rule(
    "NL616",
    Severity.ERROR,
    needs=["addresses"],
    proof="VXLAN of the kernel as flannel makes it; which address is taken: flannel's documentation of troubleshooting "
    "(Vagrant) and Calico's of address detection; flannel issue 535, coreos/bugs issue 2223",
)
def check(site: Site) -> Iterator[Finding]:
    found: list[Chosen] = []
    for host in site.hosts:
        for cluster in clusters_of(host, site) if host.interfaces else ():
            for daemon in cluster.flanneld:
                if not daemon.exact or daemon.pattern is not None or daemon.public is not None:
                    continue
                if daemon.interface is not None:
                    yield from _missing(host, daemon.interface)
                    found += _named(host, daemon.interface)
                else:
                    found += _taken(host, _default_link(host), "flanneld", daemon.span, "--iface=")
            for node in cluster.calico:
                if node.is_node and (node.autodetection is None or node.autodetection.value in FIRST):
                    found += _taken(host, _first_link(host), "calico-node", node.span, f"{METHOD}=interface=")
    said: set[Span] = set()
    for one in found:
        other = next((two for two in found if two.host is not one.host and _same(one, two)), None)
        better = _other_link(one)
        inner = is_container_link(one.host, one.link.name)
        nat = one.entry.address == VIRTUALBOX and better != ""
        if one.at not in said and (other is not None or nat or inner):
            said.add(one.at)
            yield _finding(one, other, better)


def _finding(one: Chosen, other: Chosen | None, better: str) -> Finding:
    if other is not None:
        shared = f"which {other.host.name} has too"
    elif one.entry.address == VIRTUALBOX:
        shared = "which VirtualBox gives to every machine"
    else:
        shared = "a bridge of containers"
    return Finding(
        message=f"{one.program} registers this node under {one.entry.address} of {one.link.name}, {shared}: pods of "
        "other nodes are out of reach",
        at=one.at,
        help=f"name the interface by which the nodes reach each other: {one.help}{better or 'INTERFACE'}",
        related=(
            Label(one.entry.span, f"{one.link.name} has {one.entry.address}"),
            *((Label(other.entry.span, f"{other.host.name} has it too"),) if other is not None else ()),
        ),
        confidence=None if other is not None else Confidence.MEDIUM,
        host=one.host.name,
    )


def _same(one: Chosen, other: Chosen) -> bool:
    return one.program == other.program and one.entry.address == other.entry.address


def _missing(host: Host, named: Located[str]) -> Iterator[Finding]:
    """An interface or address that flanneld is told of and that is not there, or is loopback."""
    _, fault = own_address(host, named.value)
    if named.exact and fault is not None:
        yield Finding(
            message=f"--iface {named.value} {fault}: flanneld does not register this node",
            at=named.span,
            help="name the interface by which the nodes reach each other",
            host=host.name,
        )


def _named(host: Host, named: Located[str]) -> Iterator[Chosen]:
    address, _ = own_address(host, named.value)
    for link in host.interfaces or ():
        for entry in link.addresses:
            if entry.address == address:
                yield Chosen(host, "flanneld", entry, link, named.span, "--iface=")


def _taken(host: Host, link: Interface | None, program: str, at: Span, help: str) -> Iterator[Chosen]:
    entry = next((one for one in link.addresses if one.address.version == 4), None) if link is not None else None
    if link is not None and entry is not None:
        yield Chosen(host, program, entry, link, at, help)


def _default_link(host: Host) -> Interface | None:
    """The interface with the default route of the lowest metric."""
    routes = [route for route in host.routes or () if route.prefix.is_default and route.prefix.version == 4]
    best = min(routes, key=lambda route: route.metric or 0, default=None)
    return host.interface(best.device) if best is not None and best.device is not None else None


def _nodes_links(host: Host) -> Iterator[Interface]:
    """The interfaces that are no container's, nor loopback."""
    for link in host.interfaces or ():
        has_address = any(entry.address.version == 4 for entry in link.addresses)
        if has_address and link.name != "lo" and not is_container_link(host, link.name):
            yield link


def _first_link(host: Host) -> Interface | None:
    """What Calico's first-found finds, whose list of names to pass over lacks `br-…`."""
    for link in sorted(host.interfaces or (), key=lambda one: one.index or 0):
        if NOT_CALICOS.match(link.name) is None and any(entry.address.version == 4 for entry in link.addresses):
            return link
    return None


def _other_link(one: Chosen) -> str:
    """Another interface by which the nodes may reach each other; empty where there is none."""
    return next((link.name for link in _nodes_links(one.host) if link.name != one.link.name), "")
