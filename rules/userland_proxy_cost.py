"""What runs on the host reaches a container by docker-proxy, which copies each byte

## What it means

The kernel translates what comes to a published port from other hosts. What comes from the host itself to 127.0.0.1 is
left out by Docker's rules, and a `docker-proxy` process takes it, unless `userland-proxy` is off. Here a service in the
host's network speaks to a port that another service publishes.

## Why it matters

In the one measurement that was published, redis served 55 % fewer requests a second by a published port on the same
host; from another host, by the kernel, 2 % fewer. The table below has the sources.

## How to fix it

Put both services on one network and speak to the container's port by the service's name; or set
`"userland-proxy": false`, so that the kernel translates local connections too.

## Bad: by the host's own port

```yaml title="compose.yaml"
services:
  app:
    image: example/app
    network_mode: host
    environment:
      REDIS_URL: redis://127.0.0.1:6379  # <- note
  cache:
    image: redis
    ports:
      - "127.0.0.1:6379:6379"
```

## Good: by name

```yaml title="compose.yaml"
services:
  app:
    image: example/app
    environment:
      REDIS_URL: redis://cache:6379
  cache:
    image: redis
```
"""

from collections.abc import Iterator

from netlint.api import Finding, Label, Publication, Severity, Site, intents, measured, parse_address, rule


@rule(
    "NL707",
    Severity.NOTE,
    proof="published measurements (rules/evidence.json); Docker's nat rules, which leave 127.0.0.0/8 out of OUTPUT",
    compose=["service.mode", "port.published"],
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    for host in site.hosts:
        if host.daemon is not None and not host.daemon.flag("userland-proxy", True):
            continue
        published = [one for one in host.publications() if one.port.published is not None]
        for project in host.projects:
            for service in project.services:
                if service.mode is None or service.mode.value != "host":
                    continue
                for intent in intents(service):
                    found = _proxied(published, intent.host, intent.port)
                    if found is not None and intent.exact and found.service is not service:
                        yield Finding(
                            message=f"service {service.name} reaches {found.owner} by {intent.host}:{intent.port}, "
                            f"which docker-proxy serves; measured: {measured('uproxy-moby11911-2015')}, "
                            f"{measured('uproxy-moby11911-remote-2015')}",
                            at=intent.span,
                            help="put both on one network and use the service's name, or set userland-proxy to false",
                            related=(Label(found.port.span, f"{found.owner} publishes the port"),),
                            host=host.name,
                        )


def _proxied(published: list[Publication], name: str, port: int | None) -> Publication | None:
    """Whose port the host's own address leads to."""
    address = parse_address(name)
    local = name == "localhost" or (address is not None and address.is_loopback)
    for one in published if local and port is not None else ():
        ports = one.port.published
        if ports is not None and port is not None and ports.first <= port <= ports.last:
            return one
    return None
