"""A container is to use a port of the host that is open on the host's loopback alone

## What it means

`127.0.0.1:5432:5432` makes the engine listen on the loopback address of the host; so do programs of the host by their
own configuration (`bind-address = 127.0.0.1`, as `ss -tlnp` shows). A container that goes through the host, by
`host.docker.internal` with `host-gateway`, by the bridge's gateway or by an address of the host's LAN, arrives at
another address, where nothing listens.

## Why it matters

"Connection refused" from containers, while the same port answers on the host.

## How to fix it

Put both services on a network and use the service's name and own port; nothing has to be published for that. Else
publish the port on the address that the container uses as well, such as the bridge's (`172.17.0.1:5432:5432`).

## Bad: by host-gateway

```yaml title="compose.yaml"
services:
  app:
    image: example/app
    extra_hosts:
      - "host.docker.internal:host-gateway"
    environment:
      DATABASE_URL: postgres://app@host.docker.internal:5432/app  # <- warning
  db:
    image: postgres:16
    ports:
      - "127.0.0.1:5432:5432"
```

## Bad: by the host's address

```yaml title="compose.yaml"
services:
  app:
    image: example/app
    environment:
      DB_HOST: 192.0.2.10  # <- warning
      DB_PORT: 5432
  db:
    image: postgres:16
    ports:
      - "127.0.0.1:5432:5432"
```

```text title="ip-addr.txt"
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP
    inet 192.0.2.10/24 scope global eth0
```

## Bad: a program of the host

```yaml title="compose.yaml"
services:
  app:
    image: example/app
    extra_hosts:
      - "host.docker.internal:host-gateway"
    environment:
      DB_HOST: host.docker.internal:3306  # <- warning
```

```text title="ss.txt"
State    Recv-Q   Send-Q     Local Address:Port      Peer Address:Port  Process
LISTEN   0        151            127.0.0.1:3306           0.0.0.0:*      users:(("mysqld",pid=812,fd=22))
LISTEN   0        128              0.0.0.0:22             0.0.0.0:*      users:(("sshd",pid=700,fd=3))
```

## Good: by its name

```yaml title="compose.yaml"
services:
  app:
    image: example/app
    environment:
      DATABASE_URL: postgres://app@db:5432/app
  db:
    image: postgres:16
    ports:
      - "127.0.0.1:5432:5432"
```

## Good: published on the bridge as well

```yaml title="compose.yaml"
services:
  app:
    image: example/app
    extra_hosts:
      - "host.docker.internal:host-gateway"
    environment:
      DATABASE_URL: postgres://app@host.docker.internal:5432/app
  db:
    image: postgres:16
    ports:
      - "127.0.0.1:5432:5432"
      - "172.17.0.1:5432:5432"
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
    Listener,
    PublishedPort,
    Reach,
    Service,
    Severity,
    Site,
    intents,
    parse_address,
    rule,
)


@rule(
    "NL231",
    Severity.WARNING,
    proof="the engine's rule in nat DOCKER and its proxy's socket are for 127.0.0.1 alone: lab, ports on the loopback",
    compose=["service.extra_hosts"],
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    for host in site.hosts:
        own = {
            str(entry.address)
            for link in host.interfaces or ()
            for entry in link.addresses
            if not entry.address.is_loopback and entry.scope == "global"
        }
        for project in host.projects:
            reach = Reach(project)
            for service in project.services:
                if reach.namespace(service) is not None:
                    yield from _through_the_host(host, service, own)


def _through_the_host(host: Host, service: Service, own: set[str]) -> Iterator[Finding]:
    for server in service.dns:
        found = _on_loopback(host, 53, "udp") if server.value in own else None
        if found is not None:
            yield Finding(
                message=f"service {service.name} has the name server {server.value}, which is this host, and "
                f"{found[0]} publishes port 53 on the loopback alone",
                at=server.span,
                label="nothing listens on the address that this leads to",
                help=f"publish port 53 of {found[0]} on {server.value} too",
                related=(Label(found[1].span, "for programs of the host alone"),),
                host=host.name,
            )
    mapped = {name for name, value in service.extra_hosts if value.value == "host-gateway"}
    for intent in intents(service):
        if intent.host not in mapped and intent.host not in own:
            continue
        port = intent.port or SCHEMES.get(intent.scheme)
        found = _on_loopback(host, port, "tcp") if port is not None else None
        if found is None:
            if port is not None and (listener := _listens_on_loopback(host, port)) is not None:
                yield _of_program(host, service, intent, port, listener)
                return
            continue
        owner, published = found
        place = published.address.span if published.address is not None else published.span
        yield Finding(
            message=f"service {service.name} means to reach port {port} of the host by {intent.host}"
            f"{'' if intent.exact else ' by default'} ({_where(intent)}), and {owner} publishes it on "
            f"{published.address.value if published.address is not None else 'the loopback'} alone",
            at=intent.span,
            label="nothing listens on the address that this leads to",
            help=f"use the name of {owner} and its port {published.target} on a common network, or publish the port on "
            "the bridge's address too",
            related=(Label(place, "for programs of the host alone"),),
            confidence=Confidence.HIGH if intent.exact and published.exact else Confidence.MEDIUM,
            host=host.name,
        )
        return


def _listens_on_loopback(host: Host, port: int) -> Listener | None:
    """The program of the host that has the port on the loopback, if none has it elsewhere."""
    found = [one for one in host.listeners or () if one.port == port and one.protocol.startswith("tcp")]
    if not found or any(one.address is None or not one.address.is_loopback for one in found):
        return None
    return None if any(_holds(publication.port, port) for publication in host.exposures()) else found[0]


def _holds(one: PublishedPort, port: int) -> bool:
    return one.published is not None and one.published.first <= port <= one.published.last


def _of_program(host: Host, service: Service, intent: Intent, port: int, listener: Listener) -> Finding:
    program = listener.process or "the program there"
    return Finding(
        message=f"service {service.name} means to reach port {port} of the host by {intent.host}"
        f"{'' if intent.exact else ' by default'} ({_where(intent)}), and {program} listens on {listener.address}",
        at=intent.span,
        label="nothing listens on the address that this leads to",
        help=f"let {program} listen on the bridge's address too, as 172.17.0.1, or on every address behind a firewall",
        related=(Label(listener.span, "for programs of the host alone"),),
        confidence=Confidence.HIGH if intent.exact else Confidence.MEDIUM,
        host=host.name,
    )


def _where(intent: Intent) -> str:
    return "its command" if intent.name == "command" else intent.name


def _on_loopback(host: Host, port: int, protocol: str) -> tuple[str, PublishedPort] | None:
    """Who publishes the port on the host's loopback, where nobody publishes it elsewhere or may listen there."""
    found = None
    for publication in host.publications():
        one = publication.port
        if one.protocol != protocol or one.published is None or not one.published.first <= port <= one.published.last:
            continue
        address = parse_address(one.address.value) if one.address is not None else None
        if address is None or not address.is_loopback:
            return None
        found = found or (publication.owner, one)
    return found
