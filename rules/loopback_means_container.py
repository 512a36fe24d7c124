"""localhost inside a container is the container itself

## What it means

Each container has a loopback interface of its own. A variable that says `localhost` or `127.0.0.1` leads to the
container in which it is set, not to the host and not to the service that publishes the port.

The same goes for what a message broker advertises: Kafka tells a client that came by one listener to go on to the
address advertised for it. Where that is localhost, clients in other containers connect, and are then sent to
themselves.

## Why it matters

"Connection refused", though the service runs and the port answers on the host.

## How to fix it

Name the service and the port that its container listens on: `db:5432`. Give Kafka two listeners, one that advertises
the service's name for containers and one that advertises localhost for clients on the host.

The check speaks where another service of the project listens on the port and the one with the variable does not, nor a
container in the same network namespace. Services in the host's network are left alone: there, localhost is the host.
URLs of web pages (`http:`, `https:`) count only where no port is published that a browser could mean.

## Bad: the database of another service

```yaml title="compose.yaml"
services:
  app:
    image: example/app
    environment:
      DB_HOST: localhost  # <- warning
      DB_PORT: "5432"
  db:
    image: postgres:16
    ports:
      - "127.0.0.1:5432:5432"
```

## Bad: the address of a listener

```yaml title="compose.yaml"
services:
  app:
    image: example/app
    environment:
      DB_HOST: 0.0.0.0  # <- warning
  db:
    image: postgres:16
```

## Bad: a name for the host

```yaml title="compose.yaml"
services:
  app:
    image: example/app
    extra_hosts:
      - "dockerhost:127.0.0.1"  # <- warning
    environment:
      XDEBUG_CONFIG: client_host=dockerhost client_port=9003
```

## Bad: what Kafka tells its clients

```yaml title="compose.yaml"
services:
  kafka:
    image: example/kafka
    environment:
      KAFKA_ADVERTISED_LISTENERS: PLAINTEXT://localhost:9092  # <- warning
  ui:
    image: example/ui
    environment:
      BOOTSTRAP_SERVERS: kafka:9092
```

## Good: by name

```yaml title="compose.yaml"
services:
  app:
    image: example/app
    environment:
      DB_HOST: db
      DB_PORT: "5432"
      PUBLIC_URL: http://localhost:8080
    ports:
      - "8080:8080"
  db:
    image: postgres:16
  kafka:
    image: example/kafka
    environment:
      KAFKA_LISTENERS: INSIDE://:9092,HOST://:29092
      KAFKA_ADVERTISED_LISTENERS: INSIDE://kafka:9092,HOST://localhost:29092
    ports:
      - "127.0.0.1:29092:29092"
  ui:
    image: example/ui
    environment:
      BOOTSTRAP_SERVERS: kafka:9092
```
"""

from collections.abc import Iterator

from netlint.api import (
    BACKEND_PORTS,
    SCHEMES,
    Confidence,
    Finding,
    Host,
    Intent,
    Label,
    Reach,
    Service,
    Severity,
    Site,
    Span,
    advertised,
    image_port,
    intents,
    listeners,
    mentions,
    parse_address,
    published_as,
    reach_instead,
    rule,
    serves,
)

# As a destination, the kernel takes these for the loopback.
ANY = ("0.0.0.0", "[::]")
# Names that are given to the host.
THE_HOST = ("host.docker.internal", "gateway.docker.internal", "dockerhost", "docker-host", "docker.host")
# What a variable is about that names no port: DB_HOST, REDIS_HOST.
KINDS = {
    "db": (3306, 5432), "database": (3306, 5432), "postgres": (5432,), "pg": (5432,), "mysql": (3306,),
    "mariadb": (3306,), "redis": (6379,), "mongo": (27017,), "mongodb": (27017,), "rabbitmq": (5672,),
    "memcached": (11211,), "elasticsearch": (9200,),
}  # fmt: skip


