"""A suppression suppresses nothing

## What it means

A comment `netlint: ignore[…]` or `netlint: ignore-file[…]` names a rule that finds nothing at its place, or one that
does not exist; or a rule in a table `[[per-file]]` of the configuration finds nothing in the files of that table, or a
pattern of it is for no file. This is looked for with `--warn-unused-ignores`, or `warn-unused-ignores = true` in the
configuration, and only for rules that could be checked: of the others nobody knows what they would have found. Tables
of the configuration are judged where its whole folder is checked.

## Why it matters

What it was written for is gone, or has moved away from it. Left where it is, it will hide the next defect there.

## How to fix it

Remove the comment or the entry of the table, or move the comment to the line, or the line above, that it is for.

## Bad: what it was for is gone

```ini title="docker.service"
[Service]
; netlint: ignore[docker-api-exposed] the port is reachable from the management network only  ; <- warning
ExecStart=/usr/bin/dockerd -H fd://
```

```toml title="netlint.toml"
warn-unused-ignores = true
```

## Bad: a rule that does not exist

```ini title="docker.service"
[Service]
; netlint: ignore[docker-api-expose] the port is reachable from the management network only  ; <- warning
ExecStart=/usr/bin/dockerd -H fd://
```

```toml title="netlint.toml"
warn-unused-ignores = true
```

## Good: it suppresses what is there

```ini title="docker.service"
[Service]
; netlint: ignore[docker-api-exposed] the port is reachable from the management network only
ExecStart=/usr/bin/dockerd -H tcp://0.0.0.0:2375
```

```toml title="netlint.toml"
warn-unused-ignores = true
```
"""

from collections.abc import Iterator

from netlint.api import Finding, Severity, Site, rule


@rule(
    "NL904",
    Severity.WARNING,
    proof="a statement about the file alone",
    compose=["site.unused_ignores"],
)
def check(site: Site) -> Iterator[Finding]:
    for problem in site.unused_ignores:
        yield Finding(message=problem.message, at=problem.span, help=problem.help)
