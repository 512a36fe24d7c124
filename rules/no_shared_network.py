"""A service names another with which it shares no network

## What it means

The name of a service resolves on the networks that it is on, and containers reach each other there alone. A service
without `networks` is on the project's default network; one that lists networks is on those and not on the default one.
In the network of the host or of another container (`network_mode: service:vpn`) a service has no name at all: it is
reached by the other container's.

## Why it matters

The name does not resolve: "could not translate host name", "getaddrinfo ENOTFOUND". Nothing fails before the first
connection. A reverse proxy that finds its containers through Docker answers 504 for what it cannot reach.

## How to fix it

Put both on one network. Name the service whose network is shared instead of the one that shares it.

Read are URLs, `host:port` and variables such as `DB_HOST` of environment and command, `links`, and the labels of
Traefik, caddy-docker-proxy and nginx-proxy for a proxy in the same project. The check is silent where the service has
another way: an `extra_hosts` entry for the name, `external_links`, or an external network, on which containers that no
file here describes may have the name.

## Bad: the default network and another

```yaml title="compose.yaml"
services:
  web:
    image: example/app
    environment:
      DATABASE_URL: postgres://db:5432/shop  # <- error
  db:
    image: postgres:16
    networks:
      - back
networks:
  back:
```

## Bad: behind a VPN

```yaml title="compose.yaml"
services:
  vpn:
    image: example/vpn
  indexer:
    image: example/indexer
    network_mode: service:vpn
  web:
    image: example/app
    environment:
      INDEXER_URL: http://indexer:9696  # <- error
```

## Bad: a proxy that cannot reach it

```yaml title="compose.yaml"
services:
  proxy:
    image: traefik:v3
    networks:
      - front
  web:
    image: example/app
    labels:
      - traefik.enable=true  # <- warning
    networks:
      - back
networks:
  front:
  back:
```

## Good: a network for both

```yaml title="compose.yaml"
services:
  vpn:
    image: example/vpn
    networks:
      - back
  indexer:
    image: example/indexer
    network_mode: service:vpn
  web:
    image: example/app
    environment:
      DATABASE_URL: postgres://db:5432/shop
      INDEXER_URL: http://vpn:9696
    networks:
      - back
  db:
    image: postgres:16
    networks:
      - back
networks:
  back:
```
"""

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
    image_name,
    intents,
    rule,
)

# Images that find the containers they serve through the engine, and what marks those.
PROXIES = {
    "traefik": "traefik.",
    "caddy-docker-proxy": "caddy",
    "nginx-proxy": "VIRTUAL_HOST",
}


@rule(
    "NL208",
    Severity.ERROR,
    proof="Docker's embedded resolver answers for the networks of the container that asks (docs.docker.com, "
    "networking); for a service behind another's network: passteque/gluetun#1820; for proxies: traefik/traefik#959",
)
def check(site: Site) -> Iterator[Finding]:
    for host in site.hosts:
        for project in host.projects:
            if project.partial or project.is_library:
                continue
            reach = Reach(project)
            for service in project.services:
                yield from _named(host, reach, service)
            yield from _proxied(host, reach)


def _named(host: Host, reach: Reach, service: Service) -> Iterator[Finding]:
    """What the service names in its environment, command and links."""
    others = {link.value.partition(":")[2] or link.value for link in service.external_links}
    mapped = {name for sharer in reach.sharers(service) for name, _ in sharer.extra_hosts}
    said: set[str] = set()
    for intent in intents(service):
        other = reach.by_name.get(intent.host)
        if other is None or intent.host in others | mapped | said or _may_reach(reach, service, other):
            continue
        said.add(intent.host)
        # `DB_HOST: db` without a port may be something else that is called so
        sure = intent.exact and (intent.port is not None or intent.scheme != "")
        usual = "" if intent.exact else " by default"
        what = "its command" if intent.name == "command" else intent.name or "its environment"
        yield _finding(
            host,
            reach,
            service,
            other,
            f"service {service.name} means to reach {intent.host}{usual} ({what})",
            intent.span,
            Severity.ERROR if sure else Severity.WARNING,
            Confidence.HIGH if sure else Confidence.MEDIUM,
        )
    for link in service.links:
        other = reach.project.service(link.value.partition(":")[0])
        if other is not None and other.name not in said and not _may_reach(reach, service, other):
            yield _finding(
                host,
                reach,
                service,
                other,
                f"service {service.name} links {other.name}",
                link.span,
                Severity.WARNING,
                Confidence.HIGH if link.exact else Confidence.MEDIUM,
            )


