"""Addresses and prefixes as numbers, for the sources that hold hundreds of thousands of them."""

from __future__ import annotations

from _socket import AF_INET, AF_INET6, inet_pton  # without the enumerations and selectors of `socket`
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import TypeAlias

from msgspec import Struct

Address: TypeAlias = IPv4Address | IPv6Address

_BITS = {4: 32, 6: 128}
_LENGTHS = {str(n): n for n in range(33)}
_NETMASKS = {(0xFFFFFFFF << (32 - n)) & 0xFFFFFFFF: n for n in range(33)}


class Prefix(Struct, frozen=True, order=True, gc=False):
    """A range of addresses: IP version (4 or 6), its first address as a number, and its length in bits.

    Ordered so that sorting puts a prefix before those it contains. The host bits of `first` are zero.
    """

    version: int
    first: int
    length: int

    @classmethod
    def of(cls, address: Address, length: int | None = None) -> Prefix:
        """The prefix of `length` bits (default: the whole address) that `address` lies in."""
        bits = _BITS[address.version]
        length = bits if length is None else length
        shift = bits - length
        return cls(address.version, int(address) >> shift << shift, length)

    @property
    def last(self) -> int:
        return self.first | ((1 << (_BITS[self.version] - self.length)) - 1)

    @property
    def size(self) -> int:
        """How many addresses it holds."""
        return 1 << (_BITS[self.version] - self.length)

    @property
    def is_default(self) -> bool:
        return self.length == 0

    @property
    def is_host(self) -> bool:
        """True for a single address."""
        return self.length == _BITS[self.version]

    @property
    def network_address(self) -> Address:
        return self.address(0)

    @property
    def broadcast_address(self) -> Address:
        return self.address(self.size - 1)

    def address(self, index: int) -> Address:
        """The address `index` places after the first; ValueError outside the prefix."""
        if not 0 <= index < self.size:
            raise ValueError(f"address {index} of {self}")
        number = self.first + index
        return IPv4Address(number) if self.version == 4 else IPv6Address(number)

    def contains(self, other: Prefix) -> bool:
        """True where `other` is equal to this prefix or lies inside it."""
        return (
            self.version == other.version
            and self.length <= other.length
            and not (self.first ^ other.first) >> (_BITS[self.version] - self.length)
        )

    def holds(self, address: Address) -> bool:
        return self.version == address.version and not (self.first ^ int(address)) >> (
            _BITS[self.version] - self.length
        )

    def overlaps(self, other: Prefix) -> bool:
        return self.contains(other) or other.contains(self)

    def relation(self, other: Prefix) -> str | None:
        """How this prefix lies to `other`: "equals", "contains", "lies inside", or None where they are disjoint."""
        if self == other:
            return "equals"
        if self.contains(other):
            return "contains"
        return "lies inside" if other.contains(self) else None

    def network(self) -> IPv4Network | IPv6Network:
        """The same as an `ipaddress` network, for its classification (is_private, …)."""
        return IPv4Network((self.first, self.length)) if self.version == 4 else IPv6Network((self.first, self.length))

    def __str__(self) -> str:
        return f"{self.network_address}/{self.length}"


def parse_address(text: str) -> Address | None:
    """The address written as `text`, or None. IPv4 needs four decimal parts; an IPv6 zone (`%eth0`) is dropped."""
    return _parse_address(text)


@lru_cache(maxsize=65536)
def _parse_address(text: str) -> Address | None:
    try:
        if ":" in text:
            return IPv6Address(inet_pton(AF_INET6, text.partition("%")[0]))
        return IPv4Address(inet_pton(AF_INET, text))
    except (OSError, ValueError):
        return None


def parse_interface(text: str) -> tuple[Address, int] | None:
    """Address and prefix length of `10.0.0.5/24`, `10.0.0.5/255.255.255.0` or `fd00::1/64`; None if it is neither.

    Without a slash the length is that of the whole address.
    """
    base, slash, mask = text.partition("/")
    address = parse_address(base)
    if address is None:
        return None
    bits = _BITS[address.version]
    if not slash:
        return address, bits
    if mask.isascii() and mask.isdigit() and len(mask) <= 3:
        length = int(mask)
        return (address, length) if length <= bits else None
    if address.version == 4:
        netmask = netmask_length(mask)
        return (address, netmask) if netmask is not None else None
    return None


def netmask_length(text: str) -> int | None:
    """Bits of a dotted or hexadecimal netmask (`255.255.0.0`, `0xffff0000`); None if it is no contiguous mask."""
    if text[:2] in ("0x", "0X"):
        try:
            return _NETMASKS.get(int(text, 16))
        except ValueError:
            return None
    mask = parse_address(text)
    return _NETMASKS.get(int(mask)) if mask is not None and mask.version == 4 else None


def parse_prefix(text: str) -> Prefix | None:
    """The prefix that `text` names, host bits cut off; an address without a length is a prefix of one address."""
    if ":" in text:
        parsed = parse_interface(text)
        return Prefix.of(*parsed) if parsed is not None else None
    # without an IPv4Address on the way: dumps hold hundreds of thousands of these
    base, slash, mask = text.partition("/")
    try:
        number = int.from_bytes(inet_pton(AF_INET, base), "big")
    except (OSError, ValueError):
        return None
    if not slash:
        return Prefix(4, number, 32)
    length = _LENGTHS.get(mask)
    if length is None:
        length = int(mask) if mask.isascii() and mask.isdigit() and len(mask) <= 3 else netmask_length(mask)
    if length is None or length > 32:
        return None
    return Prefix(4, number >> 32 - length << 32 - length, length)


def range_prefixes(text: str) -> list[Prefix] | None:
    """The prefixes that a prefix, an address or a range (`10.0.0.1-10.0.0.9`) consists of; None for another text."""
    prefix = parse_prefix(text)
    if prefix is not None:
        return [prefix]
    first, dash, last = text.partition("-")
    low, high = parse_address(first), parse_address(last)
    if not dash or low is None or high is None or low.version != high.version:
        return None
    found, at, bits = [], int(low), _BITS[low.version]
    while at <= int(high):
        # the largest block that begins here and does not go beyond the last address
        size = min((at & -at).bit_length() - 1 if at else bits, (int(high) - at + 1).bit_length() - 1)
        found.append(Prefix(low.version, at, bits - size))
        at += 1 << size
    return found
