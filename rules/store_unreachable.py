"""The engine does not reach the cluster's key-value store

## What it means

`cluster-store` of engines up to 20.10 names the store that all engines of a cluster share, as `etcd://10.0.0.9:2379`,
`consul://10.0.0.9:8500` or `zk://10.0.0.9:2181`. For each engine a connection to it is walked: out through the host's
own firewall, and where the address belongs to one of the hosts that were given, into that host and on to the container
that serves there; then the answer back. It fails where

- a firewall on the way drops it or its answer,
- the store listens on the loopback address of its host, as etcd and consul do until they are told otherwise,
- nothing listens on the port,
- the address is one of a container network of the engine's own host: every host that has that network ends up at home.

The last is a warning where one host alone is known to name the store so.

## Why it matters

`dockerd` starts all the same. It knows none of the overlay networks, `docker network create -d overlay` fails or hangs,
and containers on an overlay do not start.

## How to fix it

Let the port of the store in from the hosts of the cluster, and from them alone; make the store listen on its host's
address on the LAN; name that address in `cluster-store`, never that of a container.

## Bad: the store's host drops it

```json title="engine/daemon.json"
{
  "cluster-store": "etcd://192.168.10.1:2379",
  "cluster-advertise": "192.168.10.2:2376"
}
```

```text title="engine/ip-addr.txt"
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP
    inet 192.168.10.2/24 scope global eth0
```

```text title="store/ip-addr.txt"
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP
    inet 192.168.10.1/24 scope global eth0
```

```text title="store/iptables-save.txt"
*filter
:INPUT DROP [0:0]  # <- error
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
-A INPUT -i lo -j ACCEPT
-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT
COMMIT
```

## Bad: the store listens on the loopback address

```json title="engine/daemon.json"
{
  "cluster-store": "etcd://192.168.10.1:2379",
  "cluster-advertise": "192.168.10.2:2376"
}
```

```text title="engine/ip-addr.txt"
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP
    inet 192.168.10.2/24 scope global eth0
```

```text title="store/ip-addr.txt"
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP
    inet 192.168.10.1/24 scope global eth0
```

```ini title="store/etcd.service"
[Service]
ExecStart=/usr/bin/etcd --listen-client-urls http://127.0.0.1:2379 --data-dir /var/lib/etcd  ; <- error
```

## Bad: an address of every host's own docker0

```json title="daemon.json"
{
  "cluster-store": "consul://172.17.0.2:8500",  // <- warning
  "cluster-advertise": "eth0:2376"
}
```

```text title="ip-addr.txt"
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP
    inet 192.168.10.2/24 scope global eth0
3: docker0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP
    inet 172.17.0.1/16 scope global docker0
```

## Good: let in from the engines

```json title="engine/daemon.json"
{
  "cluster-store": "etcd://192.168.10.1:2379",
  "cluster-advertise": "192.168.10.2:2376"
}
```

```text title="engine/ip-addr.txt"
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP
    inet 192.168.10.2/24 scope global eth0
```

```text title="store/ip-addr.txt"
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP
    inet 192.168.10.1/24 scope global eth0
```

```text title="store/iptables-save.txt"
*filter
:INPUT DROP [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
-A INPUT -i lo -j ACCEPT
-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A INPUT -s 192.168.10.0/24 -p tcp -m multiport --dports 22,2379 -j ACCEPT
COMMIT
```
"""

from collections.abc import Iterator

from msgspec import Struct

from netlint.api import (
    ClusterStore,
    Finding,
    Host,
    Journey,
    Label,
    Severity,
    Site,
    Span,
    StoreEndpoint,
    Walker,
    cluster_store,
    from_host,
    is_container_link,
    journey_witness,
    parse_address,
    rule,
)


class Lost(Struct, frozen=True):
    """A connection of an engine that does not reach its store: why, where that is decided, and on which host. `sure` is
    False where the store may be on this host, and only the others miss it."""

    sender: Host
    endpoint: StoreEndpoint
    text: str
    at: Span
    on: Host
    help: str
    journey: Journey | None = None
    sure: bool = True


