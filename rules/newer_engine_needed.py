"""A key of a service's network that the engine is too old for

## What it means

`gw_priority` says by which network a container has its default route, from engine 28 on. `interface_name` names the
container's interface, from engine 28.1 on.

## Why it matters

An older engine drops `gw_priority` without a word, and the container has its default route by the network whose name
comes first. With `interface_name` Compose refuses to create the container: "interface_name requires Docker Engine v28.1
or later".

## How to fix it

Update the engine. Without `gw_priority`, name the networks so that the one with the way out comes first, or make the
others `internal`.

## Bad: dropped

```yaml title="compose.yaml"
services:
  app:
    image: example/app
    networks:
      back:
      front:
        gw_priority: 1  # <- warning
networks:
  back:
  front:
```

```text title="docker-version.txt"
Server:
 Engine:
  Version:          26.1.5
```

## Bad: refused

```yaml title="compose.yaml"
services:
  app:
    image: example/app
    networks:
      front:
        interface_name: eth7  # <- error
networks:
  front:
```

```text title="docker-version.txt"
Server:
 Engine:
  Version:          20.10.24
```

## Good: new enough

```yaml title="compose.yaml"
services:
  app:
    image: example/app
    networks:
      back:
      front:
        gw_priority: 1
        interface_name: eth7
networks:
  back:
  front:
```

```text title="docker-version.txt"
Server:
 Engine:
  Version:          28.5.2
```
"""

from collections.abc import Iterator

from netlint.api import Finding, Host, Label, Located, Service, Severity, Site, rule


@rule(
    "NL238",
    Severity.WARNING,
    compose=["host.engine"],
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    for host in site.hosts:
        if host.engine is None or host.before(28, 1) is not True:
            continue
        for project in host.projects:
            for service in project.services:
                for attachment in service.attachments:
                    priority, name = attachment.gw_priority, attachment.interface_name
                    if priority is not None and host.before(28) and len(service.attachments) > 1:
                        yield _finding(host, service, "gw_priority", priority, "28", Severity.WARNING)
                    if name is not None:
                        yield _finding(host, service, "interface_name", name, "28.1", Severity.ERROR)


def _finding(
    host: Host, service: Service, key: str, value: Located[str] | Located[int], since: str, severity: Severity
) -> Finding:
    engine = host.engine
    return Finding(
        message=f"{key} of service {service.name} needs engine {since}, and this host has "
        f"{engine.value if engine is not None else 'an older one'}",
        at=value.span,
        label="dropped without a word" if severity is Severity.WARNING else "Compose refuses to create the container",
        related=(Label(engine.span, "the engine's version"),) if engine is not None else (),
        help=f"update the engine, or leave {key} out",
        severity=severity,
        host=host.name,
    )
