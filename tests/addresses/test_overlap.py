"""Overlaps and free subnets against the plain answer of `ipaddress`."""

from __future__ import annotations

from collections import Counter
from ipaddress import ip_network
from itertools import combinations, islice

from hypothesis import given, settings
from hypothesis import strategies as st

from netlint.addresses.free import RFC1918, free_subnets
from netlint.addresses.overlap import overlaps, overlaps_between
from netlint.prefix import Prefix, parse_prefix


def dense(version: int) -> st.SearchStrategy[Prefix]:
    """Prefixes crowded into few addresses, so that many nest and many are equal."""
    bits = 32 if version == 4 else 128
    base = 0x0A000000 if version == 4 else 0xFD << 120
    return st.tuples(st.integers(0, 63), st.integers(bits - 6, bits)).map(
        lambda one: Prefix(version, (base + one[0]) >> (bits - one[1]) << (bits - one[1]), one[1])
    )


PREFIXES = (
    dense(4) | dense(6) | st.just(Prefix(4, 0, 0)) | st.just(Prefix(6, 0, 0)) | st.just(Prefix(6, 0x0A000000, 128))
)


def network(prefix: Prefix):  # type: ignore[no-untyped-def]
    return ip_network(str(prefix))


def meet(one: Prefix, other: Prefix) -> bool:
    return one.version == other.version and bool(network(one).overlaps(network(other)))


@settings(max_examples=200)
@given(st.lists(PREFIXES, max_size=25))
def test_overlaps_is_every_pair_that_meets(prefixes: list[Prefix]) -> None:
    items = list(enumerate(prefixes))
    found = list(overlaps(items, key=lambda item: item[1]))
    wanted = Counter(frozenset((one[0], other[0])) for one, other in combinations(items, 2) if meet(one[1], other[1]))
    assert Counter(frozenset((outer[0], inner[0])) for outer, inner in found) == wanted
    assert all(network(inner[1]).subnet_of(network(outer[1])) for outer, inner in found)


@settings(max_examples=200)
@given(st.lists(PREFIXES, max_size=15), st.lists(PREFIXES, max_size=15))
def test_overlaps_between_is_every_pair_across(left: list[Prefix], right: list[Prefix]) -> None:
    one, other = list(enumerate(left)), list(enumerate(right))
    found = Counter((a[0], b[0]) for a, b in overlaps_between(one, other, lambda item: item[1], lambda item: item[1]))
    assert found == Counter((i, j) for i, a in one for j, b in other if meet(a, b))


def test_nothing_to_compare() -> None:
    assert list(overlaps([])) == []
    assert list(overlaps_between([], [Prefix(4, 0, 0)], right_key=lambda prefix: prefix)) == []


@settings(max_examples=200)
@given(st.lists(dense(4), max_size=20), st.integers(24, 32))
def test_free_subnets_are_all_that_is_left(taken: list[Prefix], length: int) -> None:
    within = Prefix(4, 0x0A000000, 26)
    found = list(free_subnets(taken, length, (within,)))
    wanted = (
        [
            str(one)
            for one in network(within).subnets(new_prefix=length)
            if not any(one.overlaps(network(t)) for t in taken)
        ]
        if length >= 26
        else []
    )
    assert [str(one) for one in found] == wanted


def test_free_subnets_begin_where_docker_does() -> None:
    taken = [prefix for text in ("172.16.0.0/15", "172.18.4.0/24", "fd00::/8") if (prefix := parse_prefix(text))]
    assert [str(one) for one in islice(free_subnets(taken, 16), 2)] == ["172.19.0.0/16", "172.20.0.0/16"]
    assert str(next(free_subnets(RFC1918[:1], 24))) == "10.0.0.0/24"
    assert next(free_subnets([Prefix(4, 0, 0)], 24), None) is None
    ula = Prefix(6, 0xFD << 120, 48)
    assert str(next(free_subnets([Prefix(6, ula.first, 64)], 64, (ula,)))) == "fd00:0:0:1::/64"
