"""Conditions of match extensions that one packet decides, beside those of ports, states and marks.

What depends on more than the packet is None: how often (`limit`, `hashlimit`, `recent`, `quota`, `connlimit`), chance
and time (`statistic`, `time`), who sent it (`owner` of the host's own packets, `mac`, `socket`), which way it came
(ports of `physdev`, `rpfilter`, `policy`), its bytes (`u32`, `string`, `bpf`, `length`).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from netlint.dataplane.sets import in_range, in_set
from netlint.model.netfilter import Match
from netlint.prefix import Address

if TYPE_CHECKING:
    from netlint.dataplane.packet import Packet

PROTOCOLS = {"1": "icmp", "4": "ipencap", "6": "tcp", "17": "udp", "47": "gre", "50": "esp", "51": "ah",
             "58": "ipv6-icmp", "132": "sctp", "icmpv6": "ipv6-icmp", "icmp6": "ipv6-icmp"}  # fmt: skip
# Names of `iptables -p icmp -h` and of nft.
_ICMP = {
    "echo-reply": "0", "pong": "0", "destination-unreachable": "3", "network-unreachable": "3/0",
    "host-unreachable": "3/1", "protocol-unreachable": "3/2", "port-unreachable": "3/3", "fragmentation-needed": "3/4",
    "source-route-failed": "3/5", "communication-prohibited": "3/13", "source-quench": "4", "redirect": "5",
    "echo-request": "8", "ping": "8", "router-advertisement": "9", "router-solicitation": "10", "time-exceeded": "11",
    "ttl-exceeded": "11", "ttl-zero-during-transit": "11/0", "parameter-problem": "12", "timestamp-request": "13",
    "timestamp-reply": "14", "info-request": "15", "info-reply": "16", "address-mask-request": "17",
    "address-mask-reply": "18",
}  # fmt: skip
_ICMP6 = {
    "destination-unreachable": "1", "no-route": "1/0", "packet-too-big": "2", "time-exceeded": "3",
    "parameter-problem": "4", "echo-request": "128", "ping": "128", "echo-reply": "129", "pong": "129",
    "mld-listener-query": "130", "mld-listener-report": "131", "mld-listener-done": "132",
    "router-solicitation": "133", "nd-router-solicit": "133", "router-advertisement": "134", "nd-router-advert": "134",
    "neighbour-solicitation": "135", "neighbor-solicitation": "135", "nd-neighbor-solicit": "135",
    "neighbour-advertisement": "136", "neighbor-advertisement": "136", "nd-neighbor-advert": "136", "redirect": "137",
    "nd-redirect": "137", "mld2-listener-report": "143",
}  # fmt: skip
# A connection of ICMP begins with a request and goes on with a reply: what an echo's packets are.
_ECHO = {"icmp": (8, 0), "ipv6-icmp": (128, 129)}
_NUMBER = re.compile(r"\d{1,3}", re.ASCII)
_LIMITED_BROADCAST = 0xFFFFFFFF
_LAST_OCTET = 0xFF


def decided(match: Match, packet: Packet) -> bool | None:
    """Whether the condition holds, before its negation; None where the packet does not decide it."""
    if match.module == "recent":
        return _recent(match, packet)
    decide = _CONDITIONS.get(match.option)
    return decide(match, packet) if decide is not None else None


def _match_set(match: Match, packet: Packet) -> bool | None:
    if match.set is None or len(match.values) < 2:
        return None
    return in_set(match.set, tuple(match.values[1].split(",")), packet)


def _icmp_type(match: Match, packet: Packet) -> bool | None:
    """ICMP packets are taken for echoes, the only ones that begin a connection."""
    echo = _ECHO.get(packet.protocol)
    wanted = "icmp" if match.option == "icmp-type" else "ipv6-icmp"
    if echo is None or packet.protocol != wanted:
        return False
    names = _ICMP if wanted == "icmp" else _ICMP6
    answers: list[bool | None] = []
    for value in ",".join(match.values).split(","):
        kind, slash, code = names.get(value, value).partition("/")
        if kind == "any":
            return True
        if _NUMBER.fullmatch(kind) is None or (slash and _NUMBER.fullmatch(code) is None):
            answers.append(None)
        else:
            answers.append(int(kind) == echo[packet.reply] and (not slash or int(code) == 0))
    return True if True in answers else None if None in answers else False


def icmp_ranges(match: Match) -> list[tuple[int, int]] | None:
    """The types that an ICMP match asks for, as ranges of type * 256 + code; None where a name is not known."""
    names = _ICMP if match.option == "icmp-type" else _ICMP6
    ranges = []
    for value in ",".join(match.values).split(","):
        kind, slash, code = names.get(value, value).partition("/")
        if kind == "any":
            ranges.append((0, 0xFFFF))
        elif _NUMBER.fullmatch(kind) is None or (slash and _NUMBER.fullmatch(code) is None):
            return None
        else:
            first = int(kind) << 8
            ranges.append((first + int(code), first + int(code)) if slash else (first, first + 255))
    return ranges


def _addresses(match: Match, address: Address) -> bool | None:
    answers = [in_range(value, address)[0] for value in match.values]
    return True if True in answers else None if None in answers else False


def _interfaces(match: Match, name: str | None) -> bool | None:
    own = name or ""
    return any(own.startswith(value[:-1]) if value.endswith("+") else own == value for value in match.values)


def _packet_type(match: Match, packet: Packet) -> bool | None:
    """What the link layer makes of the destination; a broadcast of a network is not told from other addresses."""
    destination = packet.destination
    if destination.is_multicast:
        kind = "multicast"
    elif destination.version == 4 and int(destination) == _LIMITED_BROADCAST:
        kind = "broadcast"
    elif destination.version == 4 and int(destination) & _LAST_OCTET == _LAST_OCTET:
        return None
    else:
        kind = "unicast"
    return kind in match.values


def _any_flag(match: Match, packet: Packet) -> bool | None:
    if packet.protocol != "tcp":
        return False
    return "SYN" in ",".join(match.values).split(",") if not packet.reply else None


def _forwarded_has_no_owner(_: Match, packet: Packet) -> bool | None:
    """A packet that came in has no socket, so that nobody owns it (net/netfilter/xt_owner.c)."""
    return False if packet.in_interface is not None else None


def _is_bridged(_: Match, packet: Packet) -> bool | None:
    """The other port is known from FORWARD on (net/netfilter/xt_physdev.c)."""
    return packet.bridged and packet.out_interface is not None


def _recent(match: Match, _: Packet) -> bool | None:
    """`--set` takes a note and always matches; what asks the notes is not known."""
    return None if match.option in ("rcheck", "update", "remove", "") else True


def _tracked_protocol(match: Match, packet: Packet) -> bool | None:
    names = PROTOCOLS.get(match.values[0].lower(), match.values[0].lower()) if match.values else ""
    return names == PROTOCOLS.get(packet.protocol, packet.protocol)


def _tracked_status(match: Match, packet: Packet) -> bool | None:
    """A connection is confirmed behind the last hook of its first packet; no helper is taken to expect it."""
    asked = set(",".join(match.values).split(","))
    if not packet.answers:
        return None if "EXPECTED" in asked else False
    if asked & {"SEEN_REPLY", "CONFIRMED"}:
        return True
    return None if asked & {"EXPECTED", "ASSURED"} else False


def address_type(types: set[str], address: Address, local: frozenset[Address] | None) -> bool | None:
    """Whether the address is of one of the `types` of addrtype; None where the routes would tell. `local`: the host's
    own addresses, if known."""
    if types - {"LOCAL", "UNICAST", "BROADCAST", "MULTICAST"}:
        return None
    if address.is_multicast:
        return "MULTICAST" in types
    if address.version == 4 and int(address) in (0, _LIMITED_BROADCAST):
        return "BROADCAST" in types
    if address.is_loopback or (local is not None and address in local):
        return "LOCAL" in types or (None if address.version == 6 and "UNICAST" in types else False)
    asked = types - {"MULTICAST"}
    if local is not None:
        asked -= {"LOCAL"}
    if not asked:
        return False
    if address.version == 6:
        return True if "UNICAST" in types else None if "LOCAL" in asked else False
    # of another address only the host's networks tell whether it is the broadcast of one
    possible = {"UNICAST"} | ({"LOCAL"} if local is None else set())
    if int(address) & _LAST_OCTET == _LAST_OCTET:
        possible.add("BROADCAST")
    return True if possible <= types else None if possible & types else False


_CONDITIONS: dict[str, Callable[[Match, Packet], bool | None]] = {
    "match-set": _match_set,
    "icmp-type": _icmp_type,
    "icmpv6-type": _icmp_type,
    "pkt-type": _packet_type,
    "any-tcp-flag": _any_flag,
    "source": lambda match, packet: _addresses(match, packet.source),
    "destination": lambda match, packet: _addresses(match, packet.destination),
    "in-interface": lambda match, packet: _interfaces(match, packet.in_interface),
    "out-interface": lambda match, packet: _interfaces(match, packet.out_interface),
    "protocol": lambda match, packet: packet.protocol in match.values,
    "uid-owner": _forwarded_has_no_owner,
    "gid-owner": _forwarded_has_no_owner,
    "socket-exists": _forwarded_has_no_owner,
    "physdev-is-bridged": _is_bridged,
    "ctproto": _tracked_protocol,
    "ctstatus": _tracked_status,
    "nfacct-name": lambda match, packet: True,
}
