"""Two containers, or a container and a program of the host, want one port

## What it means

A port of the host can be bound once for each protocol and address. A port that is published without an address takes
it on every address, IPv4 and IPv6: it collides with any other binding of the number, while 127.0.0.1:5432 and
10.0.0.5:5432 stand side by side, as do tcp and udp. The check compares the ranges and protocols of all services of a
project, of all projects of one host and of `docker run` in its scripts, and the sockets that `ss` or `netstat` list. A
`nameserver 127.0.0.53` in resolv.conf means that systemd-resolved listens on port 53 of that address.

## Why it matters

`docker compose config` accepts the file. At `up` the second container fails with "port is already allocated", or with
"address already in use" where another program has the port, and the services before it run already. Lists of `ports` in
several Compose files are appended to each other, so that an override file adds a port where its author meant to change
one.

## How to fix it

Give one of them another port or an address of its own. To replace the ports of the base file, write
`ports: !override`. To free port 53, bind to the address that clients use, or set `DNSStubListener=no` in
resolved.conf.

Services of disjoint profiles are not compared; where only one of two has a profile, the finding is a warning. So it is
where only scripts say that both run, where no listing shows that the projects share a host, and in a file such as
`base-compose.yml`, whose services other files take one by one.

## Bad: one port, two services

```yaml title="compose.yaml"
services:
  db:
    image: example/db
    ports:
      - "5432:5432"
  cache:
    image: example/cache
    ports:
      - "127.0.0.1:5432:6379"  # <- error
```

## Bad: an override file adds a port

```yaml title="compose.yaml"
services:
  web:
    image: example/app
    ports:
      - "3000:3000"
```

```yaml title="compose.override.yaml"
services:
  web:
    ports:
      - "3000:80"  # <- error
```

## Bad: a service of a swarm, and a program of the node

```text title="docker-service-ls.txt"
ID             NAME      MODE         REPLICAS   IMAGE         PORTS
vix9zzkcde8u   web       replicated   2/2        example/app   *:8080->80/tcp  # <- warning
```

```text title="ss-ltnup.txt"
Netid State  Recv-Q Send-Q Local Address:Port Peer Address:Port Process
tcp   LISTEN 0      4096         0.0.0.0:8080      0.0.0.0:*    users:(("nginx",pid=700,fd=7))
```

## Bad: the resolver of the host has port 53

```yaml title="compose.yaml"
services:
  dns:
    image: example/dns
    ports:
      - "53:53/udp"  # <- error
```

```text title="ip-addr.txt"
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 state UP
    inet 192.0.2.10/24 brd 192.0.2.255 scope global eth0
```

```text title="resolv.conf"
nameserver 127.0.0.53
```

## Good: an address each

```yaml title="compose.yaml"
services:
  db:
    image: example/db
    ports:
      - "127.0.0.1:5432:5432"
  replica:
    image: example/db
    ports:
      - "10.0.0.5:5432:5432"
      - "[::1]:5432:5432"
```

## Good: the override replaces

```yaml title="compose.yaml"
services:
  web:
    image: example/app
    ports:
      - "3000:3000"
```

```yaml title="compose.override.yaml"
services:
  web:
    ports: !override
      - "3000:80"
```
"""

import re
from collections.abc import Iterator

from netlint.api import (
    Binding,
    Confidence,
    Container,
    Finding,
    Host,
    Label,
    Listener,
    PortRange,
    Project,
    Publication,
    PublishedPort,
    Service,
    Severity,
    Site,
    Span,
    SwarmService,
    Taken,
    collisions,
    listens,
    parse_address,
    published_ports,
    rule,
    takes,
)

# How the names of programs begin that hold ports for containers; ss and netstat cut names off.
ENGINES = ("docker", "com.docker", "rootless", "slirp4netns", "conmon", "exe")
STUB = parse_address("127.0.0.53")


@rule(
    "NL205",
    Severity.ERROR,
    proof="a resolver on port 53 of 127.0.0.53: moby/moby#32545",
    compose=["port.published"],
)
def check(site: Site) -> Iterator[Finding]:
    for host in site.hosts:
        taken = list(published_ports(host))
        said: set[Span] = set()
        for first, second, ports in collisions(taken):
            if _place(second) in said:
                continue
            judged = _judge(host, first.publication, second.publication)
            if judged is not None:
                said.add(_place(second))
                yield _both(host, first, second, ports, judged)
        for one in taken:
            yield from _containers(host, one)
            yield from _listeners(host, one)
            yield from _stub(host, one)
    for host, service in _of_swarm(site):
        for port in service.ports:
            finding = _node_port(host, service, port)
            if finding is not None:
                yield finding


