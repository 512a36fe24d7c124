"""Values of nftables: definitions, named sets, and lists as iptables writes them."""

from __future__ import annotations

from netlint.model.netfilter import IpSet, SetMember
from netlint.parse.nft_tree import Braces, Element, Parts, Reference, Set, Table, Text, Value

# The types of a set's dimensions in ipset's words; `typeof` names the field instead.
_DIMENSIONS = {
    "ipv4_addr": "net",
    "ipv6_addr": "net",
    "inet_service": "port",
    "inet_proto": "proto",
    "ifname": "iface",
    "ether_addr": "mac",
    "mark": "mark",
}
_SIDES: dict[tuple[str, ...], tuple[str, str]] = {
    ("ip", "saddr"): ("net", "src"),
    ("ip", "daddr"): ("net", "dst"),
    ("ip6", "saddr"): ("net", "src"),
    ("ip6", "daddr"): ("net", "dst"),
    ("meta", "iifname"): ("iface", "src"),
    ("meta", "oifname"): ("iface", "dst"),
    ("meta", "iif"): ("iface", "src"),
    ("meta", "oif"): ("iface", "dst"),
    ("meta", "l4proto"): ("proto", "src"),
    ("ip", "protocol"): ("proto", "src"),
}
OPERATORS = frozenset(("==", "!=", "!", "<", "<=", ">", ">="))
_LONGEST_PORT = 5
_DEEPEST = 8  # definitions that use definitions


class Values:
    """The definitions of a file and the sets of a table."""

    def __init__(self, table: Table, definitions: dict[str, Value]) -> None:
        self.sets = {one.name: one for one in table.sets}
        self.definitions = definitions

    def resolved(self, value: Value, depth: int = 0) -> Value:
        """The value with definitions in the place of their names; an unknown one stays."""
        if depth > _DEEPEST:
            return value
        match value:
            case Reference(kind="$", name=name) if name in self.definitions:
                return self.resolved(self.definitions[name], depth + 1)
            case Parts():
                return Parts(value.span, value.kind, tuple(self.resolved(part, depth + 1) for part in value.parts))
            case Braces():
                return Braces(value.span, tuple(self._element(one, depth + 1) for one in value.elements))
            case _:
                return value

    def _element(self, element: Element, depth: int) -> Element:
        value = None if element.value is None else self.resolved(element.value, depth)
        return Element(element.span, self.resolved(element.key, depth), element.verdict, value, element.options)

    def texts(self, value: Value) -> tuple[str, ...] | None:
        """The words of a value or of a list of values; None for sets by name and for concatenations."""
        match self.resolved(value):
            case Text(text=text):
                return (text,)
            case Parts(kind=",", parts=parts):
                return _joined([self.texts(part) for part in parts])
            case Braces(elements=elements):
                return _joined([self.texts(element.key) for element in elements])
            case _:
                return None

    def named(self, value: Value) -> Set | None:
        """The set or map of the table that the value names."""
        value = self.resolved(value)
        return self.sets.get(value.name) if isinstance(value, Reference) and value.kind == "@" else None

    def elements(self, value: Value) -> tuple[Element, ...] | None:
        """The elements of a set or map that stands there or is named there."""
        value = self.resolved(value)
        if isinstance(value, Braces):
            return value.elements
        found = self.named(value)
        return None if found is None else tuple(self._element(element, 0) for element in found.elements)

    def ip_set(self, value: Value, left: tuple[tuple[str, ...], ...]) -> tuple[IpSet, str] | None:
        """The set that a concatenation or address is looked up in, and the sides of a packet that are asked; None
        where one of them is not modelled."""
        sides = [side(selector) for selector in left]
        elements = self.elements(value)
        found = self.named(value)
        if elements is None or None in sides:
            return None
        kinds = [one[0] for one in sides if one is not None]
        typed = [_DIMENSIONS[word] for word in found.key if word in _DIMENSIONS] if found is not None else []
        if len(typed) == len(kinds) and typed != kinds:
            return None
        changing = found is not None and not {"dynamic", "timeout"}.isdisjoint(found.flags)
        members = [self._member(element, changing) for element in elements]
        if None in members:
            return None
        made = IpSet(
            name=found.name if found is not None else "",
            span=found.span if found is not None else value.span,
            type="hash:" + ",".join(kinds),
            members=tuple(member for member in members if member is not None),
        )
        return made, ",".join(one[1] for one in sides if one is not None)

    def _member(self, element: Element, changing: bool) -> SetMember | None:
        key = element.key
        parts = key.parts if isinstance(key, Parts) and key.kind == "." else (key,)
        texts = [part.text for part in parts if isinstance(part, Text)]
        if len(texts) != len(parts):
            return None
        timed = not {"timeout", "expires"}.isdisjoint(element.options)
        return SetMember(tuple(texts), False, not (timed or changing))


def side(selector: tuple[str, ...]) -> tuple[str, str] | None:
    """The kind of dimension and the side of the packet that a selector asks."""
    if selector[-1] in ("sport", "dport"):
        return "port", "src" if selector[-1] == "sport" else "dst"
    return _SIDES.get(selector)


def _joined(parts: list[tuple[str, ...] | None]) -> tuple[str, ...] | None:
    if any(part is None for part in parts):
        return None
    return tuple(text for part in parts if part is not None for text in part)


def ports(texts: tuple[str, ...], operator: str) -> str | None:
    """Ports as iptables writes them (`22,80:90`); None where one is no number and an order is asked."""
    if operator in ("==", "!=", "!"):
        return ",".join(text.replace("-", ":", 1) if text[:1].isdigit() else text for text in texts)
    if len(texts) != 1 or not texts[0].isdecimal() or len(texts[0]) > _LONGEST_PORT:
        return None
    number = int(texts[0])
    match operator:
        case "<" | "<=":
            return f"0:{number - (operator == '<')}"
        case _:
            return f"{number + (operator == '>')}:65535"
