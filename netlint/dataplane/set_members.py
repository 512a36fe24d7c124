"""The packets that a set of ipset or nftables holds, as `in_set` decides it for one packet."""

from __future__ import annotations

import re

from netlint.dataplane.space import Packets, PacketSpace, Region
from netlint.model.netfilter import IpSet, SetMember
from netlint.prefix import Prefix, range_prefixes

_PORT = re.compile(r"\d{1,5}", re.ASCII)


def member_sets(space: PacketSpace, asked: IpSet, sides: tuple[str, ...]) -> Region | None:
    """The packets that `asked` surely holds and those it may hold; `sides` are "src" or "dst" for each dimension.

    None where too few sides are asked for. A member that is not understood, or may be gone, holds some packets maybe.
    """
    if asked.type == "list:set":
        return _of_list(space, asked, sides)
    dimensions = asked.type.partition(":")[2].split(",")
    if len(sides) < len(dimensions):
        return None
    levels: dict[int, list[tuple[SetMember, Packets | None]]] = {}
    for member in asked.members:
        bits, held = _held(space, member, dimensions, sides)
        levels.setdefault(bits, []).append((member, held))
    sure = may = space.nothing
    # the longest prefix decides, exceptions (`nomatch`) included
    for _, members in sorted(levels.items()):
        inside: list[Packets] = []
        outside: list[Packets] = []
        open_in: list[Packets] = []
        open_out: list[Packets] = []
        for member, held in members:
            certain = held is not None and member.lasting
            where = held if held is not None else space.everything
            if member.excluded:
                (outside if certain else open_out).append(where)
            else:
                (inside if certain else open_in).append(where)
        held_in, held_out = space.union(inside), space.union(outside)
        sure = (sure & ~held_out & ~space.union(open_out)) | held_in
        may = (may & ~held_out) | held_in | space.union(open_in)
    return Region(sure, may)


def _of_list(space: PacketSpace, asked: IpSet, sides: tuple[str, ...]) -> Region:
    sure = may = space.nothing
    for one in asked.sets:
        found = member_sets(space, one, sides) if one is not None else None
        sure = sure | (found.sure if found is not None else space.nothing)
        may = may | (found.may if found is not None else space.everything)
    return Region(sure, may)


def _held(
    space: PacketSpace, member: SetMember, dimensions: list[str], sides: tuple[str, ...]
) -> tuple[int, Packets | None]:
    """How many bits of addresses the member fixes, and the packets it is for; None where they are not known."""
    if len(member.parts) != len(dimensions):
        return 0, None
    bits, found, known = 0, space.everything, True
    for part, dimension, side in zip(member.parts, dimensions, sides, strict=False):
        source = side == "src"
        match dimension:
            case "ip" | "net":
                prefixes = range_prefixes(part)
                bits += prefixes[0].length if prefixes is not None and len(prefixes) == 1 else 0
                held = _in(space, "source" if source else "destination", prefixes)
            case "port":
                held = _port(space, part, "source_port" if source else "destination_port")
            case "iface" if ":" not in part:
                held = space.interface("in_interface" if source else "out_interface", part)
            case "proto":
                held = space.protocol(part)
            case _:
                held = None
        known = known and held is not None
        found = found & held if held is not None else found
    return bits, found if known else None


def _in(space: PacketSpace, field: str, prefixes: list[Prefix] | None) -> Packets | None:
    return space.union(space.prefix(field, prefix) for prefix in prefixes) if prefixes is not None else None


def _port(space: PacketSpace, part: str, field: str) -> Packets | None:
    protocol, _, ports = part.rpartition(":")
    low, _, high = ports.partition("-")
    if _PORT.fullmatch(low) is None or _PORT.fullmatch(high or low) is None:
        return None
    if protocol in ("icmp", "icmpv6", "ipv6-icmp"):  # types stand in the place of ports
        return None
    carrying = space.protocol(protocol) if protocol else space.with_ports
    return space.numbers(field, int(low), int(high or low)) & carrying if carrying is not None else None
