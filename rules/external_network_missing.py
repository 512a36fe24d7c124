"""An external network that does not exist, or a network that exists and is not called external

## What it means

`external: true` says that Compose finds the network and does not create it. It looks for the engine's name: that of the
key, or of `name:`; no project name is put before it. Without `external` Compose creates a network of its own, called
`project_key`, whatever other networks there are; with `name:` it finds the network of that name and refuses it unless
it made it itself.

## Why it matters

The first fails at `up`: "network global declared as external, but could not be found". The second starts, with the
services on a new network on which nobody else is. The third fails: "network … was found but has incorrect label
com.docker.compose.network".

## How to fix it

Create the network before `up`, in the script that starts the project, or correct the name: a network that another
project makes carries that project's name in front. Say `external: true` for what is there already.

The check needs the engine's list of networks (`docker network ls` or `inspect`); networks that a script of the host or
another project on it creates count as there. For networks that a script makes, no list is needed, nor where another
project has the network under the same key, so that the engine knows it by another name.

## Bad: nobody made it

```yaml title="compose.yaml"
services:
  web:
    image: example/app
    networks:
      - global
networks:
  global:  # <- error
    external: true
```

```text title="docker-network-ls.txt"
NETWORK ID     NAME      DRIVER    SCOPE
d3b0c44298fc   bridge    bridge    local
1c149afbf4c8   host      host      local
996fb92427ae   none      null      local
```

## Bad: the key of another project

```yaml title="proxy/compose.yaml"
services:
  proxy:
    image: traefik:v3
    networks:
      - web
networks:
  web:
```

```yaml title="app/compose.yaml"
services:
  app:
    image: example/app
    networks:
      - web
networks:
  web:  # <- warning
    external: true
```

## Bad: it is there, and another one is made

```yaml title="compose.yaml"
name: app
services:
  web:
    image: example/app
    networks:
      - proxy
networks:
  proxy:  # <- warning
```

```sh title="setup.sh"
docker network create proxy
```

## Bad: Compose does not take what it did not make

```yaml title="compose.yaml"
services:
  web:
    image: example/app
    networks:
      - proxy
networks:
  proxy:  # <- error
    name: proxy
```

```sh title="setup.sh"
docker network create proxy
docker compose up -d
```

## Good: the script makes it, the file finds it

```yaml title="compose.yaml"
services:
  web:
    image: example/app
    networks:
      - proxy
networks:
  proxy:
    external: true
```

```sh title="setup.sh"
docker network create proxy
docker compose up -d
```
"""

from collections.abc import Iterator

from msgspec import Struct

from netlint.api import Confidence, Finding, Host, Label, Network, Origin, Project, Severity, Site, Span, nearest, rule

PREDEFINED = ("bridge", "host", "none", "default", "ingress", "docker_gwbridge")
LISTED = (Origin.INSPECT, Origin.LIST)
THERE = (*LISTED, Origin.SCRIPT, Origin.DAEMON, Origin.INTERFACE)


@rule(
    "NL202",
    Severity.ERROR,
    proof="docker/compose 2.40 pkg/compose/create.go: the texts that are quoted, and the labels it compares",
    compose=["network.external"],
)
def check(site: Site) -> Iterator[Finding]:
    made = _made(site)
    for host in site.hosts:
        for project in host.projects:
            for network in project.networks:
                if network.key is None or not project.uses(network.key) or "$" in network.name:
                    continue
                if network.external and host.networks_listed:
                    yield from _missing(host, network)
                elif network.external:
                    yield from _prefixed(made, host, network)
                elif network.name != f"{project.name}_{network.key}":
                    yield from _refused(host, project, network)
                else:
                    yield from _doubled(host, project, network)


def _known(host: Host, name: str) -> Network | None:
    return next((network for network in host.networks if network.name == name), None)


def _missing(host: Host, network: Network) -> Iterator[Finding]:
    if network.name in PREDEFINED:
        return
    known = _known(host, network.name)
    made = any(
        other.name == network.name and not other.external and other.key is not None and project.uses(other.key)
        for project in host.projects
        for other in project.networks
    )
    if made or (known is not None and known.is_stated_by(*THERE)):
        return
    names = [other.name for other in host.networks if other.is_stated_by(*THERE) and other.name not in PREDEFINED]
    suffixed = [name for name in names if name.endswith(f"_{network.name}")]
    near = suffixed[0] if suffixed else nearest(network.name, names)
    # a swarm shows a node the networks of services that run there
    swarm = host.swarm is not None and host.swarm.active is True
    yield Finding(
        message=f"external network {network.name} does not exist on this host",
        at=network.span,
        label="Compose does not create it",
        help=f"name: {near} is there; or run docker network create {network.name} before up"
        if near
        else f"run docker network create {network.name} before up",
        severity=Severity.WARNING if swarm else None,
        confidence=Confidence.MEDIUM if swarm else None,
        host=host.name,
    )


