"""Which packets a firewall rule matches: those it surely matches and those it may, as the kernel's matches decide it.

The same conditions as `matches` decides for one packet (packet.py), for all packets at once. A condition that depends
on more than the fields of a packet but has one answer for each packet (`mac`, `owner`, a set whose members are not
known) is an atom: equal conditions have the same answer. What depends on chance, time or earlier packets (`limit`,
`recent`, `statistic`) is unknown each time anew.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from netlint.dataplane.extensions import icmp_ranges
from netlint.dataplane.set_members import member_sets
from netlint.dataplane.space import FLAGS, PROTOCOLS, STATES, Packets, PacketSpace, Region
from netlint.model.netfilter import FirewallRule, IpSet, Match, NameMatch, PrefixMatch
from netlint.prefix import Address, Prefix, parse_prefix, range_prefixes

# Matches whose answer is another one for the same packet a moment later, or that change what they ask.
_UNSTEADY = frozenset(
    ("limit", "hashlimit", "recent", "statistic", "quota", "connlimit", "connbytes", "rateest", "nfacct", "psd",
     "cluster", "ipvs", "cpu", "nft", "condition", "fuzzy", "random")
)  # fmt: skip
# Matches of what targets of the mangle table change on the way.
_CHANGED = frozenset(("tos", "dscp", "ttl", "hl", "ecn", "tcpmss", "length", "u32", "bpf", "string"))
_LOOPBACK = {4: "127.0.0.0/8", 6: "::1/128"}
_MULTICAST = {4: "224.0.0.0/4", 6: "ff00::/8"}
_ALL_BITS = 0xFFFFFFFF


class Conditions:
    """Turns rules into regions of a space.

    `local` are the host's own addresses, None where they are not all known. `lasting` asks for what holds whatever
    the host's addresses and the members of sets are: both change while the rules stay.
    """

    def __init__(
        self, space: PacketSpace, table: str, local: frozenset[Address] | None = None, *, lasting: bool = False
    ) -> None:
        self.space = space
        self.lasting = lasting
        self.local = None if lasting else local
        self.changed = _CHANGED if table == "mangle" else frozenset()
        self.filled: frozenset[str] = frozenset()  # sets that rules of the table add to
        self._known: dict[object, Region] = {}
        self._rules: dict[int, Region] = {}
        head = ~space.bits("fragment", 1, 1)
        tcp, icmp, icmp6 = (space.equal("protocol", PROTOCOLS[name]) for name in ("tcp", "icmp", "ipv6-icmp"))
        self._ported = space.with_ports & head
        self._tcp = tcp & head
        self._icmp = {"icmp-type": icmp & head, "icmpv6-type": icmp6 & head}
        self._tracked = ~space.states(("INVALID", "UNTRACKED"))
        self._everything = Region(space.everything, space.everything)
        self._unknown = Region(space.nothing, space.everything)

    def matched(self, rule: FirewallRule) -> Region:
        """The packets that `rule` matches. Its table lives as long: most are asked for more than once."""
        found = self._rules.get(id(rule))
        if found is None:
            found = self._rules[id(rule)] = self._matched(rule)
        return found

    def _matched(self, rule: FirewallRule) -> Region:
        pieces = [self._match(match, rule) for match in reversed(rule.matches) if match.module != "comment"]
        if rule.fragment is not None:
            fragments = self.space.bits("fragment", 1, 1)
            pieces.append(_exact(fragments if rule.fragment else ~fragments))
        for field, side in (("source", rule.source), ("destination", rule.destination)):
            if side is not None:
                pieces.append(_exact(self._prefix(field, side)))
        if rule.protocol is not None:
            pieces.append(self._protocol((rule.protocol.name,), rule.protocol.negated))
        for field, name in (("out_interface", rule.out_interface), ("in_interface", rule.in_interface)):
            if name is not None:
                pieces.append(self._interface(field, name))
        if not pieces:
            return self._everything
        sure, may = pieces[0]
        for piece in pieces[1:]:
            if piece.sure is piece.may and sure is may:
                sure = may = sure & piece.sure
            else:
                sure, may = sure & piece.sure, may & piece.may
        return Region(sure, may)

    def _prefix(self, field: str, match: PrefixMatch) -> Packets:
        found = self.space.prefix(field, match.prefix)
        return ~found if match.negated else found

    def _interface(self, field: str, match: NameMatch) -> Region:
        key = (field, match.name, match.negated)
        found = self._known.get(key)
        if found is None:
            named = self.space.interface(field, match.name)
            found = self._known[key] = _exact(~named if match.negated else named)
        return found

    def _protocol(self, names: tuple[str, ...], negated: bool) -> Region:
        sets = []
        for name in names:
            if name.lower() in ("all", "any", "0"):
                return self._signed(self._everything, negated)
            sets.append(self.space.protocol(name) or self.space.atom(("protocol", name.lower())))
        return self._signed(_exact(self.space.union(sets)), negated)

    def _signed(self, region: Region, negated: bool) -> Region:
        if not negated:
            return region
        sure = ~region.may
        return Region(sure, sure if region.sure is region.may else ~region.sure)

    # matches

    def _match(self, match: Match, rule: FirewallRule) -> Region:
        if match.set is not None or match.module == "set":
            return self._set(match)
        stated = match.module == "conntrack" and rule.match("ctstate") is not None
        key = (match.module, match.option, match.values, match.negated, stated)
        if match.module == "addrtype" and any(one.option.startswith("limit-iface") for one in rule.matches):
            return self._unknown  # which of several options the interface is for does not show
        found = self._known.get(key)
        if found is None:
            found = self._decided(match, stated)
            if found is None:
                return self._undecided(match, rule)
            self._known[key] = found
        return found

    def _decided(self, match: Match, stated: bool) -> Region | None:
        """The packets for which a match holds; None where the fields of a packet do not tell."""
        if match.module == "connmark":
            return self._of_connection(self._mark("connmark", match.values), match.negated, stated=False)
        decide = _CONDITIONS.get(match.option)
        decided = decide(self, match) if decide is not None else None
        if match.module == "conntrack" and match.option != "ctstate":
            known = decided if decided is not None else self.space.atom(("conntrack", match.option, match.values))
            found = self._of_connection(known, match.negated, stated=stated)
            if match.option.endswith("port"):  # what stands there for protocols without ports is not modelled
                return Region(found.sure & self.space.with_ports, found.may | ~self.space.with_ports)
            return found
        if decided is None:
            return None
        within = self._carrying(match.option)
        signed = ~decided if match.negated else decided
        return _exact(signed & within if within is not None else signed)

    def _of_connection(self, packets: Packets, negated: bool, *, stated: bool) -> Region:
        """A condition on the connection. Of a packet without one the kernel asks the state and nothing else."""
        signed = ~packets if negated else packets
        return _exact(signed | ~self._tracked if stated else signed & self._tracked)

    def _carrying(self, option: str) -> Packets | None:
        """The packets whose header has what the option asks for; a negation is for these alone, too."""
        if option in ("sport", "dport", "sports", "dports", "ports", "port"):
            return self._ported
        if option in ("syn", "tcp-flags", "any-tcp-flag"):
            return self._tcp
        return self._icmp.get(option)

    def _undecided(self, match: Match, rule: FirewallRule) -> Region:
        if match.module in _UNSTEADY or match.module in self.changed or match.option == "hidden":
            return self._unknown
        # the options of a match belong together
        whole = tuple((one.option, one.values, one.negated) for one in rule.matches if one.module == match.module)
        return _exact(self.space.atom((match.module, whole)))

    def _set(self, match: Match) -> Region:
        named = match.set.name if match.set is not None else next(iter(match.values), "")
        anonymous = match.set is not None and not match.set.name
        if match.set is not None and len(match.values) > 1 and (anonymous or not self.lasting):
            key = (id(match.set), match.values[1])
            found = self._known.get(key)
            if found is None:
                found = self._known[key] = self._members(match.set, tuple(match.values[1].split(",")))
            return self._signed(found, match.negated)
        if named in self.filled or not named or match.option != "match-set":
            return self._unknown
        return self._signed(_exact(self.space.atom(("set", match.option, match.values))), match.negated)

    def _members(self, asked: IpSet, sides: tuple[str, ...]) -> Region:
        return member_sets(self.space, asked, sides) or self._unknown

    # conditions that fields decide; None where their words are not understood

    def _ports(self, field: str, values: tuple[str, ...]) -> Packets | None:
        ranges = list(_port_ranges(",".join(values)))
        if any(one is None for one in ranges):
            return None
        return self.space.union(self.space.numbers(field, *one) for one in ranges if one is not None)

    def _either_port(self, match: Match) -> Packets | None:
        sides = [self._ports(field, match.values) for field in ("source_port", "destination_port")]
        return sides[0] | sides[1] if sides[0] is not None and sides[1] is not None else None

    def _state(self, match: Match) -> Packets | None:
        names = ",".join(match.values).split(",")
        return self.space.states(names) if {*STATES, "SNAT", "DNAT"}.issuperset(names) else None

    def _flags(self, match: Match) -> Packets | None:
        if len(match.values) != 2:
            return None
        asked = _flag_bits(match.values[0])
        wanted = _flag_bits(match.values[1])
        if asked is None or wanted is None:
            return None
        return self.space.bits("flags", wanted, asked) if not wanted & ~asked else self.space.nothing

    def _syn(self, match: Match) -> Packets | None:
        return self._flags(Match("tcp", "tcp-flags", ("FIN,SYN,RST,ACK", "SYN")))

    def _any_flag(self, match: Match) -> Packets | None:
        bits = _flag_bits(",".join(match.values))
        return ~self.space.bits("flags", 0, bits) if bits is not None else None

    def _icmp_type(self, match: Match) -> Packets | None:
        ranges = icmp_ranges(match)
        return self.space.union(self.space.numbers("icmp", *one) for one in ranges) if ranges is not None else None

    def _mark(self, field: str, values: tuple[str, ...]) -> Packets:
        value, _slash, mask = values[0].partition("/") if values else ("", "", "")
        try:
            bits, wanted = int(mask, 0) if mask else _ALL_BITS, int(value, 0)
        except ValueError:
            return self.space.atom((field, values))
        return self.space.bits(field, wanted, bits) if not wanted & ~bits else self.space.nothing

    def _held(self, field: str, values: Iterable[str]) -> Packets | None:
        sets = []
        for value in values:
            prefixes = range_prefixes(value)
            if prefixes is None:
                return None
            sets += [self.space.prefix(field, prefix) for prefix in prefixes]
        return self.space.union(sets)

    def _named(self, field: str, match: Match) -> Packets:
        return self.space.union(self.space.interface(field, value) for value in match.values)

    def _listed_protocols(self, match: Match) -> Packets | None:
        return self._protocol(match.values, False).may

    def _address_type(self, side: str, match: Match) -> Packets | None:
        """Types of addresses. Every address has one of them by the host's routes, in IPv6 it can have two."""
        types = set(",".join(match.values).split(","))
        kinds = self._address_kinds(side)
        if types - kinds.keys():
            return None
        return self.space.union(kinds[kind] for kind in types)

    def own_addresses(self, side: str) -> Packets:
        """Packets whose `side` ("source", "destination") is an address of the host."""
        return self._address_kinds(side)["LOCAL"]

    def _address_kinds(self, side: str) -> dict[str, Packets]:
        space, version = self.space, self.space.version
        bit = 1 if side == "source" else 2
        prefix = {name: parse_prefix(text[version]) for name, text in (("own", _LOOPBACK), ("many", _MULTICAST))}
        assert prefix["own"] is not None
        assert prefix["many"] is not None
        loopback, multicast = space.prefix(side, prefix["own"]), space.prefix(side, prefix["many"])
        if self.local is not None:
            own = space.union(space.prefix(side, Prefix.of(address)) for address in self.local)
        else:
            own = space.bits("local", bit, bit)
        if version == 6:
            local = (own | loopback) & ~multicast
            return {"LOCAL": local, "MULTICAST": multicast}
        everybody = space.prefix(side, Prefix(4, 0, 8)) | space.prefix(side, Prefix(4, _ALL_BITS, 32))
        local = (own | loopback) & ~multicast & ~everybody
        # the broadcast address of a network ends in ones (in zeros before Linux 5.14), how many is not known
        last = space.bits(side, 3, 3) | space.bits(side, 0, 3)
        broadcast = (everybody | (space.bits("broadcast", bit, bit) & last)) & ~local & ~multicast
        other = space.bits("special", bit, bit) & ~local & ~broadcast & ~multicast  # blackhole, prohibit, anycast, …
        unicast = ~(local | broadcast | multicast | other)
        return {"LOCAL": local, "BROADCAST": broadcast, "MULTICAST": multicast, "UNICAST": unicast}


