"""The interfaces as the scripts of a host leave them: each file's commands in order, what only may run as unknown."""

from __future__ import annotations

from collections.abc import Container, Iterable
from typing import Any

from netlint.model.action import (
    Action,
    AddressChange,
    AddressFlush,
    LinkChange,
)
from netlint.model.interface import Interface, InterfaceAddress
from netlint.model.located import Located
from netlint.prefix import Address, Prefix
from netlint.source import Span

_PAIRS = ("veth", "netkit", "vxcan")
_FIELDS = ("mac", "mtu", "kind", "master", "up", "link")


class _Link:
    """An interface while its commands are gone through. A field that is there and None may be one thing or another.

    `sure`: it is there whichever way the script goes.
    """

    def __init__(self, span: Span, sure: bool) -> None:
        self.span = span
        self.sure = sure
        self.fields: dict[str, Any] = {}
        self.options: tuple[tuple[str, Located[str]], ...] = ()
        self.addresses: dict[tuple[Address, int], InterfaceAddress] = {}


def scripted_links(actions: Iterable[Action], sources: Container[str]) -> tuple[Interface, ...]:
    """What the actions of the files `sources`, which surely are the host's own, make of its interfaces."""
    by_file: dict[str, list[AddressChange | AddressFlush | LinkChange]] = {}
    for one in actions:
        if isinstance(one, (AddressChange, AddressFlush, LinkChange)) and one.span.source in sources:
            by_file.setdefault(one.span.source, []).append(one)
    merged: dict[str, _Link] = {}
    for found in by_file.values():
        for name, link in _links(found).items():
            merged[name] = _joined(merged[name], link) if name in merged else link
    return tuple(_interface(name, link) for name, link in merged.items() if link.sure)


def _links(changes: Iterable[AddressChange | AddressFlush | LinkChange]) -> dict[str, _Link]:
    links: dict[str, _Link] = {}
    for one in changes:
        name = one.interface.value
        if not one.interface.exact or not name or "$" in name:
            continue
        if isinstance(one, LinkChange) and one.operation == "delete":
            _delete(links, name, one.certain)
            continue
        fresh = isinstance(one, LinkChange) and one.operation == "add"
        if fresh and not one.certain and name in links and links[name].sure:
            continue  # it is there already
        if name not in links or (fresh and one.certain):
            links[name] = _Link(one.interface.span, one.certain)
        link = links[name]
        link.sure = link.sure or one.certain
        match one:
            case AddressChange():
                _address(link, one)
            case AddressFlush():
                for key in [key for key in link.addresses if one.version in (None, key[0].version)]:
                    del link.addresses[key]
            case LinkChange():
                _change(links, name, link, one)
    return links


def _delete(links: dict[str, _Link], name: str, certain: bool) -> None:
    """An interface goes, with its other end, and leaves its ports alone."""
    link = links.get(name)
    far = link.fields.get("link") if link is not None and link.fields.get("kind") in _PAIRS else None
    for gone in (name, far):
        if isinstance(gone, str) and gone in links:
            if certain:
                del links[gone]
            else:
                links[gone].sure = False
    for other in links.values():
        if other.fields.get("master") == name:
            other.fields["master"] = None


def _address(link: _Link, one: AddressChange) -> None:
    key = (one.address.value, one.length)
    if one.operation == "delete":
        link.addresses.pop(key, None)
    elif one.certain and one.address.exact:
        prefix = Prefix.of(*key)
        link.addresses[key] = InterfaceAddress(address=key[0], prefix=prefix, span=one.address.span)


def _change(links: dict[str, _Link], name: str, link: _Link, one: LinkChange) -> None:
    if one.operation == "add":
        link.fields["up"] = False if one.certain else None
        link.fields["kind"] = one.kind if one.certain else None
        link.options = one.options if one.certain else ()
    for key, value in one.changes:
        known = one.certain and value.exact and "$" not in value.value
        match key:
            case "state":
                link.fields["up"] = value.value == "up" if known else None
            case "mtu":
                number = value.value.isascii() and value.value.isdigit() and len(value.value) < 10
                link.fields["mtu"] = int(value.value) if known and number else None
            case "mac" | "link" | "master":
                link.fields[key] = value.value or None if known else None
                if key == "master" and value.value and known and value.value not in links:
                    links[value.value] = _Link(value.span, True)
            case "netns":  # it leaves the host
                links.pop(name, None)
            case "name":
                moved = links.pop(name, None)
                if moved is not None and known:
                    links[value.value] = moved
            case _:
                pass


def _joined(first: _Link, second: _Link) -> _Link:
    """What two files make of an interface: where they disagree, nobody knows which came last."""
    joined = _Link(first.span, first.sure or second.sure)
    for name in {**first.fields, **second.fields}:
        found = [one.fields[name] for one in (first, second) if name in one.fields]
        joined.fields[name] = found[0] if all(one == found[0] for one in found) else None
    joined.options = first.options or second.options
    joined.addresses = first.addresses | second.addresses
    return joined


def _interface(name: str, link: _Link) -> Interface:
    fields = {key: link.fields[key] for key in _FIELDS if link.fields.get(key) is not None}
    return Interface(
        name=name, span=link.span, addresses=tuple(link.addresses.values()), options=link.options, **fields
    )