class Made(Struct, frozen=True):
    """The engine's names of all networks that something makes, and by key the networks that projects make under a name
    of their own, each with project and host."""

    names: frozenset[str]
    by_key: dict[str, list[tuple[Host, Project, Network]]]


def _made(site: Site) -> Made:
    names = {
        network.name
        for host in site.hosts
        for network in host.networks
        if not network.external or network.is_stated_by(*THERE)
    }
    by_key: dict[str, list[tuple[Host, Project, Network]]] = {}
    for host in site.hosts:
        for project in host.projects:
            for network in project.networks:
                if not network.external and network.key is not None and "$" not in network.name:
                    by_key.setdefault(network.key, []).append((host, project, network))
    return Made(frozenset(names), by_key)


def _prefixed(made: Made, host: Host, network: Network) -> Iterator[Finding]:
    """Where no list tells which networks there are: another project makes it, under a name that begins with its own."""
    if network.name in PREDEFINED or network.name in made.names:
        return
    for other, project, known in made.by_key.get(network.name, ()):
        near = other is host or (other.implied and host.implied)
        if near and known.key is not None and project.uses(known.key):
            yield Finding(
                message=f"external network {network.name} is not what project {project.name} makes: its network "
                f"{known.key} is called {known.name}",
                at=network.span,
                label="Compose looks for the engine's name and does not find it",
                help=f"write name: {network.name} for it in {known.span.source}, or name: {known.name} here",
                related=(Label(known.span, f"the engine knows it as {known.name}"),),
                severity=Severity.WARNING,
                confidence=Confidence.MEDIUM,
                host=host.name,
            )
            return


def _refused(host: Host, project: Project, network: Network) -> Iterator[Finding]:
    """A network with a name of its own that somebody else made."""
    known = _known(host, network.name)
    if known is None or network.name in PREDEFINED or not known.is_stated_by(Origin.SCRIPT, Origin.INSPECT):
        return
    labels = dict(known.labels)
    if labels.get("com.docker.compose.network") == network.key or known.is_stated_by(Origin.LIST, Origin.INTERFACE):
        return
    script = known.is_stated_by(Origin.SCRIPT)
    yield Finding(
        message=f"network {network.name} is made by {'a script' if script else 'other means'}, and the file does not "
        "call it external",
        at=network.span,
        label="Compose refuses a network that it did not make",
        help="add external: true, and leave driver and ipam to whoever makes it",
        related=tuple(
            Label(span, "it is made here" if script else "it is there") for span in _elsewhere(project, known)
        ),
        confidence=Confidence.HIGH if script else Confidence.MEDIUM,
        host=host.name,
    )


def _doubled(host: Host, project: Project, network: Network) -> Iterator[Finding]:
    """A network of the project beside one that has its name without the project's in front."""
    if network.driver == "overlay":
        return  # for a swarm, whose stacks have names of their own
    own, other = _known(host, network.name), _known(host, network.key or "")
    if other is None or other.name in PREDEFINED or not other.is_stated_by(*LISTED, Origin.SCRIPT):
        return
    if own is not None and own.is_stated_by(*LISTED):
        return  # both are there: it runs
    if dict(other.labels).get("com.docker.compose.project") == project.name:
        return
    script = other.is_stated_by(Origin.SCRIPT)
    yield Finding(
        message=f"network {network.key} is there, and the file makes another one, {network.name}",
        at=network.span,
        label="without external: true Compose puts the project's name before it",
        help=f"add external: true to join {network.key}, or give this one another key",
        related=(Label(other.span, f"{network.key} is made here" if script else f"{network.key} is listed here"),),
        severity=Severity.WARNING,
        confidence=Confidence.MEDIUM,
        host=host.name,
    )


def _elsewhere(project: Project, network: Network) -> list[Span]:
    """Where others than the project's own files state the network."""
    return [span for span in (network.span, *network.stated) if span.source not in project.files][:2]
