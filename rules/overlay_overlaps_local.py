"""An overlay network takes addresses that a node uses for something else

## What it means

Overlay networks get their subnets from the swarm, which knows nothing of the nodes: neither their own bridges nor the
networks they are connected to. Unless `docker swarm init --default-addr-pool` says otherwise, they come from
10.0.0.0/8, one /24 after the other: 10.0.0.0/24 is the ingress network, 10.0.1.0/24 the first of your own.

## Why it matters

* On a node with a bridge network of the same addresses, tasks die with "Pool overlaps with other one on this address
  space". `docker network create` and `docker service create` succeed all the same.
* Two overlay networks with one range: the second is never allocated, which only the manager's log says.
* Over a network of the node (or what it reaches by a router), containers of the overlay look for these addresses on
  the overlay: a database or DNS server there does not answer them.

## How to fix it

Give the overlay a subnet that no node uses. The pool can only be set when the swarm is made.

## Bad: a bridge network with the same addresses

```yaml title="stack.yaml"
services:
  web:
    image: example/app
    networks: [front]
networks:
  front:
    driver: overlay
    ipam:
      config:
        - subnet: 10.0.9.0/24  # <- error
```

```json title="docker-network-inspect.json"
[
  {
    "Name": "build",
    "Id": "6f1b4a0c2d3e6f1b4a0c2d3e",
    "Scope": "local",
    "Driver": "bridge",
    "IPAM": { "Config": [ { "Subnet": "10.0.9.0/24", "Gateway": "10.0.9.1" } ] }
  }
]
```

## Bad: the default pool on a 10.0 network

```sh title="setup.sh"
docker swarm init --advertise-addr 10.0.3.11  # <- warning
```

```text title="ip-addr.txt"
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP
    inet 10.0.3.11/24 scope global eth0
```

## Good: a pool of its own

```sh title="setup.sh"
docker swarm init --advertise-addr 10.0.3.11 --default-addr-pool 172.29.0.0/16 --default-addr-pool-mask-length 24
```

```text title="ip-addr.txt"
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP
    inet 10.0.3.11/24 scope global eth0
```
"""

from collections.abc import Iterator

from netlint.api import (
    Claim,
    ClaimKind,
    Confidence,
    Finding,
    Host,
    Label,
    Plan,
    Severity,
    Site,
    Span,
    claims,
    free_like,
    overlaps,
    overlaps_between,
    rule,
)

SUBNET = 24  # bits of an overlay's subnet from the default pool
NEAR = 256  # overlay networks that a swarm may come to have


@rule(
    "NL118",
    Severity.ERROR,
    needs=["networks"],
    proof="what containers do not reach: the routes in them",
    compose=["network.driver=overlay"],
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    for host in site.hosts:
        plan = claims(host, site)
        networks = plan.of(ClaimKind.NETWORK)
        overlays = [one for one in networks if one.network is not None and one.network.driver == "overlay"]
        bridges = [one for one in networks if one.is_bridged]
        for overlay, bridge in overlaps_between(overlays, bridges):
            yield from _finding(host, site, overlay, bridge, "tasks of the overlay do not start on this node")
        for outer, inner in overlaps(overlays):
            if outer.network is not inner.network:
                first, second = sorted((outer, inner), key=lambda claim: claim.span or Span("", 0, 0))
                yield from _finding(host, site, second, first, "the swarm does not allocate the second")
        # a resolver or gateway in the range is NL104's
        for overlay, other in overlaps_between(overlays, plan.of(ClaimKind.LINK, ClaimKind.ROUTE)):
            if _is_underlay(other):
                lost = f"containers of the overlay do not reach {other.what}"
                yield from _finding(host, site, overlay, other, lost, Severity.WARNING)
        yield from _default_pool(host, plan)


def _is_underlay(claim: Claim) -> bool:
    if claim.container_link:
        return False
    return claim.route is None or claim.route.kind == "unicast"


def _finding(
    host: Host, site: Site, overlay: Claim, other: Claim, effect: str, severity: Severity | None = None
) -> Iterator[Finding]:
    if overlay.span is None or other.span is None:
        return
    free = free_like(overlay.prefix, claims(host, site))
    yield Finding(
        message=f"subnet {overlay.prefix} of overlay {overlay.what} {overlay.prefix.relation(other.prefix)} "
        f"{other.prefix} of {other.what}: {effect}",
        at=overlay.span,
        help="give the overlay a range that no node uses" + (f", such as {free[0]}" if free else ""),
        related=(Label(other.span, f"{other.prefix} is in use here"),),
        severity=severity,
        host=host.name,
    )


def _default_pool(host: Host, plan: Plan) -> Iterator[Finding]:
    """The pool that nobody chose, where one of the next overlay networks takes addresses of the node's surroundings."""
    for pool in plan.of(ClaimKind.SWARM_POOL):
        if not pool.what.startswith("default"):
            continue  # one that was chosen is NL108's
        near = [
            (max(0, other.prefix.first - pool.prefix.first) >> 32 - SUBNET, other)
            for _, other in overlaps_between([pool], plan.of(ClaimKind.LINK, ClaimKind.ROUTE))
            if _is_underlay(other)
        ]
        number, other = min(near, key=lambda one: one[0], default=(NEAR, pool))
        if number < NEAR and pool.span is not None and other.span is not None:
            which = "the ingress network" if number == 0 else f"overlay network number {number}"
            yield Finding(
                message=f"overlay networks of this swarm come from the default pool {pool.prefix}: {which} takes "
                f"addresses in {other.prefix} of {other.what}",
                at=pool.span,
                help="make the swarm with docker swarm init --default-addr-pool and a range that nothing uses, or give "
                "each overlay a subnet",
                related=(Label(other.span, f"{other.prefix} is in use here"),),
                severity=Severity.WARNING,
                confidence=Confidence.MEDIUM,
                host=host.name,
            )
