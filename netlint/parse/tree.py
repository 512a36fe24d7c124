"""The tree that YAML and JSON share, and what every parser reports of bad input."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from msgspec import Struct

from netlint.source import Span


class Problem(Struct, frozen=True):
    """Something a parser or builder could not read. `fatal`: nothing of the file could be used."""

    span: Span
    message: str
    help: str = ""
    fatal: bool = False


class Unsupported(Struct, frozen=True, order=True):
    """Something that was read but that netlint has no model for; `what` says what it is."""

    span: Span
    what: str


Value: TypeAlias = str | int | float | bool | None


class Scalar(Struct, frozen=True, kw_only=True):
    """A leaf. `text` is its content after unquoting, `value` its typed value, `start` the offset at which the
    content stands verbatim in the source, or None where escapes, folding or an alias make it differ."""

    span: Span
    text: str
    value: Value
    plain: bool = False
    tag: str | None = None
    start: int | None = None

    def part(self, start: int, end: int) -> Span:
        """The span of characters `start` to `end` of `text`; the whole scalar where it does not stand verbatim."""
        if self.start is None:
            return self.span
        return Span(self.span.source, self.start + start, self.start + end)


class Entry(Struct, frozen=True, kw_only=True):
    """One `key: value`. `merged`: it came through a YAML merge key (`<<`)."""

    key: Scalar
    value: Node
    merged: bool = False


class Mapping(Struct, frozen=True, kw_only=True):
    """Entries in order, duplicates included; the last of equal keys wins. `merges`: the merge keys (`<<`) of YAML,
    whose entries come before all others."""

    span: Span
    entries: tuple[Entry, ...]
    tag: str | None = None
    merges: tuple[Scalar, ...] = ()

    def get(self, key: str) -> Node | None:
        for entry in reversed(self.entries):
            if entry.key.text == key:
                return entry.value
        return None

    def entry(self, key: str) -> Entry | None:
        for entry in reversed(self.entries):
            if entry.key.text == key:
                return entry
        return None

    def items(self) -> Iterator[tuple[Scalar, Node]]:
        """Key and value of each effective entry: for equal keys only the last."""
        last = {entry.key.text: entry for entry in self.entries}
        for entry in self.entries:
            if last[entry.key.text] is entry:
                yield entry.key, entry.value

    def keys(self) -> list[str]:
        return list(dict.fromkeys(entry.key.text for entry in self.entries))


class Sequence(Struct, frozen=True, kw_only=True):
    span: Span
    items: tuple[Node, ...]
    tag: str | None = None


Node: TypeAlias = Scalar | Mapping | Sequence


def duplicate_keys(node: Node) -> Iterator[tuple[Scalar, Scalar]]:
    """Each key that stands again in one mapping of the tree, after the key of the first time."""
    pending: list[Node] = [node]
    visited: set[int] = set()  # what aliases share is looked at once
    while pending:
        match pending.pop():
            case Sequence(items=items) if id(items) not in visited:
                visited.add(id(items))
                pending.extend(reversed(items))
            case Mapping(entries=entries, merges=merges) if id(entries) not in visited:
                visited.add(id(entries))
                first: dict[str, Scalar] = {}
                for key in (*merges, *(entry.key for entry in entries if not entry.merged)):
                    before = first.setdefault(key.text, key)
                    if before is not key:
                        yield before, key
                pending.extend(entry.value for entry in reversed(entries) if not entry.merged)


class Word(Struct, frozen=True):
    """A word of a command line or unit file after unquoting; `verbatim` where `text` equals the source's slice.

    Where it does not, `offsets` holds the place of each character of `text` in the source, if that is known.
    `exact` is False where a variable decides a part: `text` then rests on its default, or holds it unexpanded.
    """

    text: str
    span: Span
    verbatim: bool = True
    offsets: tuple[int, ...] = ()
    exact: bool = True

    def part(self, start: int, end: int) -> Span:
        """The span of characters `start` to `end` of `text`; the whole word where their places are not known."""
        if self.verbatim:
            return self.span.part(start, end)
        places = self.offsets[start:end]
        return Span(self.span.source, places[0], places[-1] + 1) if places else self.span
