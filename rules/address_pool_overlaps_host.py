"""A pool that the engine cuts networks from holds addresses that are in use

## What it means

`default-address-pools`, and a swarm's `--default-addr-pool`, are where automatic subnets come from. An entry overlaps a
range that the host reaches by a route or link, or another entry.

## Why it matters

The engine keeps a new network off connected links and name servers, and off nothing else: a range behind a gateway or
VPN, or one that is connected later, is taken for a network as soon as its turn comes, and then host or containers lose
it. Overlapping entries are accepted, and the same addresses are offered twice.

A pool that merely contains a link is not reported: the engine steps around it.

## How to fix it

Choose pools that nothing on the host uses or will use.

## Bad: the pool is the VPN

```json title="daemon.json"
{
  "default-address-pools": [
    { "base": "10.200.0.0/16", "size": 24 }  // <- warning
  ]
}
```

```text title="ip-route.txt"
default via 192.168.10.254 dev eth0
10.200.8.0/22 via 192.168.10.253 dev eth0
192.168.10.0/24 dev eth0 proto kernel scope link src 192.168.10.1
```

## Bad: twice the same addresses

```json title="daemon.json"
{
  "default-address-pools": [
    { "base": "10.200.0.0/16", "size": 24 },
    { "base": "10.200.128.0/17", "size": 24 }  // <- warning
  ]
}
```

## Good: a range that nobody has

```json title="daemon.json"
{
  "default-address-pools": [
    { "base": "10.201.0.0/16", "size": 24 }
  ]
}
```

```text title="ip-route.txt"
default via 192.168.10.254 dev eth0
10.200.8.0/22 via 192.168.10.253 dev eth0
192.168.10.0/24 dev eth0 proto kernel scope link src 192.168.10.1
```
"""

from collections.abc import Iterator

from netlint.api import (
    Claim,
    ClaimKind,
    Finding,
    Host,
    Label,
    Severity,
    Site,
    Span,
    claims,
    overlaps,
    overlaps_between,
    rule,
)

SUBNET = 24  # bits of an overlay's subnet where nothing else is said
NEAR = 256  # overlay networks that a swarm may come to have


@rule(
    "NL108",
    Severity.WARNING,
    needs=["daemon"],
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    for host in site.hosts:
        plan = claims(host, site)
        pools = [claim for claim in plan.of(ClaimKind.POOL, ClaimKind.SWARM_POOL) if _is_written(claim)]
        for pool, other in overlaps_between(pools, plan.of(ClaimKind.LINK, ClaimKind.ROUTE)):
            if not _is_in_use(other):
                continue
            if other.kind is ClaimKind.LINK and pool.prefix.contains(other.prefix) and not _comes_to(host, pool, other):
                continue  # the engine steps around connected links
            yield from _finding(pool, other, host.name)
        for outer, inner in overlaps(pools):
            first, second = sorted((inner, outer), key=lambda claim: claim.span or Span("", 0, 0))
            yield from _finding(second, first, host.name)


def _comes_to(host: Host, pool: Claim, link: Claim) -> bool:
    """Whether one of the next overlay networks takes the link's addresses: of a swarm's pool no node's links are left
    out, as the managers hand it out for all of them."""
    length = host.swarm.pool_length if host.swarm is not None else None
    number = (link.prefix.first - pool.prefix.first) >> 32 - (length.value if length is not None else SUBNET)
    return pool.kind is ClaimKind.SWARM_POOL and link.prefix.version == 4 and number < NEAR


def _is_written(claim: Claim) -> bool:
    """The default pool of a swarm is nobody's choice."""
    return not claim.what.startswith("default swarm")


def _is_in_use(claim: Claim) -> bool:
    if claim.kind is ClaimKind.ROUTE:
        return claim.route is not None and claim.route.kind == "unicast"
    return claim.kind is ClaimKind.LINK and not claim.container_link


def _finding(pool: Claim, other: Claim, host: str | None) -> Iterator[Finding]:
    if pool.span is not None and other.span is not None:
        yield Finding(
            message=f"{pool.what} {pool.prefix} {pool.prefix.relation(other.prefix)} {other.prefix} of {other.what}",
            at=pool.span,
            label="new networks are cut from here",
            help="choose a pool that nothing on the host uses or will use",
            related=(Label(other.span, f"{other.prefix} is in use here"),),
            host=host,
        )
