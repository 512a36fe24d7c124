"""A service has both network_mode and networks

## What it means

`network_mode` says that a container has no networks of its own: it is in the host's, in another container's, on the
default bridge, or nowhere. `networks` names those that it is on. A service can have one of the two, after all files of
the project are merged.

## Why it matters

Compose refuses the whole project: "service web declares mutually exclusive `network_mode` and `networks`".

## How to fix it

Keep one of them. An override file that sets `network_mode` takes the networks of the base file away with
`networks: !reset []`.

## Bad: both

```yaml title="compose.yaml"
services:
  dns:
    image: example/dns
    network_mode: bridge  # <- error
    networks:
      - front
networks:
  front:
```

## Bad: one in each file

```yaml title="compose.yaml"
services:
  agent:
    image: example/agent
    networks:
      - front
networks:
  front:
```

```yaml title="compose.override.yaml"
services:
  agent:
    network_mode: host  # <- error
```

## Good: the override takes the networks away

```yaml title="compose.yaml"
services:
  agent:
    image: example/agent
    networks:
      - front
  web:
    image: example/app
    networks:
      - front
networks:
  front:
```

```yaml title="compose.override.yaml"
services:
  agent:
    network_mode: host
    networks: !reset []
```
"""

from collections.abc import Iterator

from netlint.api import Confidence, Finding, Label, Severity, Site, rule


@rule(
    "NL203",
    Severity.ERROR,
    compose=["service.mode"],
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    for host in site.hosts:
        for project in host.projects:
            for service in project.services:
                named = [attachment for attachment in service.attachments if not attachment.implicit]
                if service.mode is None or not named:
                    continue
                merged = service.mode.span.source != named[0].span.source
                yield Finding(
                    message=f"service {service.name} has network_mode {service.mode.value} and is on network "
                    f"{named[0].network}",
                    at=service.mode.span,
                    label="Compose refuses the project",
                    help="write networks: !reset [] beside it, to take away those of the other file"
                    if merged
                    else "keep one of the two",
                    related=(Label(named[0].span, "networks are named here"),),
                    confidence=None if service.mode.exact else Confidence.MEDIUM,
                    host=host.name,
                )
