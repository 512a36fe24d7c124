"""A swarm node advertises or listens at an address that is of no use

## What it means

`--advertise-addr` and `--listen-addr` of `docker swarm init` and `join`, and the daemon's option
`swarm-default-advertise-addr`, name an interface or address of the node. Loopback reaches nobody; an address that the
node does not have is accepted and handed to the others all the same.

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

from netlint.api import Finding, Host, Located, Severity, Site, own_address, rule


@rule(
    "NL609",
    Severity.ERROR,
    proof="Docker 20.10.24 and 28.5.2 accept an advertise address that the node does not have (engine experiment)",
)
def check(site: Site) -> Iterator[Finding]:
    for host in site.hosts:
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


def _given(host: Host) -> Iterator[tuple[str, Located[str]]]:
    if host.swarm is not None:
        if host.swarm.advertise_addr is not None:
            yield "--advertise-addr", host.swarm.advertise_addr
        if host.swarm.listen_addr is not None:
            yield "--listen-addr", host.swarm.listen_addr
    option = host.daemon.text("swarm-default-advertise-addr") if host.daemon is not None else None
    if option is not None:
        yield "swarm-default-advertise-addr", option
