"""A Docker network takes addresses that are reserved for something else, or belong to others

## What it means

Some ranges cannot carry containers: the loopback range 127.0.0.0/8 and multicast 224.0.0.0/4 (error). Others work
until somebody needs what they stand for (warning): link-local 169.254.0.0/16 with the cloud's metadata service,
0.0.0.0/8 and 240.0.0.0/4, which much equipment refuses, the documentation ranges, and public addresses. Public ranges
are often a slip beside a private one: 172.16.0.0/12 ends at 172.31.255.255, and only 192.168.0.0/16 of 192.0.0.0/8 is
private.

## Why it matters

The engine accepts them all. With 127.0.0.0/8 or multicast no container starts: "route for the gateway could not be
found". With public addresses the host and its containers cannot reach the real owners of the range any more.

## How to fix it

Take a range from 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16 that nothing else on the host uses.

## Bad: past the end of the private range

```yaml title="compose.yaml"
services:
  web:
    image: example/app
    networks: [front]
networks:
  front:
    ipam:
      config:
        - subnet: 172.32.0.0/16  # <- warning
```

## Bad: multicast

```yaml title="compose.yaml"
services:
  web:
    image: example/app
    networks: [front]
networks:
  front:
    ipam:
      config:
        - subnet: 224.1.0.0/16  # <- error
```

## Bad: a public pool for every network

```json title="daemon.json"
{
  "default-address-pools": [
    { "base": "192.169.0.0/16", "size": 24 }  // <- warning
  ]
}
```

## Good: private addresses

```yaml title="compose.yaml"
services:
  web:
    image: example/app
    networks: [front]
networks:
  front:
    ipam:
      config:
        - subnet: 172.31.0.0/16
```
"""

from collections.abc import Iterator

from netlint.api import Finding, Prefix, Severity, Site, Span, parse_prefix, rule

_RANGES = (
    ("127.0.0.0/8", "the host's own loopback range: no container starts", Severity.ERROR),
    ("224.0.0.0/4", "multicast: no container starts", Severity.ERROR),
    ("ff00::/8", "multicast: no container starts", Severity.ERROR),
    ("0.0.0.0/8", '"this network", which hosts must not use', Severity.WARNING),
    ("169.254.0.0/16", "link-local, with the metadata service of clouds at 169.254.169.254", Severity.WARNING),
    ("fe80::/10", "link-local: containers reach nothing beyond their bridge", Severity.WARNING),
    ("240.0.0.0/4", "reserved, and refused by much equipment", Severity.WARNING),
    ("192.0.2.0/24", "reserved for documentation", Severity.WARNING),
    ("198.51.100.0/24", "reserved for documentation", Severity.WARNING),
    ("203.0.113.0/24", "reserved for documentation", Severity.WARNING),
    ("2001:db8::/32", "reserved for documentation", Severity.WARNING),
)
SPECIAL = tuple((prefix, what, severity) for text, what, severity in _RANGES if (prefix := parse_prefix(text)))
# Not public and free to use inside a network: private, carrier-grade NAT, benchmarking.
INTERNAL = tuple(
    prefix
    for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "198.18.0.0/15")
    if (prefix := parse_prefix(text))
)


@rule(
    "NL110",
    Severity.ERROR,
    compose=["network.subnets"],
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    for host in site.hosts:
        claims: list[tuple[Prefix, str, Span]] = []
        for network in host.networks:
            # a macvlan or ipvlan network is the LAN itself, public or not
            if not network.external and network.driver not in ("macvlan", "ipvlan"):
                claims += [
                    (sub.prefix, f"subnet {sub.prefix} of network {network.name}", sub.span) for sub in network.subnets
                ]
        for pool in host.daemon.pools or () if host.daemon is not None else ():
            if pool.base is not None and pool.written is not None:
                claims.append((pool.base, f"address pool {pool.base}", pool.written.span))
        for prefix, what, span in claims:
            nature = _nature(prefix)
            if nature is not None:
                yield Finding(
                    message=f"{what} is {nature[0]}",
                    at=span,
                    severity=nature[1],
                    host=host.name,
                    help="take a free range from 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16",
                )


def _nature(prefix: Prefix) -> tuple[str, Severity] | None:
    for special, what, severity in SPECIAL:
        if special.overlaps(prefix):
            return what, severity
    if prefix.version == 6 or any(internal.contains(prefix) for internal in INTERNAL):
        return None
    part = "partly " if any(prefix.contains(internal) for internal in INTERNAL) else ""
    return f"{part}public address space: its owners cannot be reached from this host any more", Severity.WARNING
