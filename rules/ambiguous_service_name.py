"""One name, two services on a network that they share

## What it means

On a network a service answers to its name, its container's name and its aliases. Where two projects each have a service
`db` on a common external network, or an alias repeats another service's name, the engine's resolver knows two addresses
for one name, and gives them in turns or the one of the network that it asks first.

## Why it matters

A service reaches the other project's database, now and then: requests fail, or data goes to the wrong place, without an
error at the start.

## How to fix it

Keep what belongs to one project on a network of its own, and put only the services that others need on the shared
network. Give those a name that is their own: `container_name` or an alias with the project's name in it.

The check speaks where a service on that network names the one that is ambiguous; for projects that nothing says to
share a host, with low confidence if they look like two states of one application. Services of one project that share an
alias are taken for replicas of each other.

## Bad: two databases on the proxy's network

```yaml title="shop/compose.yaml"
name: shop
services:
  app:
    image: example/shop
    environment:
      DATABASE_URL: postgres://db/shop  # <- warning
    networks:
      - proxy
  db:
    image: postgres:16
    networks:
      - proxy
networks:
  proxy:
    external: true
```

```yaml title="blog/compose.yaml"
name: blog
services:
  db:
    image: postgres:16
    networks:
      - proxy
networks:
  proxy:
    external: true
```

```text title="docker-network-ls.txt"
NETWORK ID     NAME      DRIVER    SCOPE
d3b0c44298fc   bridge    bridge    local
a7ffc6f8bf1e   proxy     bridge    local
```

## Good: the databases stay at home

```yaml title="shop/compose.yaml"
name: shop
services:
  app:
    image: example/shop
    environment:
      DATABASE_URL: postgres://db/shop
    networks:
      - proxy
      - default
  db:
    image: postgres:16
networks:
  proxy:
    external: true
```

```yaml title="blog/compose.yaml"
name: blog
services:
  web:
    image: example/blog
    networks:
      - proxy
      - default
  db:
    image: postgres:16
networks:
  proxy:
    external: true
```

```text title="docker-network-ls.txt"
NETWORK ID     NAME      DRIVER    SCOPE
d3b0c44298fc   bridge    bridge    local
a7ffc6f8bf1e   proxy     bridge    local
```
"""

from collections.abc import Iterator

from msgspec import Struct

from netlint.api import (
    Confidence,
    Finding,
    Host,
    Label,
    Project,
    Reach,
    Service,
    Severity,
    Site,
    Span,
    image_name,
    intents,
    rule,
)


class Named(Struct, frozen=True):
    """A service that answers to a name on a network."""

    host: Host
    project: Project
    service: Service
    span: Span
    alias: bool


@rule(
    "NL212",
    Severity.WARNING,
    proof="moby/moby#42831; Docker's embedded resolver keeps the names of each network apart and knows no projects",
    compose=["service.environment|service.command"],
)
def check(site: Site) -> Iterator[Finding]:
    names: dict[tuple[str, str], list[Named]] = {}
    for host in site.hosts:
        for project in host.projects:
            for network, name, named in _names(host, project):
                names.setdefault((network, name), []).append(named)
    for host in site.hosts:
        for project in host.projects:
            reach = Reach(project)
            for service in project.services:
                yield from _asks(host, reach, service, names)


def _names(host: Host, project: Project) -> Iterator[tuple[str, str, Named]]:
    """Network (by the engine's name), name, and who answers to it."""
    for service in project.services:
        for attachment in service.attachments:
            network = project.network(attachment.network)
            if network is None or "$" in network.name or service.mode is not None:
                continue
            yield network.name, service.name, Named(host, project, service, attachment.span, False)
            own = {service.name}
            if service.container_name is not None and service.container_name.exact:
                own.add(service.container_name.value)
                if service.container_name.value != service.name:
                    place = service.container_name.span
                    yield network.name, service.container_name.value, Named(host, project, service, place, False)
            for alias in dict.fromkeys(attachment.aliases):
                if alias not in own and "$" not in alias:
                    yield network.name, alias, Named(host, project, service, attachment.span, True)


def _asks(host: Host, reach: Reach, service: Service, names: dict[tuple[str, str], list[Named]]) -> Iterator[Finding]:
    networks = reach.networks(service) or frozenset()
    said: set[str] = set()
    for intent in intents(service):
        if intent.host in said:
            continue
        for network in sorted(networks):
            answering = names.get((network, intent.host), [])
            rivals = _rivals(host, reach.project, service, answering)
            if rivals is None:
                continue
            said.add(intent.host)
            one, other, sure = rivals
            yield Finding(
                message=f"service {service.name} means to reach {intent.host} ({intent.name}), and on network "
                f"{network} {_who(one)} and {_who(other)} answer to that name",
                at=intent.span,
                label="one or the other",
                help="take one of them off the shared network, or give it a name of its own with container_name",
                related=(Label(one.span, _who(one)), Label(other.span, _who(other))),
                confidence=Confidence.MEDIUM if sure else Confidence.LOW,
                host=host.name,
            )
            break


def _rivals(host: Host, project: Project, service: Service, answering: list[Named]) -> tuple[Named, Named, bool] | None:
    """Two services that answer, the one of the asker's project first, and whether both are known to run on one host."""
    mine = [named for named in answering if named.project is project and named.service is not service]
    if not mine:
        return None
    for other in answering:
        if other.service is mine[0].service or other.service is service:
            continue
        if other.project is project:
            # an alias of two services, or a name beside an alias of the same image: replicas by hand
            if mine[0].alias and other.alias:
                continue
            return mine[0], other, True
        if other.project.name != project.name:
            return mine[0], other, other.host is host or not _alike(mine[0], other)
    return None


def _alike(one: Named, other: Named) -> bool:
    """Whether the projects may be two states of one application, which do not run together."""
    names = [{service.name for service in named.project.services} - {named.service.name} for named in (one, other)]
    return image_name(one.service) == image_name(other.service) and not names[0].isdisjoint(names[1])


def _who(named: Named) -> str:
    return f"service {named.service.name} of {named.project.name}"
