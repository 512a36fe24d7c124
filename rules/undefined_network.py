"""A service uses a network that its project does not define

## What it means

Every network under `networks` of a service has to be defined under the `networks` of the file, or of another file of
the project, were it only by its name. The network `default` is the exception: it is always there.

## Why it matters

Compose refuses the whole file: "service web refers to undefined network front: invalid compose project".

## How to fix it

Define the network. Where it was made by other means, define it as `external: true`.

## Bad: a network from nowhere

```yaml title="compose.yaml"
services:
  web:
    image: example/app
    networks:
      - front
      - backend  # <- error
networks:
  front:
  back:
```

## Good: defined by its name

```yaml title="compose.yaml"
services:
  web:
    image: example/app
    networks:
      - front
      - default
networks:
  front:
```
"""

from collections.abc import Iterator

from netlint.api import (
    Add,
    Confidence,
    Edit,
    Finding,
    Fix,
    Label,
    Project,
    Service,
    Severity,
    Site,
    Span,
    nearest,
    rule,
)


@rule(
    "NL201",
    Severity.ERROR,
)
def check(site: Site) -> Iterator[Finding]:
    projects = [(host, project) for host in site.hosts for project in host.projects]
    folders: dict[str, list[Project]] = {}
    for _, project in projects:
        folders.setdefault(_folder(project.files[0]), []).append(project)
    for host, project in projects:
        beside = folders[_folder(project.files[0])]
        if project.partial or project.incomplete or _is_over_another(project, beside):
            continue
        uses: dict[str, list[tuple[Service, Span]]] = {}
        for service in project.services:
            for attachment in service.attachments:
                if attachment.network != "default" and project.network(attachment.network) is None:
                    uses.setdefault(attachment.network, []).append((service, attachment.span))
        for name, users in uses.items():
            names = [network.key for network in project.networks if network.key is not None]
            near = nearest(name, names)
            more = f" and {len(users) - 1} more" if len(users) > 1 else ""
            yield Finding(
                message=f"network {name} of service {users[0][0].name}{more} is not defined",
                at=users[0][1],
                label="Compose refuses the project",
                help=(f"write {near}, or define" if near else "define")
                + f" {name} under the top-level networks, with external: true if it is there already",
                related=tuple(Label(span, f"service {service.name}") for service, span in users[1:4]),
                confidence=_confidence(project),
                fixes=_fixes(name, near, users),
                host=host.name,
            )


def _fixes(name: str, near: str | None, users: list[tuple[Service, Span]]) -> tuple[Fix, ...]:
    """The name that is like it, or a network of that name."""
    top = Span(users[0][1].source, 0, 0)
    define = Fix(title=f"define network {name}", changes=(Add(top, ("networks", name), None),))
    if near is None:
        return (define,)
    return (Fix(title=f"write {near}", changes=tuple(Edit(span, near, old=name) for _, span in users)), define)


def _is_over_another(project: Project, beside: list[Project]) -> bool:
    """Whether the file looks like one that is laid over another of its folder, which defines what it uses."""
    wanted = {attachment.network for service in project.services for attachment in service.attachments}
    wanted -= {network.key for network in project.networks} | {"default"}
    return any(other is not project and wanted <= {network.key for network in other.networks} for other in beside)


def _confidence(project: Project) -> Confidence:
    """How sure it is that no other file defines the network: by the name of the file."""
    name = project.files[0].rpartition("/")[2].lower()
    if name in ("compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml"):
        return Confidence.HIGH
    return Confidence.LOW if "override" in name else Confidence.MEDIUM


def _folder(path: str) -> str:
    return path.rpartition("/")[0]
