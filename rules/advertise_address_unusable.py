"""A swarm node advertises or listens at an address that is of no use

## What it means

`--advertise-addr` and `--listen-addr` of `docker swarm init` and `join`, and the daemon's option
`swarm-default-advertise-addr`, name an interface or address of the node. Loopback reaches nobody, and the address of
`docker0` or another container bridge, which every node may have, no other node; an address that the node does not have
is accepted and handed to the others all the same. `docker swarm init` that names none chooses the
node's only address, and is refused on a node with addresses on several interfaces. Nodes that have two networks in
common and advertise themselves on different ones get each other's packets from addresses that they do not expect; so do
nodes of which one alone has a `--data-path-addr`. A node that is on the public network of another and advertises a
private address gets none from it. Virtual machines of one maker often have the same address on their
first interface, which leads to no other: nodes that advertise it cannot be told apart.

## Why it matters

The join command that the manager prints names an address where nothing answers, or nodes join and their overlay traffic
is lost. With a listen address on loopback no other node can join.

## How to fix it

Name the interface or address by which the other nodes reach this one. Behind a NAT, where the advertised address is
rightly not on the node, suppress the finding with that reason.

## Bad: nobody can join

```sh title="setup.sh"
docker swarm init --advertise-addr 10.0.0.5 --listen-addr 127.0.0.1:2377  # <- error
```

## Bad: another machine's address

```sh title="setup.sh"
docker swarm init --advertise-addr 203.0.113.5  # <- warning
```

```text title="ip-addr.txt"
1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN
    inet 127.0.0.1/8 scope host lo
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP
    inet 10.0.0.5/24 scope global eth0
```

## Bad: two to choose from

```sh title="setup.sh"
docker swarm init  # <- error
```

```text title="ip-addr.txt"
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP
    inet 192.0.2.5/24 scope global eth0
3: eth1: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP
    inet 10.0.0.5/24 scope global eth1
```

## Bad: the manager lists another address

```text title="node1/docker-node-inspect.txt"
ID:			sjwyo1rrc999panplxm3xz7md
Hostname:              	node1
Joined at:             	2024-11-29 09:19:22.475285133 +0000 utc
Status:
 State:			Ready
 Availability:         	Active
 Address:		10.0.5.11
Manager Status:
 Address:		10.0.5.11:2377
 Raft Status:		Reachable
 Leader:		Yes
ID:			umll57qmkay5k6qkgez1divx1
Hostname:              	node2
Joined at:             	2024-11-29 09:19:23.29322451 +0000 utc
Status:
 State:			Down
 Availability:         	Active
 Address:		10.0.5.12  # <- warning
```

```text title="node1/ip-addr.txt"
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP
    inet 10.0.5.11/24 scope global eth0
```

```text title="node2/ip-addr.txt"
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP
    inet 10.0.5.22/24 scope global eth0
```

## Good: the node's only address

```sh title="setup.sh"
docker swarm init
```

```text title="ip-addr.txt"
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP
    inet 10.0.0.5/24 scope global eth0
3: docker0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP
    inet 172.17.0.1/16 scope global docker0
```

## Bad: two nodes on two networks

```sh title="hostA/setup.sh"
docker swarm init --advertise-addr 203.0.113.11
```

```text title="hostA/ip-addr.txt"
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP
    inet 203.0.113.11/24 scope global eth0
3: eth1: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP
    inet 10.0.5.11/24 scope global eth1
```

```sh title="hostB/setup.sh"
docker swarm join --token x --advertise-addr 10.0.5.12 203.0.113.11:2377  # <- warning
```

```text title="hostB/ip-addr.txt"
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP
    inet 203.0.113.12/24 scope global eth0
3: eth1: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP
    inet 10.0.5.12/24 scope global eth1
```

## Bad: the address of every machine's first interface

```sh title="hostA/setup.sh"
docker swarm init --advertise-addr eth0
```

```text title="hostA/ip-addr.txt"
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP
    inet 10.0.2.15/24 scope global eth0
3: eth1: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP
    inet 192.168.56.11/24 scope global eth1
```

```sh title="hostB/setup.sh"
docker swarm join --token x --advertise-addr eth0 192.168.56.11:2377  # <- error
```

```text title="hostB/ip-addr.txt"
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP
    inet 10.0.2.15/24 scope global eth0
3: eth1: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP
    inet 192.168.56.12/24 scope global eth1
```

## Good: an address of this node

```sh title="setup.sh"
docker swarm init --advertise-addr 10.0.0.5
```

```text title="ip-addr.txt"
1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN
    inet 127.0.0.1/8 scope host lo
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP
    inet 10.0.0.5/24 scope global eth0
```
"""

