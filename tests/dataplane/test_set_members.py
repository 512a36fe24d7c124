"""The packets of ipset's sets against the lookup of one packet, over random sets of every type that is modelled."""

from collections import Counter
from random import Random

import pytest

from netlint.dataplane.samples import sample
from netlint.dataplane.set_members import member_sets
from netlint.dataplane.sets import in_set
from netlint.dataplane.space import PacketSpace
from netlint.model.netfilter import IpSet, SetMember
from netlint.source import Span

SPAN = Span("sets", 0, 0)
PARTS = {
    "ip": ("10.0.0.1", "10.0.0.2", "10.0.0.1-10.0.0.9", "192.0.2.1"),
    "net": ("10.0.0.0/8", "10.1.0.0/16", "10.1.2.0/24", "10.1.2.3", "0.0.0.0/1", "192.0.2.0-192.0.2.77"),
    "port": ("tcp:80", "udp:53", "tcp:1000-2000", "443"),
    "iface": ("eth0", "docker0"),
    "proto": ("tcp", "udp"),
    "mac": ("02:42:ac:11:00:02",),
}
TYPES = ("ip", "net", "ip,port", "net,port", "net,net", "ip,port,ip", "net,iface", "net,port,net", "ip,mac")


def made(pick: Random, kind: str) -> IpSet:
    dimensions = kind.split(",")
    keys = {tuple(pick.choice(PARTS[one]) for one in dimensions) for _ in range(pick.randrange(8))}
    # exceptions are for networks alone, and no key stands there twice
    members = [
        SetMember(key, kind.startswith("net") and pick.random() < 0.3, pick.random() < 0.9) for key in sorted(keys)
    ]
    return IpSet(name=f"set-{kind}", span=SPAN, type=f"hash:{kind}", members=tuple(members))


@pytest.mark.parametrize("kind", [*TYPES, "list"])
def test_members(kind: str) -> None:
    pick = Random(kind)
    space = PacketSpace(4, ("eth0", "docker0"))
    counts: Counter[tuple[str, bool | None]] = Counter()
    for _ in range(80):
        inner = "net,port" if kind == "list" else kind
        asked = made(pick, inner)
        if kind == "list":
            members = (SetMember(("a",)), SetMember(("b",)))
            asked = IpSet(name="list", span=SPAN, type="list:set", members=members, sets=(asked, made(pick, inner)))
        sides = tuple(pick.choice(("src", "dst")) for _ in inner.split(","))
        region = member_sets(space, asked, sides)
        assert region is not None
        for name, packets in (("in", region.sure), ("out", ~region.may), ("open", region.may & ~region.sure)):
            packet = sample(space, packets & space.universe, pick)
            if packet is not None:
                answer = in_set(asked, sides, packet)
                counts[name, answer] += 1
                assert answer is not {"in": False, "out": True, "open": "never"}[name], (asked, sides, str(packet))
    print(counts)
    assert counts["out", False] > 5


def test_too_few_sides() -> None:
    space = PacketSpace(4, ())
    assert member_sets(space, made(Random(1), "net,port"), ("src",)) is None
