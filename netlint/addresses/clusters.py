"""What of a site's clusters is for a host: its own files, and those that lie above the directories of several hosts."""

from __future__ import annotations

from collections.abc import Iterator

from netlint.model.cluster import Cluster
from netlint.model.host import Host, Site
from netlint.source import Span


def clusters_of(host: Host, site: Site) -> Iterator[Cluster]:
    """The host's own, then those of manifests and scripts that no host has to itself."""
    yield host.cluster
    yield from (other.cluster for other in above(host, site) if other.cluster)


def above(host: Host, site: Site) -> Iterator[Host]:
    """The deployments of unknown hosts that lie above the directory of `host`: what is for every host there."""
    own = f"{host.span.source.rpartition('/')[0]}/"
    if not host.implied and own != "/":
        yield from (other for other in site.every if other.implied and own.startswith(_folder(other.span)))


def _folder(span: Span) -> str:
    folder, slash, _ = span.source.rpartition("/")
    return folder + slash