def _may_reach(reach: Reach, service: Service, other: Service) -> bool:
    """Whether `service` reaches `other` by name, or for all that is known may reach something of that name."""
    if service is other or other.extends or other in reach.sharers(service):
        return True
    mine = reach.networks(service)
    if not mine or reach.has_foreign_network(service):
        return True
    if other.mode is not None:
        kind, _, name = other.mode.value.partition(":")
        if not other.mode.exact or kind not in ("host", "none", "service"):
            return True
        return kind == "service" and reach.project.service(name) is None
    theirs = reach.networks(other)
    return theirs is None or bool(mine & theirs)


def _finding(
    host: Host,
    reach: Reach,
    service: Service,
    other: Service,
    what: str,
    at: Span,
    severity: Severity,
    confidence: Confidence,
) -> Finding:
    owner = reach.namespace(other)
    if other.mode is not None and other.mode.value in ("host", "none"):
        why = (
            f"which is in the network of the {other.mode.value}" if other.mode.value == "host" else "without a network"
        )
        cure = "reach it as host.docker.internal, with extra_hosts: host.docker.internal:host-gateway"
        cure = cure if other.mode.value == "host" else f"put {other.name} on a network"
        cause = Label(other.mode.span, f"service {other.name} has no name on any network")
    elif other.mode is not None and owner is not None:
        why = f"which is in the network of service {owner.name} and has no name of its own"
        cure = f"name {owner.name} instead"
        cause = Label(other.mode.span, f"reached as {owner.name}")
    else:
        why = "with which it shares no network"
        cure = f"put both on one network, such as {_keys(other)[0]}"
        place = other.attachments[0].span if other.attachments else other.span
        cause = Label(place, f"service {other.name} is on {', '.join(_keys(other))}")
    mine = [] if service.mode is not None else _keys(service)
    return Finding(
        message=f"{what}, {why}",
        at=at,
        label="the name does not resolve" + (f" on {', '.join(mine)}" if mine else ""),
        help=cure,
        related=(cause,),
        severity=severity,
        confidence=confidence,
        host=host.name,
    )


def _keys(service: Service) -> list[str]:
    return [attachment.network for attachment in service.attachments]


def _proxied(host: Host, reach: Reach) -> Iterator[Finding]:
    """Services that a proxy of the project is to serve and cannot reach."""
    for image, mark in PROXIES.items():
        proxies = [service for service in reach.project.services if image_name(service) == image]
        if len(proxies) != 1:
            continue
        theirs = reach.networks(proxies[0])
        for service in reach.project.services:
            place = _mark(service, mark)
            mine = reach.networks(service)
            if service is proxies[0] or place is None or not mine or not theirs or mine & theirs:
                continue
            yield Finding(
                message=f"service {service.name} is to be served by {proxies[0].name}, with which it shares no network",
                at=place,
                label=f"{proxies[0].name} has no way to it",
                help=f"put {service.name} on {_keys(proxies[0])[0]} as well",
                related=(
                    Label(service.attachments[0].span, f"service {service.name} is on {', '.join(_keys(service))}"),
                    Label(proxies[0].attachments[0].span, f"{proxies[0].name} is on {', '.join(_keys(proxies[0]))}"),
                ),
                severity=Severity.WARNING,
                host=host.name,
            )


def _mark(service: Service, mark: str) -> Span | None:
    """Where a service asks to be served; None where it does not, or says no."""
    if mark == "VIRTUAL_HOST":
        return next((value.span for name, value in service.environment if name == mark), None)
    labels = [(name, value) for name, value in service.labels if name.startswith(mark)]
    if any(name == "traefik.enable" and value.value.lower() != "true" for name, value in labels):
        return None
    return labels[0][1].span if labels else None
