"""The set algebra of host ports, against a model that opens sockets one by one."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netlint.model.compose import PortRange, PublishedPort
from netlint.model.host import Publication
from netlint.model.located import Located
from netlint.model.ports import Binding, Taken, collisions, takes
from netlint.source import Span

AT = Span("x", 0, 0)
ADDRESSES = (None, "0.0.0.0", "::", "127.0.0.1", "10.0.0.5", "::1", "::ffff:10.0.0.5")


def port(
    address: str | None = None, first: int = 80, last: int = 0, target: int = 0, protocol: str = "tcp"
) -> PublishedPort:
    published = PortRange(first, last or first)
    size = target or len(published)
    return PublishedPort(
        target=PortRange(1000, 999 + size),
        span=AT,
        published=published,
        address=Located(address, AT) if address is not None else None,
        protocol=protocol,
    )


@pytest.mark.parametrize(
    ("one", "other", "common"),
    [
        (port(), port(), "80"),
        (port("127.0.0.1"), port("10.0.0.5"), None),
        (port("127.0.0.1"), port(), "80"),
        (port("127.0.0.1"), port("0.0.0.0"), "80"),
        (port("127.0.0.1"), port("::"), None),
        (port("::1"), port("::"), "80"),
        (port("::"), port("0.0.0.0"), None),
        (port("::"), port(), "80"),
        (port("::ffff:10.0.0.5"), port("10.0.0.5"), "80"),
        (port(protocol="udp"), port(), None),
        (port(first=9000, last=9010), port(first=9005), "9005"),
        (port(first=9000, last=9010), port(first=9008, last=9020), "9008-9010"),
        (port(first=9000, last=9010), port(first=9011), None),
    ],
)
def test_common(one: PublishedPort, other: PublishedPort, common: str | None) -> None:
    first, second = takes(one), takes(other)
    assert first is not None
    assert second is not None
    found = first.common(second)
    assert (str(found) if found is not None else None) == common
    assert first.common(second) == second.common(first)


@pytest.mark.parametrize(
    "free",
    [
        port(first=9000, last=9010, target=1),
        port("localhost"),
        PublishedPort(target=PortRange(80, 80), span=AT),
        PublishedPort(target=PortRange(80, 80), span=AT, published=PortRange(80, 80), address_open=True),
    ],
)
def test_what_cannot_be_told(free: PublishedPort) -> None:
    assert takes(free) is None


def sockets(binding: Binding) -> set[tuple[int, str | None, str, int]]:
    return {
        (version, None if address is None else str(address), binding.protocol, number)
        for version, address in binding.places
        for number in range(binding.ports.first, binding.ports.last + 1)
    }


def clash(one: Binding, other: Binding) -> bool:
    return any(
        (a[0], a[2], a[3]) == (b[0], b[2], b[3]) and (a[1] is None or b[1] is None or a[1] == b[1])
        for a, b in product(sockets(one), sockets(other))
    )


PORTS = st.builds(
    lambda address, first, more, protocol: port(address, first, first + more, protocol=protocol),
    st.sampled_from(ADDRESSES),
    st.integers(1, 12),
    st.integers(0, 4),
    st.sampled_from(("tcp", "udp")),
)


@settings(max_examples=200)
@given(st.lists(PORTS, max_size=8))
def test_collisions_are_those_of_single_sockets(ports: list[PublishedPort]) -> None:
    taken = [
        Taken(Publication(f"service {index}", None, one, ()), binding)
        for index, one in enumerate(ports)
        if (binding := takes(one)) is not None
    ]
    found = {(first.publication.owner, second.publication.owner) for first, second, _ in collisions(taken)}
    wanted = {
        (first.publication.owner, second.publication.owner)
        for index, first in enumerate(taken)
        for second in taken[index + 1 :]
        if clash(first.binding, second.binding)
    }
    assert found == wanted


def test_of_many_on_one_port_each_collides() -> None:
    ports = [port(None, 80, 80, protocol="tcp") for _ in range(2000)]
    taken = [
        Taken(Publication(f"service {index}", None, one, ()), binding)
        for index, one in enumerate(ports)
        if (binding := takes(one)) is not None
    ]
    pairs = list(collisions(taken))
    assert {second.publication.owner for _, second, _ in pairs} == {f"service {index}" for index in range(1, 2000)}
    assert len(pairs) < 2000 * 301
