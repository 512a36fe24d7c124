"""A service behind Traefik is on several networks, and nothing says which

## What it means

Traefik finds containers through the engine and sends requests to the address that one has on a network. For a
container on several networks it takes the one that the label `traefik.docker.network` names, else the provider's
`network` option, else any. The label wants the engine's name of the network: with the project's name in front, unless
the network is external or has a `name`.

## Why it matters

If Traefik is not on the network that it picked, requests end in "504 Gateway Timeout", and after the next restart they
may work. With a name that it does not find it says "Could not find network named …" and takes any.

## How to fix it

Add the label `traefik.docker.network=` with the network that Traefik is on, or start Traefik with
`--providers.docker.network=`.

Where the proxy's own configuration is not in the input, the missing label is of low confidence (shown with
`--confidence low`). caddy-docker-proxy and nginx-proxy take a network that they are on themselves, so that they need
no label.

## Bad: the proxy's network and another

```yaml title="compose.yaml"
name: app
services:
  proxy:
    image: traefik:v3
    command: ["--providers.docker=true"]
    networks:
      - web
  app:
    image: example/app
    labels:
      - traefik.enable=true  # <- warning
      - traefik.http.routers.app.rule=Host(`app.example.com`)
    networks:
      - web
      - back
  db:
    image: postgres:16
    networks:
      - back
networks:
  web:
  back:
```

## Bad: the name without the project's

```yaml title="compose.yaml"
name: app
services:
  app:
    image: example/app
    labels:
      - traefik.enable=true
      - traefik.docker.network=web  # <- warning
    networks:
      - web
      - back
networks:
  web:
  back:
```

## Bad: the proxy is told a network that it is not on

```yaml title="compose.yaml"
name: edge
services:
  proxy:
    image: traefik:v3
    command:
      - --providers.docker=true
      - --providers.docker.network=web  # <- warning
    networks:
      - web
networks:
  web:
```

## Good: the label says which

```yaml title="compose.yaml"
name: app
services:
  app:
    image: example/app
    labels:
      - traefik.enable=true
      - traefik.docker.network=web
    networks:
      - web
      - back
networks:
  web:
    external: true
  back:
```
"""

from collections.abc import Iterator

from msgspec import Struct

from netlint.api import (
    Confidence,
    Finding,
    Host,
    Label,
    Located,
    Project,
    Reach,
    Service,
    Severity,
    Site,
    image_name,
    rule,
)

NETWORK_LABELS = ("traefik.docker.network", "traefik.swarm.network")
NETWORK_OPTIONS = ("--providers.docker.network", "--providers.swarm.network", "--docker.network")


class Proxy(Struct, frozen=True):
    """A Traefik of the input: its networks, None where they are not known, and whether its options are."""

    host: Host
    service: Service
    networks: frozenset[str] | None
    configured: bool
    chooses: bool
    option: Located[str] | None = None


@rule(
    "NL213",
    Severity.WARNING,
    proof="what Traefik picks, which the lab does not run: getIPAddress of its pkg/provider/docker/config.go, and the "
    "documentation of the label and the provider's option; traefik/traefik#979 (alternating addresses)",
    compose=["service.labels|service.deploy_labels|service.command"],
)
def check(site: Site) -> Iterator[Finding]:
    proxies = list(_proxies(site))
    for proxy in proxies:
        yield from _misled(proxy)
    for host in site.hosts:
        for project in host.projects:
            reach = Reach(project)
            for service in project.services:
                mark = _mark(service)
                networks = reach.networks(service)
                if mark is None or networks is None or len(networks) < 2 or service.extends:
                    continue
                named = _named(service)
                if named is not None:
                    yield from _unknown(host, project, service, named, networks)
                else:
                    yield from _unnamed(host, service, mark, networks, proxies)


def _proxies(site: Site) -> Iterator[Proxy]:
    for host in site.hosts:
        for project in host.projects:
            reach = Reach(project)
            for service in project.services:
                if image_name(service) != "traefik":
                    continue
                words = [word.value.lower() for word in service.command]
                names = [name.upper() for name, _ in service.environment]
                # Traefik takes its options from one of file, command and environment
                by_command = any(word.startswith("--") and not word.startswith("--configfile") for word in words)
                by_environment = any(name.startswith("TRAEFIK_PROVIDERS_") for name in names)
                chooses = any(word.startswith(NETWORK_OPTIONS) for word in words) or any(
                    name in ("TRAEFIK_PROVIDERS_DOCKER_NETWORK", "TRAEFIK_PROVIDERS_SWARM_NETWORK") for name in names
                )
                option = next(
                    (word for word in service.command if word.value.lower().startswith(NETWORK_OPTIONS)), None
                )
                yield Proxy(host, service, reach.networks(service), by_command or by_environment, chooses, option)


