"""Key-value stores that everybody may reach: those of clusters, which ask nobody who they are by default."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec import Struct

from netlint.model.cluster import StoreServer
from netlint.model.host import Host, Site
from netlint.model.located import Located
from netlint.pattern import pattern
from netlint.prefix import parse_address
from netlint.source import Span

if TYPE_CHECKING:
    from netlint.dataplane.leg import Leg

PORTS = {"consul": (8500,), "etcd": (2379, 4001), "zookeeper": (2181,)}
IMAGES = {"consul": "consul", "etcd": "etcd", "zookeeper": "zookeeper", "cp-zookeeper": "zookeeper"}
# Signs that clients must show who they are.
GUARDED = pattern(r"client-cert-auth|root.?password|verify_incoming|\bacl\b|\"acl\"|tls|https://|ssl", re.IGNORECASE)


class Open(Struct, frozen=True):
    """A store that listens on every address, at this place."""

    program: str
    port: int
    at: Span
    owner: str
    published: bool


class OpenStore(Struct, frozen=True):
    """A store that a packet from outside may reach: `leg` is its way where the firewall is known, `user` the place and
    the name of what keeps the state of a cluster in it, where that is known."""

    store: Open
    leg: Leg | None
    user: tuple[Span, str] | None


def open_stores(site: Site, host: Host) -> Iterator[OpenStore]:
    """The stores of `host` that ask nobody who they are and that nothing is known to keep outsiders from."""
    used = _users(host, site)
    said: set[Span] = set()
    for one in (*_published(host), *_running(host)):
        if one.at in said or (one.program == "zookeeper" and one.program not in used):
            continue  # ZooKeeper serves many other programs
        said.add(one.at)
        leg = _from_outside(site, host, one)
        if leg is None or leg.accepted or not leg.certain:
            yield OpenStore(one, leg, used.get(one.program))


def _users(host: Host, site: Site) -> dict[str, tuple[Span, str]]:
    """By program: who keeps the state of a cluster in it."""
    found: dict[str, tuple[Span, str]] = {}
    for other in site.every:
        if other.implied and other is not host:
            continue
        store = other.daemon.text("cluster-store") if other.daemon is not None else None
        scheme = store.value.partition("://")[0] if store is not None else ""
        program = {"zk": "zookeeper"}.get(scheme, scheme)
        if store is not None and program in PORTS:
            found.setdefault(program, (store.span, "the engine's cluster-store"))
        for daemon in other.cluster.flanneld:
            found.setdefault("etcd", (daemon.span, "flannel"))
        for server in other.cluster.api_servers:
            found.setdefault("etcd", (server, "kube-apiserver"))
    return found


def _published(host: Host) -> Iterator[Open]:
    for one in host.publications():
        program = _program(one.image)
        port = one.port
        if program is None or port.target.first not in PORTS[program] or not _every(port.address):
            continue
        words = one.run.command if one.run is not None else one.service.command if one.service is not None else ()
        settings = one.service.environment if one.service is not None else ()
        texts = [word.value for word in words] + [f"{name}={value.value}" for name, value in settings]
        if not any(GUARDED.search(text) for text in texts) and port.published is not None:
            yield Open(program, port.published.first, port.span, one.owner, published=True)


def _program(image: Located[str] | None) -> str | None:
    name = image.value.partition("@")[0].rpartition("/")[2].partition(":")[0] if image is not None else ""
    return IMAGES.get(name)


def _every(address: Located[str] | None) -> bool:
    parsed = parse_address(address.value.strip("[]")) if address is not None else None
    return address is None or (parsed is not None and parsed.is_unspecified)


def _running(host: Host) -> Iterator[Open]:
    """What units, scripts and manifests start without a container's ports."""
    for server in host.cluster.stores:
        if not server.guarded and (listen := _listens(server)) is not None:
            yield Open(server.program, listen[0], listen[1], "this host", published=False)


def _listens(server: StoreServer) -> tuple[int, Span] | None:
    for address in server.listens:
        found = re.fullmatch(r"(?:http://)?\[?(0\.0\.0\.0|::|)\]?(?::(\d+))?/?", address.value)
        if found is not None and address.exact:
            return int(found[2] or PORTS[server.program][0]), address.span
    return None


def _from_outside(site: Site, host: Host, one: Open) -> Leg | None:
    """The way of a packet from outside to the store, where the host's firewall and addresses are known."""
    from netlint.dataplane.journey import Walker  # noqa: PLC0415 - few sites have a store, and each check asks here
    from netlint.dataplane.probes import inward, known_as  # noqa: PLC0415 - the same

    walk = Walker(site.every).on(host)
    address = known_as(walk)
    if not walk.rulesets or address is None:
        return None
    return walk.receive(inward(walk, address, one.port))
