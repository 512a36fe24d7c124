"""Which container networks of other hosts the routes of a host lead to, found without a look at every pair of hosts."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from typing import NamedTuple
from weakref import WeakKeyDictionary

from msgspec import Struct

from netlint.dataplane.host_walk import HostWalk
from netlint.dataplane.journey import Walker
from netlint.dataplane.probes import Inside, insides
from netlint.model.host import Host, Route
from netlint.prefix import Prefix


class Crossing(NamedTuple):
    """A route that overlaps a container network of the host `other`."""

    route: Route
    other: Host
    theirs: Inside


class _Index(Struct, frozen=True):
    """The container networks of a site in the order of their prefixes, the same by prefix, and their lengths."""

    prefixes: list[Prefix]
    networks: list[tuple[Host, Inside]]
    by_prefix: dict[Prefix, list[int]]
    lengths: tuple[int, ...]


_indexes: WeakKeyDictionary[HostWalk, _Index] = WeakKeyDictionary()


def crossings(walker: Walker, host: Host) -> Iterator[Crossing]:
    """For each route of IPv4 that is not on-link by a container network of its own, the networks of other hosts that it
    overlaps, in the order of the hosts."""
    index = _index(walker)
    bridges = {inside.link for inside in insides(walker.on(host))}
    for route in host.routes or ():
        if route.prefix.is_default or route.prefix.version != 4 or route.kind != "unicast":
            continue
        if route.device in bridges and route.via is None:
            continue
        for position in sorted(_overlapping(index, route.prefix)):
            other, theirs = index.networks[position]
            if other is not host:
                yield Crossing(route, other, theirs)


def _index(walker: Walker) -> _Index:
    first = walker.on(walker.hosts[0])
    if first not in _indexes:
        numbered = [
            (inside.prefix, number, host, inside)
            for number, host in enumerate(walker.hosts)
            if not host.implied
            for inside in insides(walker.on(host))
        ]
        numbered.sort(key=lambda one: (one[0].first, one[0].length, one[1]))
        by_prefix: dict[Prefix, list[int]] = {}
        for position, one in enumerate(numbered):
            by_prefix.setdefault(one[0], []).append(position)
        _indexes[first] = _Index(
            [one[0] for one in numbered],
            [(one[2], one[3]) for one in numbered],
            by_prefix,
            tuple(sorted({one[0].length for one in numbered})),
        )
    return _indexes[first]


def _overlapping(index: _Index, prefix: Prefix) -> Iterator[int]:
    """The networks that contain the prefix, are equal to it, or lie inside it."""
    for length in index.lengths:
        if length <= prefix.length:
            yield from index.by_prefix.get(Prefix.of(prefix.network_address, length), ())
    last = prefix.first + prefix.size
    position = bisect_left(index.prefixes, prefix.first, key=lambda one: one.first)
    while position < len(index.prefixes) and index.prefixes[position].first < last:
        if index.prefixes[position].length > prefix.length:
            yield position
        position += 1
