"""A network_mode that is none of the engine's own, and no network

## What it means

`network_mode` takes `bridge`, `host`, `none`, `service:NAME` and `container:NAME`. Anything else is the name of a
network that the engine already has. Networks of the file are not meant by it: Compose gives them the project's name,
and puts services on them by `networks`.

## Why it matters

`docker compose config` accepts the file, and the container is not created: "network hosts not found".

## How to fix it

List networks of the file under `networks`.

## Bad: a network of the file

```yaml title="compose.yaml"
services:
  app:
    image: example/app
    network_mode: back  # <- error
networks:
  back:
```

## Bad: a spelling mistake

```yaml title="compose.yaml"
services:
  app:
    image: example/app
    network_mode: hosts  # <- error
```

## Good: under networks

```yaml title="compose.yaml"
services:
  app:
    image: example/app
    networks:
      - back
networks:
  back:
```
"""

from collections.abc import Iterator

from netlint.api import Confidence, Finding, Host, Label, Located, Project, Service, Severity, Site, nearest, rule

MODES = ("bridge", "host", "none", "default", "nat", "private", "slirp4netns", "pasta", "service", "container")


@rule(
    "NL234",
    Severity.ERROR,
    proof="moby/moby v28.5.2, runconfig and daemon: a mode that is none of the engine's is looked up as a network",
    compose=["service.mode"],
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    for host in site.hosts:
        known = {network.name for network in host.networks if not network.project}
        for project in host.projects:
            for service in project.services:
                mode = service.mode
                if mode is not None and mode.exact and mode.value and mode.value.partition(":")[0] not in MODES:
                    yield from _unknown(host, project, service, mode, known)


def _unknown(host: Host, project: Project, service: Service, mode: Located[str], known: set[str]) -> Iterator[Finding]:
    declared = project.network(mode.value)
    near = nearest(mode.value.partition(":")[0], MODES, cutoff=0.8)
    if mode.value in known or (declared is not None and declared.name == mode.value):
        return
    if declared is not None:
        fault, cure = f"which the engine knows as {declared.name}", f"write networks: [{mode.value}] instead"
    elif near:
        fault, cure = "which is no mode", f"write {near}{mode.value[len(mode.value.partition(':')[0]) :]}"
    elif host.networks_listed:
        fault, cure = "which is no mode, and no network of this host", "name a network that is there"
    else:
        return
    yield Finding(
        message=f"network_mode of service {service.name} is {mode.value}, {fault}",
        at=mode.span,
        label="the container is not created",
        help=cure,
        related=(Label(declared.span, "a network of the project"),) if declared is not None else (),
        confidence=Confidence.HIGH if declared is not None else Confidence.MEDIUM,
        host=host.name,
    )
