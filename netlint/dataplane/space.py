"""Sets of packets as binary decision diagrams: exact unions, intersections and complements.

A packet is a row of bits, those of its addresses, ports, interfaces and what the kernel notes of it. A set is a
diagram with complement edges over these bits (Bryant 1986; Brace, Rudell and Bryant 1990), made by oxidd. The most
significant bit of each field stands above the others, so that a prefix is a short path.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from random import Random
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from netlint.prefix import Prefix

if TYPE_CHECKING:
    from oxidd.bcdd import BCDDFunction

Packets: TypeAlias = "BCDDFunction"

STATES = ("NEW", "ESTABLISHED", "RELATED", "INVALID", "UNTRACKED")
FLAGS = ("FIN", "SYN", "RST", "PSH", "ACK", "URG")
# Protocol numbers by the names that dumps have for them (/etc/protocols).
PROTOCOLS = {
    "icmp": 1, "igmp": 2, "ggp": 3, "ipencap": 4, "ipip": 4, "st": 5, "tcp": 6, "egp": 8, "igp": 9, "udp": 17,
    "dccp": 33, "ipv6": 41, "ipv6-route": 43, "ipv6-frag": 44, "rsvp": 46, "gre": 47, "esp": 50, "ah": 51,
    "ipv6-icmp": 58, "icmpv6": 58, "ipv6-nonxt": 59, "ipv6-opts": 60, "eigrp": 88, "ospf": 89, "ipcomp": 108,
    "pim": 103, "vrrp": 112, "l2tp": 115, "sctp": 132, "mh": 135, "ipv6-mh": 135, "udplite": 136,
}  # fmt: skip
WITH_PORTS = ("tcp", "udp", "dccp", "sctp", "udplite")
_NO_NAME, _OTHER_NAME = 0, 1
_APPLY_CACHE = 1 << 18


class TooManyPacketsError(Exception):
    """A diagram outgrew the memory that was set for it."""


class Region(NamedTuple):
    """Packets that are surely in a set, and those that may be: the first are a part of the second."""

    sure: Packets
    may: Packets


class PacketSpace:
    """All packets of an IP version that a ruleset can tell apart, and sets of them by the values of one field.

    `names` are the interface names of the rules, with those that end in `+`; every other name is one value. `first` are
    the fields whose bits stand above all others. `nodes` is the most that all diagrams together may have.
    """

    def __init__(self, version: int, names: Iterable[str], first: tuple[str, ...] = (), nodes: int = 1 << 22) -> None:
        from oxidd.bcdd import BCDDManager  # noqa: PLC0415 - for rules that ask about sets alone

        self.version = version
        self._names = _Names(names)
        width, bits = (32 if version == 4 else 128), self._names.bits
        self._fields = {
            "out_interface": bits, "in_interface": bits, "protocol": 8, "destination": width, "destination_port": 16,
            "source": width, "source_port": 16, "state": 3, "translated": 2, "reply": 1, "fragment": 1,
            "flags": len(FLAGS), "icmp": 16, "local": 2, "broadcast": 2, "special": 2, "mark": 32, "connmark": 32,
            "original_destination": width, "original_destination_port": 16, "original_source": width,
            "original_source_port": 16,
        }  # fmt: skip
        self._fields = {field: self._fields[field] for field in dict.fromkeys((*first, *self._fields))}
        self._manager = BCDDManager(nodes, _APPLY_CACHE, 1)
        self._start: dict[str, int] = {}
        for field, bits in self._fields.items():
            self._start[field] = self._manager.num_vars()
            self._manager.add_vars(bits)
        self.everything: Packets = self._manager.true()
        self.nothing: Packets = self._manager.false()
        self._atoms: dict[object, Packets] = {}
        self._prefixes: dict[tuple[str, Prefix], Packets] = {}
        self._bytes: dict[tuple[int, int, int], Packets] = {}
        self.universe = self._possible()
        self.with_ports = self.union(self.equal("protocol", PROTOCOLS[name]) for name in WITH_PORTS)

    def _possible(self) -> Packets:
        """The packets there are: every field has a value that means something."""
        states = self.numbers("state", 0, len(STATES) - 1)
        names = [self.numbers(field, 0, self._names.last) for field in ("in_interface", "out_interface")]
        return states & names[0] & names[1]

    # sets by one field

    def bits(self, field: str, value: int, mask: int) -> Packets:
        """Packets whose `field` has the bits of `value` where `mask` has ones."""
        width = self._fields[field]
        mask &= (1 << width) - 1
        lowest = self._start[field] + width - 1
        found = self.everything
        for place in range(0, width, 8):
            asked = mask >> place & 0xFF
            if asked:
                found = self._byte(lowest - place, value >> place & asked, asked) & found
        return found

    def _byte(self, lowest: int, value: int, mask: int) -> Packets:
        """The same for eight bits, of which `lowest` is the place of the last: few values are most that there are."""
        key = (lowest, value, mask)
        found = self._bytes.get(key)
        if found is None:
            found = self.everything
            for place in range(mask.bit_length()):
                if mask >> place & 1:
                    index = lowest - place
                    bit = self._manager.var(index) if value >> place & 1 else self._manager.not_var(index)
                    found = bit & found
            self._bytes[key] = found
        return found

    def equal(self, field: str, value: int) -> Packets:
        return self.bits(field, value, (1 << self._fields[field]) - 1)

    def numbers(self, field: str, low: int, high: int) -> Packets:
        """Packets whose `field` is from `low` to `high`, both included."""
        if low > high:
            return self.nothing
        width = self._fields[field]
        if low == high:
            return self.equal(field, low)
        start = self._start[field] + width - 1
        above = below = self.everything
        for place in range(width):
            index = start - place
            one, zero = self._manager.var(index), self._manager.not_var(index)
            above = one & above if low >> place & 1 else one | above
            below = zero | below if high >> place & 1 else zero & below
        return above & below

    def prefix(self, field: str, prefix: Prefix) -> Packets:
        """Packets whose address `field` lies in `prefix`; none for a prefix of the other IP version."""
        if prefix.version != self.version:
            return self.nothing
        found = self._prefixes.get((field, prefix))
        if found is None:
            if len(self._prefixes) >= 1 << 14:
                self._prefixes.clear()
            width = self._fields[field]
            mask = ((1 << prefix.length) - 1) << (width - prefix.length)
            found = self._prefixes[field, prefix] = self.bits(field, prefix.first, mask)
        return found

    def interface(self, field: str, name: str) -> Packets:
        """Packets whose interface `field` has the name, or one that begins so where `name` ends in `+`."""
        return self.union(self.equal(field, number) for number in self._names.numbers(name))

    def no_interface(self, field: str) -> Packets:
        return self.equal(field, _NO_NAME)

    def protocol(self, name: str) -> Packets | None:
        """Packets of a protocol by name or number; None for a name that is not known."""
        number = int(name) if name.isascii() and name.isdecimal() else PROTOCOLS.get(name.lower(), -1)
        return self.equal("protocol", number) if 0 <= number < 256 else None

    def states(self, names: Iterable[str]) -> Packets:
        """Packets of one of the states; "DNAT" and "SNAT" are those whose addresses were rewritten."""
        return self.union(self._state(name) for name in names)

    def _state(self, name: str) -> Packets:
        if name in ("DNAT", "SNAT"):
            bit = 1 if name == "DNAT" else 2
            return self.bits("translated", bit, bit)
        return self.equal("state", STATES.index(name)) if name in STATES else self.nothing

    def atom(self, key: object) -> Packets:
        """Packets for which a condition holds that is decided by more than the fields, the same for equal keys."""
        found = self._atoms.get(key)
        if found is None:
            (index,) = self._manager.add_vars(1)
            found = self._atoms[key] = self._manager.var(index)
        return found

    # sets of sets

    def union(self, sets: Iterable[Packets]) -> Packets:
        """The union, made of pairs so that large ones are met few times."""
        level = list(sets)
        while len(level) > 1:
            pairs = [level[at] | level[at + 1] for at in range(0, len(level) - 1, 2)]
            level = pairs + level[len(pairs) * 2 :]
        return level[0] if level else self.nothing

    def without(self, packets: Packets, field: str, mask: int = -1) -> Packets:
        """`packets` with every value in the bits of `field` that `mask` has."""
        width = self._fields[field]
        return packets.exists(self.bits(field, -1, mask & ((1 << width) - 1)))

    # members

    def member(self, packets: Packets, pick: Random | None = None) -> dict[str, int] | None:
        """The fields of one packet of the set by their values; None where it is empty. Bits that the set leaves open
        are zero, or chosen by `pick`."""
        row = packets.pick_cube() if pick is None else self._random_row(packets, pick)
        if row is None:
            return None
        found = {}
        for field, width in self._fields.items():
            value = 0
            for bit in row[self._start[field] : self._start[field] + width]:
                chosen = bit if bit is not None else pick is not None and pick.random() < 0.5
                value = value << 1 | bool(chosen)
            found[field] = value
        return found

    def _random_row(self, packets: Packets, pick: Random) -> list[bool | None] | None:
        """A path through the diagram, each way as likely at each node."""
        if not packets.satisfiable():
            return None
        row: list[bool | None] = [None] * self._manager.num_vars()
        here = packets
        while (cofactors := here.cofactors()) is not None:
            variable = here.node_var()
            assert variable is not None
            chosen = pick.random() < 0.5
            if not cofactors[0 if chosen else 1].satisfiable():
                chosen = not chosen
            row[variable] = chosen
            here = cofactors[0 if chosen else 1]
        return row

    def name(self, number: int) -> str | None:
        """An interface name that a value of an interface field stands for; None for no interface."""
        return self._names.example(number)


class _Names:
    """Interface names as numbers: 0 for none, 1 for any that no rule names, the names, then the rest of patterns."""

    def __init__(self, names: Iterable[str]) -> None:
        asked = set(names)
        self.exact = sorted(name for name in asked if not name.endswith("+"))
        self.patterns = sorted({name[:-1] for name in asked if name.endswith("+")} - {""})
        self.last = _OTHER_NAME + len(self.exact) + len(self.patterns)
        self.bits = max(1, self.last.bit_length())
        self._numbers = {name: 2 + index for index, name in enumerate(self.exact)}
        self._rest = {beginning: 2 + len(self.exact) + index for index, beginning in enumerate(self.patterns)}

    def numbers(self, name: str) -> Iterator[int]:
        if not name.endswith("+"):
            yield self.number(name)  # of a name that no rule tells from others: what stands for all of these
            return
        beginning = name[:-1]
        if not beginning:  # what every name begins with, no name included
            yield from range(self.last + 1)
            return
        yield from (number for one, number in self._numbers.items() if one.startswith(beginning))
        yield from (number for one, number in self._rest.items() if one.startswith(beginning))

    def number(self, name: str) -> int:
        found = self._numbers.get(name)
        if found is not None:
            return found
        fitting = [beginning for beginning in self.patterns if name.startswith(beginning)]
        return self._rest[max(fitting, key=len)] if fitting else _OTHER_NAME

    def example(self, number: int) -> str | None:
        if number == _NO_NAME:
            return None
        if number == _OTHER_NAME:
            return self._unused("uplink")
        at = number - 2
        if at < len(self.exact):
            return self.exact[at]
        return self._unused(self.patterns[at - len(self.exact)]) if at - len(self.exact) < len(self.patterns) else None

    def _unused(self, beginning: str) -> str:
        """A name with this beginning, and no longer one that a rule asks for."""
        for number in range(len(self.exact) + len(self.patterns) + 1):
            name = f"{beginning}{number}"
            longer = any(name.startswith(one) for one in self.patterns if len(one) > len(beginning))
            if name not in self._numbers and not longer:
                return name
        return beginning
