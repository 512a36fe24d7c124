"""Something that was read but that netlint has no model for

## What it means

The syntax at this place is fine, but netlint does not know what it does. It is left out of every other check.

## Why it matters

Silence about this place says nothing about its health.

## How to fix it

Nothing is wrong with the file. Look at the place yourself, and tell the authors of netlint what should be understood.

## Bad: a command that changes more than netlint follows

```sh title="setup.sh"
docker network create shop
ip rule add from 172.18.0.0/16 lookup 100  # <- note
```

## Good: everything is understood

```text title="ip-route.txt"
default via 10.0.0.1 dev eth0
10.0.0.0/24 dev eth0 proto kernel scope link src 10.0.0.5
```
"""

from collections.abc import Iterator

from netlint.api import Finding, InputProblem, Severity, Site, rule

OFTEN = 10  # times that the same thing is said of one file; more are counted


@rule(
    "NL902",
    Severity.NOTE,
    proof="a statement about netlint, not about the host",
    compose=["site.not_understood"],
)
def check(site: Site) -> Iterator[Finding]:
    alike: dict[tuple[str, str], list[InputProblem]] = {}
    for item in site.not_understood:
        alike.setdefault((item.span.source, item.message), []).append(item)
    for items in alike.values():
        if len(items) > OFTEN:
            first = items[0]
            message = f"{first.message}, {len(items)} times in this file"
            yield Finding(message=message, at=first.span, help=first.help, host=first.host)
            continue
        for item in items:
            yield Finding(message=item.message, at=item.span, help=item.help, host=item.host)
