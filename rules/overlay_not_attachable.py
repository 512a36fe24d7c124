"""A container on an overlay network that takes services of the swarm alone

## What it means

An overlay network takes tasks of the swarm. Containers that `docker run` or `docker compose` start join it only if it
was made with `--attachable`, or `attachable: true`.

## Why it matters

The container is not started: "Could not attach to network mesh: rpc error: code = PermissionDenied desc = network mesh
not manually attachable".

## How to fix it

Make the network anew with `attachable`, as it cannot be changed, or deploy the services as a stack of the swarm.

Files that hold what only a swarm heeds (`placement`, `update_config`, `mode: global`) are taken for stacks. Where the
file declares the overlay itself, it may be one too: then the confidence is low. Overlays of a key-value store
(`cluster-store`) take every container; so `docker run` is looked at only on a node of a swarm.

## Bad: made for the swarm, used by Compose

```yaml title="compose.yaml"
services:
  app:
    image: example/app
    networks:
      - mesh
networks:
  mesh:  # <- warning
    external: true
```

```sh title="setup.sh"
docker network create -d overlay mesh
docker compose up -d
```

## Bad: a container beside services

```sh title="setup.sh"
docker network create -d overlay mesh  # <- warning
docker service create --name db --network mesh postgres:16
docker run -d --network mesh example/app
```

## Good: attachable

```yaml title="compose.yaml"
services:
  app:
    image: example/app
    networks:
      - mesh
networks:
  mesh:
    external: true
```

```sh title="setup.sh"
docker network create -d overlay --attachable mesh
docker compose up -d
```
"""

from collections.abc import Iterator

from netlint.api import Confidence, ContainerRun, Finding, Host, Label, Network, Origin, Project, Severity, Site, rule

STACKS = ("stack", "swarm")


@rule(
    "NL229",
    Severity.WARNING,
    compose=["network.driver=overlay"],
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    for host in site.hosts:
        for project in host.projects:
            if _is_stack(project) or project.partial or _has_store(host):
                continue
            for network in project.networks:
                known = host.network_of(project, network.key or "")
                if known is not None and network.key is not None and project.uses(network.key):
                    yield from _refused(host, network, known)
        if host.swarm is not None and host.swarm.active and not _has_store(host):
            yield from _runs(host)


def _refused(host: Host, declared: Network, known: Network) -> Iterator[Finding]:
    sure = known.is_stated_by(Origin.INSPECT, Origin.SCRIPT)
    if known.driver != "overlay" or known.attachable or known.ingress or (declared.external and not sure):
        return
    if known.is_stated_by(Origin.LIST) and not sure:
        return  # it is there, and how it was made is not known
    yield Finding(
        message=f"network {declared.name} is an overlay that is not attachable: containers that Compose starts cannot "
        "join it",
        at=declared.span,
        label="the engine refuses them",
        help="create it with --attachable" if declared.external else "add attachable: true",
        related=(Label(known.span, "made for tasks of the swarm alone"),) if known.span != declared.span else (),
        # a file that declares an overlay may be a stack without saying so
        confidence=Confidence.MEDIUM if declared.external else Confidence.LOW,
        host=host.name,
    )


def _runs(host: Host) -> Iterator[Finding]:
    """Networks that a script made for the swarm alone and runs containers on."""
    runs = {run.network.value: run for run in reversed(host.actions) if isinstance(run, ContainerRun) and run.network}
    for network in host.networks:
        run = runs.get(network.name)
        if run is None or network.driver != "overlay" or network.attachable or network.ingress:
            continue
        if network.is_stated_by(Origin.INSPECT, Origin.SCRIPT):
            yield Finding(
                message=f"network {network.name} is an overlay that is not attachable: docker run cannot join it",
                at=network.span,
                label="made for tasks of the swarm alone",
                help="create it with --attachable, or run the container as a service",
                related=(Label(run.span, "the engine refuses this"),),
                host=host.name,
            )


def _has_store(host: Host) -> bool:
    """Whether the host's overlays are those of a key-value store, which take every container."""
    return host.daemon is not None and host.daemon.get("cluster-store") is not None


def _is_stack(project: Project) -> bool:
    """Whether the project is meant for `docker stack deploy`."""
    name = project.files[0].rpartition("/")[2].lower()
    return any(service.for_swarm for service in project.services) or any(word in name for word in STACKS)
