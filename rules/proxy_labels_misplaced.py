"""Labels for Traefik stand where its provider does not look

## What it means

Traefik's provider for a swarm reads the labels of services: those under `deploy`. Its provider for the engine reads the
labels of containers: those directly under the service, and Compose gives containers none of `deploy`. Here a service
has them in the one place, and the Traefik of the same file looks in the other.

## Why it matters

Traefik knows nothing of the service and answers "404 page not found".

## How to fix it

Move the labels: under `deploy` for a swarm, out of it for `docker compose up`.

## Bad: on the container, in a swarm

```yaml title="stack.yaml"
services:
  traefik:
    image: traefik:v3.1
    command:
      - --providers.swarm.endpoint=unix:///var/run/docker.sock
    networks: [public]
    deploy:
      placement:
        constraints: [node.role == manager]
  who:
    image: traefik/whoami
    networks: [public]
    labels:
      - traefik.enable=true  # <- warning
      - traefik.http.routers.who.rule=Host(`who.example.org`)
    deploy:
      replicas: 2
networks:
  public:
    driver: overlay
```

## Bad: under deploy, without a swarm

```yaml title="compose.yaml"
services:
  traefik:
    image: traefik:v3.1
    command:
      - --providers.docker=true
    ports:
      - "80:80"
  who:
    image: traefik/whoami
    deploy:
      labels:
        - traefik.enable=true  # <- warning
        - traefik.http.routers.who.rule=Host(`who.example.org`)
```

## Good: under deploy, in a swarm

```yaml title="stack.yaml"
services:
  traefik:
    image: traefik:v3.1
    command:
      - --providers.swarm.endpoint=unix:///var/run/docker.sock
    networks: [public]
    deploy:
      placement:
        constraints: [node.role == manager]
  who:
    image: traefik/whoami
    networks: [public]
    deploy:
      labels:
        - traefik.enable=true
        - traefik.http.routers.who.rule=Host(`who.example.org`)
networks:
  public:
    driver: overlay
```
"""

from collections.abc import Iterator

from netlint.api import Finding, Host, Label, Located, Project, Service, Severity, Site, image_name, rule, swarm_options

ENGINE = ("--providers.docker", "--docker")


@rule(
    "NL243",
    Severity.WARNING,
    proof="Traefik's documentation of its Swarm provider (labels of services) and its Docker provider (of containers); "
    "traefik/traefik#4152",
    compose=["service.labels|service.deploy_labels", "service.command"],
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    for host in site.hosts:
        for project in host.projects:
            found = [one for one in map(_provider, project.services) if one is not None]
            if len(found) == 1 and not project.incomplete:
                yield from _services(host, project, *found[0])


def _provider(service: Service) -> tuple[Located[str], bool] | None:
    """The option that names the one provider of a Traefik, and whether it is that for a swarm."""
    if image_name(service) != "traefik" or service.extends:
        return None
    swarm = swarm_options(service)
    words = [(word, word.value.lower().partition("=")) for word in service.command]
    on = [(word, name) for word, (name, _, value) in words if value not in ("false", "0")]
    engine = [word for word, name in on if name.startswith(ENGINE) and word not in swarm]
    if swarm:
        separate = any(word.value.lower().startswith("--providers.swarm") for word in swarm)
        return None if separate and engine else (swarm[0], True)
    return (engine[0], False) if engine and not service.for_swarm else None


def _services(host: Host, project: Project, option: Located[str], swarm: bool) -> Iterator[Finding]:
    for service in project.services:
        here, there = service.labels, service.deploy_labels
        wrong, right = (here, there) if swarm else (there, here)
        asked = next((value for name, value in wrong if _asks(name)), None)
        if asked is None or any(_asks(name) for name, _ in right) or service.extends:
            continue
        where = "directly under it, and its provider for a swarm reads those of deploy"
        where = where if swarm else "under deploy, and its provider for the engine reads those of the container"
        yield Finding(
            message=f"the labels of service {service.name} for Traefik stand {where}",
            at=asked.span,
            label="not looked at",
            help="move them under deploy" if swarm else "move them out of deploy, or set the provider for a swarm",
            related=(Label(option.span, "the provider that is asked"),),
            host=host.name,
        )


def _asks(name: str) -> bool:
    return name.lower().startswith("traefik.")
