"""Several replicas of a service want one port of the host

## What it means

Each container of a service publishes the same ports, and a port of the host can be bound once. A range of host ports
for one container port lets each replica take one that is free, and without a host port the engine chooses.

## Why it matters

`docker compose up` starts one container and fails at the next with "port is already allocated". A swarm is another
matter: it publishes through its ingress network, once for all replicas.

## How to fix it

Publish a range that has a port for each replica, or the container port alone; or put a proxy before the service that
reaches the replicas by the service's name.

With `scale` the finding is an error, for only Compose knows it. With `deploy.replicas` it is a warning, since the file
may be meant for a swarm; where something else in it is for a swarm only, there is none.

## Bad: scaled

```yaml title="compose.yaml"
services:
  web:
    image: example/app
    scale: 3
    ports:
      - "8080:80"  # <- error
```

## Bad: a range that is too short

```yaml title="compose.yaml"
services:
  web:
    image: example/app
    deploy:
      replicas: 3
    ports:
      - "8080-8081:80"  # <- warning
```

## Good: a port for each

```yaml title="compose.yaml"
services:
  web:
    image: example/app
    scale: 3
    ports:
      - "8080-8082:80"
      - "9090"
```

## Good: a swarm publishes once

```yaml title="compose.yaml"
services:
  web:
    image: example/app
    deploy:
      replicas: 3
      update_config:
        parallelism: 1
    ports:
      - "8080:80"
```
"""

from collections.abc import Iterator

from netlint.api import (
    Confidence,
    Finding,
    Host,
    Label,
    Project,
    PublishedPort,
    Service,
    Severity,
    Site,
    leave_host_port_to_engine,
    rule,
)


@rule(
    "NL206",
    Severity.ERROR,
    compose=["port.published", "service.replicas"],
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    for host in site.hosts:
        for project in host.projects:
            if _is_stack(host, project):
                continue
            for service in project.services:
                if service.mode is None or service.mode.value in ("bridge", "default"):
                    yield from _ports(host, service)


def _is_stack(host: Host, project: Project) -> bool:
    """Whether the file is for a swarm."""
    return (
        (host.swarm is not None and host.swarm.active is True)
        or any(service.for_swarm for service in project.services)
        or any(network.driver == "overlay" for network in project.networks)
        or any("stack" in path.lower() or "swarm" in path.lower() for path in project.files)
    )


def _ports(host: Host, service: Service) -> Iterator[Finding]:
    replicas = service.replicas
    if replicas is None or replicas.value < 2:
        return
    for port in service.ports:
        room = _room(port)
        if port.published is None or room >= replicas.value:
            continue
        exact = port.exact and replicas.exact
        usual = "" if exact else " by default"
        last = port.published.first + replicas.value - 1
        free = f"publish {port.published.first}-{last}:{port.target}, or " if len(port.target) == 1 else "publish "
        yield Finding(
            message=f"service {service.name} runs {replicas.value} replicas{usual}, and its port "
            f"{port.published}/{port.protocol} of the host has room for {room}",
            at=port.published_span or port.span,
            label="the next replica fails: port is already allocated",
            help=f"{free}the container port {port.target} alone",
            related=(Label(replicas.span, f"{replicas.value} replicas"),),
            severity=None if service.scaled else Severity.WARNING,
            confidence=None if service.scaled and exact else Confidence.MEDIUM,
            fixes=leave_host_port_to_engine(port),
            host=host.name,
        )


def _room(port: PublishedPort) -> int:
    """How many containers can publish the port."""
    if port.published is None or len(port.target) > 1:
        return 1
    return len(port.published)
