"""An option that a container in another's network cannot have

## What it means

With `network_mode: service:vpn` or `container:vpn` a container lives in the network of the other one, and shares its
name, its resolver, its `/etc/hosts` and its address. `hostname`, `dns`, `extra_hosts`, `mac_address` and `expose` would
change what belongs to the other.

## Why it matters

`docker compose config` accepts the file, and the engine refuses the container: "conflicting options: hostname and the
network mode", "conflicting options: dns and the network mode", "conflicting options: custom host-to-IP mapping and the
network mode". Services that were started before it keep running.

## How to fix it

Move the option to the service whose network is shared. Published ports have a rule of their own (`ports-ignored`).

## Bad: a host name behind a VPN

```yaml title="compose.yaml"
services:
  vpn:
    image: example/vpn
  client:
    image: example/client
    network_mode: service:vpn
    hostname: client  # <- error
```

## Bad: a name server of its own

```yaml title="compose.yaml"
services:
  vpn:
    image: example/vpn
  client:
    image: example/client
    network_mode: service:vpn
    dns:
      - 192.0.2.53  # <- error
```

## Bad: an entry for /etc/hosts

```yaml title="compose.yaml"
services:
  vpn:
    image: example/vpn
  client:
    image: example/client
    network_mode: service:vpn
    extra_hosts:
      - "nas:192.0.2.5"  # <- error
```

## Bad: an exposed port

```yaml title="compose.yaml"
services:
  vpn:
    image: example/vpn
  client:
    image: example/client
    network_mode: service:vpn
    expose:
      - "8080"  # <- error
```

## Good: the service that has the network has the options

```yaml title="compose.yaml"
services:
  vpn:
    image: example/vpn
    hostname: client
    dns:
      - 192.0.2.53
    extra_hosts:
      - "nas:192.0.2.5"
    expose:
      - "8080"
  client:
    image: example/client
    network_mode: service:vpn
```

## Good: on the host's network

```yaml title="compose.yaml"
services:
  agent:
    image: example/agent
    network_mode: host
    hostname: agent
    dns:
      - 192.0.2.53
    extra_hosts:
      - "nas:192.0.2.5"
```
"""

from collections.abc import Iterator

from netlint.api import Confidence, Finding, Label, Service, Severity, Site, Span, rule


@rule(
    "NL225",
    Severity.ERROR,
    proof="moby/moby v28.5.2 daemon/pkg/runconfig, validateNetContainerMode: the texts that are quoted",
    compose=["service.mode"],
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    for host in site.hosts:
        for project in host.projects:
            for service in project.services:
                mode = service.mode
                if mode is None or not mode.value.startswith(("service:", "container:")):
                    continue
                kind, _, name = mode.value.partition(":")
                for key, span in _refused(service):
                    yield Finding(
                        message=f"service {service.name} sets {key} and is in the network of {kind} {name}",
                        at=span,
                        label="the engine refuses to start the container",
                        help=f"set {key} in {kind} {name}, whose network it is, or leave it out",
                        related=(Label(mode.span, f"the network of {kind} {name}"),),
                        severity=Severity.ERROR if mode.exact else Severity.WARNING,
                        confidence=Confidence.HIGH if mode.exact else Confidence.MEDIUM,
                        host=host.name,
                    )


def _refused(service: Service) -> Iterator[tuple[str, Span]]:
    """The options that the service sets and must not, each with its first place."""
    if service.hostname is not None:
        yield "hostname", service.hostname.span
    if service.dns:
        yield "dns", service.dns[0].span
    if service.extra_hosts:
        yield "extra_hosts", service.extra_hosts[0][1].span
    if service.mac_address is not None:
        yield "mac_address", service.mac_address.span
    if service.expose:
        yield "expose", service.expose[0].span
