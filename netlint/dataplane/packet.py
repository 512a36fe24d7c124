"""One packet, and whether a firewall rule matches it: yes, no, or not to be known (three-valued)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from msgspec import Struct

from netlint.dataplane.extensions import PROTOCOLS, address_type, decided
from netlint.model.netfilter import FirewallRule, Match, NameMatch
from netlint.prefix import Address, parse_address, parse_prefix

LocalAddresses: TypeAlias = frozenset[Address] | None


class Packet(Struct, frozen=True, kw_only=True):
    """A packet as it is at one hook, the first of its connection unless `state` says otherwise.

    A port is None for a protocol without ports. `in_interface` and `out_interface` are None where the hook does not
    know one; `translated` holds "DNAT" and "SNAT" where an address was rewritten before. `original` is the
    connection's first packet as it was before all translation (None: this packet is), `reply` whether this one goes
    the other way, be the connection tracked or not. `bridged`: it goes from one port of a bridge to another, without
    a router.
    """

    source: Address
    destination: Address
    protocol: str = "tcp"
    source_port: int | None = 40000
    destination_port: int | None = 80
    in_interface: str | None = None
    out_interface: str | None = None
    state: str = "NEW"
    mark: int = 0
    translated: frozenset[str] = frozenset()
    connmark: int = 0
    original: Packet | None = None
    reply: bool = False
    bridged: bool = False

    @property
    def tracked(self) -> bool:
        """Whether it belongs to a connection that the kernel knows."""
        return self.state not in ("UNTRACKED", "INVALID")

    @property
    def answers(self) -> bool:
        """Whether it is the answer in a connection that the kernel knows."""
        return self.reply and self.state == "ESTABLISHED"

    def __str__(self) -> str:
        def end(address: Address, port: int | None) -> str:
            shown = f"[{address}]" if address.version == 6 and port is not None else str(address)
            return shown if port is None else f"{shown}:{port}"

        return f"{self.protocol} {end(self.source, self.source_port)} > {end(self.destination, self.destination_port)}"


def matches(rule: FirewallRule, packet: Packet, local: LocalAddresses) -> bool | None:
    """Whether `rule` matches: None where a condition is not modelled. `local`: the host's own addresses, if known."""
    for match, address in ((rule.source, packet.source), (rule.destination, packet.destination)):
        if match is not None and match.prefix.holds(address) == match.negated:
            return False
    for name, interface in ((rule.in_interface, packet.in_interface), (rule.out_interface, packet.out_interface)):
        if name is not None and not name.matches(interface or ""):
            return False
    if rule.protocol is not None and not _protocol(rule.protocol, packet):
        return False
    if rule.fragment:
        return False  # a first packet is no later fragment
    unknown = False
    for at, condition in enumerate(rule.matches):
        if condition.module == "addrtype" and _one_interface(rule.matches, at):
            unknown = True  # on which interface an address is, is not asked here
            continue
        if condition.module in ("conntrack", "connmark") and condition.option != "ctstate" and not packet.tracked:
            # without a connection a match that asks for the state too asks for nothing else; whether it is one match
            # or two is not kept
            if rule.match("ctstate") is None or condition.module == "connmark":
                return False
            unknown = True
            continue
        holds = _condition(condition, packet, local)
        if holds is None:
            unknown = True
        elif holds == condition.negated:
            return False
    return None if unknown else True


def _one_interface(matches: tuple[Match, ...], at: int) -> bool:
    """Whether a type is asked of one interface's addresses alone: `--limit-iface-out` follows in the same match, which
    another option of the same name would end."""
    for later in matches[at + 1 :]:
        if later.module != "addrtype" or later.option == matches[at].option:
            return False
        if later.option.startswith("limit-iface"):
            return True
    return matches[at].option.startswith("limit-iface")


def _protocol(match: NameMatch, packet: Packet) -> bool:
    name = match.name.lower()
    name = PROTOCOLS.get(name, name)
    return (name in ("all", "0") or name == packet.protocol) != match.negated


def _condition(match: Match, packet: Packet, local: LocalAddresses) -> bool | None:
    """Whether the condition holds, before its negation."""
    if match.module == "comment":
        return True
    if match.module == "connmark":
        return _mark(match.values, packet.connmark)
    decide = _CONDITIONS.get(match.option)
    return decide(match.values, packet, local) if decide is not None else decided(match, packet)


