"""Two programs in one network want the same port

## What it means

Services with `network_mode: service:vpn` live in the network of that one service, and so beside each other: a port
there is a program's or another's.

## Why it matters

The second program to start does not: "bind: address already in use". In its logs it looks like a program that was
started twice.

## How to fix it

Tell one of them another port, and publish that one in the service whose network it is.

Read are the ports of well-known images and variables such as `WEBUI_PORT` that say where a program listens.

## Bad: two behind a VPN

```yaml title="compose.yaml"
services:
  vpn:
    image: example/vpn
    ports:
      - "127.0.0.1:8080:8080"
  one:
    image: example/one
    network_mode: service:vpn
    environment:
      WEBUI_PORT: 8080
  other:
    image: example/other
    network_mode: service:vpn
    environment:
      WEBUI_PORT: 8080  # <- warning
```

## Good: a port each

```yaml title="compose.yaml"
services:
  vpn:
    image: example/vpn
    ports:
      - "127.0.0.1:8080:8080"
      - "127.0.0.1:8081:8081"
  one:
    image: example/one
    network_mode: service:vpn
    environment:
      WEBUI_PORT: 8080
  other:
    image: example/other
    network_mode: service:vpn
    environment:
      WEBUI_PORT: 8081
```
"""

import re
from collections.abc import Iterator

from netlint.api import (
    Confidence,
    Finding,
    Label,
    Reach,
    Service,
    Severity,
    Site,
    Span,
    image_port,
    mentions,
    pattern,
    rule,
)

# Variables that say where the program itself listens, and not where it connects to.
OWN = pattern(r"(?:(?:WEB|WEBUI|HTTP|LISTEN|LISTENING|SERVER|APP|SERVICE|UI)_?)?PORT", re.IGNORECASE)


@rule(
    "NL236",
    Severity.WARNING,
    confidence=Confidence.MEDIUM,
    compose=["service.mode"],
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    for host in site.hosts:
        for project in host.projects:
            reach = Reach(project)
            for owner in project.services:
                sharers = reach.sharers(owner) if reach.namespace(owner) is owner else []
                if len(sharers) < 2 or project.is_library:
                    continue
                first: dict[int, tuple[Service, Span]] = {}
                for service in sharers:
                    for port, span in _listens(service):
                        other, place = first.setdefault(port, (service, span))
                        if other is not service and _together(other, service):
                            yield Finding(
                                message=f"services {other.name} and {service.name} both listen on port {port}, and are "
                                f"in the network of service {owner.name}",
                                at=span,
                                label="whoever starts second fails",
                                help=f"tell {service.name} another port",
                                related=(Label(place, f"service {other.name} takes it"),),
                                host=host.name,
                            )


def _listens(service: Service) -> Iterator[tuple[int, Span]]:
    """The ports on which the program of a service is known to listen, with what says so."""
    told = [
        (int(value.value), value.span)
        for name, value in service.environment
        if OWN.fullmatch(name) and value.exact and value.value.isdecimal() and len(value.value) < 6
    ]
    yield from told
    known = image_port(service)
    numbers = any(mentions(service, port) for port in range(known, known + 10)) if known is not None else False
    if known is not None and service.image is not None and not told and not numbers:
        yield known, service.image.span


def _together(one: Service, other: Service) -> bool:
    """Whether both can run at once: services of disjoint profiles need not."""
    return not one.profiles or not other.profiles or bool(set(one.profiles) & set(other.profiles))