def _of_swarm(site: Site) -> Iterator[tuple[Host, SwarmService]]:
    """The services that a manager lists, with each node that was given."""
    for manager in site.hosts:
        names = {node.hostname for node in manager.swarm_nodes}
        for host in site.hosts:
            if host is manager or host.name in names:
                yield from ((host, service) for service in manager.swarm_services)


def _node_port(host: Host, service: SwarmService, port: PublishedPort) -> Finding | None:
    """Who else has a port on a node that a service publishes: on every node, or where its tasks surely run."""
    binding = takes(port)
    if binding is None or service.replicas == 0 or (port.mode == "host" and service.mode != "global"):
        return None
    sockets = [one for one in host.listeners or () if one.process is not None]
    holders = [
        (f"{one.process or 'the kernel'} listens on {listens(one)}", one.span)
        for one in sockets
        if not _is_engine(one) and binding.common(listens(one)) is not None
    ]
    if any(_is_engine(one) and binding.common(listens(one)) is not None for one in sockets):
        holders = []  # the engine has got it
    for container in host.containers or ():
        if container.running is not False and not container.name.startswith(f"{service.name}."):
            bound = [other for one in container.ports if (other := takes(one)) is not None]
            if any(binding.common(other) is not None for other in bound):
                holders.append((f"container {container.name} publishes it", container.span))
    if not holders:
        return None
    who, place = holders[0]
    return Finding(
        message=f"port {port.published}/{port.protocol} of swarm service {service.name} is taken on this host: {who}",
        at=port.published_span or port.span,
        label=f"every node publishes it ({port.mode})",
        help="publish the service on another port, or free this one on every node",
        related=(Label(place, "has the port here"),),
        severity=Severity.WARNING,
        confidence=Confidence.MEDIUM,
        host=host.name,
    )


def _judge(host: Host, first: Publication, second: Publication) -> tuple[Severity, Confidence] | None:
    """How bad it is that both want a port, and how sure that both run; None where they need not run together."""
    match first, second:
        case (
            Publication(service=Service() as one, project=Project() as mine),
            Publication(service=Service() as other, project=Project() as theirs),
        ):
            if mine is not theirs:
                # two files that make one project are variants of it
                if mine.name == theirs.name:
                    return None
                return (Severity.ERROR if host.observed else Severity.WARNING), Confidence.MEDIUM
            if one is other:
                return Severity.ERROR, Confidence.HIGH
            if one.profiles and other.profiles and not set(one.profiles) & set(other.profiles):
                return None
            if one.for_swarm and other.for_swarm and first.port.mode == second.port.mode == "host":
                return None  # on nodes of their own, for all that is known
            alike = set(one.profiles) == set(other.profiles) and not mine.is_library
            exact = first.port.exact and second.port.exact
            sure = Confidence.HIGH if exact else Confidence.MEDIUM
            # the services of a library are extended one by one
            return (Severity.ERROR if alike else Severity.WARNING), (Confidence.LOW if mine.is_library else sure)
        case _:
            return _scripts(first, second)


def _scripts(first: Publication, second: Publication) -> tuple[Severity, Confidence] | None:
    """The same where a script starts at least one of them."""
    runs = [publication.run for publication in (first, second) if publication.run is not None]
    if not all(run.certain and run.detached for run in runs):
        return None
    if len(runs) == 2:
        if runs[0] is runs[1]:
            return Severity.ERROR, Confidence.HIGH
        names = [run.name.value for run in runs if run.name is not None]
        if runs[0].span.source != runs[1].span.source or len(set(names)) < len(names):
            return Severity.WARNING, Confidence.LOW
    return Severity.WARNING, Confidence.MEDIUM


