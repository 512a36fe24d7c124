"""A service calls a name that nothing on its networks has

## What it means

The engine's resolver knows services by the key under `services`, by `container_name`, by `aliases` and, for the service
that has them, by `links`. Any other name goes to the host's name servers. Here a service means to reach a port that
another service of the project serves, by a name that is none of these.

## Why it matters

"could not translate host name", "getaddrinfo ENOTFOUND db": nothing fails before the first connection.
It mostly comes from a service that was renamed, or from variables that were taken over from another project.

## How to fix it

Write the name of the service, or give it the name as an alias on a network that both share.

The check speaks where exactly one service listens on the port that is meant, or has nearly the name. It is silent for
services on external networks, on which containers that no file here describes may have the name.

## Bad: the name of another project's database

```yaml title="compose.yaml"
services:
  api:
    image: example/api
    environment:
      DB_HOST: db  # <- warning
      DB_PORT: 5432
  postgres:
    image: postgres:16
```

## Bad: a spelling mistake

```yaml title="compose.yaml"
services:
  api:
    image: example/api
    environment:
      UPLOADS: http://uplaods:8080  # <- warning
  uploads:
    image: example/uploads
```

## Good: the service's name, and an alias

```yaml title="compose.yaml"
services:
  api:
    image: example/api
    environment:
      DB_HOST: postgres
      DB_PORT: 5432
      CACHE: redis://cache:6379
  postgres:
    image: postgres:16
  redis:
    image: redis:7
    networks:
      default:
        aliases:
          - cache
```

## Good: a name of the LAN

```yaml title="compose.yaml"
services:
  api:
    image: example/api
    environment:
      DB_HOST: db.example.com
      DB_PORT: 5432
      BACKUP: http://nas:9000
  postgres:
    image: postgres:16
```
"""

from collections.abc import Iterator

from netlint.api import (
    SCHEMES,
    Confidence,
    Finding,
    Host,
    Intent,
    Label,
    Project,
    Reach,
    Service,
    Severity,
    Site,
    intents,
    nearest,
    pattern,
    rule,
    serves,
)

# One label, as the names of services are; the rest of the world has dots.
NAME = pattern(r"[A-Za-z][A-Za-z0-9_-]*")
PREDEFINED = ("localhost", "host", "gateway")
NEAR = 0.8  # of difflib: two letters that changed places in a name of seven


@rule(
    "NL224",
    Severity.WARNING,
    proof="Docker's embedded resolver asks the host's name servers for all other names (docs.docker.com, networking)",
    compose=["service.environment|service.command"],
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    for host in site.hosts:
        for project in host.projects:
            if project.partial or project.incomplete or project.is_library:
                continue
            reach = Reach(project)
            names = _of_project(project)
            for service in project.services:
                yield from _calls(host, reach, service, names)


def _calls(host: Host, reach: Reach, service: Service, names: set[str]) -> Iterator[Finding]:
    if service.mode is not None or service.extends or not reach.networks(service):
        return
    if reach.has_foreign_network(service):
        return
    own = _own(service)
    said: set[str] = set()
    for intent in intents(service):
        name = intent.host
        if NAME.fullmatch(name) is None or name.lower() in names or name.lower() in own or name in said:
            continue
        if intent.span.source != service.span.source:
            continue  # taken over from a file that serves other projects too
        meant = _meant(reach, service, intent)
        if meant is None:
            continue
        said.add(name)
        usual = "" if intent.exact else " by default"
        yield Finding(
            message=f"service {service.name} means to reach {name}{usual}, a name that nothing on its networks has",
            at=intent.span,
            label="does not resolve",
            help=f"write {meant.name}, or give service {meant.name} the alias {name}",
            related=(Label(meant.span, f"service {meant.name} may be meant"),),
            confidence=Confidence.HIGH if intent.exact else Confidence.MEDIUM,
            host=host.name,
        )


def _of_project(project: Project) -> set[str]:
    """The names, in lower case, that resolve or may resolve for every service of the project."""
    known = set(PREDEFINED)
    for other in project.services:
        known.add(other.name)
        known |= {f"{project.name}{sign}{other.name}{sign}1" for sign in "-_"}
        known |= {alias for attachment in other.attachments for alias in attachment.aliases}
        # a name that only a variable tells may be any, and newer engines answer for host names too
        known |= {one.value for one in (other.container_name, other.hostname) if one is not None}
    return {name.lower() for name in known}


def _own(service: Service) -> set[str]:
    """The names, in lower case, that the service gives to others for itself."""
    known = {name for name, _ in service.extra_hosts}
    for link in (*service.links, *service.external_links):
        known.update(link.value.split(":"))
    return {name.lower() for name in known}


def _meant(reach: Reach, service: Service, intent: Intent) -> Service | None:
    """The service that the name was meant for: the only one on the port, or the one that has nearly the name."""
    mine = reach.networks(service)
    others = [
        other
        for other in reach.project.services
        if other is not service and not other.extends and mine and mine & (reach.networks(other) or frozenset())
    ]
    name = nearest(intent.host, [other.name for other in others], cutoff=NEAR)
    if name is not None:
        return next(other for other in others if other.name == name)
    port = intent.port or (None if intent.is_web else SCHEMES.get(intent.scheme))
    serving = [other for other in others if port is not None and serves(other, port)]
    return serving[0] if len(serving) == 1 else None
