"""Published ports of a Compose service.

short     = [ [ address ":" ] [ ports ] ":" ] ports [ "/" protocol ]
address   = ipv4 / "[" ipv6 "]"
ports     = port [ "-" port ]                ; 0 as a host port: any free one
long      = mapping with target, and published, host_ip, protocol, mode
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TypeAlias

from msgspec import structs

from netlint.build.compose_values import Values
from netlint.build.interpolation import UNKNOWN, Expanded
from netlint.model.compose import PortRange, PublishedPort
from netlint.model.located import Located
from netlint.parse.tree import Mapping, Node, Scalar
from netlint.pattern import pattern
from netlint.prefix import parse_address
from netlint.source import Span

_PROTOCOLS = ("tcp", "udp", "sctp")
_RANGE = pattern(r"(?P<first>[0-9]+)(?:-(?P<last>[0-9]+))?", re.ASCII)
_MAX_RANGES = 1000  # entries of one service that a range is compared with

_PARTS = ("address", "published", "target")
# yaml.org/type/int.html: what YAML 1.1 takes for digits to the base 60, such as 22:22, but not 8080:80
_SEXAGESIMAL = pattern(r"[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+", re.ASCII)


_Place: TypeAlias = tuple[str, str, bool]  # where a port is published: address, protocol, and how it is written


class _NoPortError(Exception):
    """The entry gives no port, for a reason that was reported or that a variable decides."""


def build_ports(items: Iterable[Node], values: Values, owner: str = "") -> tuple[PublishedPort, ...]:
    """The ports of a list of `owner`. Of entries that say the same by their defaults the last counts, in the first
    one's place: Compose compares them port by port, without their modes."""
    ports: dict[object, tuple[_Place, PublishedPort]] = {}
    for item in items:
        try:
            port = _short(item, values, owner) if isinstance(item, Scalar) else _long(item, values, owner)
        except _NoPortError:
            continue
        is_open = port.address_open or (port.published is None and port.published_span is not None)
        place = (port.address.value if port.address is not None else "0.0.0.0", port.protocol, _is_number(item))
        ports[port if is_open else (place, port.published, port.target)] = place, port
    if any(len(port.target) > 1 for _, port in ports.values()):
        return _distinct(ports.values())
    return tuple(port for _, port in ports.values())


def _is_number(item: Node) -> bool:
    """Whether it is the long form with a number for the host port: to Compose another port than one that is a text."""
    published = item.get("published") if isinstance(item, Mapping) else None
    return isinstance(published, Scalar) and isinstance(published.value, int)


def _distinct(ports: Iterable[tuple[_Place, PublishedPort]]) -> tuple[PublishedPort, ...]:
    """The ports, those of ranges without the ones that a later entry says again."""
    kept: list[PublishedPort] = []
    later: dict[object, list[PortRange]] = {}
    for place, port in reversed(tuple(ports)):
        is_open = port.address_open or (port.published is None and port.published_span is not None)
        if is_open or (port.published is not None and len(port.published) != len(port.target)):
            kept.append(port)
            continue
        offset = port.target.first - port.published.first if port.published is not None else None
        said = later.setdefault((place, offset), [])
        parts = [port]
        for again in said[-_MAX_RANGES:]:
            parts = [rest for part in parts for rest in _without(part, again)]
        said.append(port.target)
        kept += reversed(parts)
    return tuple(reversed(kept))


def _without(port: PublishedPort, again: PortRange) -> list[PublishedPort]:
    """What is left of a port, whose host ports if any stand in pairs with those of the container, when the container
    ports `again` go."""
    target, published = port.target, port.published
    if not target.overlaps(again):
        return [port]
    offset = published.first - target.first if published is not None else 0
    rest = (PortRange(target.first, again.first - 1), PortRange(again.last + 1, target.last))
    return [
        structs.replace(port, target=one, published=published and PortRange(one.first + offset, one.last + offset))
        for one in rest
        if one.first <= one.last
    ]


def _short(scalar: Scalar, values: Values, owner: str) -> PublishedPort:
    expanded = values.expand(scalar)
    if isinstance(scalar.value, bool | float):
        values.problem(scalar.span, f"{scalar.text} is no port")
    if expanded is None or isinstance(scalar.value, bool | float):
        raise _NoPortError
    text = expanded.masked
    body, slash, protocol = text.partition("/")
    parts = body.rsplit(":", 2)
    starts = [len(":".join(parts[:index])) + (index > 0) for index in range(len(parts))]
    exact = UNKNOWN not in text and expanded.exact
    for part, piece, start in zip(_PARTS[-len(parts) :], parts, starts, strict=True):
        if UNKNOWN in piece:
            values.note_unset(expanded, "ports", owner, part, expanded.part(start, start + len(piece)))
    target = _target(expanded, parts[-1], starts[-1], values)
    address = _bracketed(expanded, parts[0], values) if len(parts) > 2 and parts[0] else None
    published, published_span = None, None
    if len(parts) > 1 and parts[-2]:
        published_span = expanded.part(starts[-2], starts[-2] + len(parts[-2]))
        published = _part(expanded, parts[-2], starts[-2], values)
    _check_lengths(published, target, expanded, values)
    return PublishedPort(
        target=target,
        span=expanded.span,
        published=None if published == PortRange(0, 0) else published,
        published_span=None if published == PortRange(0, 0) else published_span,
        address=address,
        protocol=_protocol(protocol.partition("/")[0], expanded, len(body) + len(slash), values),
        exact=exact,
        address_open=len(parts) > 2 and UNKNOWN in parts[0],
        misread=_sexagesimal(scalar.text) if scalar.plain else None,
    )


