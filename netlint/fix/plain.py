"""A file's content without its places: what must be the same before and after a repair, but for what it says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from netlint.guard.trees import CLOSED
from netlint.parse.tree import Mapping, Node, Scalar


class Leaf:
    """A scalar by its text and the name of its type; whether it was quoted is not content."""

    __slots__ = ("kind", "tag", "text")

    def __init__(self, text: str, kind: str, tag: str | None = None) -> None:
        self.text = text
        self.kind = kind
        self.tag = tag

    def __str__(self) -> str:
        return self.text if self.kind != "NoneType" else "null"


class Pair:
    """An entry of a mapping."""

    __slots__ = ("key", "value")

    def __init__(self, key: str, value: Content) -> None:
        self.key = key
        self.value = value


class Pairs:
    """A mapping: its entries in order, equal keys included."""

    __slots__ = ("pairs", "tag")

    def __init__(self, pairs: list[Pair], tag: str | None = None) -> None:
        self.pairs = pairs
        self.tag = tag

    def get(self, key: str) -> Content | None:
        return next((pair.value for pair in reversed(self.pairs) if pair.key == key), None)


class Items:
    """A list."""

    __slots__ = ("items", "tag")

    def __init__(self, items: list[Content], tag: str | None = None) -> None:
        self.items = items
        self.tag = tag


Content: TypeAlias = Leaf | Pairs | Items


def content(node: Node) -> Content:
    """The content of a node; what aliases share is there once for each."""
    match node:
        case Scalar():
            return Leaf(node.text, type(node.value).__name__, node.tag)
        case Mapping():
            return Pairs([Pair(entry.key.text, content(entry.value)) for entry in node.entries], node.tag)
    return Items([content(item) for item in node.items], node.tag)


def whole(documents: list[Node]) -> Items:
    return Items([content(document) for document in documents])


def differences(before: Content, after: Content, where: str = "") -> Iterator[tuple[str, str | None, str | None]]:
    """Each place that differs as (path, old, new), None for what is not there; the order of keys does not count.

    A path is written as `services.web.ports[0]`.
    """
    match before, after:
        case Leaf(), Leaf():
            empty = before.kind == after.kind == "NoneType"  # written as `null`, `~` or nothing
            if (before.kind, before.tag) != (after.kind, after.tag) or not (empty or before.text == after.text):
                yield where, str(before), str(after)
        case Pairs(), Pairs() if before.tag == after.tag:
            yield from _pairs(before, after, where)
        case Items(), Items() if before.tag == after.tag:
            for index in range(max(len(before.items), len(after.items))):
                place = f"{where}[{index}]" if where or len(before.items) > 1 else ""  # of one document
                if index >= len(after.items):
                    yield place, brief(before.items[index]), None
                elif index >= len(before.items):
                    yield place, None, brief(after.items[index])
                else:
                    yield from differences(before.items[index], after.items[index], place)
        case _:
            yield where, brief(before), brief(after)


def _pairs(before: Pairs, after: Pairs, where: str) -> Iterator[tuple[str, str | None, str | None]]:
    old, new = _grouped(before), _grouped(after)
    for key in dict.fromkeys((*old, *new)):
        place = f"{where}.{key}" if where else key
        ours, theirs = old.get(key, []), new.get(key, [])
        for index in range(max(len(ours), len(theirs))):
            if index >= len(theirs):
                yield place, brief(ours[index]), None
            elif index >= len(ours):
                yield place, None, brief(theirs[index])
            else:
                yield from differences(ours[index], theirs[index], place)


def _grouped(mapping: Pairs) -> dict[str, list[Content]]:
    found: dict[str, list[Content]] = {}
    for pair in mapping.pairs:
        found.setdefault(pair.key, []).append(pair.value)
    return found


def brief(node: Content, room: int = 60, depth: int = 3) -> str:
    """The content on one line, cut where it is long or deep, without what a report must not show."""
    match node:
        case Leaf():
            text = str(node)
        case _ if not depth:
            text = "…"
        case Items():
            text = f"[{', '.join(brief(item, room, depth - 1) for item in node.items[:8])}]"
        case Pairs():
            inner = (
                f"{pair.key}: {'…' if pair.key.lower() in CLOSED else brief(pair.value, room, depth - 1)}"
                for pair in node.pairs[:8]
            )
            text = f"{{{', '.join(inner)}}}"
    return text if len(text) <= room else f"{text[: room - 1]}…"