def _ports(text: str, port: int | None) -> bool | None:
    """Whether `80`, `80:90` or `22,80:90` holds `port`; None for a name."""
    if port is None:
        return False
    for part in text.split(","):
        first, colon, last = part.partition(":")
        low, high = first or "0", (last or "65535") if colon else first
        if not (low.isdecimal() and high.isdecimal()):
            return None
        if int(low) <= port <= int(high):
            return True
    return False


def _source_port(values: tuple[str, ...], packet: Packet, _: LocalAddresses) -> bool | None:
    return _ports(",".join(values), packet.source_port)


def _destination_port(values: tuple[str, ...], packet: Packet, _: LocalAddresses) -> bool | None:
    return _ports(",".join(values), packet.destination_port)


def _either_port(values: tuple[str, ...], packet: Packet, _: LocalAddresses) -> bool | None:
    answers = (_ports(",".join(values), packet.source_port), _ports(",".join(values), packet.destination_port))
    return True if True in answers else None if None in answers else False


def _state(values: tuple[str, ...], packet: Packet, _: LocalAddresses) -> bool | None:
    states = set(",".join(values).split(","))
    return packet.state in states or bool(states & packet.translated)


def _source_type(values: tuple[str, ...], packet: Packet, local: LocalAddresses) -> bool | None:
    return _type(values, packet.source, local)


def _destination_type(values: tuple[str, ...], packet: Packet, local: LocalAddresses) -> bool | None:
    return _type(values, packet.destination, local)


def _type(values: tuple[str, ...], address: Address, local: LocalAddresses) -> bool | None:
    return address_type(set(",".join(values).split(",")), address, local)


def _syn(values: tuple[str, ...], packet: Packet, _: LocalAddresses) -> bool | None:
    return packet.protocol == "tcp" and not packet.reply


def _flags(values: tuple[str, ...], packet: Packet, _: LocalAddresses) -> bool | None:
    if len(values) != 2:
        return None
    asked = set(values[0].split(","))
    every = {"SYN", "ACK", "FIN", "RST", "URG", "PSH"}
    asked = every if "ALL" in asked else asked
    wanted = every if values[1] == "ALL" else set(values[1].split(",")) - {"NONE"}
    # a connection begins with SYN, and its answer with SYN and ACK
    flags = {"SYN", "ACK"} if packet.reply else {"SYN"}
    return packet.protocol == "tcp" and (flags & asked) == wanted


def _mark(values: tuple[str, ...], mark: int) -> bool | None:
    value, _slash, mask = values[0].partition("/") if values else ("", "", "")
    try:
        return mark & (int(mask, 0) if mask else 0xFFFFFFFF) == int(value, 0)
    except ValueError:
        return None


def _first(packet: Packet) -> Packet:
    """The connection's first packet, before all translation."""
    return packet.original or packet


def _held(values: tuple[str, ...], address: Address) -> bool | None:
    prefix = parse_prefix(values[0]) if values else None
    return prefix.holds(address) if prefix is not None else None


def _direction(values: tuple[str, ...], packet: Packet, _: LocalAddresses) -> bool | None:
    return values == ("REPLY",) if packet.answers else values == ("ORIGINAL",)


def _range(values: tuple[str, ...], address: Address) -> bool | None:
    first, _, last = values[0].partition("-") if values else ("", "", "")
    low, high = parse_address(first), parse_address(last or first)
    if low is None or high is None:
        return None
    return low.version == address.version and int(low) <= int(address) <= int(high)


_CONDITIONS: dict[str, Callable[[tuple[str, ...], Packet, LocalAddresses], bool | None]] = {
    "sport": _source_port, "source-port": _source_port, "sports": _source_port, "source-ports": _source_port,
    "dport": _destination_port, "destination-port": _destination_port, "dports": _destination_port,
    "destination-ports": _destination_port, "ports": _either_port, "port": _either_port,
    "ctstate": _state, "state": _state, "src-type": _source_type, "dst-type": _destination_type,
    "syn": _syn, "tcp-flags": _flags,
    "mark": lambda values, packet, _: _mark(values, packet.mark),
    "ctdir": _direction,
    "ctorigsrc": lambda values, packet, _: _held(values, _first(packet).source),
    "ctorigdst": lambda values, packet, _: _held(values, _first(packet).destination),
    "ctorigsrcport": lambda values, packet, _: _ports(",".join(values), _first(packet).source_port),
    "ctorigdstport": lambda values, packet, _: _ports(",".join(values), _first(packet).destination_port),
    "src-range": lambda values, packet, _: _range(values, packet.source),
    "dst-range": lambda values, packet, _: _range(values, packet.destination),
}  # fmt: skip