@rule("NL618", Severity.ERROR, needs=["daemon", "addresses"])
def check(site: Site) -> Iterator[Finding]:
    walker = Walker(site.every)
    lost: list[Lost] = []
    for host in site.hosts:
        store = cluster_store(host)
        if store is None or not store.option.exact or not store.endpoints or host.interfaces is None:
            continue
        found = [
            _at_home(host, store, endpoint, site) or _lost(walker, host, store, endpoint, site)
            for endpoint in store.endpoints
        ]
        if None not in found:  # one server of the store is enough
            lost += [one for one in found if one is not None]
    for at in dict.fromkeys(one.at for one in lost):
        yield _finding([one for one in lost if one.at == at])


def _at_home(host: Host, store: ClusterStore, endpoint: StoreEndpoint, site: Site) -> Lost | None:
    """An address that belongs to one of the host's own container networks, on every host that has them."""
    name = next(
        (
            link.name
            for link in host.interfaces or ()
            if link.name != "lo" and is_container_link(host, link.name)
            if any(endpoint.address is not None and one.prefix.holds(endpoint.address) for one in link.addresses)
        ),
        None,
    )
    if name is None:
        return None
    shared = any(
        other is not host and (theirs := cluster_store(other)) is not None and theirs.same(store)
        for other in site.hosts
    )
    if not shared and _has(host, endpoint):
        return None  # the store may well be published here; the other hosts are not known to name it so
    text = f"is on {name}, a container network of the host's own: no other host gets there"
    return Lost(
        host, endpoint, text, endpoint.span, host, "name the address that the store's host has on the LAN", sure=shared
    )


def _lost(walker: Walker, host: Host, store: ClusterStore, endpoint: StoreEndpoint, site: Site) -> Lost | None:
    """How the connection to one server fails for sure; None where it does not, or that is not known."""
    address = endpoint.address
    if address is None or address.is_unspecified:
        return None
    journey = walker.journey(host, from_host(walker.on(host, address.version), address, endpoint.port))
    last = journey.last
    if not journey.accepted:
        if not last.certain or last.decided is None:
            return None
        text = f"is not reached: {last.steps[-1].text}"
        cure = f"let tcp {endpoint.port} of the store pass between the hosts of the cluster"
        return Lost(host, endpoint, text, last.decided, last.host, cure, journey)
    if journey.answered is False and journey.answer_at is not None and journey.answer:
        cure = "let established connections pass"
        return Lost(host, endpoint, journey.answer_text, journey.answer_at, journey.answer[-1].host, cure, journey)
    owner = next((one for one in site.hosts if one is not host and _has(one, endpoint)), None)
    if owner is not None and last.host is owner and last.delivered:
        bound = _loopback_only(owner, store.program, endpoint.port)
        if bound is not None:
            text = f"listens on the loopback address of {owner.name} alone"
            return Lost(host, endpoint, text, bound, owner, f"make it listen on {address}")
    return None


def _has(host: Host, endpoint: StoreEndpoint) -> bool:
    return any(one.address == endpoint.address for link in host.interfaces or () for one in link.addresses)


def _loopback_only(host: Host, program: str, port: int) -> Span | None:
    """The place that binds the store's port to the loopback address, where nothing binds it elsewhere."""
    places = [
        (publication.port.address.value if publication.port.address is not None else "", publication.port.span)
        for publication in host.publications()
        if publication.port.published is not None
        and publication.port.published.first <= port <= publication.port.published.last
    ]
    for server in host.cluster.stores:
        if server.program == program:
            for listen in server.listens:
                host_part = listen.value.partition("://")[2] or listen.value
                places.append((host_part.removesuffix(f":{port}") if listen.exact else "", listen.span))
    found = [span for text, span in places if _is_loopback(text)]
    return found[0] if found and len(found) == len(places) else None


def _is_loopback(text: str) -> bool:
    address = parse_address(text.strip("[]/"))
    return text == "localhost" or (address is not None and address.is_loopback)


def _finding(lost: list[Lost]) -> Finding:
    """One for each place that loses connections."""
    first = lost[0]
    names = ", ".join(dict.fromkeys(one.sender.name or "this host" for one in lost))
    own = first.at == first.endpoint.span
    return Finding(
        message=f"cluster store {first.endpoint.host}:{first.endpoint.port} of {names} {first.text}",
        at=first.at,
        help=first.help,
        related=() if own else tuple(Label(one.endpoint.span, f"the store of {one.sender.name}") for one in lost[:3]),
        severity=None if first.sure else Severity.WARNING,
        witness=journey_witness(first.journey) if first.journey is not None else None,
        host=first.on.name,
    )
