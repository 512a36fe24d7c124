"""An entry of default-address-pools that the engine cannot use

## What it means

Each entry of `default-address-pools` is a `base` range in CIDR form and the `size`, the prefix length of the subnets
cut from it. The size must be there and must not be smaller than the length of the base: a /24 cannot be cut into /16s.

## Why it matters

`dockerd` stops at start. Two mistakes are accepted instead and surprise later: a base with host bits set stands for
another range than it seems to, and a base without a length was ignored without a word by engines before 19.03.

## How to fix it

Write the base as the first address of a range with its length, and a size from that length up to 32 (128 for IPv6).

## Bad: subnets larger than the pool

```json title="daemon.json"
{
  "default-address-pools": [
    { "base": "10.201.0.0/24", "size": 16 }  // <- error
  ]
}
```

## Bad: no size

```json title="daemon.json"
{
  "default-address-pools": [
    { "base": "10.201.0.0/16" }  // <- error
  ]
}
```

## Bad: another range than it seems

```json title="daemon.json"
{
  "default-address-pools": [
    { "base": "10.201.7.0/16", "size": 24 }  // <- warning
  ]
}
```

## Good: a /16 cut into 256 networks

```json title="daemon.json"
{
  "default-address-pools": [
    { "base": "10.201.0.0/16", "size": 24 }
  ]
}
```
"""

from collections.abc import Iterator

from netlint.api import Add, Edit, Finding, Fix, Host, Pool, Setting, Severity, Site, parse_interface, rule


@rule(
    "NL109",
    Severity.ERROR,
    needs=["daemon"],
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    for host in site.hosts:
        for pool in host.daemon.pools or () if host.daemon is not None else ():
            if pool.exact:
                yield from _pool(host, pool)


def _pool(host: Host, pool: Pool) -> Iterator[Finding]:
    if pool.written is None:
        yield Finding(
            message="an entry of default-address-pools has no base",
            at=pool.span,
            host=host.name,
            help="give it a base range and a size",
        )
        return
    written = pool.written.value
    parsed = parse_interface(written)
    if pool.base is None or parsed is None or "/" not in written:
        lacks = "has no prefix length" if parsed is not None else "is no address range"
        yield Finding(
            message=f"base {written} of default-address-pools {lacks}: dockerd ignores the pool or refuses to start",
            at=pool.written.span,
            help="write it with its length, such as 10.201.0.0/16",
            host=host.name,
        )
        return
    bits = 32 if pool.base.version == 4 else 128
    if pool.size is None:
        yield Finding(
            message=f"address pool {written} has no size: dockerd refuses to start",
            at=pool.span,
            host=host.name,
            help=f"add the prefix length of the subnets to cut from it, {pool.base.length} to {bits}",
            fixes=_sized(pool),
        )
    elif pool.size.value < pool.base.length:
        yield Finding(
            message=f"size {pool.size.value} is larger than the pool {written} itself: dockerd refuses to start",
            at=pool.size.span,
            host=host.name,
            help=f"choose a size from {pool.base.length} to {bits}",
        )
    elif pool.size.value > bits:
        yield Finding(
            message=f"size {pool.size.value} of pool {written} is no prefix length: dockerd refuses to start",
            at=pool.size.span,
            host=host.name,
            help=f"choose a size from {pool.base.length} to {bits}",
        )
    elif parsed[0] != pool.base.network_address:
        yield Finding(
            message=f"address pool {written} has host bits set and stands for {pool.base}",
            at=pool.written.span,
            help=f"write {pool.base}, or the range that was meant",
            severity=Severity.WARNING,
            fixes=(
                Fix(
                    title=f"write {pool.base}",
                    changes=(Edit(pool.written.span, str(pool.base), old=written),),
                    safe=True,
                ),
            ),
            host=host.name,
        )


def _sized(pool: Pool) -> tuple[Fix, ...]:
    """Networks of /24, or the whole pool for one network where it is smaller."""
    if pool.base is None or pool.written is None or pool.base.version != 4 or pool.setting is not Setting.FILE:
        return ()
    size = max(24, pool.base.length)
    return (Fix(title=f"add a size of {size}", changes=(Add(pool.written.span, ("size",), size, beside=True),)),)
