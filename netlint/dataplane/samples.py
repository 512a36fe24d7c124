"""Single packets out of sets of them, for the walk of one packet."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address
from random import Random
from weakref import WeakKeyDictionary

from msgspec import Struct

from netlint.dataplane.packet import Packet
from netlint.dataplane.space import FLAGS, PROTOCOLS, STATES, WITH_PORTS, Packets, PacketSpace
from netlint.prefix import parse_prefix

_NAMES = {number: name for name, number in reversed(PROTOCOLS.items())} | {
    4: "ipencap",
    58: "ipv6-icmp",
    135: "ipv6-mh",
}
_NUMBERED_PORTS = frozenset(PROTOCOLS[name] for name in WITH_PORTS)
# What a packet has where the set leaves it open, the most wanted first: prefixes of IPv4 and IPv6 for addresses.
_SOURCES = ("198.51.100.7/32", "198.51.100.0/24", "2001:db8::7/128", "2001:db8::/32")
_DESTINATIONS = ("203.0.113.9/32", "203.0.113.0/24", "2001:db8:1::9/128", "2001:db8:1::/48")


class _Usual(Struct, frozen=True):
    """What samples of a space are chosen by: the packets that `Packet` can stand for, and what is wished of them."""

    single: Packets
    wishes: tuple[Packets, ...]


_usual: WeakKeyDictionary[PacketSpace, _Usual] = WeakKeyDictionary()


def _usual_of(space: PacketSpace) -> _Usual:
    found = _usual.get(space)
    if found is None:
        found = _usual[space] = _Usual(single(space), tuple(_wishes(space)))
    return found


def single(space: PacketSpace) -> Packets:
    """The packets that `Packet` can stand for: the first of a connection or the answer to it, whole, and of ICMP echoes
    alone; for broadcasts of a network it takes addresses that end in 255."""
    tcp, icmp, icmp6 = (space.equal("protocol", PROTOCOLS[name]) for name in ("tcp", "icmp", "ipv6-icmp"))
    reply = space.equal("reply", 1)
    syn, ack = 1 << FLAGS.index("SYN"), 1 << FLAGS.index("ACK")
    flags = (reply & space.equal("flags", syn | ack)) | (~reply & space.equal("flags", syn))
    echo = (reply & space.equal("icmp", 0)) | (~reply & space.equal("icmp", 8 << 8))
    echo6 = (reply & space.equal("icmp", 129 << 8)) | (~reply & space.equal("icmp", 128 << 8))
    whole = space.equal("fragment", 0) & space.equal("special", 0) & space.universe
    whole = whole & (~reply | space.states(("ESTABLISHED", "INVALID", "UNTRACKED")))
    if space.version == 4:
        for field, bit in (("source", 1), ("destination", 2)):
            whole = whole & (~space.bits("broadcast", bit, bit) | space.bits(field, 0xFF, 0xFF))
    return whole & (~tcp | flags) & (~icmp | echo) & (~icmp6 | echo6)


def sample(space: PacketSpace, packets: Packets, pick: Random | None = None) -> Packet | None:
    """A packet of the set, as usual a one as there is, or any where `pick` chooses; None where the set holds none that
    `Packet` can stand for."""
    usual = _usual_of(space)
    here = packets & usual.single
    if not here.satisfiable():
        return None
    if pick is None:
        here = _likely(usual.wishes, here)
    fields = space.member(here, pick)
    return packet_of(space, fields) if fields is not None else None


def _likely(wishes: tuple[Packets, ...], packets: Packets) -> Packets:
    """The packets of the set that are most like others, one wish after the other."""
    for wish in wishes:
        some = packets & wish
        packets = some if some.satisfiable() else packets
    return packets


def _wishes(space: PacketSpace) -> Iterator[Packets]:
    yield from (space.equal("protocol", PROTOCOLS[name]) for name in ("tcp", "udp", "icmp", "ipv6-icmp"))
    yield space.states(("NEW",))
    yield from (space.equal(field, 0) for field in ("reply", "translated", "mark", "connmark"))
    yield from (space.equal("destination_port", port) for port in (80, 443))
    yield space.numbers("destination_port", 1, 0xFFFF)
    yield space.equal("source_port", 40000)
    yield space.numbers("source_port", 1, 0xFFFF)
    for field, prefixes in (("source", _SOURCES), ("destination", _DESTINATIONS)):
        yield from (space.prefix(field, prefix) for text in prefixes if (prefix := parse_prefix(text)) is not None)
        yield space.bits(field, 7, 0xFF)


def packet_of(space: PacketSpace, fields: dict[str, int]) -> Packet:
    """The packet with these values of the fields of `space`."""
    original = None
    if fields["state"] not in (STATES.index("INVALID"), STATES.index("UNTRACKED")):
        original = _packet(space, fields, "original_", None)
    return _packet(space, fields, "", original)


def _packet(space: PacketSpace, fields: dict[str, int], kind: str, original: Packet | None) -> Packet:
    number = fields["protocol"]
    ports = number in _NUMBERED_PORTS
    address = IPv4Address if space.version == 4 else IPv6Address
    translated = {name for bit, name in ((1, "DNAT"), (2, "SNAT")) if fields["translated"] & bit}
    return Packet(
        source=address(fields[f"{kind}source"]),
        destination=address(fields[f"{kind}destination"]),
        protocol=_NAMES.get(number, str(number)),
        source_port=fields[f"{kind}source_port"] if ports else None,
        destination_port=fields[f"{kind}destination_port"] if ports else None,
        in_interface=space.name(fields["in_interface"]),
        out_interface=space.name(fields["out_interface"]),
        state=STATES[fields["state"]],
        mark=fields["mark"],
        translated=frozenset(translated),
        connmark=fields["connmark"],
        original=original,
        reply=bool(fields["reply"]),
    )