def _exact(packets: Packets) -> Region:
    return Region(packets, packets)


def _port_ranges(text: str) -> Iterator[tuple[int, int] | None]:
    for part in text.split(","):
        first, colon, last = part.partition(":")
        low, high = first or "0", (last or "65535") if colon else first
        yield (int(low), min(int(high), 65535)) if low.isdecimal() and high.isdecimal() else None


def _flag_bits(text: str) -> int | None:
    """Flags by their names, as bits of the field "flags"."""
    bits = 0
    for name in text.split(","):
        if name in ("ALL", "NONE"):
            bits |= (1 << len(FLAGS)) - 1 if name == "ALL" else 0
        elif name in FLAGS:
            bits |= 1 << FLAGS.index(name)
        else:
            return None
    return bits


_CONDITIONS: dict[str, Callable[[Conditions, Match], Packets | None]] = {
    "sport": lambda own, match: own._ports("source_port", match.values),
    "dport": lambda own, match: own._ports("destination_port", match.values),
    "sports": lambda own, match: own._ports("source_port", match.values),
    "dports": lambda own, match: own._ports("destination_port", match.values),
    "ports": Conditions._either_port,
    "port": Conditions._either_port,
    "ctstate": Conditions._state,
    "state": Conditions._state,
    "src-type": lambda own, match: own._address_type("source", match),
    "dst-type": lambda own, match: own._address_type("destination", match),
    "syn": Conditions._syn,
    "tcp-flags": Conditions._flags,
    "any-tcp-flag": Conditions._any_flag,
    "icmp-type": Conditions._icmp_type,
    "icmpv6-type": Conditions._icmp_type,
    "mark": lambda own, match: own._mark("mark", match.values),
    "ctdir": lambda own, match: own.space.bits("reply", 1 if match.values == ("REPLY",) else 0, 1),
    "ctorigsrc": lambda own, match: own._held("original_source", match.values),
    "ctorigdst": lambda own, match: own._held("original_destination", match.values),
    "ctorigsrcport": lambda own, match: own._ports("original_source_port", match.values),
    "ctorigdstport": lambda own, match: own._ports("original_destination_port", match.values),
    "src-range": lambda own, match: own._held("source", match.values),
    "dst-range": lambda own, match: own._held("destination", match.values),
    "source": lambda own, match: own._held("source", match.values),
    "destination": lambda own, match: own._held("destination", match.values),
    "in-interface": lambda own, match: own._named("in_interface", match),
    "out-interface": lambda own, match: own._named("out_interface", match),
    "protocol": Conditions._listed_protocols,
}