@rule(
    "NL209",
    Severity.WARNING,
    proof="Kafka's documentation of advertised.listeners",
    compose=["service.environment|service.command|service.extra_hosts"],
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    for host in site.hosts:
        for project in host.projects:
            if project.partial:
                continue
            reach = Reach(project)
            for service in project.services:
                if reach.namespace(service) is not None:
                    yield from _connects(host, reach, service)
                    yield from _advertises(host, reach, service)
                    yield from _named(host, service)


def _named(host: Host, service: Service) -> Iterator[Finding]:
    """Names that are to stand for the host, and lead to the container."""
    for name, value in service.extra_hosts:
        address = parse_address(value.value)
        if name.lower() in THE_HOST and address is not None and address.is_loopback:
            yield Finding(
                message=f"extra_hosts of service {service.name} gives {name} the address {address}: that is its own "
                "container, not the host",
                at=value.span,
                label="the container itself",
                help=f'write "{name}:host-gateway"',
                host=host.name,
            )


def _connects(host: Host, reach: Reach, service: Service) -> Iterator[Finding]:
    sharers = reach.sharers(service)
    for intent in intents(service):
        if not intent.is_loopback and intent.host not in ANY:
            continue
        for port in _ports(intent):
            if any(serves(sharer, port) for sharer in sharers) or _starts(service, port):
                continue
            found = next(
                (pair for other in reach.project.services if other not in sharers and (pair := _serving(other, port))),
                None,
            )
            browsed = intent.is_web and (port not in BACKEND_PORTS or intent.scheme not in ("http", "https"))
            if found is None or (browsed and _is_published(reach, port)):
                continue
            other, inside = found
            owner = reach.namespace(other)
            target = f"{owner.name}:{inside}" if owner is not None else f"the host, port {inside}"
            usual = "" if intent.exact else " by default"
            yield Finding(
                message=f"service {service.name} means to reach {intent.host}, port {port}{usual} ({intent.name}): "
                f"that is its own container, and service {other.name} has the port",
                at=intent.span,
                label="the container itself",
                help=f"write {target}",
                related=(Label(_port_span(other, port), f"service {other.name} listens on {inside}"),),
                confidence=Confidence.HIGH if intent.exact else Confidence.MEDIUM,
                fixes=reach_instead(intent, owner.name, inside) if owner is not None else (),
                host=host.name,
            )
            break


def _ports(intent: Intent) -> tuple[int, ...]:
    """The ports that an intent may mean, for those that no browser and no health check of the service itself means."""
    port = intent.port
    if intent.scheme:
        if port is None and intent.is_web:
            return ()
        port = port if port is not None else SCHEMES.get(intent.scheme)
        return (port,) if port is not None and intent.scheme in SCHEMES else ()
    if intent.name == "command":
        return ()
    if port is not None:
        return (port,) if port in BACKEND_PORTS else ()
    parts = intent.name.lower().replace("-", "_").replace(".", "_").split("_")
    return next((KINDS[part] for part in parts if part in KINDS), ())


def _starts(service: Service, port: int) -> bool:
    """Whether the command of the service names the port, so that it may listen there itself."""
    return mentions(Service(name=service.name, span=service.span, command=service.command), port)


def _serving(other: Service, port: int) -> tuple[Service, int] | None:
    """The service and its own port, where `port` is that or the published one."""
    if serves(other, port):
        return other, port
    inside = published_as(other, port)
    return (other, inside) if inside is not None else None


def _is_published(reach: Reach, port: int) -> bool:
    """Whether a browser on the host could mean the port."""
    return any(
        one.published is None or one.published.first <= port <= one.published.last
        for service in reach.project.services
        for one in service.ports
    )


def _port_span(service: Service, port: int) -> Span:
    span = next(
        (
            one.span
            for one in service.ports
            if one.target.first <= port <= one.target.last
            or (one.published is not None and one.published.first <= port <= one.published.last)
        ),
        None,
    )
    if span is None and image_port(service) == port and service.image is not None:
        return service.image.span
    return span or service.span


def _advertises(host: Host, reach: Reach, broker: Service) -> Iterator[Finding]:
    """Listeners that clients in other containers use and that send them to themselves."""
    ports = listeners(broker)
    sharers = reach.sharers(broker)
    for name, intent in advertised(broker):
        port = ports.get(name, intent.port)
        if not intent.is_loopback or port is None:
            continue
        client = next(
            (
                (other, used)
                for other in reach.project.services
                if other not in sharers
                for used in intents(other)
                if reach.by_name.get(used.host) is broker and used.port == port
            ),
            None,
        )
        if client is not None:
            other, used = client
            yield Finding(
                message=f"broker {broker.name} tells clients to go on to {intent.host}:{intent.port}, and service "
                f"{other.name} is one: for it that is its own container",
                at=intent.span,
                label="the client's own container",
                help=f"advertise {used.host}:{port} to containers, and {intent.host} on a second listener for the host",
                related=(Label(used.span, f"service {other.name} connects here"),),
                confidence=Confidence.HIGH if intent.exact and used.exact else Confidence.MEDIUM,
                host=host.name,
            )