def _sexagesimal(text: str) -> int | None:
    if _SEXAGESIMAL.fullmatch(text) is None:
        return None
    number = 0
    for digits in text.lstrip("+-").replace("_", "").split(":"):
        number = number * 60 + int(digits)
    return -number if text.startswith("-") else number


def _long(node: Node, values: Values, owner: str) -> PublishedPort:
    entry = values.mapping(node, "an entry of ports")
    if entry is None:
        raise _NoPortError
    target_node, target_text = entry.get("target"), values.expand(entry.get("target"))
    for part, key in zip(_PARTS, ("host_ip", "published", "target"), strict=True):
        values.note_unset(values.expand(entry.get(key)), "ports", owner, part)
    if target_text is None:
        if target_node is None:
            values.problem(entry.span, "this entry of ports has no target, the port of the container")
        raise _NoPortError
    target = _target(target_text, target_text.masked, 0, values)
    published_text = values.expand(entry.get("published"))
    published = _part(published_text, published_text.masked, 0, values) if published_text is not None else None
    if published_text is not None:
        _check_lengths(published, target, published_text, values)
    automatic = published == PortRange(0, 0)
    host_ip = values.expand(entry.get("host_ip"))
    protocol = values.expand(entry.get("protocol"))
    mode = values.known(entry.get("mode"))
    return PublishedPort(
        target=target,
        span=entry.span,
        published=None if automatic else published,
        published_span=published_text.span if published_text is not None and not automatic else None,
        address=Located(host_ip.text, host_ip.span, host_ip.exact) if host_ip is not None and host_ip.known else None,
        protocol=_protocol(protocol.masked, protocol, 0, values) if protocol is not None else "tcp",
        mode=mode.text if mode is not None else "ingress",
        exact=all(text.exact for text in (target_text, published_text, host_ip, protocol) if text is not None),
        address_open=host_ip is not None and not host_ip.known,
    )


def _part(expanded: Expanded, text: str, start: int, values: Values) -> PortRange | None:
    """The ports that `text` names, which stands at `start`; None where a variable decides."""
    if UNKNOWN in text:
        return None
    span = expanded.part(start, start + len(text))
    typed = expanded.scalar.value
    if isinstance(typed, int):  # 010 and 0x50 are the numbers that YAML makes of them
        number = _number(str(typed), span, values)
        return PortRange(number, number)
    found = _RANGE.fullmatch(text)
    if found is None:
        message = f"{text} is no port" if text else "there is no container port behind the colon"
        raise _wrong(expanded, span, message, values)
    first = _number(found["first"], expanded.part(start, start + found.end("first")), values, expanded.exact)
    if found["last"] is None:
        return PortRange(first, first)
    last_span = expanded.part(start + found.start("last"), start + found.end("last"))
    last = _number(found["last"], last_span, values, expanded.exact)
    if last < first:
        raise _wrong(expanded, span, f"the port range {text} ends before it begins", values)
    return PortRange(first, last)


def _number(text: str, span: Span, values: Values, exact: bool = True) -> int:
    digits = text.lstrip("0") or "0"
    if len(digits) > 5 or not digits.isdecimal() or int(digits) > 65535:
        if exact:
            values.problem(span, f"port {text} is not between 0 and 65535")
        raise _NoPortError
    return int(digits)


def _target(expanded: Expanded, text: str, start: int, values: Values) -> PortRange:
    target = _part(expanded, text, start, values)
    if target is None:
        raise _NoPortError
    if target.first == 0:
        raise _wrong(expanded, expanded.part(start, start + len(text)), "a container has no port 0", values)
    return target


def _check_lengths(published: PortRange | None, target: PortRange, expanded: Expanded, values: Values) -> None:
    if published is not None and len(target) > 1 and len(published) != len(target):
        message = f"host ports {published} and container ports {target} are not equally many"
        raise _wrong(expanded, expanded.span, message, values)


def _bracketed(expanded: Expanded, text: str, values: Values) -> Located[str] | None:
    """The host address at the start of the text, without its brackets; None where a variable decides it."""
    if UNKNOWN in text:
        return None
    start, end = 0, len(text)
    if text.startswith("[") and text.endswith("]"):
        start, end = 1, end - 1
    elif text.startswith("["):
        message = "no host port stands between the address and the container port"
        raise _wrong(expanded, expanded.span, message, values, "write [address]:host port:container port")
    elif ":" in text:
        cure = f"write [{text}]" if parse_address(text) is not None else ""
        raise _wrong(expanded, expanded.part(0, end), f"{text} is no host address: IPv6 needs brackets", values, cure)
    return Located(text[start:end], expanded.part(start, end), expanded.exact) if start < end else None


def _protocol(text: str, expanded: Expanded, start: int, values: Values) -> str:
    if not text or UNKNOWN in text:
        return "tcp"
    if text.lower() not in _PROTOCOLS:
        span = expanded.part(start, start + len(text))
        raise _wrong(expanded, span, f"{text} is no protocol that can be published: {', '.join(_PROTOCOLS)}", values)
    return text.lower()


def _wrong(expanded: Expanded, span: Span, message: str, values: Values, help: str = "") -> _NoPortError:
    if expanded.exact:
        values.problem(span, message, help)
    return _NoPortError()
