"""A service means to reach the internet from internal networks alone

## What it means

A network with `internal: true` has no default route: its containers reach each other, and nothing else.

## Why it matters

"Network is unreachable", or a name that does not resolve, whenever the service calls out: mails that are never sent,
webhooks that never fire.

## How to fix it

Put the service on a second network that is not internal, or let it go through a proxy that is on both.

The check reads addresses of mail servers, APIs and webhooks in the environment, and knows some programs whose only work
is out there: tunnels to a provider, updaters of names. It is silent where a proxy is set, and
where a service has the name as an alias.

## Bad: mail from an internal network

```yaml title="compose.yaml"
services:
  app:
    image: example/app
    environment:
      SMTP_HOST: smtp.example.com  # <- warning
      SMTP_PORT: 587
    networks:
      - back
networks:
  back:
    internal: true
```

## Bad: a tunnel without a way out

```yaml title="compose.yaml"
services:
  tunnel:
    image: cloudflare/cloudflared
    command: tunnel run
    networks:
      - inner  # <- warning
  web:
    image: example/web
    networks: [inner]
networks:
  inner:
    internal: true
```

## Good: a second network

```yaml title="compose.yaml"
services:
  app:
    image: example/app
    environment:
      SMTP_HOST: smtp.example.com
      SMTP_PORT: 587
    networks:
      - back
      - out
networks:
  back:
    internal: true
  out:
```
"""

import re
from collections.abc import Iterator

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
    image_name,
    intents,
    pattern,
    rule,
)

DOMAIN = pattern(r"(?:[a-z0-9-]+\.)+[a-z]{2,24}", re.IGNORECASE)
LOCAL = pattern(r".*\.(?:local|localdomain|internal|lan|home|intranet|test|localhost|invalid)", re.IGNORECASE)
# What names of variables say that a service calls, and not where it is called itself.
CALLED = pattern(r"SMTP|MAIL|API|WEBHOOK|UPSTREAM|ENDPOINT|REMOTE", re.IGNORECASE)
PROXY = pattern(r"(?:HTTPS?|ALL)_PROXY", re.IGNORECASE)


# Programs that do nothing without their provider, by the last part of their images' names.
OUTWARD = ("cloudflared", "ngrok", "duckdns", "ddclient", "cloudflare-ddns", "ddns-updater", "inadyn")


@rule(
    "NL235",
    Severity.WARNING,
    confidence=Confidence.MEDIUM,
    proof="containers of an internal network have no default route on Docker 20.10.24, 26.1.5 and 28.5.2",
    compose=["network.internal", "service.environment|service.command|service.image"],
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    for host in site.hosts:
        for project in host.projects:
            reach = Reach(project)
            for service in project.services:
                if not service.extends and service.attachments and _is_shut_in(host, project, service):
                    yield from _calls(host, project, reach, service)
                    yield from _outward(host, project, service)


def _is_shut_in(host: Host, project: Project, service: Service) -> bool:
    networks = [host.network_of(project, one.network) for one in service.attachments]
    return all(network is not None and network.internal and network.driver == "bridge" for network in networks)


def _outward(host: Host, project: Project, service: Service) -> Iterator[Finding]:
    """A program that is there for somebody outside."""
    image = image_name(service)
    if image not in OUTWARD or service.image is None or any(PROXY.fullmatch(name) for name, _ in service.environment):
        return
    inside = [network for one in service.attachments if (network := project.network(one.network)) is not None]
    names = ", ".join(one.network for one in service.attachments)
    yield Finding(
        message=f"service {service.name} ({image}) works with a server out there, and is on the internal network "
        f"{names} alone",
        at=service.attachments[0].span,
        label="no route leads out",
        help="put the service on a second network that is not internal",
        related=tuple(Label(network.span, "internal") for network in inside[:1]),
        host=host.name,
    )


def _calls(host: Host, project: Project, reach: Reach, service: Service) -> Iterator[Finding]:
    if any(PROXY.fullmatch(name) for name, _ in service.environment):
        return
    mapped = {name for name, _ in service.extra_hosts}
    for intent in intents(service):
        name = intent.host
        if DOMAIN.fullmatch(name) is None or LOCAL.fullmatch(name) or not CALLED.search(intent.name):
            continue
        if name in reach.by_name or name in mapped:
            continue
        inside = [network for one in service.attachments if (network := project.network(one.network)) is not None]
        names = ", ".join(one.network for one in service.attachments)
        yield Finding(
            message=f"service {service.name} means to reach {name}{'' if intent.exact else ' by default'} "
            f"({intent.name}) from the internal network {names} alone",
            at=intent.span,
            label="no route leads out",
            help="put the service on a second network that is not internal",
            related=tuple(Label(network.span, "internal") for network in inside[:1]),
            host=host.name,
        )
        return
