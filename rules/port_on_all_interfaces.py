"""A port is published on every address of the host

## What it means

A published port without a host address is bound to all of them, IPv4 and IPv6: the LAN, the VPN, and the public address
if the host has one. A program on the host's network is there on every address without being published. Docker's own
firewall rules let the traffic in before rules in `INPUT`, and so before ufw or firewalld, see it.

## Why it matters

A database, cache, key-value store or admin interface is meant for other containers or for the host itself. These are
what scanners look for, and many of them ask for no password. For them the finding is a warning. For other ports it is a
note of low confidence (shown with `--confidence low`): most of them are meant. Ports 80 and 443 are not reported, nor
are key-value stores that show no sign of authentication: these are NL611's (store-exposed).

## How to fix it

Bind the port to the address that needs it, `127.0.0.1:5432:5432`, or do not publish it: containers on a common network
reach each other without publishing. For a whole network the option `com.docker.network.bridge.host_binding_ipv4` sets
the default address.

## Bad: a database for everybody

```yaml title="compose.yaml"
services:
  db:
    image: postgres:16
    ports:
      - "5432:5432"  # <- warning
```

## Bad: an application on every address

```yaml title="compose.yaml"
services:
  web:
    image: example/app
    ports:
      - "8080:8080"  # <- note
```

## Bad: a key-value store started by hand

```sh title="setup.sh"
docker run -d -p 8500:8500 -h consul --name consul progrium/consul -server -config-file=/acl.json  # <- warning
```

## Bad: a cache on the host's network

```yaml title="compose.yaml"
services:
  cache:
    image: redis:7
    network_mode: host  # <- warning
```

## Good: for this host only

```yaml title="compose.yaml"
services:
  db:
    image: postgres:16
    ports:
      - "127.0.0.1:5432:5432"
```

## Good: a web server is meant to be reached

```yaml title="compose.yaml"
services:
  proxy:
    image: caddy
    ports:
      - "80:80"
      - "443:443"
```
"""

import re
from collections.abc import Iterator

from netlint.api import (
    Confidence,
    Finding,
    Host,
    Publication,
    Service,
    Severity,
    Site,
    bind_to_loopback,
    image_port,
    open_stores,
    parse_address,
    pattern,
    rule,
)

# Well-known container ports of services that are made for a trusted network only.
PRIVATE_PORTS = {
    1433: "Microsoft SQL Server",
    1521: "Oracle Database",
    2181: "ZooKeeper",
    2375: "the Docker API",
    2379: "etcd",
    3306: "MySQL",
    5432: "PostgreSQL",
    5984: "CouchDB",
    6379: "Redis",
    8500: "Consul",
    9042: "Cassandra",
    9200: "Elasticsearch",
    11211: "memcached",
    15672: "RabbitMQ's management",
    27017: "MongoDB",
}
# Ports of theirs that others use as well: there the image tells.
SHARED_PORTS = (8500,)
# Images of such services, by the last part of their name, for those whose port is no sign.
PRIVATE_IMAGES = ("adminer", "influxdb", "mongo-express", "neo4j", "pgadmin4", "phpmyadmin", "redis-commander")
WEB = (80, 443)
# What tells a program where to listen, by whatever option.
LISTENS = pattern(r"bind|listen|127\.0\.0\.1|localhost|::1", re.IGNORECASE)


@rule(
    "NL801",
    Severity.NOTE,
    security=5.3,
    compose=["port.published|service.mode"],
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    for host in site.hosts:
        for project in host.projects:
            for service in project.services:
                yield from _on_host(host, service)
        told = {one.store.at for one in open_stores(site, host)}  # NL611 says more of these
        default = host.daemon.text("ip") if host.daemon is not None else None
        for publication in host.exposures():
            port = publication.port
            if port.published is None or port.published.first in WEB or _bound(publication):
                continue
            if port.span in told:
                continue
            # dockerd's `ip` option is the default for docker0 alone; what runs shows the address it got
            asked = publication.project is not None or publication.run is not None
            on_default_bridge = asked and all(network.default_bridge for network in publication.networks)
            if port.address is None and on_default_bridge and default is not None and not _wildcard(default.value):
                continue
            what = PRIVATE_PORTS.get(port.target.first)
            if port.target.first in SHARED_PORTS and what is not None and what.lower() not in _image(publication):
                what = None
            if what is None and (image := _image(publication)) in PRIVATE_IMAGES:
                what = image
            yield Finding(
                message=f"port {port.published}/{port.protocol} of {publication.owner} is published on every address "
                "of the host" + (f"; it is the port of {what}" if what is not None else ""),
                at=port.span,
                label="reachable from every network of the host, past the rules in INPUT",
                help=f"bind it to the address that needs it, such as 127.0.0.1:{port.published}:{port.target}, or do "
                "not publish it",
                severity=Severity.WARNING if what is not None else None,
                confidence=None if what is not None else Confidence.LOW,
                fixes=bind_to_loopback(port),
                host=host.name,
            )


def _on_host(host: Host, service: Service) -> Iterator[Finding]:
    """A program for a trusted network that is on the host's, and is not told an address to listen on."""
    port = image_port(service)
    what = PRIVATE_PORTS.get(port) if port is not None else None
    if what is None or service.mode is None or service.mode.value != "host" or not service.mode.exact:
        return
    words = [*(word.value for word in service.command), *(value.value for _, value in service.environment)]
    if any(LISTENS.search(word) for word in words):
        return
    yield Finding(
        message=f"service {service.name} is in the network of the host, where {what} listens on port {port} of every "
        "address",
        at=service.mode.span,
        label="reachable from every network of the host",
        help=f"put it on a network and publish 127.0.0.1:{port}:{port}, or tell the program to listen on one address",
        severity=Severity.WARNING,
        confidence=Confidence.MEDIUM,
        host=host.name,
    )


def _bound(publication: Publication) -> bool:
    """Whether the port is bound to one address, by itself or by an option of all its networks."""
    if publication.port.address is not None:
        return not _wildcard(publication.port.address.value)
    if publication.project is None and publication.run is None:
        return False
    options = [network.option("com.docker.network.bridge.host_binding_ipv4") for network in publication.networks]
    return bool(options) and all(option is not None and not _wildcard(option.value) for option in options)


def _wildcard(address: str) -> bool:
    parsed = parse_address(address.strip("[]"))
    return parsed is not None and parsed.is_unspecified


def _image(publication: Publication) -> str:
    """`postgres` of `registry.example/library/postgres:16@sha256:…`."""
    if publication.image is None:
        return ""
    return publication.image.value.partition("@")[0].rpartition("/")[2].partition(":")[0]
