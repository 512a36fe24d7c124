"""The table of connections is nearly full

## What it means

The kernel keeps an entry for every connection that it translates or whose state a rule asks, in a table of
`net.netfilter.nf_conntrack_max` entries. Nearly all of them are in use. Every connection of a container through a
published port, through masquerading, and through docker's rules for established connections takes one.

## Why it matters

Once it is full a new connection takes the place of one that was never answered. Where the few entries that the kernel
looks at are all in use, it drops the first packet of the new connection, of the host's own services too, and writes
`nf_conntrack: table full, dropping packet`.

## How to fix it

Raise `net.netfilter.nf_conntrack_max` in sysctl.d (an entry takes about 300 bytes), and look at what holds the entries:
`conntrack -L`. Busy services need no translation with host networking, and no tracking with `-j NOTRACK` in table raw.

## Bad: nine in ten in use

```text title="sysctl-a.txt"
net.netfilter.nf_conntrack_count = 60211  # <- warning
net.netfilter.nf_conntrack_max = 65536
```

## Good: room

```text title="sysctl-a.txt"
net.netfilter.nf_conntrack_count = 60211
net.netfilter.nf_conntrack_max = 262144
```
"""

from collections.abc import Iterator

from netlint.api import Finding, Host, Label, Located, Severity, Site, rule

COUNT = "net.netfilter.nf_conntrack_count"
LIMITS = ("net.netfilter.nf_conntrack_max", "net.nf_conntrack_max")
SHARE = 0.8  # of the limit, in use: a doubling of load away from drops on most days


@rule(
    "NL508",
    Severity.WARNING,
    proof="the limit is the whole machine's, which the lab leaves alone: it fills a table with connections that nobody "
    "answers. The drops: __nf_conntrack_alloc and early_drop of net/netfilter/nf_conntrack_core.c",
    beyond_compose=True,
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    for host in site.hosts:
        count, limit = host.sysctl(COUNT), _limit(host)
        if count is None or limit is None:
            continue
        used, most = _number(count), _number(limit)
        if used is None or not most or used < SHARE * most:
            continue
        full = used >= most
        yield Finding(
            message=f"{used} of {most} entries for connections are in use ({100 * used // most} %)"
            + (": the kernel drops new connections" if full else ""),
            at=count.span,
            help=f"raise net.netfilter.nf_conntrack_max, such as to {_twice(most)}; conntrack -L shows what holds the "
            "entries",
            related=(Label(limit.span, "the limit"),),
            severity=Severity.ERROR if full else None,
            host=host.name,
        )


def _limit(host: Host) -> Located[str] | None:
    """The limit; both keys are one and the same in the kernel."""
    return next((value for key, value in reversed(host.sysctls or ()) if key in LIMITS), None)


def _number(value: Located[str]) -> int | None:
    return int(value.value) if value.exact and value.value.isdecimal() else None


def _twice(most: int) -> int:
    """The next power of two above twice the limit."""
    return 1 << (2 * most - 1).bit_length()
