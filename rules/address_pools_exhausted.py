"""No subnet is left for a network that leaves the choice to the engine

## What it means

A network without a subnet of its own gets one from the engine's pools. The built-in pools hold 31 subnets:
172.17.0.0/16 to 172.31.0.0/16, and 192.168.0.0/16 in parts of /20. Those that overlap a network, an address or on-link
route of the host, or a name server are passed over. Engines before 20.10.15 also pass over whatever overlaps any other
route; the routes 0.0.0.0/1 and 128.0.0.0/1 of a VPN then leave nothing at all.

## Why it matters

The network is not created: "could not find an available, non-overlapping IPv4 address pool among the defaults to assign
to the network", from engine 27 on "all predefined address pools have been fully subnetted". Compose stops half-way.

## How to fix it

Give the network a subnet, or the engine larger pools of smaller subnets (`default-address-pools`, which existing
networks do not notice). `docker network prune` frees what nothing uses.

## Bad: two subnets, and docker0 has one of them

```json title="daemon.json"
{
  "default-address-pools": [ { "base": "10.201.0.0/23", "size": 24 } ]
}
```

```text title="ip-route.txt"
default via 192.168.10.254 dev eth0
10.201.0.0/24 dev docker0 proto kernel scope link src 10.201.0.1
192.168.10.0/24 dev eth0 proto kernel scope link src 192.168.10.1
```

```yaml title="compose.yaml"
services:
  web:
    image: example/app
    networks: [front, back]
networks:
  front: {}
  back: {}  # <- error
```

## Bad: a VPN in front of an old engine

```yaml title="compose.yaml"
services:
  web:  # <- error
    image: example/app
```

```text title="ip-route.txt"
0.0.0.0/1 via 10.8.0.5 dev tun0
default via 192.168.50.1 dev wlan0
10.8.0.5 dev tun0 proto kernel scope link src 10.8.0.6
128.0.0.0/1 via 10.8.0.5 dev tun0
192.168.50.0/24 dev wlan0 proto kernel scope link src 192.168.50.23
```

```text title="docker-version.txt"
Server:
 Engine:
  Version:          19.03.15
```

## Good: the same VPN, and a subnet of the network's own

```yaml title="compose.yaml"
services:
  web:
    image: example/app
networks:
  default:
    ipam:
      config:
        - subnet: 172.28.5.0/24
```

```text title="ip-route.txt"
0.0.0.0/1 via 10.8.0.5 dev tun0
default via 192.168.50.1 dev wlan0
10.8.0.5 dev tun0 proto kernel scope link src 10.8.0.6
128.0.0.0/1 via 10.8.0.5 dev tun0
192.168.50.0/24 dev wlan0 proto kernel scope link src 192.168.50.23
```

```text title="docker-version.txt"
Server:
 Engine:
  Version:          19.03.15
```
"""

from collections.abc import Iterator, Sequence

from netlint.api import (
    Confidence,
    Finding,
    Host,
    Label,
    Network,
    Origin,
    Severity,
    Site,
    Supply,
    automatic,
    claims,
    free_like,
    parse_prefix,
    rule,
    supply,
)

SHOWN = 3  # holders of subnets that a finding points at
EXAMPLE = parse_prefix("172.28.0.0/24")  # the size of a subnet that a help text proposes
OLD = "engines before 20.10.15"


@rule(
    "NL107",
    Severity.ERROR,
    needs=["networks"],
    proof="engines before 20.10.15: their source",
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    for host in site.hosts:
        wanted = automatic(host)
        if not wanted and not _lists_networks(host):
            continue
        if host.daemon is not None and not all(pool.exact for pool in host.daemon.pools or ()):
            continue
        have = supply(host, site)
        if len(wanted) > have.left:
            yield _short(host, site, wanted, have)
        elif len(wanted) > have.left_before and host.before(20, 10, 15) is not False:
            yield _old(host, site, wanted, have)
        elif not have.left and _lists_networks(host):
            yield _full(host, have)


def _lists_networks(host: Host) -> bool:
    return any(network.origin is Origin.INSPECT or network.stated for network in host.networks)


def _short(host: Host, site: Site, wanted: Sequence[Network], have: Supply) -> Finding:
    one = wanted[have.left]
    return Finding(
        message=f"network {_name(one)} asks for an automatic subnet and none is left: of {have.total} in the pools, "
        f"{have.left} can be had for {len(wanted)} new {_networks(len(wanted))}",
        at=one.span,
        label="the engine has no subnet for this network",
        help=_help(host, site),
        related=_holders(have),
        host=host.name,
    )


def _old(host: Host, site: Site, wanted: Sequence[Network], have: Supply) -> Finding:
    """Only engines that look at every route have too little."""
    one = wanted[have.left_before]
    sure = host.before(20, 10, 15) is True
    engine = f"Docker {host.engine.value}" if sure and host.engine is not None else OLD
    verb = "leaves" if sure else "leave"
    routes = tuple(Label(route.span, f"{engine} {verb} out what overlaps this route") for route in have.routes[:SHOWN])
    rest = f"all but {have.left_before} of the" if have.left_before else "all"
    return Finding(
        message=f"network {_name(one)} asks for an automatic subnet, and for {engine} the routes of the host overlap "
        f"{rest} {have.total} in the pools",
        at=one.span,
        label="the engine has no subnet for this network" if sure else "an old engine has no subnet for this network",
        help=_subnet_of_its_own(host, site),
        related=routes,
        severity=None if sure else Severity.WARNING,
        confidence=None if sure else Confidence.MEDIUM,
        host=host.name,
    )


def _full(host: Host, have: Supply) -> Finding:
    last = have.holders[-1][1] if have.holders else host.span
    return Finding(
        message=f"all {have.total} subnets of the address pools are taken: the next network without a subnet of its "
        "own cannot be created",
        at=last,
        help="set default-address-pools to more and smaller subnets, or remove networks that nothing uses",
        related=_holders(have),
        severity=Severity.WARNING,
        host=host.name,
    )


def _holders(have: Supply) -> tuple[Label, ...]:
    return tuple(Label(span, what) for what, span in have.holders[:SHOWN])


def _help(host: Host, site: Site) -> str:
    return f"{_subnet_of_its_own(host, site)}, or set default-address-pools to more and smaller subnets"


def _subnet_of_its_own(host: Host, site: Site) -> str:
    free = free_like(EXAMPLE, claims(host, site)) if EXAMPLE is not None else []
    return f"give the network a subnet of its own{f', such as {free[0]}' if free else ''}"


def _networks(count: int) -> str:
    return "network" if count == 1 else "networks"


def _name(network: Network) -> str:
    return network.key if network.key not in (None, "default") else network.name
