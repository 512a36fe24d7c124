"""How many subnets the engine's pools still have."""

from __future__ import annotations

from ipaddress import IPv4Network

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netlint.addresses.pools import BUILT_IN, LocalPool, automatic, supply
from netlint.model.daemon import Daemon, Pool, Setting
from netlint.model.host import Host, Resolver, Route, Site
from netlint.model.located import Located
from netlint.model.network import Network, Origin, Subnet
from netlint.prefix import Prefix, parse_address, parse_prefix
from netlint.source import Span

AT = Span("x", 0, 1)


def prefix(text: str) -> Prefix:
    found = parse_prefix(text)
    assert found is not None
    return found


def network(name: str, *subnets: str, origin: Origin = Origin.COMPOSE, **fields: object) -> Network:
    return Network(
        name=name,
        span=AT,
        origin=origin,
        subnets=tuple(Subnet(prefix=prefix(text), written=Located(text, AT)) for text in subnets),
        **fields,  # type: ignore[arg-type]
    )


def route(text: str, via: str | None = None, device: str = "eth0") -> Route:
    return Route(prefix(text), AT, via=parse_address(via) if via is not None else None, device=device)


def left(**fields: object) -> tuple[int, int, int]:
    host = Host(name="h", span=AT, **fields)  # type: ignore[arg-type]
    have = supply(host, Site(hosts=(host,)))
    return have.total, have.left, have.left_before


def pools(*stated: tuple[str, int]) -> Daemon:
    found = tuple(
        Pool(span=AT, written=Located(base, AT), base=prefix(base), size=Located(size, AT), setting=Setting.FILE)
        for base, size in stated
    )
    return Daemon(span=AT, pools=found)


def test_built_in_pools() -> None:
    assert sum(pool.subnets for pool in BUILT_IN) == 31
    assert left() == (31, 30, 30), "docker0 has one, wherever it is"


def test_networks_links_resolvers_and_docker0() -> None:
    server = parse_address("172.20.0.53")
    assert server is not None
    taken = left(
        networks=(
            network("a", "172.18.5.0/24"),
            network("b", "10.0.0.0/24"),
            network("o", "172.25.0.0/16", driver="overlay"),
        ),
        routes=(
            route("172.17.0.0/16", device="docker0"),
            route("172.30.0.0/15", "10.0.0.1"),
            route("0.0.0.0/0", "10.0.0.1"),
        ),
        resolver=Resolver(span=AT, nameservers=(Located(server, AT),)),
    )
    assert taken == (31, 28, 26)


@pytest.mark.parametrize(
    ("stated", "networks", "expected"),
    [
        ([("10.201.0.0/16", 24)], (), (256, 255, 255)),
        ([("10.201.0.0/30", 24)], (), (0, 0, 0)),  # what the engine refuses yields nothing
        ([("10.201.0.0/23", 24), ("10.202.0.0/24", 25)], ("10.201.1.128/25", "10.202.0.0/16"), (4, 0, 0)),
    ],
)
def test_stated_pools(stated: list[tuple[str, int]], networks: tuple[str, ...], expected: tuple[int, int, int]) -> None:
    found = tuple(network(text, text) for text in networks)
    assert left(daemon=pools(*stated), networks=found) == expected


def test_networks_that_ask() -> None:
    host = Host(
        name="h",
        span=AT,
        networks=(
            network("a"),
            network("six", "fd00::/64"),
            network("lan", driver="macvlan"),
            network("fixed", "10.0.0.0/24"),
            network("elsewhere", external=True),
            network("overlay", driver="overlay"),
            network("open", subnets_open=True),
            network("there", id="0123456789ab"),
            network("listed", origin=Origin.LIST),
        ),
    )
    assert [one.name for one in automatic(host)] == ["a", "six", "lan"]


@given(
    st.integers(8, 28),
    st.integers(0, 4),
    st.lists(st.tuples(st.integers(0, 2**32 - 1), st.integers(6, 32)), max_size=6),
)
@settings(max_examples=200)
def test_touched_subnets_are_those_that_overlap(length: int, more: int, others: list[tuple[int, int]]) -> None:
    base = Prefix(4, 0x0A000000 >> (32 - length) << (32 - length), length)
    found = [Prefix(4, first >> (32 - size) << (32 - size), size) for first, size in others]
    found += [Prefix(4, base.first | (first & (base.size - 1)) >> (32 - 30) << (32 - 30), 30) for first, _ in others]
    whole = IPv4Network((base.first, base.length))
    networks = [IPv4Network((one.first, one.length)) for one in found]
    expected = sum(any(part.overlaps(one) for one in networks) for part in whole.subnets(new_prefix=length + more))
    assert LocalPool(base, length + more).touched(found) == expected