from collections.abc import Iterator
from itertools import combinations

from netlint.api import (
    Address,
    Confidence,
    Finding,
    Host,
    Label,
    Located,
    Severity,
    Site,
    SwarmNode,
    is_container_link,
    own_address,
    parse_prefix,
    rule,
)

PRIVATE = [
    prefix
    for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")
    if (prefix := parse_prefix(text)) is not None
]


@rule(
    "NL609",
    Severity.ERROR,
    beyond_compose=True,
)
def check(site: Site) -> Iterator[Finding]:
    for host in site.hosts:
        yield from _unsaid(host)
        for name, given in _given(host):
            address, fault = own_address(host, given.value)
            wildcard = address is not None and address.is_unspecified and name == "--listen-addr"
            if fault is None or wildcard or not given.exact:
                continue
            loopback = address is not None and address.is_loopback
            yield Finding(
                message=f"{name} {given.value} {fault}: other nodes do not reach this one there",
                at=given.span,
                help="name the interface or address by which the other nodes reach this one",
                severity=None if loopback else Severity.WARNING,
                host=host.name,
            )
    yield from _apart(site)
    yield from _same(site)
    yield from _listed(site)


def _same(site: Site) -> Iterator[Finding]:
    """Machines that are two, by their other addresses, and advertise one address."""
    seen: dict[Address, tuple[Host, Located[str]]] = {}
    for host in site.hosts:
        given = host.swarm.advertise_addr if host.swarm is not None else None
        address, fault = own_address(host, given.value) if given is not None and given.exact else (None, None)
        if given is None or address is None or fault is not None or address.is_unspecified:
            continue
        other, first = seen.setdefault(address, (host, given))
        if other is not host and _outer(host) != _outer(other):
            yield Finding(
                message=f"{given.value} is {address} on this node, and {other.name} advertises the same address: "
                "packets for one reach the other, or nobody",
                at=given.span,
                help="name the interface or address by which the other nodes reach this one",
                related=(Label(first.span, f"{other.name} advertises it too"),),
                host=host.name,
            )


def _outer(host: Host) -> set[Address]:
    """The addresses that others may reach the host at."""
    return {
        entry.address
        for link in host.interfaces or ()
        for entry in link.addresses
        if not is_container_link(host, link.name)
    }


def _listed(site: Site) -> Iterator[Finding]:
    """Nodes for which a manager's list has another address than their interfaces."""
    for manager in site.hosts:
        for node in manager.swarm_nodes:
            host = _host_of(node, manager, site)
            if host is None or node.address is None or node.address.value.is_unspecified:
                continue
            said = host.swarm.advertise_addr if host.swarm is not None else None
            if said is not None and own_address(host, said.value)[0] == node.address.value:
                continue  # said already
            address, fault = own_address(host, str(node.address.value))
            loopback = address is not None and address.is_loopback
            if fault is None or (loopback and len(manager.swarm_nodes) == 1):
                continue
            yield Finding(
                message=f"the swarm looks for node {node.hostname} at {node.address.value}, which {fault}: other nodes "
                "do not reach it there",
                at=node.address.span,
                help="let the node leave the swarm and join again with --advertise-addr",
                related=(Label(host.span, f"what {host.name} lists"),),
                severity=None if loopback else Severity.WARNING,
                host=host.name,
            )


def _host_of(node: SwarmNode, manager: Host, site: Site) -> Host | None:
    """The host that a listed node is: the one that lists it, or the only one of its name; None where none was given."""
    if node.this is True:
        return manager
    alike = [one for one in manager.swarm_nodes if one.hostname == node.hostname]
    named = [host for host in site.hosts if host.name == node.hostname]
    return named[0] if len(alike) == len(named) == 1 else None


