"""A published port leads to a port of the container on which its program does not listen

## What it means

The right-hand side of `5433:5433` is the port of the container. The programs of well-known images listen on a port of
their own whatever is mapped; only their own settings change it.

## Why it matters

The engine listens on the host's port, so that a client connects, and is cut off: "Connection reset by peer", "server
closed the connection unexpectedly".

## How to fix it

Write the program's port on the right-hand side: `5433:5432`.

The check knows images of databases, brokers and caches. It is silent where one of the published ports is theirs, or
where the number stands in environment, command or labels.

## Bad: another port on both sides

```yaml title="compose.yaml"
services:
  db:
    image: postgres:16
    ports:
      - "127.0.0.1:5433:5433"  # <- warning
```

## Good: the host's port alone is another one

```yaml title="compose.yaml"
services:
  db:
    image: postgres:16
    ports:
      - "127.0.0.1:5433:5432"
```

## Good: the program is told

```yaml title="compose.yaml"
services:
  db:
    image: postgres:16
    command: -p 5433
    ports:
      - "127.0.0.1:5433:5433"
```
"""

from collections.abc import Iterator

from netlint.api import Confidence, Finding, Severity, Site, image_name, image_port, mentions, rule

# Ports beside the main one, by image: consoles, clustering, other protocols.
MORE = {
    "couchbase": (8091,), "elasticsearch": (9300,), "etcd": (2380, 4001), "influxdb": (8083, 8088), "mailhog": (8025,),
    "mailpit": (8025, 1110), "mongo": (27018, 27019), "mysql": (33060,), "nats": (6222, 8222), "neo4j": (7473, 7474),
    "opensearch": (9300, 9600), "rabbitmq": (1883, 4369, 5552, 5671, 15671, 15672, 15674, 15675, 15692, 25672, 61613),
    "redis": (16379, 26379), "redis-stack": (8001,), "zookeeper": (2888, 3888, 8080), "valkey": (16379, 26379),
}  # fmt: skip
# Their listeners are set by scripts of the image, or by variables in too many ways.
UNSURE = ("kafka", "cp-kafka", "cp-zookeeper")


@rule(
    "NL226",
    Severity.WARNING,
    confidence=Confidence.MEDIUM,
    proof="the programs of images: their EXPOSE and defaults",
    compose=["service.ports"],
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    for host in site.hosts:
        for publication in host.publications():
            service, port = publication.service, publication.port
            if service is None or service.extends or not port.exact or service.mode is not None:
                continue
            own, name = image_port(service), image_name(service)
            if own is None or name in UNSURE or service.image is None or not service.image.exact:
                continue
            known = (own, *MORE.get(name, ()))
            targets = [one.target for one in service.ports]
            if any(target.first <= one <= target.last for target in targets for one in known):
                continue
            if mentions(service, port.target.first) or len(port.target) > 1:
                continue
            yield Finding(
                message=f"port {port.target} of service {service.name} is published, and {name} listens on {own}",
                at=port.span,
                label="nothing listens there in the container",
                help=f"write {port.published or port.target}:{own}, or tell the program to listen on {port.target}",
                host=host.name,
            )
