"""What a rule of nftables compares, as conditions of the model: what iptables would call them where it has a word."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from netlint.build.nft_values import OPERATORS, Values, ports, side
from netlint.model.netfilter import Match, NameMatch, PrefixMatch
from netlint.parse.nft_tree import Comparison, Reference, Text, Value
from netlint.parse.tree import Unsupported
from netlint.prefix import parse_prefix
from netlint.source import Span

_INTERFACES = {"iifname": "in_interface", "iif": "in_interface", "oifname": "out_interface", "oif": "out_interface"}
_VERSIONS = {"ip": 4, "ipv4": 4, "ip6": 6, "ipv6": 6}
_SIDES = {"saddr": "source", "daddr": "destination"}
_WITH_PORTS = frozenset(("tcp", "udp", "udplite", "sctp", "dccp"))
_PROTOCOLS = {"icmpv6": "ipv6-icmp", "1": "icmp", "6": "tcp", "17": "udp", "58": "ipv6-icmp", "132": "sctp"}
_ICMP = {"icmp": ("icmp", "icmp-type"), "icmpv6": ("icmp6", "icmpv6-type")}
_NAT_STATUS = frozenset(("SNAT", "DNAT"))
_ALL_FRAGMENTS = frozenset(("8191", "0x1fff"))
# Other selectors and the option of iptables that asks the same.
_OTHERS = {
    "meta pkttype": ("pkttype", "pkt-type"),
    "meta skuid": ("owner", "uid-owner"),
    "meta skgid": ("owner", "gid-owner"),
    "meta length": ("length", "length"),
    "meta cgroup": ("cgroup", "cgroup"),
    "meta cpu": ("cpu", "cpu"),
    "meta random": ("statistic", "mode"),
    "meta hour": ("time", "timestart"),
    "meta day": ("time", "weekdays"),
    "meta time": ("time", "datestart"),
    "meta rtclassid": ("realm", "realm"),
    "meta secpath": ("policy", "pol"),
    "meta iifgroup": ("devgroup", "src-group"),
    "meta oifgroup": ("devgroup", "dst-group"),
    "ether saddr": ("mac", "mac-source"),
    "ip ttl": ("ttl", "ttl-eq"),
    "ip6 hoplimit": ("hl", "hl-eq"),
    "ip dscp": ("dscp", "dscp"),
    "ip6 dscp": ("dscp", "dscp"),
    "ip ecn": ("ecn", "ecn-ip-ect"),
    "ah spi": ("ah", "ahspi"),
    "esp spi": ("esp", "espspi"),
    "rt type": ("rt", "rt-type"),
    "frag frag-off": ("frag", "fragfirst"),
    "tcp option maxseg size": ("tcpmss", "mss"),
    "ct helper": ("helper", "helper"),
    "ct label": ("connlabel", "label"),
    "ct packets": ("connbytes", "connbytes"),
    "ct reply packets": ("connbytes", "connbytes"),
    "ct original packets": ("connbytes", "connbytes"),
    "ct bytes": ("connbytes", "connbytes"),
    "ct reply bytes": ("connbytes", "connbytes"),
    "ct original bytes": ("connbytes", "connbytes"),
    "ct count": ("connlimit", "connlimit-upto"),
    "ct count over": ("connlimit", "connlimit-above"),
    "ct expiration": ("conntrack", "ctexpire"),
    "ct direction": ("conntrack", "ctdir"),
    "ct original saddr": ("conntrack", "ctorigsrc"),
    "ct original daddr": ("conntrack", "ctorigdst"),
    "ct reply saddr": ("conntrack", "ctreplsrc"),
    "ct reply daddr": ("conntrack", "ctrepldst"),
    "ct original protocol": ("conntrack", "ctproto"),
    "ct original proto-src": ("conntrack", "ctorigsrcport"),
    "ct original proto-dst": ("conntrack", "ctorigdstport"),
    "ct reply proto-src": ("conntrack", "ctreplsrcport"),
    "ct reply proto-dst": ("conntrack", "ctrepldstport"),
    "numgen inc mod": ("statistic", "mode"),
    "numgen random mod": ("statistic", "mode"),
}


class Conditions(Struct, frozen=True, kw_only=True):
    """What a rule asks, in the fields of `FirewallRule`."""

    source: PrefixMatch | None = None
    destination: PrefixMatch | None = None
    in_interface: NameMatch | None = None
    out_interface: NameMatch | None = None
    protocol: NameMatch | None = None
    fragment: bool | None = None
    matches: tuple[Match, ...] = ()

    def plus(self, *matches: Match) -> Conditions:
        return replace(self, matches=self.matches + matches)


class NeverError(Exception):
    """The rule is for the other IP version."""


class Comparer:
    """Adds comparisons to conditions, for one table and IP version."""

    def __init__(self, version: int, values: Values) -> None:
        self.version = version
        self.values = values
        self.unsupported: list[Unsupported] = []

    def compared(self, so_far: Conditions, one: Comparison) -> Conditions:
        """The conditions with the comparison; one that is not modelled is a match that nothing decides."""
        negated = one.operator in ("!=", "!")
        if one.operator not in OPERATORS:
            return self.unknown(so_far, one.span, f"operator {one.operator}")
        for selector in one.left:
            self._check_version(selector)
        if len(one.left) > 1 or isinstance(self.values.resolved(one.right), Reference):
            return self._looked_up(so_far, one, negated)
        texts = self.values.texts(one.right)
        if texts is None:
            return self.unknown(so_far, one.span, " ".join(one.left[0]))
        found = self._plain(so_far, one, texts, negated)
        return found if found is not None else self.unknown(so_far, one.span, " ".join(one.left[0]))

    def unknown(self, so_far: Conditions, span: Span, what: str) -> Conditions:
        self.unsupported.append(Unsupported(span, f"nft: {what}"))
        return so_far.plus(Match("nft", what))

    def _check_version(self, selector: tuple[str, ...]) -> None:
        if _VERSIONS.get(selector[0], self.version) != self.version:
            raise NeverError

    def _plain(self, so_far: Conditions, one: Comparison, texts: tuple[str, ...], negated: bool) -> Conditions | None:
        """A comparison with values that are written there."""
        left = one.left[0]
        exact = one.operator in ("==", "!=", "!")
        match left:
            case (_, "sport" | "dport" as end):
                return self._with_ports(so_far, left[0], end, ports(texts, one.operator), negated)
            case _ if not exact:
                return None if " ".join(left) not in _OTHERS else self._other(so_far, left, texts, False, one.operator)
            case ("meta", "iifname" | "iif" | "oifname" | "oif" as key):
                return _interface(so_far, _INTERFACES[key], texts, negated)
            case ("meta", "l4proto") | ("ip", "protocol") | ("ip6", "nexthdr"):
                return _protocol(so_far, texts, negated)
            case ("meta", "nfproto" | "protocol"):
                return self._family(so_far, texts, negated)
            case ("ip" | "ip6", "saddr" | "daddr" as key) if one.mask is None:
                return _address(so_far, _SIDES[key], texts, negated)
            case ("meta" | "ct", "mark") if len(texts) == 1:
                mask = self.values.texts(one.mask) if one.mask is not None else ()
                value = f"{texts[0]}/{mask[0]}" if mask else texts[0]
                return so_far.plus(Match("mark" if left[0] == "meta" else "connmark", "mark", (value,), negated))
            case ("ct", "state"):
                return so_far.plus(Match("conntrack", "ctstate", (",".join(texts).upper(),), negated))
            case ("ct", "status"):
                names = tuple(text.upper() for text in texts)
                option = "ctstate" if _NAT_STATUS.issuperset(names) else "ctstatus"
                return so_far.plus(Match("conntrack", option, (",".join(names),), negated))
            case ("fib", "saddr" | "daddr" as key, "type"):
                option = "src-type" if key == "saddr" else "dst-type"
                return so_far.plus(Match("addrtype", option, (",".join(texts).upper(),), negated))
            case ("fib", *_):
                return so_far.plus(Match("rpfilter" if left[1] == "saddr" else "addrtype", " ".join(left), texts))
            case ("tcp", "flags"):
                return self._flags(so_far, one, texts, negated)
            case ("icmp" | "icmpv6" as name, "type"):
                module, option = _ICMP[name]
                asked = _protocol(so_far, (name,), False) if so_far.protocol is None else so_far
                return asked.plus(Match(module, option, (",".join(texts),), negated))
            case ("ip", "frag-off") if one.mask is not None and texts == ("0",):
                masks = self.values.texts(one.mask) or ()
                return replace(so_far, fragment=negated) if _ALL_FRAGMENTS.issuperset(masks) else None
        return self._other(so_far, left, texts, negated, one.operator)

    def _other(
        self, so_far: Conditions, left: tuple[str, ...], texts: tuple[str, ...], negated: bool, operator: str
    ) -> Conditions | None:
        words = " ".join(word for word in left if word not in ("ip", "ip6") or word == left[0])
        if left[0] in ("tcp", "sctp") and left[1] in ("option", "chunk") and words not in _OTHERS:
            return so_far.plus(Match(left[0], f"{left[0]}-option", (left[2], *texts)))
        if left[0] == "numgen":
            words = " ".join(left[:3])
        found = _OTHERS.get(words)
        if found is None:
            return None
        module, option = found
        values = texts if operator in ("==", "!=", "!") else (operator, *texts)
        if option.endswith("port"):
            values = tuple(text.replace("-", ":", 1) for text in values)
        if option == "ctdir":
            values = tuple(text.upper() for text in values)
        return so_far.plus(Match(module, option, values, negated))

    def _with_ports(
        self, so_far: Conditions, protocol: str, option: str, written: str | None, negated: bool
    ) -> Conditions | None:
        if written is None:
            return None
        module = protocol if "," not in written else "multiport"
        name = option if "," not in written else f"{option}s"
        asked = so_far
        if protocol in _WITH_PORTS and so_far.protocol is None:
            asked = replace(so_far, protocol=NameMatch(protocol))
        return asked.plus(Match(module, name, (written,), negated))

    def _family(self, so_far: Conditions, texts: tuple[str, ...], negated: bool) -> Conditions | None:
        """Which IP version: decided here, as a ruleset is of one."""
        if not all(text in _VERSIONS for text in texts):
            return None
        if (self.version in {_VERSIONS[text] for text in texts}) == negated:
            raise NeverError
        return so_far

    def _flags(self, so_far: Conditions, one: Comparison, texts: tuple[str, ...], negated: bool) -> Conditions | None:
        """`tcp flags syn / fin,syn,rst,ack`: of the flags after the slash just those before it."""
        asked = so_far if so_far.protocol is not None else replace(so_far, protocol=NameMatch("tcp"))
        mask = self.values.texts(one.mask) if one.mask is not None else None
        if one.mask is not None and mask is None:
            return None
        if mask is None:
            # without a mask it is enough that one of them is set
            return asked.plus(Match("tcp", "any-tcp-flag", (",".join(texts).upper(),), negated))
        wanted = "NONE" if texts in (("0x0",), ("0",)) else ",".join(texts).upper()
        return asked.plus(Match("tcp", "tcp-flags", (",".join(mask).upper(), wanted), negated))

    def _looked_up(self, so_far: Conditions, one: Comparison, negated: bool) -> Conditions:
        """A comparison with the members of a named set, or of several fields at once."""
        found = self.values.ip_set(one.right, one.left)
        asked = so_far
        for selector in one.left:
            if selector[0] in _WITH_PORTS and asked.protocol is None:
                asked = replace(asked, protocol=NameMatch(selector[0]))
        if found is not None:
            made, sides = found
            return asked.plus(Match("set", "match-set", (made.name, sides), negated, made))
        right = self.values.resolved(one.right)
        self.unsupported.append(Unsupported(one.span, "nft: comparison with a set that is not modelled"))
        name = right.name if isinstance(right, Reference) else ""
        sides = ",".join(found_side[1] for selector in one.left if (found_side := side(selector)) is not None)
        return asked.plus(Match("set", "match-set", (name, sides), negated))


def _interface(so_far: Conditions, field: str, texts: tuple[str, ...], negated: bool) -> Conditions:
    names = tuple(text[:-1] + "+" if text.endswith("*") else text for text in texts)
    if len(names) == 1 and getattr(so_far, field) is None:
        return replace(so_far, **{field: NameMatch(names[0], negated)})
    return so_far.plus(Match("", field.replace("_", "-"), names, negated))


def _protocol(so_far: Conditions, texts: tuple[str, ...], negated: bool) -> Conditions:
    names = tuple(_PROTOCOLS.get(text, text) for text in texts)
    if len(names) == 1 and so_far.protocol is None:
        return replace(so_far, protocol=NameMatch(names[0], negated))
    return so_far.plus(Match("", "protocol", names, negated))


def _address(so_far: Conditions, field: str, texts: tuple[str, ...], negated: bool) -> Conditions:
    prefix = parse_prefix(texts[0]) if len(texts) == 1 else None
    if prefix is not None and getattr(so_far, field) is None:
        return replace(so_far, **{field: PrefixMatch(prefix, negated)})
    if len(texts) == 1 and "-" in texts[0]:
        option = "src-range" if field == "source" else "dst-range"
        return so_far.plus(Match("iprange", option, texts, negated))
    return so_far.plus(Match("", field, texts, negated))


def key_comparisons(
    left: tuple[tuple[str, ...], ...], key: Value, parts: tuple[Value, ...], span: Span
) -> list[Comparison]:
    """The comparisons that an element of a map stands for: one for each selector; none for the catch-all `*`."""
    if isinstance(key, Text) and key.text == "*":
        return []
    return [Comparison(span, (selector,), "==", part) for selector, part in zip(left, parts, strict=False)]
