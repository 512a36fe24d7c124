"""Published ports of a container that has no port to publish

## What it means

Ports are published from a network of the container. A container in the host's network, without any, or on internal
networks alone has nothing to publish from. A container in the network of another one (`service:…`, `container:…`) has
no ports of its own: those of the other one count.

## Why it matters

With `host` the mapping is dropped with a warning, and the program listens on its own port on all addresses of the
host, whatever the mapping restricted it to. With `none` and on internal networks nothing is published, without a
warning. With another container's network the engine refuses to start the container: "conflicting options: port
publishing and the container type network mode".

## How to fix it

Leave the ports out where the host's network is meant, and set port and address in the program. Move them to the
service whose network is shared. Put the service on a second network that is not internal.

An internal overlay network does not count: a swarm publishes through its ingress network.

## Bad: on the host's network

```yaml title="compose.yaml"
services:
  agent:
    image: example/agent
    network_mode: host
    ports:
      - "192.0.2.10:8123:8123"  # <- warning
```

## Bad: in another service's network

```yaml title="compose.yaml"
services:
  vpn:
    image: example/vpn
  client:
    image: example/client
    network_mode: service:vpn
    ports:
      - "8080:8080"  # <- error
```

## Bad: on an internal network alone

```yaml title="compose.yaml"
services:
  web:
    image: example/app
    networks:
      - back
    ports:
      - "8080:80"  # <- warning
networks:
  back:
    internal: true
```

## Bad: a script

```sh title="setup.sh"
docker run -d --network host -p 8080:80 example/app  # <- warning
```

## Good: the service that has the network publishes

```yaml title="compose.yaml"
services:
  vpn:
    image: example/vpn
    ports:
      - "8080:8080"
  client:
    image: example/client
    network_mode: service:vpn
```

## Good: a second network

```yaml title="compose.yaml"
services:
  web:
    image: example/app
    networks:
      - back
      - front
    ports:
      - "8080:80"
networks:
  back:
    internal: true
  front:
```
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from netlint.api import (
    Confidence,
    ContainerRun,
    Finding,
    Host,
    Label,
    Located,
    Network,
    Project,
    PublishedPort,
    Service,
    Severity,
    Site,
    rule,
)


class Reason(NamedTuple):
    """Why ports have no effect."""

    text: str
    label: str
    cause: Label
    severity: Severity
    help: str
    exact: bool = True


@rule(
    "NL204",
    Severity.WARNING,
    proof="Docker 20.10.24 and 28.5.2 drop the ports with host, none and internal networks, with a warning for host "
    "alone, and refuse the container that joins another one's network with the text that is quoted",
)
def check(site: Site) -> Iterator[Finding]:
    for host in site.hosts:
        for project in host.projects:
            for service in project.services:
                reason = _mode(service.mode) if service.mode is not None else _internal(host, project, service)
                if service.ports and reason is not None:
                    yield _finding(host, f"service {service.name}", service.ports, reason)
        for action in host.actions:
            if isinstance(action, ContainerRun) and action.ports and action.network is not None:
                owner = f"container {action.name.value}" if action.name is not None else "a container"
                reason = _mode(action.network)
                if reason is not None:
                    yield _finding(host, owner, action.ports, reason)


def _finding(host: Host, owner: str, ports: Sequence[PublishedPort], reason: Reason) -> Finding:
    names = ", ".join(dict.fromkeys(str(port.published or port.target) for port in ports[:4]))
    more = f" and {len(ports) - 4} more" if len(ports) > 4 else ""
    plural = "s" if len(ports) > 1 else ""
    return Finding(
        message=f"{owner} publishes port{plural} {names}{more} {reason.text}",
        at=ports[0].span,
        label=reason.label,
        help=reason.help,
        related=(reason.cause, *(Label(port.span) for port in ports[1:4])),
        severity=reason.severity,
        confidence=None if reason.exact else Confidence.MEDIUM,
        host=host.name,
    )


def _mode(mode: Located[str]) -> Reason | None:
    kind, _, name = mode.value.partition(":")
    usual = "" if mode.exact else " by default"
    if kind in ("host", "none") and not name:
        where = "is in the network of the host" if kind == "host" else "has no network"
        return Reason(
            f"without effect: it {where}{usual}",
            "nothing is mapped: the program's own ports are those of the host" if kind == "host" else "nothing listens",
            Label(mode.span, f"the container {where}"),
            Severity.WARNING,
            "leave the ports out, and set port and address in the program" if kind == "host" else "leave the ports out",
            mode.exact,
        )
    if kind in ("service", "container") and name:
        return Reason(
            f"but is in the network of {kind} {name}{usual}",
            "the engine refuses to start the container",
            Label(mode.span, f"the ports of {kind} {name} count"),
            Severity.ERROR if mode.exact else Severity.WARNING,
            f"publish them in {kind} {name}",
            mode.exact,
        )
    return None


def _internal(host: Host, project: Project, service: Service) -> Reason | None:
    networks: list[Network | None] = [host.network_of(project, one.network) for one in service.attachments]
    inside = [network for network in networks if network is not None and network.internal]
    if (
        service.extends
        or not inside
        or len(inside) < len(networks)
        or any(network.driver == "overlay" for network in inside)
    ):
        return None
    names = ", ".join(network.key or network.name for network in inside)
    plural = "s" if len(inside) > 1 else ""
    return Reason(
        f"without effect: it is on the internal network{plural} {names} alone",
        "nothing listens on the host, and nothing says so",
        Label(inside[0].span, "the network is internal"),
        Severity.WARNING,
        "put the service on a second network that is not internal, or leave the ports out",
    )
