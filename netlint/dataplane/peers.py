"""Which container networks of other hosts the routes of a host lead to, found without a look at every pair of hosts."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from typing import NamedTuple
from weakref import WeakKeyDictionary

from msgspec import Struct

from netlint.dataplane.journey import Gathered, Walker
from netlint.dataplane.probes import Inside, insides
from netlint.model.host import Host, Route
from netlint.prefix import Prefix


class Crossing(NamedTuple):
    """A route that overlaps a container network of the host `other`."""

    route: Route
    other: Host
    theirs: Inside


class _Index(Struct, frozen=True):
    """The container networks of a site in the order of their prefixes, the same by prefix, and their lengths. `numbers`
    are their places in the order of the hosts."""

    prefixes: list[Prefix]
    networks: list[tuple[Host, Inside]]
    numbers: list[tuple[int, int]]
    by_prefix: dict[Prefix, list[int]]
    lengths: tuple[int, ...]


_indexes: WeakKeyDictionary[Gathered, _Index] = WeakKeyDictionary()


def crossings(walker: Walker, host: Host) -> Iterator[Crossing]:
    """For each route of IPv4 that is not on-link by a container network of its own, the networks of other hosts that it
    overlaps, in the order of the hosts."""
    networks = _index(walker).networks
    for route, position in _crossed(walker, host):
        other, theirs = networks[position]
        if not other.implied:
            yield Crossing(route, other, theirs)


def led_to(walker: Walker, host: Host) -> Iterator[tuple[Host, Inside]]:
    """The container networks of other hosts, implied ones included, that routes of IPv4 of `host` may lead to, in the
    order of the hosts; all of them where its routes were not given."""
    index = _index(walker)
    if host.lists("routes"):
        positions = {position for _, position in _crossed(walker, host)}
        yield from (index.networks[position] for position in sorted(positions, key=index.numbers.__getitem__))
    else:
        every = sorted(range(len(index.networks)), key=index.numbers.__getitem__)
        yield from (index.networks[position] for position in every if index.networks[position][0] is not host)


def _crossed(walker: Walker, host: Host) -> Iterator[tuple[Route, int]]:
    """The routes with the positions in the index of the networks that they overlap."""
    index = _index(walker)
    if all(one[0] is host for one in index.networks):
        return
    bridges = {inside.link for inside in insides(walker.on(host))}
    for route in host.routes or ():
        if route.prefix.is_default or route.prefix.version != 4 or route.kind != "unicast":
            continue
        if route.device in bridges and route.via is None:
            continue
        for position in sorted(_overlapping(index, route.prefix)):
            if index.networks[position][0] is not host:
                yield route, position


def _index(walker: Walker) -> _Index:
    gathered = walker.gathered
    if gathered not in _indexes:
        numbered = [
            (inside.prefix, (number, place), host, inside)
            for number, host in enumerate(walker.hosts)
            for place, inside in enumerate(insides(walker.on(host)))
        ]
        numbered.sort(key=lambda one: (one[0].first, one[0].length, one[1]))
        by_prefix: dict[Prefix, list[int]] = {}
        for position, one in enumerate(numbered):
            by_prefix.setdefault(one[0], []).append(position)
        _indexes[gathered] = _Index(
            [one[0] for one in numbered],
            [(one[2], one[3]) for one in numbered],
            [one[1] for one in numbered],
            by_prefix,
            tuple(sorted({one[0].length for one in numbered})),
        )
    return _indexes[gathered]


def _overlapping(index: _Index, prefix: Prefix) -> Iterator[int]:
    """The networks that contain the prefix, are equal to it, or lie inside it."""
    for length in index.lengths:
        if length <= prefix.length:
            above = 32 - length
            yield from index.by_prefix.get(Prefix(4, prefix.first >> above << above, length), ())
    last = prefix.first + prefix.size
    position = bisect_left(index.prefixes, prefix.first, key=lambda one: one.first)
    while position < len(index.prefixes) and index.prefixes[position].first < last:
        if index.prefixes[position].length > prefix.length:
            yield position
        position += 1
