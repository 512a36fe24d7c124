"""A list of clients behind the routing mesh of a swarm, which hides the clients

## What it means

A port that a swarm publishes in the mode `ingress`, the default, is taken in by whichever node a client asks, and
handed on to a task through the ingress network. On the way the source becomes an address of that network: the task
never sees the client's.

## Why it matters

An allow list (`ipallowlist`, `ipwhitelist`) in Traefik judges the node and not the client. Either it refuses
everybody, or, where it holds the range of the ingress network, it lets everybody in.

## How to fix it

Publish the port on the nodes themselves, with one task on each: `mode: host` in the long form of `ports`, and `mode:
global` in `deploy`. Or let something before the swarm pass the client on (PROXY protocol, `ipstrategy.depth`).

## Bad: an allow list behind the mesh

```yaml title="stack.yml"
services:
  traefik:
    image: traefik:v3
    command:
      - --providers.swarm
      - --entrypoints.web.address=:80
    ports:
      - "80:80"  # <- warning
    deploy:
      labels:
        - traefik.http.middlewares.lan.ipallowlist.sourcerange=192.168.1.0/24
```

## Good: published on the node, or told by somebody before

```yaml title="stack.yml"
services:
  traefik:
    image: traefik:v3
    command:
      - --providers.swarm
      - --entrypoints.web.address=:80
    ports:
      - target: 80
        published: 80
        mode: host
    deploy:
      mode: global
      labels:
        - traefik.http.middlewares.lan.ipallowlist.sourcerange=192.168.1.0/24
```

```yaml title="other/stack.yml"
services:
  traefik:
    image: traefik:v3
    command:
      - --providers.swarm
      - --entrypoints.web.address=:80
    ports:
      - "80:80"
    deploy:
      labels:
        - traefik.http.middlewares.lan.ipallowlist.sourcerange=192.168.1.0/24
        - traefik.http.middlewares.lan.ipallowlist.ipstrategy.depth=1
```
"""

import re
from collections.abc import Iterator

from netlint.api import (
    Finding,
    Host,
    Label,
    Located,
    Project,
    Service,
    Severity,
    Site,
    image_name,
    pattern,
    rule,
    swarm_options,
)

LIST = pattern(
    r"traefik\.(?:http|tcp)\.middlewares\.(?P<name>[^.]+)\.ip(?:allow|white)list\.sourcerange", re.IGNORECASE
)
PASSED_ON = ("proxyprotocol", "forwardedheaders")  # of an entry point: somebody before it tells the client's address


@rule(
    "NL245",
    Severity.WARNING,
    proof="moby/moby#25526: the mesh's IPVS rewrites the source; Traefik's documentation of IPAllowList",
    compose=["service.deploy_labels|service.labels", "service.command", "port.published"],
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    for host in site.hosts:
        for project in host.projects:
            proxies = [service for service in project.services if _of_swarm(service)]
            lists = _lists(project) if proxies else []
            if lists:
                for service in proxies:
                    yield from _published(host, service, lists[0])


def _of_swarm(service: Service) -> bool:
    """Whether it is a Traefik in a swarm that takes clients as they come."""
    if image_name(service) != "traefik" or service.mode is not None or service.extends:
        return False
    words = [word.value.lower() for word in service.command]
    return bool(swarm_options(service)) and not any(sign in word for word in words for sign in PASSED_ON)


def _lists(project: Project) -> list[Located[str]]:
    """The ranges of the middlewares that judge the address they see."""
    labels = [pair for service in project.services for pair in (*service.labels, *service.deploy_labels)]
    names = [name.lower() for name, _ in labels]
    found = []
    for name, value in labels:
        match = LIST.fullmatch(name)
        own = f".{match['name'].lower()}.ip" if match is not None else ""
        if match is not None and not any(own in one and "ipstrategy" in one for one in names):
            found.append(value)
    return found


def _published(host: Host, service: Service, allowed: Located[str]) -> Iterator[Finding]:
    for port in service.ports:
        if port.mode == "ingress" and port.published is not None and port.protocol == "tcp":
            yield Finding(
                message=f"port {port.published} of service {service.name} is published in the mode ingress, which puts "
                "an address of the swarm in the place of the client's: the list of clients judges that",
                at=port.span,
                label="the routing mesh rewrites the source",
                help="publish it with mode: host, and run one task on each node (deploy: mode: global)",
                related=(Label(allowed.span, "clients that are to be let in"),),
                host=host.name,
            )
            return
