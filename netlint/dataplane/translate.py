"""What a translating target makes of a packet's addresses and ports.

As net/netfilter/nf_nat_core.c chooses them for a connection that shares its addresses with no other: an address or
port that already lies in a range of sources stays, a destination port outside its range becomes the first of it, and
every other choice in a range is the kernel's.
"""

from __future__ import annotations

from functools import lru_cache

from msgspec import Struct, structs

from netlint.dataplane.packet import Packet
from netlint.model.netfilter import FirewallRule
from netlint.prefix import Address, parse_address, parse_prefix


class Target(Struct, frozen=True):
    """Where a translation leads: addresses and ports from first to last, None where they stay as they are."""

    first: Address | None = None
    last: Address | None = None
    low: int | None = None
    high: int | None = None
    shifted: bool = False  # `1000-1010/5000` counts the port from 5000


class Translated(Struct, frozen=True):
    """The packet afterwards; `chosen` says which parts only the kernel chooses, of which `packet` shows one."""

    packet: Packet
    chosen: str = ""


@lru_cache(maxsize=4096)
def parse_target(text: str) -> Target | None:
    """`10.0.0.2:80`, `10.0.0.2-10.0.0.9:8000-8010`, `[fd00::2]:80`, `:80`, `10.0.0.2` or a plain IPv6 address."""
    if text.startswith("["):
        inner, _, ports = text[1:].partition("]")
        ports = ports.removeprefix(":")
    elif text.count(":") > 1:
        inner, ports = text, ""
    else:
        inner, _, ports = text.partition(":")
    low, high, shifted = _ports(ports)
    if ports and low is None:
        return None
    if not inner:
        return Target(None, None, low, high, shifted)
    start, _, end = inner.partition("-")
    first, last = parse_address(start), parse_address(end or start)
    if first is None or last is None or first.version != last.version:
        return None
    return Target(first, last, low, high, shifted)


def _ports(text: str) -> tuple[int | None, int | None, bool]:
    span, slash, _ = text.partition("/")
    first, _, last = span.partition("-")
    if not first.isdecimal() or not (last or first).isdecimal():
        return None, None, False
    return int(first), int(last or first), bool(slash)


def destination_of(rule: FirewallRule, packet: Packet, redirected: Address | None) -> Translated | None:
    """The packet after DNAT, REDIRECT or NETMAP of its destination; None where the target is not understood.

    `redirected` is the address that REDIRECT leads to.
    """
    if rule.target == "NETMAP":
        mapped = _mapped(rule, packet.destination)
        return Translated(_moved(packet, "DNAT", mapped, packet.destination_port)) if mapped is not None else None
    if rule.target == "REDIRECT":
        ports = rule.target_option("to-ports") or ""
        low, high, shifted = _ports(ports)
        if redirected is None or (ports and low is None):
            return None
        target: Target | None = Target(redirected, redirected, low, high, shifted)
    else:
        target = parse_target(rule.target_option("to-destination") or "")
    if target is None:
        return None
    address, chosen = _address(target, packet.destination, keeps=False)
    port, open_port = _port(target, packet.destination_port, _random(rule), first=True)
    return Translated(_moved(packet, "DNAT", address, port), ", ".join(filter(None, (chosen, open_port))))


def source_of(rule: FirewallRule, packet: Packet, masquerade: Address | None) -> Translated | None:
    """The packet after SNAT, MASQUERADE or NETMAP of its source; None where the target is not understood.

    `masquerade` is the address that the outgoing interface gives.
    """
    if rule.target == "NETMAP":
        mapped = _mapped(rule, packet.source)
        if mapped is None:
            return None
        return Translated(_moved(packet, "SNAT", mapped, packet.source_port))
    if rule.target == "MASQUERADE":
        ports = rule.target_option("to-ports") or ""
        low, high, _ = _ports(ports)
        if masquerade is None or (ports and low is None):
            return None
        target: Target | None = Target(masquerade, masquerade, low, high)
    else:
        target = parse_target(rule.target_option("to-source") or "")
    if target is None:
        return None
    address, chosen = _address(target, packet.source, keeps=True)
    port, open_port = _port(target, packet.source_port, _random(rule), first=False)
    return Translated(_moved(packet, "SNAT", address, port), ", ".join(filter(None, (chosen, open_port))))


def _mapped(rule: FirewallRule, address: Address) -> Address | None:
    prefix = parse_prefix(rule.target_option("to") or "")
    if prefix is None or prefix.version != address.version:
        return None
    return prefix.address(int(address) & (prefix.size - 1))


def _address(target: Target, before: Address, *, keeps: bool) -> tuple[Address, str]:
    if target.first is None or target.last is None:
        return before, ""
    if target.first == target.last or (keeps and int(target.first) <= int(before) <= int(target.last)):
        return (before if target.first != target.last else target.first), ""
    return target.first, f"address {target.first}-{target.last}"


def _port(target: Target, before: int | None, random: bool, *, first: bool) -> tuple[int | None, str]:
    """The port and, where only the kernel chooses it, from what; `first`: the first of a range is taken in order."""
    if before is None:
        return None, ""
    if target.low is None or target.high is None:
        return before, "port at random" if random else ""
    if target.low == target.high:
        return target.low, ""
    if target.shifted or random:
        return target.low, f"port {target.low}-{target.high}"
    if target.low <= before <= target.high:
        return before, ""
    return target.low, "" if first else f"port {target.low}-{target.high}"


def _random(rule: FirewallRule) -> bool:
    return any(name in ("random", "random-fully") for name, _ in rule.target_options)


def _moved(packet: Packet, kind: str, address: Address, port: int | None) -> Packet:
    """A packet that is what it was counts as not translated."""
    if kind == "DNAT":
        moved = structs.replace(packet, destination=address, destination_port=port)
    else:
        moved = structs.replace(packet, source=address, source_port=port)
    return moved if moved == packet else structs.replace(moved, translated=packet.translated | {kind})
