"""A Docker network or pool takes addresses that the configuration reserves

## What it means

`reserved` in `netlint.toml` lists ranges that belong to something no file of the project shows: the company's network,
the office VPN, the peered cloud. A Docker network, or a pool that the engine cuts networks from, overlaps one of them.

## Why it matters

On a host that uses the reserved range, host or containers lose it as soon as the network exists.

## How to fix it

Choose another range for the network, or shrink the reservation if it says more than is used.

## Bad: a network in the company's range

```yaml title="compose.yaml"
services:
  web:
    image: example/app
    networks: [front]
networks:
  front:
    ipam:
      config:
        - subnet: 10.77.0.0/24  # <- warning
```

```toml title="netlint.toml"
reserved = ["10.0.0.0/8 company network"]
```

## Good: elsewhere

```yaml title="compose.yaml"
services:
  web:
    image: example/app
    networks: [front]
networks:
  front:
    ipam:
      config:
        - subnet: 172.28.0.0/24
```

```toml title="netlint.toml"
reserved = ["10.0.0.0/8 company network"]
```
"""

from collections.abc import Iterator

from netlint.api import ClaimKind, Finding, Severity, Site, claims, free_help, move_network, overlaps_between, rule

CHECKED = (ClaimKind.NETWORK, ClaimKind.POOL, ClaimKind.WEAVE, ClaimKind.PODS, ClaimKind.SERVICES)


@rule(
    "NL106",
    Severity.WARNING,
    proof="a statement of the configuration; what an overlap does is proven for NL102",
    compose=["site.reserved"],
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    for host in site.hosts:
        plan = claims(host, site)
        taken = plan.of(*CHECKED)
        reserved = plan.of(ClaimKind.RESERVED)
        for claim, reservation in overlaps_between(taken, reserved):
            if claim.span is not None:
                yield Finding(
                    message=f"{claim.prefix} of {claim.what} {claim.prefix.relation(reservation.prefix)} "
                    f"{reservation.prefix}, {reservation.what}",
                    at=claim.span,
                    help=free_help(claim.prefix, plan),
                    fixes=move_network(claim, host, site),
                    host=host.name,
                )
