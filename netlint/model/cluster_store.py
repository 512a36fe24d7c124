"""The external store that engines up to 20.10 keep their overlay networks in, as `cluster-store` names it.

`consul://10.0.0.9:8500/path`, `etcd://10.0.0.1:2379,10.0.0.2:2379`, `zk://10.0.0.1:2181`: all endpoints are of one
store, and what comes behind the slash is the root of the keys. Source: libnetwork, datastore.go, NewDataStore.
"""

from __future__ import annotations

import re

from msgspec import Struct

from netlint.model.host import Host
from netlint.model.located import Located
from netlint.prefix import Address, parse_address
from netlint.source import Span

PROGRAMS = {"consul": "consul", "etcd": "etcd", "zk": "zookeeper"}
_ENDPOINT = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[^:\s]+):(?P<port>[0-9]{1,5})")


class StoreEndpoint(Struct, frozen=True):
    """One server of a store. `host` is as written, `address` None where that is a name; `span` covers both."""

    host: str
    address: Address | None
    port: int
    span: Span


class ClusterStore(Struct, frozen=True):
    """What `cluster-store` says. `program` is "consul", "etcd" or "zookeeper"; `root` has no slash at its ends."""

    option: Located[str]
    program: str
    endpoints: tuple[StoreEndpoint, ...]
    root: str

    def same(self, other: ClusterStore) -> bool:
        """Whether both name one store: a server in common, and the same root."""
        mine = {(one.host, one.port) for one in self.endpoints}
        theirs = {(one.host, one.port) for one in other.endpoints}
        return (self.program, self.root) == (other.program, other.root) and not mine.isdisjoint(theirs)


def cluster_store(host: Host) -> ClusterStore | None:
    """The store of a host's engine; None where none is set, the engine does not know the option, or it is no URL."""
    option = host.daemon.text("cluster-store") if host.daemon is not None else None
    if option is None or host.knows_store is False:
        return None
    scheme, found, rest = option.value.partition("://")
    program = PROGRAMS.get(scheme)
    if not found or program is None:
        return None
    places, _, root = rest.partition("/")
    at, endpoints = len(scheme) + len(found), []
    for place in places.split(","):
        match = _ENDPOINT.fullmatch(place)
        if match is not None and 0 < int(match["port"]) < 65536:
            name = match["host"].strip("[]")
            span = _part(option, at, at + len(place))
            endpoints.append(StoreEndpoint(name, parse_address(name), int(match["port"]), span))
        at += len(place) + 1
    return ClusterStore(option, program, tuple(endpoints), root.strip("/"))


def _part(option: Located[str], start: int, end: int) -> Span:
    """The place of a part; of the whole where the text is not the source's own."""
    span = option.span
    return span.part(start, end) if option.exact and span.end - span.start == len(option.value) else span
