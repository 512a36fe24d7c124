"""What Compose files speak of: most rules have nothing to look at in most files."""

from __future__ import annotations

from msgspec import Struct

from netlint.model.compose import Attachment, Project, PublishedPort, Service
from netlint.model.host import Host, Site
from netlint.model.network import Network

KINDS: dict[str, type[Struct]] = {
    "site": Site,
    "host": Host,
    "project": Project,
    "network": Network,
    "service": Service,
    "attachment": Attachment,
    "port": PublishedPort,
}


def is_field(what: str) -> bool:
    """Whether `what` names a field that something in a site can have: `service.mode`, `network.driver=overlay`."""
    kind, _, field = what.partition("=")[0].partition(".")
    return kind in KINDS and field in KINDS[kind].__struct_fields__


class Spoken:
    """The fields that are set in a site: `"service.mode" in spoken` where a service of it has a network_mode, and
    `"network.driver=overlay|service.dns"` where a network has that driver or a service name servers."""

    def __init__(self, site: Site) -> None:
        projects = [project for host in site.hosts for project in host.projects]
        services = [service for project in projects for service in project.services]
        listed = [one.networks for one in site.hosts] + [one.networks for one in projects]
        self._all: dict[str, list[Struct]] = {
            "site": [site],
            "host": [*site.hosts],
            "project": [*projects],
            "network": [network for networks in listed for network in networks],
            "service": [*services],
            "attachment": [attachment for service in services for attachment in service.attachments],
            "port": [port for service in services for port in service.ports],
        }
        self._known: dict[str, bool] = {}

    def __contains__(self, what: str) -> bool:
        known = self._known.get(what)
        if known is None:
            known = self._known[what] = any(self._is_set(one) for one in what.split("|"))
        return known

    def _is_set(self, what: str) -> bool:
        place, _, wanted = what.partition("=")
        kind, _, field = place.partition(".")
        values = (getattr(one, field) for one in self._all[kind])
        if wanted:
            return wanted in values
        return any(value is not None and value is not False and value != () for value in values)
