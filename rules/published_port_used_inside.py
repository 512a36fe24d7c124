"""A service reaches another by the port that is published on the host

## What it means

`8080:80` maps port 8080 of the host to port 80 of the container. Containers on a common network reach each other past
that mapping: the name of the service leads to the container, where nothing listens on 8080.

## Why it matters

"Connection refused" between containers, while the same port answers on the host.

## How to fix it

Use the container's port, the right-hand one. For traffic between containers nothing needs to be published.

The same goes for a reverse proxy that is told the port by a label (`loadbalancer.server.port` of Traefik) or variable
(`VIRTUAL_PORT` of nginx-proxy): it is on a network with the container, too.

The check is silent where the container may listen on that port as well: it is among its other ports or under `expose`,
or the number stands in its environment or command.

## Bad: the host's port

```yaml title="compose.yaml"
services:
  web:
    image: example/app
    environment:
      API_URL: http://api:8080/v1  # <- warning
  api:
    image: example/api
    ports:
      - "8080:80"
```

## Bad: told to the proxy

```yaml title="compose.yaml"
services:
  web:
    image: example/app
    ports:
      - "8080:80"
    labels:
      - traefik.enable=true
      - traefik.http.services.web.loadbalancer.server.port=8080  # <- warning
```

## Good: the container's port

```yaml title="compose.yaml"
services:
  web:
    image: example/app
    environment:
      API_URL: http://api:80/v1
      PUBLIC_API_URL: http://localhost:8080/v1
  api:
    image: example/api
    ports:
      - "8080:80"
```
"""

import re
from collections.abc import Iterator

from netlint.api import (
    Confidence,
    Finding,
    Host,
    Label,
    Reach,
    Service,
    Severity,
    Site,
    Span,
    intents,
    mentions,
    pattern,
    published_as,
    reach_instead,
    rule,
    serves,
)

# What tells a proxy the port of a container.
TOLD = pattern(
    r"VIRTUAL_PORT|traefik\.(?:(?:http|tcp|udp)\.services\.[^.]+\.loadbalancer\.server\.)?port", re.IGNORECASE
)


@rule(
    "NL210",
    Severity.WARNING,
    compose=["port.published", "service.environment|service.command|service.labels|service.deploy_labels"],
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    for host in site.hosts:
        for project in host.projects:
            reach = Reach(project)
            for service in project.services:
                if reach.namespace(service) is not None:
                    yield from _used(host, reach, service)
                yield from _told(host, reach, service)


def _used(host: Host, reach: Reach, service: Service) -> Iterator[Finding]:
    said: set[tuple[str, int]] = set()
    for intent in intents(service):
        other = reach.by_name.get(intent.host)
        if (
            other is None
            or other is service
            or other.extends
            or intent.port is None
            or (intent.host, intent.port) in said
        ):
            continue
        inside = published_as(other, intent.port)
        if inside is None or any(_may_listen(sharer, intent.port) for sharer in reach.sharers(other)):
            continue
        said.add((intent.host, intent.port))
        usual = "" if intent.exact else " by default"
        yield Finding(
            message=f"service {service.name} means to reach {intent.host}:{intent.port}{usual}, which is the port on "
            f"the host; the container listens on {inside}",
            at=intent.span,
            label="nothing listens here",
            help=f"write {intent.host}:{inside}",
            related=(Label(_mapping(other, intent.port), f"port {intent.port} of the host is port {inside}"),),
            confidence=Confidence.HIGH if intent.exact else Confidence.MEDIUM,
            fixes=reach_instead(intent, intent.host, inside),
            host=host.name,
        )


def _told(host: Host, reach: Reach, service: Service) -> Iterator[Finding]:
    """The port by which a proxy is told to reach the service."""
    pairs = [("label ", name, value) for name, value in (*service.labels, *service.deploy_labels)]
    pairs += [("", name, value) for name, value in service.environment]
    untold = tuple(one for one in service.environment if not TOLD.fullmatch(one[0]))
    own = Service(name=service.name, span=service.span, environment=untold, command=service.command)
    for kind, name, value in pairs:
        if not TOLD.fullmatch(name) or not value.value.isdecimal() or len(value.value) > 5:
            continue
        port = int(value.value)
        inside = published_as(service, port)
        sharers = [sharer for sharer in reach.sharers(service) if sharer is not service]
        listens = serves(service, port) or mentions(own, port) or any(_may_listen(sharer, port) for sharer in sharers)
        if inside is None or listens:
            continue
        usual = "" if value.exact else " by default"
        yield Finding(
            message=f"{kind}{name} tells a proxy to reach service {service.name} on port {port}{usual}, which is the "
            f"port on the host; the container listens on {inside}",
            at=value.span,
            label="nothing listens here",
            help=f"write {inside}",
            related=(Label(_mapping(service, port), f"port {port} of the host is port {inside}"),),
            confidence=Confidence.HIGH if value.exact else Confidence.MEDIUM,
            host=host.name,
        )


def _may_listen(service: Service, port: int) -> bool:
    return serves(service, port) or mentions(service, port)


def _mapping(service: Service, port: int) -> Span:
    return next(
        one.published_span or one.span
        for one in service.ports
        if one.published is not None and one.published.first <= port <= one.published.last
    )