def _misled(proxy: Proxy) -> Iterator[Finding]:
    """The provider's option names a network that the proxy is not on."""
    option, networks = proxy.option, proxy.networks
    name = option.value.partition("=")[2].strip() if option is not None else ""
    if option is None or not name or not networks or name in networks or "$" in name:
        return
    keys = [one.network for one in proxy.service.attachments]
    if any(name.endswith(f"_{key}") for key in keys):
        return  # right under another project name than the folder's
    named = ", ".join(sorted(networks))
    yield Finding(
        message=f"{proxy.service.name} is told to reach containers on network {name}, and is itself on {named}",
        at=option.span,
        label="it finds no container there, or none that it can reach",
        help=f"name {min(networks)}, or give the network name: {name}",
        related=tuple(Label(one.span, one.network) for one in proxy.service.attachments[:4]),
        confidence=Confidence.HIGH if option.exact else Confidence.MEDIUM,
        host=proxy.host.name,
    )


def _labels(service: Service) -> Iterator[tuple[str, Located[str]]]:
    for name, value in (*service.labels, *service.deploy_labels):
        if name.lower().startswith("traefik."):
            yield name.lower(), value


def _mark(service: Service) -> Located[str] | None:
    """The label by which the service asks to be served; None where it does not, or says no."""
    labels = list(_labels(service))
    enable = next((value for name, value in labels if name == "traefik.enable"), None)
    if enable is not None:
        return enable if enable.value.lower() == "true" else None
    return next((value for name, value in labels if name.startswith("traefik.http.routers.")), None)


def _named(service: Service) -> Located[str] | None:
    return next((value for name, value in _labels(service) if name in NETWORK_LABELS), None)


def _unknown(
    host: Host, project: Project, service: Service, named: Located[str], networks: frozenset[str]
) -> Iterator[Finding]:
    """The label names a network that the service is not on."""
    if named.value in networks or not named.value or "$" in named.value:
        return
    keys = [one.network for one in service.attachments]
    # `shop_web` may be right under another project name than the folder's
    if any(named.value.endswith(f"_{key}") for key in keys):
        return
    real = project.network(named.value) if named.value in keys else None
    yield Finding(
        message=f"traefik.docker.network of service {service.name} is {named.value}, and the service is on "
        f"{', '.join(sorted(networks))}",
        at=named.span,
        label="Traefik does not find it and takes any",
        help=f"write {real.name}, or give the network name: {named.value}"
        if real is not None
        else f"name one of {', '.join(sorted(networks))}",
        related=(Label(real.span, f"the engine knows it as {real.name}"),) if real is not None else (),
        confidence=Confidence.HIGH if named.exact else Confidence.MEDIUM,
        host=host.name,
    )


def _unnamed(
    host: Host, service: Service, mark: Located[str], networks: frozenset[str], proxies: list[Proxy]
) -> Iterator[Finding]:
    """No label: Traefik takes any of the networks, if it is not told elsewhere."""
    near = [proxy for proxy in proxies if proxy.host is host and proxy.service is not service]
    serving = near or [proxy for proxy in proxies if proxy.networks is not None and proxy.networks & networks]
    if any(proxy.chooses or (proxy.networks is not None and networks <= proxy.networks) for proxy in serving):
        return
    # on the host's own network it reaches the bridges of all
    if any(proxy.service.mode is not None and proxy.service.mode.value == "host" for proxy in serving):
        return
    proxy = next((proxy for proxy in serving if proxy.configured and proxy.networks), None)
    shared = sorted(proxy.networks & networks) if proxy is not None and proxy.networks is not None else []
    names = ", ".join(sorted(networks))
    yield Finding(
        message=f"service {service.name} is to be served by Traefik and is on {len(networks)} networks ({names}); no "
        "label says which to use",
        at=mark.span,
        label="Traefik takes any of them",
        help=f"add the label traefik.docker.network={shared[0] if shared else 'the network that Traefik is on'}",
        related=(
            *(Label(one.span, one.network) for one in service.attachments[:4]),
            *(
                (Label(proxy.service.span, f"{proxy.service.name} is on {', '.join(shared) or 'none of them'}"),)
                if proxy is not None
                else ()
            ),
        ),
        confidence=Confidence.MEDIUM if proxy is not None else Confidence.LOW,
        host=host.name,
    )
