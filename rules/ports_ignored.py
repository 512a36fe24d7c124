"""Published ports of a container that has no port to publish

## What it means

Ports are published from a network of the container. A container in the host's network, without any, or on internal
networks alone has nothing to publish from, and neither has one on macvlan or ipvlan alone: it has an address of the LAN
itself. A container in the network of another one (`service:…`, `container:…`) has no ports of its own: those of the
other one count.

## Why it matters

With `host` the mapping is dropped with a warning, and the program listens on its own port on all addresses of the
host, whatever the mapping restricted it to. With `none`, on internal networks and on macvlan nothing is published,
without a warning: clients find the container's own port at its own address, or nothing at all. With another container's
network the engine refuses to start the container: "conflicting options: port publishing and the container type network
mode".

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

## Bad: on the LAN itself

```yaml title="compose.yaml"
services:
  resolver:
    image: example/dns
    networks:
      lan:
        ipv4_address: 192.0.2.53
    ports:
      - "8080:80"  # <- warning
networks:
  lan:
    driver: macvlan
    driver_opts:
      parent: eth0
    ipam:
      config:
        - subnet: 192.0.2.0/24
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

from msgspec import Struct

from netlint.api import (
    Confidence,
    ContainerRun,
    Finding,
    Host,
    Label,
    Located,
    Project,
    PublishedPort,
    Service,
    Severity,
    Site,
    rule,
)


class Reason(Struct, frozen=True):
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
    compose=["service.ports", "service.mode|network.internal|network.external|network.driver_span"],
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    for host in site.hosts:
        for project in host.projects:
            for service in project.services:
                reason = _mode(service.mode) if service.mode is not None else _networks(host, project, service)
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


def _networks(host: Host, project: Project, service: Service) -> Reason | None:
    """Why none of the networks of a service publishes anything."""
    networks = [host.network_of(project, one.network) for one in service.attachments]
    silent = [network for network in networks if network is not None and not network.publishes]
    if (
        service.extends
        or not silent
        or len(silent) < len(networks)
        or any(network.driver == "overlay" for network in silent)
    ):
        return None
    names = ", ".join(network.key or network.name for network in silent)
    plural = "s" if len(silent) > 1 else ""
    if all(network.internal for network in silent):
        return Reason(
            f"without effect: it is on the internal network{plural} {names} alone",
            "nothing listens on the host, and nothing says so",
            Label(silent[0].span, "the network is internal"),
            Severity.WARNING,
            "put the service on a second network that is not internal, or leave the ports out",
        )
    first = next(network for network in silent if not network.internal)
    if first.driver not in ("macvlan", "ipvlan"):
        mode = Located(first.name, first.span)
        return _mode(mode)
    return Reason(
        f"without effect: it is on {first.driver} network {names} alone, with an address of its own",
        "nothing listens on the host, and nothing says so",
        Label(first.span, f"driver {first.driver} publishes no ports"),
        Severity.WARNING,
        "leave the ports out: clients use the container's address and the port that its program listens on",
    )
