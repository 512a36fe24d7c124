"""Frames with a number in them that outlives the way through a router, translation included."""

from __future__ import annotations

import struct
from ipaddress import ip_address
from typing import NamedTuple

ETHERTYPE = {4: b"\x08\x00", 6: b"\x86\xdd"}
_PROTOCOLS = {("icmp", 4): 1, ("tcp", 4): 6, ("udp", 4): 17, ("icmp", 6): 58, ("tcp", 6): 6, ("udp", 6): 17}
_MARK = 0x4E4C0000  # above the number, so that other traffic is not taken for a probe
_SYN, _SYN_ACK = 0x02, 0x12


class Probe(NamedTuple):
    """A packet to send: into `interface` of the router, or from the router itself where that is None.

    `reply_to` makes it the answer to the probe of that number: for TCP the segment that accepts its connection.
    """

    interface: str | None
    protocol: str
    source: str
    destination: str
    source_port: int = 40000
    destination_port: int = 80
    reply_to: int | None = None

    @property
    def version(self) -> int:
        return ip_address(self.source).version


class Seen(NamedTuple):
    """A packet with the number of a probe. `kind`: its protocol, or "error" (ICMP) and "reset" in answer to it."""

    number: int
    kind: str
    source: str
    destination: str
    source_port: int
    destination_port: int


def packet(probe: Probe, number: int) -> bytes:
    """The IP packet of a probe; `number` (16 bits) stands in the IP header, and in the sequence number or the data."""
    version = probe.version
    protocol = _PROTOCOLS[probe.protocol, version]
    source, destination = ip_address(probe.source).packed, ip_address(probe.destination).packed
    ports = struct.pack("!HH", probe.source_port, probe.destination_port)
    mark = struct.pack("!I", _MARK | number)
    if probe.protocol == "tcp":
        accepted = 0 if probe.reply_to is None else (_MARK | probe.reply_to) + 1
        flags = _SYN if probe.reply_to is None else _SYN_ACK
        segment = ports + mark + struct.pack("!IBBHHH", accepted, 0x50, flags, 64240, 0, 0)
        checksum_at = 16
    elif probe.protocol == "udp":
        segment, checksum_at = ports + struct.pack("!HH", 12, 0) + mark, 6
    else:
        kind = {4: (8, 0), 6: (128, 129)}[version][probe.reply_to is not None]
        segment, checksum_at = struct.pack("!BBHHH", kind, 0, 0, probe.source_port, 0) + mark, 2
    pseudo = source + destination + struct.pack("!II", len(segment), protocol)
    checksum = _checksum((b"" if (protocol, version) == (1, 4) else pseudo) + segment) or 0xFFFF
    segment = segment[:checksum_at] + struct.pack("!H", checksum) + segment[checksum_at + 2 :]
    if version == 6:
        return struct.pack("!IHBB", 6 << 28 | number, len(segment), protocol, 64) + source + destination + segment
    header = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(segment), number, 0, 64, protocol, 0) + source + destination
    return header[:10] + struct.pack("!H", _checksum(header)) + header[12:] + segment


def read(data: bytes) -> Seen | None:
    """The probe that an IP packet is, or answers; None for other traffic."""
    if len(data) < 28:
        return None
    protocol, source, destination, segment = _header(data)
    here = (str(ip_address(source)), str(ip_address(destination)))
    if protocol in (6, 17) and len(segment) >= 12:
        ports = struct.unpack("!HH", segment[:4])
        first, second = struct.unpack("!II", segment[4:12])
        if protocol == 6 and segment[13] & 4:
            number = _number(second - 1)
            return Seen(number, "reset", *here, *ports) if number is not None else None
        number = _number(first if protocol == 6 else second)
        return Seen(number, "tcp" if protocol == 6 else "udp", *here, *ports) if number is not None else None
    if protocol in (1, 58) and len(segment) >= 12:
        if segment[0] in ((3, 11) if protocol == 1 else (1, 2, 3, 4)):
            inner = segment[8:]
            tag = inner[4:6] if protocol == 1 else inner[2:4]  # of the IP header: identification, flow label
            return Seen(int.from_bytes(tag, "big"), "error", *here, 0, 0)
        number = _number(struct.unpack("!I", segment[8:12])[0])
        if number is not None and segment[0] in (0, 8, 128, 129):
            return Seen(number, "icmp", *here, struct.unpack("!H", segment[4:6])[0], 0)
    return None


def _header(data: bytes) -> tuple[int, bytes, bytes, bytes]:
    """Protocol, source, destination and what follows the header."""
    if data[0] >> 4 == 6:
        return data[6], data[8:24], data[24:40], data[40:]
    return data[9], data[12:16], data[16:20], data[(data[0] & 15) * 4 :]


def _number(word: int) -> int | None:
    return word & 0xFFFF if word & 0xFFFF0000 == _MARK else None


def _checksum(data: bytes) -> int:
    total: int = sum(struct.unpack(f"!{(len(data) + 1) // 2}H", data + b"\0" * (len(data) % 2)))
    total = (total & 0xFFFF) + (total >> 16)
    return ~(total + (total >> 16)) & 0xFFFF
