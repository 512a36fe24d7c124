"""The cluster's key-value store is open to everybody

## What it means

consul, etcd and ZooKeeper keep what connects the hosts: the overlay networks of engines up to 20.10, flannel's leases,
the whole state of a Kubernetes cluster. The store listens on every address, by a published port or by its own options,
without client certificates or another sign of authentication, and the host's firewall lets packets from outside in.

For a store of which no host of the site is known to make use (a Compose file alone), the finding is a warning.

## Why it matters

Who can write there moves traffic to another host, reads what is kept, or takes the cluster over. A published port is
not protected by rules in INPUT either.

## How to fix it

Bind it to the address that the other hosts use, demand client certificates (`--client-cert-auth` for etcd, ACLs and TLS
for consul), and accept the port from the other hosts only, in DOCKER-USER where it is published.

## Bad: consul of an engine's cluster

```sh title="setup.sh"
dockerd --cluster-store=consul://192.168.10.1:8500 --cluster-advertise=eth0:2376
docker run -d -p 8500:8500 -h consul --name consul progrium/consul -server -bootstrap  # <- error
```

## Bad: etcd on every address

```ini title="etcd.service"
[Service]
ExecStart=/usr/bin/etcd --listen-client-urls http://0.0.0.0:2379 --data-dir /var/lib/etcd  ; <- error
```

## Good: on the address of the cluster, with certificates

```ini title="etcd.service"
[Service]
ExecStart=/usr/bin/etcd --listen-client-urls https://10.0.0.5:2379 --client-cert-auth --trusted-ca-file=/etc/etcd/ca.pem
```
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from netlint.api import (
    Finding,
    Host,
    HostWalk,
    Label,
    Leg,
    Located,
    Severity,
    Site,
    Span,
    StoreServer,
    Walker,
    inward,
    known_as,
    leg_witness,
    parse_address,
    rule,
)

PORTS = {"consul": (8500,), "etcd": (2379, 4001), "zookeeper": (2181,)}
IMAGES = {"consul": "consul", "etcd": "etcd", "zookeeper": "zookeeper", "cp-zookeeper": "zookeeper"}
# Signs that clients must show who they are.
GUARDED = re.compile(r"client-cert-auth|root.?password|verify_incoming|\bacl\b|\"acl\"|tls|https://|ssl", re.IGNORECASE)


class Open(NamedTuple):
    """A store that listens on every address, at this place."""

    program: str
    port: int
    at: Span
    owner: str
    published: bool


@rule(
    "NL611",
    Severity.ERROR,
    security=8.1,
    proof="documentation of etcd (security), consul (ACL system off by default) and Docker's key-value overlay",
)
def check(site: Site) -> Iterator[Finding]:
    walker = Walker(site.hosts)
    for host in site.hosts:
        used = _users(host, site)
        said: set[Span] = set()
        for one in (*_published(host), *_running(host)):
            if one.at in said or (one.program == "zookeeper" and one.program not in used):
                continue  # ZooKeeper serves many other programs; its open port is NL801's
            said.add(one.at)
            walk = walker.on(host)
            leg = _from_outside(walk, one)
            if leg is not None and not leg.accepted and leg.certain:
                continue
            yield Finding(
                message=f"{one.owner} offers {one.program} on port {one.port} of every address, without a sign of "
                "authentication" + (f"; {used[one.program][1]} relies on it" if one.program in used else ""),
                at=one.at,
                label="open to every host that reaches this one",
                help="bind it to the address that the other hosts use and demand client certificates",
                related=(Label(used[one.program][0], "the store is used here"),) if one.program in used else (),
                severity=None if one.program in used or not one.published else Severity.WARNING,
                witness=leg_witness(leg) if leg is not None and leg.accepted and leg.certain else None,
                host=host.name,
            )


def _users(host: Host, site: Site) -> dict[str, tuple[Span, str]]:
    """By program: who keeps the state of a cluster in it."""
    found: dict[str, tuple[Span, str]] = {}
    for other in site.hosts:
        if other.implied and other is not host:
            continue
        store = other.daemon.text("cluster-store") if other.daemon is not None else None
        scheme = store.value.partition("://")[0] if store is not None else ""
        program = {"zk": "zookeeper"}.get(scheme, scheme)
        if store is not None and program in PORTS:
            found.setdefault(program, (store.span, "the engine's cluster-store"))
        for daemon in other.cluster.flanneld:
            found.setdefault("etcd", (daemon.span, "flannel"))
        for server in other.cluster.api_servers:
            found.setdefault("etcd", (server, "kube-apiserver"))
    return found


def _published(host: Host) -> Iterator[Open]:
    for one in host.publications():
        program = _program(one.image)
        port = one.port
        if program is None or port.target.first not in PORTS[program] or not _every(port.address):
            continue
        words = one.run.command if one.run is not None else one.service.command if one.service is not None else ()
        settings = one.service.environment if one.service is not None else ()
        texts = [word.value for word in words] + [f"{name}={value.value}" for name, value in settings]
        if not any(GUARDED.search(text) for text in texts) and port.published is not None:
            yield Open(program, port.published.first, port.span, one.owner, published=True)


def _program(image: Located[str] | None) -> str | None:
    name = image.value.partition("@")[0].rpartition("/")[2].partition(":")[0] if image is not None else ""
    return IMAGES.get(name)


def _every(address: Located[str] | None) -> bool:
    parsed = parse_address(address.value.strip("[]")) if address is not None else None
    return address is None or (parsed is not None and parsed.is_unspecified)


def _running(host: Host) -> Iterator[Open]:
    """What units, scripts and manifests start without a container's ports."""
    for server in host.cluster.stores:
        if not server.guarded and (listen := _listens(server)) is not None:
            yield Open(server.program, listen[0], listen[1], "this host", published=False)


def _listens(server: StoreServer) -> tuple[int, Span] | None:
    for address in server.listens:
        found = re.fullmatch(r"(?:http://)?\[?(0\.0\.0\.0|::|)\]?(?::(\d+))?/?", address.value)
        if found is not None and address.exact:
            return int(found[2] or PORTS[server.program][0]), address.span
    return None


def _from_outside(walk: HostWalk, one: Open) -> Leg | None:
    """The way of a packet from outside to the store, where the host's firewall and addresses are known."""
    address = known_as(walk)
    if not walk.rulesets or address is None:
        return None
    return walk.receive(inward(walk, address, one.port))
