"""The tree that YAML and JSON share, and what every parser reports of bad input."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, TypeAlias

from msgspec import Struct

from netlint.source import Span


class Problem(NamedTuple):
    """Something a parser or builder could not read. `fatal`: nothing of the file could be used."""

    span: Span
    message: str
    help: str = ""
    fatal: bool = False


class Unsupported(NamedTuple):
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
    """Entries in order, duplicates included; the last of equal keys wins."""

    span: Span
    entries: tuple[Entry, ...]
    tag: str | None = None

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


class Word(NamedTuple):
    """A word of a command line or unit file after unquoting; `verbatim` where `text` equals the source's slice."""

    text: str
    span: Span
    verbatim: bool = True

    def part(self, start: int, end: int) -> Span:
        """The span of characters `start` to `end` of `text`; the whole word where it does not stand verbatim."""
        return self.span.part(start, end) if self.verbatim else self.span
