"""Whether a set of ipset or nftables holds a packet, as net/netfilter/ipset of Linux looks it up."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from netlint.model.netfilter import IpSet, SetMember
from netlint.pattern import pattern
from netlint.prefix import Address, parse_address, parse_prefix

_PORT = pattern(r"\d{1,5}", re.ASCII)

if TYPE_CHECKING:
    from netlint.dataplane.packet import Packet


def in_set(asked: IpSet, sides: tuple[str, ...], packet: Packet) -> bool | None:
    """Whether `asked` holds the packet; `sides` are "src" or "dst" for each dimension. None where a member's
    condition is not modelled, or the member may be gone."""
    if asked.type == "list:set":
        answers = [None if one is None else in_set(one, sides, packet) for one in asked.sets]
        return True if True in answers else None if None in answers else False
    dimensions = asked.type.partition(":")[2].split(",")
    if len(sides) < len(dimensions):
        return None
    best: tuple[int, bool] | None = None
    open_to = -1
    for member in asked.members:
        holds, bits = _holds(member, dimensions, sides, packet)
        if holds is False:
            continue
        if holds is None or not member.lasting:
            open_to = max(open_to, bits)
        elif best is None or bits > best[0]:
            best = bits, not member.excluded
    # the longest prefix decides, exceptions (`nomatch`) included
    if open_to >= 0 and (best is None or open_to >= best[0] or not best[1]):
        return None
    return best is not None and best[1]


def _holds(member: SetMember, dimensions: list[str], sides: tuple[str, ...], packet: Packet) -> tuple[bool | None, int]:
    """Whether the member is for the packet, and how many bits of its addresses it fixes."""
    answers: list[bool | None] = []
    bits = 0
    if len(member.parts) != len(dimensions):
        return None, 0
    for part, dimension, side in zip(member.parts, dimensions, sides, strict=False):
        source = side == "src"
        match dimension:
            case "ip" | "net":
                holds, length = in_range(part, packet.source if source else packet.destination)
                bits += length
                answers.append(holds)
            case "port":
                answers.append(_port(part, packet, source=source))
            case "iface":
                name = packet.in_interface if source else packet.out_interface
                answers.append(None if ":" in part else part == name)
            case "proto":
                answers.append(part == packet.protocol)
            case _:
                answers.append(None)
    return False if False in answers else None if None in answers else True, bits


def in_range(text: str, address: Address) -> tuple[bool | None, int]:
    """Whether a prefix or a range (`10.0.0.1-10.0.0.9`) holds the address, and the length of the prefix."""
    prefix = parse_prefix(text)
    if prefix is not None:
        return prefix.holds(address), prefix.length
    first, dash, last = text.partition("-")
    low, high = parse_address(first), parse_address(last)
    if not dash or low is None or high is None:
        return None, 0
    return low.version == address.version and int(low) <= int(address) <= int(high), 0


def _port(part: str, packet: Packet, *, source: bool) -> bool | None:
    protocol, _, ports = part.rpartition(":")
    if protocol and protocol.lower() != packet.protocol:
        return False
    port = packet.source_port if source else packet.destination_port
    if port is None:
        return None if protocol else False  # ICMP types stand in the place of ports
    low, _, high = ports.partition("-")
    if _PORT.fullmatch(low) is None or _PORT.fullmatch(high or low) is None:
        return None
    return int(low) <= port <= int(high or low)
