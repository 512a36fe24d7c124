"""`nmcli device show`, and `nmcli connection show NAME` of an active connection.

    listing = { device | prompt } ;
    device  = ( "GENERAL.DEVICE:" | "GENERAL.DEVICES:" ) name { field } ;
    field   = key [ "[" number "]" ] ":" value ;

Values of a connection's profile (`ipv4.addresses:`), which stand before it, are passed over: a file says them.
"""

from __future__ import annotations

import re

from msgspec import Struct

from netlint.parse.lines import lines
from netlint.parse.tree import Problem, Word
from netlint.source import Source, Span

_FIELD = re.compile(r"\s*(?P<key>(?:GENERAL|IP[46])\.[A-Z-]+)(?:\[\d+\])?:\s+(?P<value>\S.*?)\s*$")
_ROUTE = re.compile(r"dst = (?P<to>\S+?),\s*nh = (?P<via>\S+?)(?:,|$)")


class Device(Struct):
    """A device; `routes` are pairs of a destination and a next hop."""

    span: Span
    name: Word
    kind: str = ""
    mac: Word | None = None
    mtu: Word | None = None
    state: str = ""
    addresses: list[Word] = []
    routes: list[tuple[Word, str]] = []


def parse(source: Source) -> tuple[list[Device], list[Problem]]:
    devices: list[Device] = []
    for start, line in lines(source):
        field = _FIELD.match(line)
        if field is None:
            continue
        begin = start + field.start("value")
        value = Word(field["value"], source.span(begin, begin + len(field["value"])))
        key = field["key"]
        if key in ("GENERAL.DEVICE", "GENERAL.DEVICES"):
            devices.append(Device(value.span, value))
        elif devices and value.text != "--":
            _add(devices[-1], key, value)
    problems = []
    if not devices and source.text.strip():
        problems = [Problem(source.span(0, len(source.line(1))), "no device in this listing", fatal=True)]
    return devices, problems


def _add(device: Device, key: str, value: Word) -> None:
    match key:
        case "GENERAL.TYPE":
            device.kind = value.text
        case "GENERAL.HWADDR":
            device.mac = value
        case "GENERAL.MTU":
            device.mtu = value
        case "GENERAL.STATE":
            device.state = value.text
        case "IP4.ADDRESS" | "IP6.ADDRESS":
            device.addresses.append(value)
        case "IP4.ROUTE" | "IP6.ROUTE":
            found = _ROUTE.match(value.text)
            if found is not None:
                device.routes.append((_part(value, found, "to"), found["via"]))
        case _:
            pass


def _part(word: Word, found: re.Match[str], group: str) -> Word:
    return Word(found[group], word.part(found.start(group), found.end(group)))
