"""A service is called by its name on the default bridge, where names do not resolve

## What it means

The engine's name server answers on networks that somebody created. On its default bridge (`network_mode: bridge`) there
is none: containers find each other by address, or by `links`, which write the hosts file.

## Why it matters

"bad address", "could not translate host name": the name does not exist, while both containers run and would reach each
other by address.

## How to fix it

Leave `network_mode: bridge` out, and Compose puts both services on a network with names.

## Bad: the database by name

```yaml title="compose.yaml"
services:
  app:
    image: example/app
    network_mode: bridge
    environment:
      DB_HOST: db  # <- warning
  db:
    image: example/db
    network_mode: bridge
```

## Good: the project's own network

```yaml title="compose.yaml"
services:
  app:
    image: example/app
    environment:
      DB_HOST: db
  db:
    image: example/db
```
"""

from collections.abc import Iterator

from netlint.api import Finding, Label, Reach, Service, Severity, Site, intents, rule

DEFAULT_BRIDGE = ("bridge", "default")


@rule(
    "NL214",
    Severity.WARNING,
    compose=["service.mode", "service.environment|service.command"],
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    for host in site.hosts:
        for project in host.projects:
            reach = Reach(project)
            for service in project.services:
                if not _is_on_default_bridge(service) or service.mode is None:
                    continue
                known = _linked(service)
                for intent in intents(service):
                    other = reach.by_name.get(intent.host)
                    if other is None or other.name == service.name or intent.host in known or not intent.exact:
                        continue
                    if _is_on_default_bridge(other):
                        yield Finding(
                            message=f"service {service.name} calls {intent.host} by name on the default bridge, where "
                            "names do not resolve",
                            at=intent.span,
                            help="leave network_mode: bridge out in both services, and they share a network with names",
                            related=(
                                Label(service.mode.span, "this is the default bridge"),
                                Label(other.span, f"{intent.host} is this service"),
                            ),
                            host=host.name,
                        )


def _is_on_default_bridge(service: Service) -> bool:
    return service.mode is not None and service.mode.exact and service.mode.value in DEFAULT_BRIDGE


def _linked(service: Service) -> set[str]:
    """The names that the container's hosts file has: those of links, and of extra_hosts."""
    names = {name for name, _ in service.extra_hosts}
    for link in (*service.links, *service.external_links):
        name, _, alias = link.value.partition(":")
        names |= {name, alias or name}
    return names