def _both(host: Host, first: Taken, second: Taken, ports: PortRange, judged: tuple[Severity, Confidence]) -> Finding:
    mine, theirs = second.publication, first.publication
    what = f"port {ports}/{mine.port.protocol}"
    usual = "" if mine.port.exact and theirs.port.exact else " by default"
    same = mine.service is not None and mine.service is theirs.service
    if same:
        message = (
            f"{mine.owner} publishes {what}{usual} twice, for its ports {theirs.port.target} and {mine.port.target}"
            if theirs.port.target != mine.port.target
            else f"{mine.owner} publishes {what}{usual} twice, as {first.binding} and as {second.binding}"
        )
    else:
        message = f"{what} of {mine.owner} is{usual} also published by {theirs.owner}"
    merged = same and _place(first).source != _place(second).source
    files = "to replace the list of the other file write ports: !override" if merged else ""
    return Finding(
        message=message,
        at=_place(second),
        label=f"wants {second.binding}",
        help=files or "publish one of them on another port, or each on an address of its own",
        related=(Label(_place(first), f"{theirs.owner} takes {first.binding}"),),
        severity=judged[0],
        confidence=judged[1],
        host=host.name,
    )


def _containers(host: Host, one: Taken) -> Iterator[Finding]:
    """Containers that run, are none of the project's, and have the port."""
    for container in host.containers or ():
        if container.running is False or _is_own(container, one.publication):
            continue
        for port in container.ports:
            binding = takes(port)
            common = one.binding.common(binding) if binding is not None else None
            if common is not None:
                yield Finding(
                    message=f"port {common}/{port.protocol} of {one.publication.owner} is taken on this host: "
                    f"container {container.name} publishes it",
                    at=_place(one),
                    label=f"wants {one.binding}",
                    help="publish it on another port, or stop the container",
                    related=(Label(container.span, f"{container.name} runs here"),),
                    confidence=Confidence.MEDIUM if one.publication.port.exact else Confidence.LOW,
                    host=host.name,
                )
                return


def _is_own(container: Container, publication: Publication) -> bool:
    """Whether the container may be one of the service that publishes the port, under whatever project name."""
    service = publication.service
    if service is None:
        return True  # a script may remove what runs before
    names = [service.name, *([service.container_name.value] if service.container_name is not None else [])]
    numbered = re.compile(rf"(?:.*[-_])?{re.escape(service.name)}[-_]\d+", re.IGNORECASE)
    return container.name in names or numbered.fullmatch(container.name) is not None


def _listeners(host: Host, one: Taken) -> Iterator[Finding]:
    """Sockets of other programs on the port."""
    sockets = [(listener, listens(listener)) for listener in host.listeners or () if listener.process is not None]
    ours = [binding for listener, binding in sockets if _is_engine(listener)]
    for listener, binding in sockets:
        common = one.binding.common(binding)
        if common is None or _is_engine(listener) or any(own.common(binding) for own in ours):
            continue
        who = listener.process or "the kernel"
        yield Finding(
            message=f"port {common}/{listener.protocol} of {one.publication.owner} is taken on this host: {who} "
            f"listens on {binding}",
            at=_place(one),
            label=f"wants {one.binding}",
            help=_help(host, one.binding),
            related=(Label(listener.span, f"{who} has it"),),
            confidence=Confidence.MEDIUM if one.publication.port.exact else Confidence.LOW,
            host=host.name,
        )
        return


def _is_engine(listener: Listener) -> bool:
    return listener.process is not None and listener.process.startswith(ENGINES)


def _stub(host: Host, one: Taken) -> Iterator[Finding]:
    """The resolver of systemd, where no listing of sockets tells whether it listens."""
    if host.listeners is not None or host.resolver is None or STUB is None:
        return
    server = next((server for server in host.resolver.nameservers if server.value == STUB), None)
    if server is None:
        return
    ports = PortRange(53, 53)
    if one.binding.common(Binding(((4, STUB),), one.binding.protocol, ports)) is None:
        return
    yield Finding(
        message=f"port 53/{one.binding.protocol} of {one.publication.owner} is taken on this host: systemd-resolved "
        f"listens on {STUB}:53",
        at=_place(one),
        label=f"wants {one.binding}",
        help=_help(host, one.binding),
        related=(Label(server.span, "the host's resolver, on port 53"),),
        confidence=Confidence.HIGH if one.publication.port.exact else Confidence.MEDIUM,
        host=host.name,
    )


def _help(host: Host, binding: Binding) -> str:
    if binding.ports.first != 53:
        return "publish it on another port, or stop the program"
    own = next(
        (
            entry.address
            for link in host.interfaces or ()
            for entry in link.addresses
            if entry.scope == "global" and entry.address.version == 4 and not entry.address.is_loopback
        ),
        "the address that clients use",
    )
    return f"publish it on {own} alone, or set DNSStubListener=no in resolved.conf"


def _place(one: Taken) -> Span:
    return one.publication.port.published_span or one.publication.port.span
