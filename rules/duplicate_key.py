"""The same key twice in one mapping

## What it means

A key stands a second time in the same mapping of a Compose file or of daemon.json, mostly after a copy or a merge.

## Why it matters

Compose refuses the file: "mapping key already defined". docker-compose v1 and most other readers of YAML take the last
one without a word, and so does `dockerd` with daemon.json: what stands first is lost.

## How to fix it

Keep one of them, with what both were meant to say.

## Bad: two lists of ports

```yaml title="compose.yaml"
services:
  web:
    image: example/app
    ports: ["127.0.0.1:8080:80"]
    networks: [front]
    ports: ["127.0.0.1:8443:443"]  # <- error
networks:
  front: {}
```

## Bad: the first resolver is lost

```json title="daemon.json"
{
  "dns": ["10.0.0.2"],
  "mtu": 1400,
  "dns": ["10.0.0.3"]  // <- warning
}
```

## Good: once

```yaml title="compose.yaml"
services:
  web:
    image: example/app
    ports: ["127.0.0.1:8080:80", "127.0.0.1:8443:443"]
```
"""

from collections.abc import Iterator

from netlint.api import Daemon, Finding, Fix, Label, Remove, Setting, Severity, Site, rule


@rule(
    "NL223",
    Severity.ERROR,
    compose=["project.duplicate_keys"],
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    for host in site.hosts:
        for project in host.projects:
            for key in project.duplicate_keys:
                yield Finding(
                    message=f"key {key.name} stands twice in one mapping: Compose refuses the file",
                    at=key.again,
                    help="keep one of them, with what both were meant to say",
                    related=(Label(key.first, "the first time"),),
                    fixes=(
                        Fix(
                            title="remove the second, which says the same",
                            changes=(Remove(key.again, twin=key.first),),
                            safe=True,
                        ),
                    ),
                    host=host.name,
                )
        if host.daemon is not None:
            yield from _options(host.daemon, host.name)


def _options(daemon: Daemon, host: str | None) -> Iterator[Finding]:
    first: dict[tuple[str, str], int] = {}
    written = [option for option in daemon.options if option.setting is Setting.FILE]
    for index, option in enumerate(written):
        before = written[first.setdefault((option.name, option.name_span.source), index)]
        if before is not option:
            yield Finding(
                message=f"{option.name} stands twice in daemon.json: dockerd takes the last one and says nothing",
                at=option.name_span,
                help="keep one of them, with what both were meant to say",
                related=(Label(before.name_span, "this one is lost"),),
                fixes=(Fix(title="remove the one that is lost", changes=(Remove(before.name_span),), safe=True),),
                severity=Severity.WARNING,
                host=host,
            )
