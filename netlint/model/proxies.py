"""Reverse proxies that find the containers they serve through the engine."""

from __future__ import annotations

from msgspec import Struct

from netlint.model.compose import Project, Service
from netlint.model.host import Host, Site
from netlint.model.located import Located
from netlint.model.reach import Reach, image_name
from netlint.source import Span

# By the last part of the image's name, what asks such a proxy for service: labels that begin so, or a variable.
PROXIES = {"traefik": "traefik.", "caddy-docker-proxy": "caddy", "nginx-proxy": "VIRTUAL_HOST"}

# By which Traefik asks a swarm for its services.
_SWARM_OPTIONS = ("--providers.swarm", "--providers.docker.swarmmode", "--docker.swarmmode")


class Proxy(Struct, frozen=True):
    """A proxy of the input with the engine's names of its networks."""

    host: Host
    project: Project
    service: Service
    networks: frozenset[str]


def proxies(site: Site, kind: str) -> list[Proxy]:
    """The proxies of a kind; none if the networks of one are not known, or it is on the host's and reaches all."""
    found = []
    for host in site.every:
        for project in host.projects:
            for service in project.services:
                if image_name(service) == kind:
                    networks = Reach(project).networks(service)
                    if not networks:
                        return []
                    found.append(Proxy(host, project, service, networks))
    return found


def serving(known: list[Proxy], host: Host, project: Project) -> Proxy | None:
    """The proxy that is meant to serve a project: its own, or else the only one; None where that cannot be told."""
    own = [proxy for proxy in known if proxy.project is project]
    near = [proxy for proxy in known if proxy.host is host or (proxy.host.implied and host.implied)]
    found = own or near
    return found[0] if len(found) == 1 else None


def proxied(service: Service, kind: str) -> Span | None:
    """Where a service asks to be served by a proxy of that kind; None where it does not, or says no."""
    mark = PROXIES[kind]
    if mark.isupper():
        return next((value.span for name, value in service.environment if name == mark), None)
    labels = [(name, value) for name, value in (*service.labels, *service.deploy_labels) if name.startswith(mark)]
    if any(name == "traefik.enable" and value.value.lower() != "true" for name, value in labels):
        return None
    return labels[0][1].span if labels else None


def swarm_options(service: Service) -> list[Located[str]]:
    """The options by which a Traefik is told to look for the services of a swarm."""
    words = [(word, *word.value.lower().partition("=")) for word in service.command]
    return [word for word, name, _, value in words if name.startswith(_SWARM_OPTIONS) and value not in ("false", "0")]
