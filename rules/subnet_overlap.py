"""Two Docker networks of one host claim the same addresses

## What it means

The subnets of all local networks of an engine come from one address space: each address belongs to one network. The
check holds for bridge, macvlan and ipvlan networks of all Compose projects, scripts and the engine's own list together.

## Why it matters

The second network is refused: "Pool overlaps with other one on this address space". `docker compose config` does not
see it, and `up` has created other networks and containers by then. Which network is second depends on the order of the
start.

## How to fix it

Give each network a range of its own, or leave the subnet out: the engine then takes one that is free. Projects that
nothing says to share a host are compared too, with low confidence (shown with `--confidence low`).

## Bad: one network inside another

```yaml title="compose.yaml"
services:
  web:
    image: example/app
    networks: [front, back]
networks:
  front:
    ipam:
      config:
        - subnet: 172.28.0.0/16
  back:
    ipam:
      config:
        - subnet: 172.28.5.0/24  # <- error
```

## Bad: a network that is there already

```yaml title="compose.yaml"
name: shop
services:
  web:
    image: example/app
    networks: [front]
networks:
  front:
    ipam:
      config:
        - subnet: 172.20.0.0/16  # <- error
```

```json title="docker-network-inspect.json"
[
  {
    "Name": "legacy",
    "Id": "9f576144933a5be64904472fce12a73ebc5c21d8949d1312d8e7f5254b51c2e7",
    "Driver": "bridge",
    "Scope": "local",
    "IPAM": { "Config": [ { "Subnet": "172.20.8.0/24" } ] }
  }
]
```

## Good: side by side

```yaml title="compose.yaml"
services:
  web:
    image: example/app
    networks: [front, back]
networks:
  front:
    ipam:
      config:
        - subnet: 172.28.0.0/24
  back:
    ipam:
      config:
        - subnet: 172.28.1.0/24
```
"""

from collections.abc import Iterable, Iterator

from netlint.api import (
    Claim,
    ClaimKind,
    Confidence,
    Finding,
    Host,
    Label,
    Origin,
    Severity,
    Site,
    Span,
    claims,
    free_help,
    move_network,
    overlaps,
    rule,
)

WRITTEN = (Origin.COMPOSE, Origin.SCRIPT, Origin.DAEMON)


@rule(
    "NL101",
    Severity.ERROR,
    compose=["network.subnets"],
)
def check(site: Site) -> Iterator[Finding]:
    for host in site.hosts:
        yield from _on_one_host(host, site)
    yield from _if_deployed_together(site)


def _local(host: Host, site: Site) -> list[Claim]:
    """The claims of networks that share the engine's local address space."""
    return [
        claim
        for claim in claims(host, site).of(ClaimKind.NETWORK)
        if claim.network is not None and claim.network.scope == "local"
        and claim.network.driver != "overlay"
    ]  # fmt: skip


def _on_one_host(host: Host, site: Site) -> Iterator[Finding]:
    for outer, inner in overlaps(_local(host, site)):
        if outer.network is inner.network or outer.network is None or inner.network is None:
            continue
        first, second = _ordered(outer, inner)
        if second.span is not None and first.span is not None:
            yield Finding(
                message=f"subnet {second.prefix} of {second.what} {second.prefix.relation(first.prefix)} "
                f"{_subnet(first, second)} of {first.what}",
                at=second.span,
                label="the engine refuses the second of the two networks",
                help=free_help(second.prefix, claims(host, site)),
                related=(Label(first.span, f"{first.what} has {first.prefix}"),),
                fixes=move_network(second, host, site),
                host=host.name,
            )


def _subnet(first: Claim, second: Claim) -> str:
    return "that" if first.prefix == second.prefix else f"subnet {first.prefix}"


def _ordered(one: Claim, other: Claim) -> tuple[Claim, Claim]:
    """The two with the one to change last: what a file asks for after what exists, and the later place."""

    def key(claim: Claim) -> tuple[object, ...]:
        written = claim.network is not None and claim.network.origin in WRITTEN
        return (written, claim.span or Span("", 0, 0))

    first, second = sorted((one, other), key=key)
    return first, second


def _if_deployed_together(site: Site) -> Iterator[Finding]:
    """Projects of a repository: each explicit subnet that overlaps one of another project, once."""
    explicit: list[tuple[Host, Claim]] = [
        (host, claim) for host in site.hosts if host.implied for claim in _local(host, site)
    ]
    told: set[int] = set()
    for (host, outer), (other, inner) in _pairs(explicit):
        first, second = _ordered(outer, inner)
        if host is other or id(second) in told or first.span is None or second.span is None:
            continue
        told.add(id(second))
        yield Finding(
            message=f"subnet {second.prefix} of {second.what} {second.prefix.relation(first.prefix)} "
            f"{_subnet(first, second)} of {first.what} in {first.span.source}, if deployed together",
            at=second.span,
            label="on one host the engine refuses the second network",
            help="give networks of projects that may share a host ranges of their own, or leave the subnet out",
            related=(Label(first.span, f"{first.what} has {first.prefix}"),),
            severity=Severity.WARNING,
            confidence=Confidence.LOW,
        )


def _pairs(items: list[tuple[Host, Claim]]) -> Iterable[tuple[tuple[Host, Claim], tuple[Host, Claim]]]:
    return overlaps(items, key=lambda item: item[1].prefix)
