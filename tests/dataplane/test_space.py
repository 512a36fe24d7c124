"""Sets of packets by one field, and what is taken out of them again."""

from random import Random

import pytest

from netlint.dataplane.samples import packet_of, sample
from netlint.dataplane.space import PacketSpace
from netlint.prefix import parse_prefix

SPACE = PacketSpace(4, ("eth0", "eth1", "eth+", "docker0", "br-+", "br-lan+"))


@pytest.mark.parametrize("seed", range(30))
def test_numbers(seed: int) -> None:
    pick = Random(seed)
    low, high = sorted(pick.randrange(1 << 16) for _ in range(2))
    held = SPACE.numbers("destination_port", low, high)
    for number in (0, low - 1, low, (low + high) // 2, high, high + 1, 0xFFFF):
        if 0 <= number <= 0xFFFF:
            inside = (held & SPACE.equal("destination_port", number)).satisfiable()
            assert inside == (low <= number <= high)


def test_ranges_at_the_ends() -> None:
    assert SPACE.numbers("source_port", 0, 0xFFFF) == SPACE.everything
    assert SPACE.numbers("source_port", 5, 4) == SPACE.nothing
    assert SPACE.numbers("source_port", 7, 7) == SPACE.equal("source_port", 7)


def test_prefixes_nest() -> None:
    wide, narrow, other = (parse_prefix(text) for text in ("10.0.0.0/8", "10.1.2.0/24", "fd00::/8"))
    assert wide is not None
    assert narrow is not None
    assert other is not None
    assert SPACE.prefix("source", narrow) & ~SPACE.prefix("source", wide) == SPACE.nothing
    assert SPACE.prefix("source", other) == SPACE.nothing


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("eth0", {"eth0"}),
        ("eth+", {"eth0", "eth1", "eth7"}),
        ("br-+", {"br-x", "br-lan0", "br-lan77"}),
        ("br-lan+", {"br-lan0", "br-lan77"}),
        ("+", {"eth0", "eth1", "eth7", "docker0", "br-x", "br-lan0", "br-lan77", "wlan0"}),
    ],
)
def test_interface_names(pattern: str, names: set[str]) -> None:
    every = ("eth0", "eth1", "eth7", "docker0", "br-x", "br-lan0", "br-lan77", "wlan0")
    held = SPACE.interface("in_interface", pattern)
    assert {name for name in every if (held & SPACE.interface("in_interface", name)).satisfiable()} == names


def test_names_of_examples_belong_to_their_values() -> None:
    for pattern in ("eth+", "br-+", "br-lan+", "docker0", "wlan0"):
        packet = sample(SPACE, SPACE.interface("in_interface", pattern), Random(1))
        assert packet is not None
        assert packet.in_interface is not None
        held = SPACE.interface("in_interface", pattern)
        assert (held & SPACE.interface("in_interface", packet.in_interface)).satisfiable()


def test_a_member_has_the_fields_of_its_set() -> None:
    asked = SPACE.equal("protocol", 17) & SPACE.equal("destination_port", 53) & SPACE.states(("RELATED",))
    fields = SPACE.member(asked & SPACE.universe, Random(3))
    assert fields is not None
    packet = packet_of(SPACE, fields)
    assert (packet.protocol, packet.destination_port, packet.state) == ("udp", 53, "RELATED")
    assert SPACE.member(SPACE.nothing) is None


def test_a_usual_packet_is_chosen() -> None:
    packet = sample(SPACE, SPACE.universe)
    assert packet is not None
    assert str(packet) == "tcp 198.51.100.7:40000 > 203.0.113.9:80"
    assert (packet.state, packet.mark, packet.reply) == ("NEW", 0, False)
