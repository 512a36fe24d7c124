"""A finding is suppressed and nobody says why

## What it means

A comment `netlint: ignore[…]` or `netlint: ignore-file[…]` has no text behind the bracket.

## Why it matters

In a year nobody will know whether the suppression still holds, and the next reader can only keep it.

## How to fix it

Write the reason behind the bracket: `# netlint: ignore[subnet-overlap] the lab LAN is gone`. It is kept with the
finding and goes into SARIF.

## Bad: without a word

```ini title="docker.service"
[Service]
; netlint: ignore[docker-api-exposed]  ; <- note
ExecStart=/usr/bin/dockerd -H tcp://0.0.0.0:2375
```

## Good: with the reason

```ini title="docker.service"
[Service]
; netlint: ignore[docker-api-exposed] the port is reachable from the management network only
ExecStart=/usr/bin/dockerd -H tcp://0.0.0.0:2375
```
"""

from collections.abc import Iterator

from netlint.api import Finding, Severity, Site, rule


@rule(
    "NL903",
    Severity.NOTE,
    proof="a statement about the file alone",
    compose=["site.ignores"],
)
def check(site: Site) -> Iterator[Finding]:
    for comment in site.ignores:
        if not comment.reason:
            yield Finding(
                message=f"suppression of {', '.join(comment.rules) or 'no rule'} without a reason",
                at=comment.span,
                help="write the reason behind the bracket",
            )