def _apart(site: Site) -> Iterator[Finding]:
    """Nodes that get the packets of overlay networks on different networks, though each is on both."""
    nodes = [
        (host, given, address)
        for host in site.hosts
        if host.swarm is not None
        if (given := host.swarm.data_path_addr or host.swarm.advertise_addr) is not None
        if (address := own_address(host, given.value)[0]) is not None
    ]
    for (one, first, here), (other, second, there) in combinations(nodes, 2):
        if one is other or _shares(one, here, there) or _shares(other, there, here):
            continue
        yield from _private(one, first, here, other, second, there)
        yield from _private(other, second, there, one, first, here)
        if _on(one, there) and _on(other, here):
            yield Finding(
                message=f"{other.name} takes overlay traffic at {there} and {one.name} at {here}: the two are on both "
                "networks, and packets of overlay networks between them are lost",
                at=second.span,
                help="give both an address on the same network, as --advertise-addr or as --data-path-addr",
                related=(Label(first.span, f"{one.name} takes it here"),),
                severity=Severity.WARNING,
                host=other.name,
            )


def _private(
    one: Host, first: Located[str], here: Address, other: Host, second: Located[str], there: Address
) -> Iterator[Finding]:
    """`other` takes packets at a private address, and `one`, which takes them at a public one that `other` is on the
    network of, has no way to it."""
    if not _is_private(there) or _is_private(here) or not _on(other, here) or one.interfaces is None or _on(one, there):
        return
    if any(route.prefix.holds(there) and not route.prefix.is_default for route in one.routes or ()):
        return
    yield Finding(
        message=f"{other.name} takes overlay traffic at {there}, a private address for which {one.name} has neither a "
        f"network nor a route, and is on the network of {here} as well",
        at=second.span,
        help=f"give {other.name} an address on the network of {here}, as --advertise-addr or as --data-path-addr",
        related=(Label(first.span, f"{one.name} takes it here"),),
        severity=Severity.WARNING,
        confidence=Confidence.MEDIUM,
        host=other.name,
    )


def _is_private(address: Address) -> bool:
    """Whether it is of the ranges that no two sites share by a router (RFC 1918, RFC 4193)."""
    return any(prefix.holds(address) for prefix in PRIVATE)


def _on(host: Host, address: Address) -> bool:
    """Whether the host has an interface on the network of the address."""
    return any(entry.prefix.holds(address) for link in host.interfaces or () for entry in link.addresses)


def _shares(host: Host, own: Address, address: Address) -> bool:
    """Whether the interface with `own` is on the network of `address`."""
    return any(
        entry.address == own and entry.prefix.holds(address)
        for link in host.interfaces or ()
        for entry in link.addresses
    )


def _unsaid(host: Host) -> Iterator[Finding]:
    """`docker swarm init` without an address, on a host with several to choose from."""
    swarm = host.swarm
    if swarm is None or not swarm.active or swarm.joined is not None or swarm.node_address is not None:
        return
    wildcard = swarm.listen_addr is None or swarm.listen_addr.value.startswith(("0.0.0.0", "[::]"))
    default = host.daemon.get("swarm-default-advertise-addr") if host.daemon is not None else None
    if swarm.advertise_addr is not None or not wildcard or default is not None or swarm.manager is not True:
        return
    found = [
        (link.name, entry)
        for link in host.interfaces or ()
        if link.up is not False and not is_container_link(host, link.name)
        for entry in link.addresses
        if entry.address.version == 4 and entry.scope == "global"
    ]
    if len({name for name, _ in found}) < 2:
        return
    listed = ", ".join(f"{entry.address} on {name}" for name, entry in found)
    yield Finding(
        message=f"docker swarm init does not say which address to advertise, and the host has {listed}: it is refused",
        at=swarm.span,
        help="name the interface or address by which the other nodes reach this one: --advertise-addr",
        related=tuple(Label(entry.span, f"{entry.address} on {name}") for name, entry in found),
        host=host.name,
    )


def _given(host: Host) -> Iterator[tuple[str, Located[str]]]:
    if host.swarm is not None:
        if host.swarm.advertise_addr is not None:
            yield "--advertise-addr", host.swarm.advertise_addr
        if host.swarm.listen_addr is not None:
            yield "--listen-addr", host.swarm.listen_addr
        if host.swarm.data_path_addr is not None:
            yield "--data-path-addr", host.swarm.data_path_addr
    option = host.daemon.text("swarm-default-advertise-addr") if host.daemon is not None else None
    if option is not None:
        yield "swarm-default-advertise-addr", option
