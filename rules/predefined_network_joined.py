"""A service is to join one of the engine's own networks by `networks`

## What it means

The engine has three networks from the start: `bridge`, `host` and `none`. They give no names to containers. Compose
gives every container of a service names on the networks that it lists, and so cannot put it on one of these.

## Why it matters

`docker compose config` accepts the file, and the container does not start: "network-scoped alias is supported only for
containers in user defined networks".

## How to fix it

Write `network_mode: host` (or `bridge`, `none`) in the service, without `networks`; or leave the networks out, and
Compose makes one for the project. In a stack of a swarm, where `networks` with the external network `host` is how to
say it, nothing is reported.

## Bad: the default bridge

```yaml title="compose.yaml"
services:
  app:
    image: example/app
    networks:
      - bridge  # <- error
networks:
  bridge:
    external: true
```

## Bad: the host's network, under another key

```yaml title="compose.yaml"
services:
  app:
    image: example/app
    networks:
      - outside  # <- error
networks:
  outside:
    external: true
    name: host
```

## Good: by network_mode

```yaml title="compose.yaml"
services:
  app:
    image: example/app
    network_mode: host
```

## Good: in a stack

```yaml title="stack.yaml"
services:
  app:
    image: example/app
    networks:
      - outside
    deploy:
      mode: global
networks:
  outside:
    external: true
    name: host
```
"""

from collections.abc import Iterator

from netlint.api import Finding, Label, Severity, Site, rule

PREDEFINED = ("bridge", "host", "none")


@rule(
    "NL237",
    Severity.ERROR,
    compose=["network.external"],
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    for host in site.hosts:
        for project in host.projects:
            if any(service.for_swarm for service in project.services) or "stack" in project.files[0].lower():
                continue
            for service in project.services:
                for attachment in service.attachments:
                    network = project.network(attachment.network)
                    if network is None or not network.external or network.name not in PREDEFINED:
                        continue
                    yield Finding(
                        message=f"service {service.name} is to join {network.name}, a network of the engine's own, by "
                        "networks",
                        at=attachment.span,
                        label="the container does not start",
                        help=f"write network_mode: {network.name} instead of networks",
                        related=(Label(network.span, f"the engine's network {network.name}"),),
                        host=host.name,
                    )
