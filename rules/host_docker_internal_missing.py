"""host.docker.internal is used and, on Linux, not defined

## What it means

Docker Desktop gives every container the name `host.docker.internal` for the machine it runs on. The engine on Linux
does so only where the service asks for it, with `host-gateway`.

## Why it matters

What works on the developer's machine fails on the server: the name does not resolve.

## How to fix it

Add `extra_hosts: ["host.docker.internal:host-gateway"]` to the service (Docker 20.10 or newer). The program on the host
has to listen on the bridge's address, and the host's firewall has to let containers in.

## Bad: without a definition

```yaml title="compose.yaml"
services:
  app:
    image: example/app
    environment:
      MODEL_URL: http://host.docker.internal:11434  # <- warning
```

## Good: with host-gateway

```yaml title="compose.yaml"
services:
  app:
    image: example/app
    environment:
      MODEL_URL: http://host.docker.internal:11434
    extra_hosts:
      - "host.docker.internal:host-gateway"
```
"""

import re
from collections.abc import Iterator

from netlint.api import (
    Add,
    Confidence,
    Finding,
    Fix,
    Host,
    Located,
    Reach,
    Service,
    Severity,
    Site,
    Span,
    is_target,
    pattern,
    rule,
)

NAME = pattern(r"(?<![\w.-])(?:host|gateway)\.docker\.internal(?![\w.-])")


@rule(
    "NL211",
    Severity.WARNING,
    compose=["service.environment|service.command"],
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    for host in site.hosts:
        for project in host.projects:
            reach = Reach(project)
            for service in project.services:
                if service.extends:
                    continue
                defined = {name for sharer in reach.sharers(service) for name, _ in sharer.extra_hosts}
                for name, span, exact in _uses(service):
                    if name not in defined:
                        usual = "" if exact else " by default"
                        yield Finding(
                            message=f"service {service.name} means to reach {name}{usual}, which the engine on Linux "
                            "does not define",
                            at=span,
                            label="resolves on Docker Desktop only",
                            help=f'add extra_hosts: ["{name}:host-gateway"] to service {service.name}',
                            confidence=Confidence.HIGH if exact else Confidence.MEDIUM,
                            fixes=_fixes(host, service, name),
                            host=host.name,
                        )
                        break


def _fixes(host: Host, service: Service, name: str) -> tuple[Fix, ...]:
    """The name among the extra hosts, which are a list or a mapping: the one that does not fit is left out."""
    if service.mode is not None and service.mode.value not in ("bridge", "default"):
        return ()  # the engine takes extra hosts of no container that shares another's network
    changes = [Add(service.span, ("extra_hosts",), (f"{name}:host-gateway",))]
    if service.extra_hosts:
        changes.append(Add(service.span, ("extra_hosts", name), "host-gateway"))
    title, safe = f"add {name}:host-gateway to extra_hosts", host.before(20, 10) is not True
    return tuple(Fix(title=title, changes=(change,), safe=safe) for change in changes)


def _uses(service: Service) -> Iterator[tuple[str, Span, bool]]:
    """The names that stand in environment and command, each with its place."""
    values = [value for name, value in service.environment if is_target(name)]
    for value in (*values, *service.command):
        found = NAME.search(value.value)
        if found is not None:
            yield found[0], _span(value, found), value.exact


def _span(value: Located[str], found: re.Match[str]) -> Span:
    """The place of the name; of the whole value where its text is not the source's own."""
    if value.exact and value.span.end - value.span.start == len(value.value):
        return value.span.part(*found.span())
    return value.span
