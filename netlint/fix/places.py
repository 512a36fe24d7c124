"""Where things stand in a file's tree: entries by the place of their key, items and scalars by their own."""

from __future__ import annotations

from bisect import bisect_right
from typing import TypeAlias

from msgspec import Struct

from netlint.parse.tree import Entry, Mapping, Node, Scalar, Sequence
from netlint.source import Span

Path: TypeAlias = tuple[int, ...]  # indexes of documents, entries and items, from the outermost


class HeldEntry(Struct, frozen=True):
    """An entry with the mapping it stands in, as entry `number` (from 0); `paths` are the ways to it, several where
    aliases share it."""

    mapping: Mapping
    number: int
    paths: list[Path]

    @property
    def entry(self) -> Entry:
        return self.mapping.entries[self.number]


class HeldItem(Struct, frozen=True):
    """An item with the list it stands in."""

    sequence: Sequence
    number: int
    paths: list[Path]


class HeldScalar(Struct, frozen=True):
    scalar: Scalar
    paths: list[Path]


class Places:
    """The places of the nodes of `documents`."""

    def __init__(self, documents: list[Node]) -> None:
        self.documents = documents
        self._entries: dict[int, HeldEntry] = {}
        self._items: dict[int, HeldItem] = {}
        self._scalars: dict[int, HeldScalar] = {}
        self._keys: dict[int, HeldEntry] = {}
        self._values: dict[int, HeldEntry] = {}
        pending: list[tuple[Node, Path]] = [(node, (index,)) for index, node in enumerate(documents)]
        pending.reverse()
        while pending:
            node, path = pending.pop()
            match node:
                case Mapping():
                    children = [(entry.value, (*path, index)) for index, entry in enumerate(node.entries)]
                    for index, entry in enumerate(node.entries):
                        self._entry(node, index, entry, (*path, index))
                    pending.extend(reversed(children))
                case Sequence():
                    for index, item in enumerate(node.items):
                        start = item.span.start
                        self._items.setdefault(start, HeldItem(node, index, [])).paths.append((*path, index))
                    pending.extend((item, (*path, index)) for index, item in reversed([*enumerate(node.items)]))
                case Scalar():
                    self._scalars.setdefault(node.span.start, HeldScalar(node, [])).paths.append(path)
        self._starts = sorted(self._scalars)

    def _entry(self, mapping: Mapping, index: int, entry: Entry, path: Path) -> None:
        start = entry.key.span.start
        held = self._entries.get(start)
        if held is None:
            held = self._entries[start] = HeldEntry(mapping, index, [])
            if entry.key.start is not None:
                self._keys[entry.key.start] = held
            if isinstance(entry.value, Scalar) and entry.value.text:
                self._values[entry.value.span.start] = held
                if entry.value.start is not None:
                    self._values[entry.value.start] = held
        held.paths.append(path)

    def entry(self, span: Span) -> HeldEntry | None:
        """The entry whose key, or whose value where that is a scalar, stands at `span`, with or without its quotes."""
        at = span.start
        return self._entries.get(at) or self._keys.get(at) or self._values.get(at)

    def item(self, span: Span) -> HeldItem | None:
        """The item of a list that stands at `span`."""
        return self._items.get(span.start)

    def item_around(self, key: Span) -> HeldItem | None:
        """The item of a list that is a mapping in which a key stands at `key`."""
        held = self.entry(key)
        return self._items.get(held.mapping.span.start) if held is not None else None

    def scalar(self, span: Span) -> HeldScalar | None:
        """The scalar that `span` lies in."""
        at = bisect_right(self._starts, span.start) - 1
        found = self._scalars[self._starts[at]] if at >= 0 else None
        return found if found is not None and span.end <= found.scalar.span.end else None

    @property
    def root(self) -> Mapping | None:
        """The mapping of the file where it is one document."""
        one = self.documents[0] if len(self.documents) == 1 else None
        return one if isinstance(one, Mapping) else None
