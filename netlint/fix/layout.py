"""Changes as edits of the text: whole lines in block style, entries with their commas in flow style and JSON.

Edits, and not a library that writes the whole file again: ruamel.yaml 0.18, asked to change nothing, rewrote 1,594 of
1,668 public Compose files (39,356 lines). `netlint.fix.verify` holds what the edits make against the trees.
"""

from __future__ import annotations

import json
import re

from netlint.finding import Add, Change, Edit, Join, Nest, Remove, Written
from netlint.fix.places import HeldEntry, Places
from netlint.fix.plain import content, differences
from netlint.parse.tree import Entry, Mapping, Node, Scalar, Sequence
from netlint.parse.yaml import typed
from netlint.source import Source, Span

_PLAIN = re.compile(r"[A-Za-z_][\w./-]*", re.ASCII)


class UnfitError(Exception):
    """The file is not laid out so that a change fits in; the text says what is in the way."""


class Layout:
    """Makes edits for the file `source`, whose tree has `places`."""

    def __init__(self, source: Source, places: Places) -> None:
        self.source = source
        self.text = source.text
        self.places = places
        found = re.search(r"^( +)\S", self.text, re.MULTILINE)
        self.step = len(found[1]) if found is not None and len(found[1]) <= 8 else 2

    def edits(self, change: Change) -> list[Edit]:
        """The edits that make the change; UnfitError where it does not fit."""
        match change:
            case Edit(span=span, old=old):
                if old is not None and self.source.slice(span) != old:
                    raise UnfitError("the value is not written out here")
                return [change]
            case Remove():
                return self._remove(change)
            case Add():
                return self._add(change)
            case Nest():
                return self._nest(change)
            case Join():
                return self._join(change)

    # lines

    def line_start(self, offset: int) -> int:
        return offset - self.source.position(offset).column + 1

    def next_line(self, offset: int) -> int:
        """Where the line after that of `offset` begins; the end of the text where there is none."""
        line = self.source.position(offset).line
        starts = self.source.line_starts
        return starts[line] if line < len(starts) else len(self.text)

    def newline(self, offset: int) -> str:
        """What ends the line of `offset`, or else the first line."""
        for at in (offset, 0):
            end = self.next_line(at)
            for mark in ("\r\n", "\n", "\r"):
                if self.text[at:end].endswith(mark):
                    return mark
        return "\n"

    def before(self, offset: int) -> str:
        """What stands before `offset` on its line."""
        return self.text[self.line_start(offset) : offset]

    def column(self, offset: int) -> int:
        return len(self.before(offset))

    def in_flow(self, node: Node) -> bool:
        return self.text[node.span.start : node.span.start + 1] in ("{", "[")

    def written(self, node: Node) -> None:
        if self.text[node.span.start : node.span.start + 1] == "*":
            raise UnfitError("the value is an alias of one that stands elsewhere")

    def span(self, start: int, end: int) -> Span:
        return self.source.span(start, end)

    # taking out

    def _remove(self, change: Remove) -> list[Edit]:
        held = self.places.entry(change.span)
        if held is not None:
            if change.twin is not None:
                twin = self.places.entry(change.twin)
                if twin is None or any(differences(content(twin.entry.value), content(held.entry.value))):
                    raise UnfitError("the two values differ: which of them is meant is not known")
            return [self._without_entry(held)]
        item = self.places.item(change.span)
        if item is None:
            raise UnfitError("there is nothing to take out")
        self.written(item.sequence)
        ends = [(one.span.start, one.span.end) for one in item.sequence.items]
        if self.in_flow(item.sequence):
            return [self._without_flow(ends, item.number)]
        start = self.line_start(ends[item.number][0])
        if len(ends) == 1 or self.text[start : ends[item.number][0]].strip() != "-":
            raise UnfitError("it does not stand on lines of its own")
        return [self._without_lines(start, ends[item.number][1])]

    def _without_entry(self, held: HeldEntry) -> Edit:
        self.written(held.mapping)
        ends = [(entry.key.span.start, _end(entry)) for entry in held.mapping.entries if not entry.merged]
        own = [entry for entry in held.mapping.entries if not entry.merged]
        index = own.index(held.entry) if held.entry in own else -1
        if index < 0:
            raise UnfitError("the entry comes through a merge key")
        if self.in_flow(held.mapping):
            return self._without_flow(ends, index)
        if len(ends) == 1:
            raise UnfitError("it is the only entry there")
        start, end = ends[index]
        if not self.before(start).strip():
            return self._without_lines(self.line_start(start), end)
        if self.before(start).strip().strip("-").strip() or index + 1 == len(ends):
            raise UnfitError("it does not stand on lines of its own")
        return Edit(self.span(start, ends[index + 1][0]), "")

    def _without_lines(self, start: int, end: int) -> Edit:
        end = self.next_line(max(end - 1, start))
        if end == len(self.text) and start and not self.text.endswith(("\n", "\r")):  # keep the end as it was
            start -= 2 if self.text[start - 2 : start] == "\r\n" else 1
        return Edit(self.span(start, end), "")

    def _without_flow(self, ends: list[tuple[int, int]], index: int) -> Edit:
        if index + 1 < len(ends):
            return Edit(self.span(ends[index][0], ends[index + 1][0]), "")
        return Edit(self.span(ends[index - 1][1] if index else ends[index][0], ends[index][1]), "")

    # putting in

    def _add(self, change: Add) -> list[Edit]:
        held = self.places.entry(change.below) if change.below.start < change.below.end else None
        if held is None:
            if change.below.start < change.below.end or self.places.root is None:
                raise UnfitError("there is no place for it")
            return [self._add_to(self.places.root, change.path, change.value)]
        if change.beside:
            return [self._add_to(held.mapping, change.path, change.value, held.entry)]
        value = held.entry.value
        if isinstance(value, Mapping):
            return [self._add_to(value, change.path, change.value)]
        if not (isinstance(value, Scalar) and value.value is None and not value.text):
            raise UnfitError("there is something else")
        if self.in_flow(held.mapping) or self.quotes(held.entry):
            raise UnfitError("there is no mapping to write it into")
        key = held.entry.key.span.start
        lines = self.block(change.path, change.value, self.column(key) + self.step)
        return [self._insert_lines(_end(held.entry), lines)]

    def _add_to(self, mapping: Mapping, path: tuple[str, ...], value: Written, after: Entry | None = None) -> Edit:
        self.written(mapping)
        key, *rest = path
        present = mapping.entry(key)
        if present is not None:
            if present.merged:
                raise UnfitError(f"{key} comes through a merge key")
            if rest and isinstance(present.value, Mapping):
                return self._add_to(present.value, tuple(rest), value)
            if not rest and isinstance(value, tuple) and isinstance(present.value, Sequence):
                return self._add_items(present.value, value)
            raise UnfitError(f"{key} is there already")
        own = [entry for entry in mapping.entries if not entry.merged]
        if not self.in_flow(mapping):
            if not own:
                raise UnfitError("there is no entry beside which to write it")
            lines = self.block(path, value, self.column(own[0].key.span.start))
            return self._insert_lines(_end(after or own[-1]), lines)
        quoted = self.source.path.endswith(".json") or any(self.quotes(entry) for entry in own)
        text = flow(path, value, quoted)
        if not own:
            at = mapping.span.start + 1
            return Edit(self.span(at, at), text)
        last = after or own[-1]
        at, start = _end(last), last.key.span.start
        indent = self.before(start)
        gap = (
            f",{self.newline(self.line_start(start) - 1)}{indent}" if not indent.strip() and "\n" in self.text else ", "
        )
        return Edit(self.span(at, at), gap + text)

    def _add_items(self, sequence: Sequence, values: tuple[str, ...]) -> Edit:
        self.written(sequence)
        if not sequence.items:
            if not self.in_flow(sequence):
                raise UnfitError("there is no item beside which to write it")
            at = sequence.span.start + 1
            return Edit(self.span(at, at), ", ".join(json.dumps(value) for value in values))
        last = sequence.items[-1].span
        if self.in_flow(sequence):
            return Edit(self.span(last.end, last.end), "".join(f", {json.dumps(value)}" for value in values))
        before = self.before(last.start)
        if before.strip() != "-":
            raise UnfitError("there is no item beside which to write it")
        return self._insert_lines(last.end, [f"{before}{json.dumps(value)}" for value in values])

    def _insert_lines(self, end: int, lines: list[str]) -> Edit:
        """The lines after that in which something ends before `end`."""
        last = max(end - 1, 0)
        at, newline = self.next_line(last), self.newline(last)
        if at == len(self.text) and not self.text.endswith(("\n", "\r")):
            return Edit(self.span(at, at), newline + newline.join(lines))
        return Edit(self.span(at, at), newline.join([*lines, ""]))

    def quotes(self, entry: Entry) -> bool:
        return self.text[entry.key.span.start : entry.key.span.start + 1] == '"'

    def block(self, path: tuple[str, ...], value: Written, indent: int) -> list[str]:
        """The lines of an entry in block style."""
        lines = [f"{' ' * (indent + depth * self.step)}{key}:" for depth, key in enumerate(path)]
        if value is not None:
            lines[-1] += f" {_scalar(value)}"
        return lines

    # moving

    def _nest(self, change: Nest) -> list[Edit]:
        found = [held for key in change.keys if (held := self.places.entry(key)) is not None]
        if len(found) < len(change.keys) or len({id(held.mapping) for held in found}) > 1:
            raise UnfitError("the keys do not stand together")
        mapping = found[0].mapping
        self.written(mapping)
        entries = [held.entry for held in sorted(found, key=lambda held: held.entry.key.span.start)]
        if any(entry.merged for entry in entries):
            raise UnfitError("the keys come through a merge key")
        target, path = mapping, change.path
        while (inner := target.entry(path[0])) is not None:
            if len(path) == 1 or not isinstance(inner.value, Mapping) or inner.merged:
                raise UnfitError(f"{path[0]} is there already")
            self.written(inner.value)
            target, path = inner.value, path[1:]
        if self.in_flow(mapping):
            return self._nest_flow(mapping, entries, target, path)
        return self._nest_block(entries, target, path, in_place=target is mapping)

    def _nest_block(self, entries: list[Entry], target: Mapping, path: tuple[str, ...], in_place: bool) -> list[Edit]:
        if self.in_flow(target) or any(self.before(entry.key.span.start).strip() for entry in entries):
            raise UnfitError("the keys do not stand on lines of their own")
        column = self.column(target.entries[0].key.span.start)
        newline = self.newline(entries[0].key.span.start)
        lines = [f"{' ' * (column + depth * self.step)}{key}:" for depth, key in enumerate(path)]
        dash = column + len(path) * self.step
        regions = []
        for entry in entries:
            start = self.line_start(entry.key.span.start)
            regions.append((start, self.next_line(max(_end(entry) - 1, start))))
            old = self.column(entry.key.span.start)
            lines += [
                " " * (dash + 2) + (line.lstrip() if line[:old].strip() else line[old:])
                for line in self.text[slice(*regions[-1])].splitlines()
            ]
        first = len(path)
        lines[first] = f"{' ' * dash}- {lines[first].lstrip()}"
        moved = "".join(line.rstrip() + newline for line in lines)
        if in_place:
            whole = [Edit(self.span(*regions[0]), self._as_ended(moved, regions[0][1]))]
            return [*whole, *(Edit(self.span(*region), "") for region in regions[1:])]
        at = self.next_line(max(target.span.end - 1, 0))
        if at == len(self.text) and not self.text.endswith(("\n", "\r")):
            raise UnfitError("the file's last line has no end")
        return [Edit(self.span(at, at), moved), *(Edit(self.span(*region), "") for region in regions)]

    def _as_ended(self, text: str, end: int) -> str:
        """`text` without its last line end where the file's own last line has none."""
        return text if end < len(self.text) or self.text.endswith(("\n", "\r")) else text.rstrip("\r\n")

    def _nest_flow(self, mapping: Mapping, entries: list[Entry], target: Mapping, path: tuple[str, ...]) -> list[Edit]:
        own = [entry for entry in mapping.entries if not entry.merged]
        rest = own[own.index(entries[0]) + len(entries) :]
        if target is not mapping or own[own.index(entries[0]) :] != [*entries, *rest]:
            raise UnfitError("the keys do not stand together")
        start, end = entries[0].key.span.start, _end(entries[-1])
        keys = [json.dumps(key) if self.quotes(entries[0]) else key for key in path]
        head = f"{keys[0]}: " + "".join(f"{{{key}: " for key in keys[1:])
        return [Edit(self.span(start, end), f"{head}[{{{self.text[start:end]}}}]" + "}" * (len(keys) - 1))]

    def _join(self, change: Join) -> list[Edit]:
        held = self.places.item_around(change.key)
        before = held.sequence.items[held.number - 1] if held is not None and held.number else None
        if held is None or not isinstance(before, Mapping):
            raise UnfitError("there is no item before it")
        self.written(held.sequence)
        item = held.sequence.items[held.number]
        if self.in_flow(held.sequence):
            if not (isinstance(item, Mapping) and self.in_flow(item) and self.in_flow(before) and item.entries):
                raise UnfitError("the items are written in different ways")
            start = _end(before.entries[-1]) if before.entries else before.span.start + 1
            return [Edit(self.span(start, item.entries[0].key.span.start), ", " if before.entries else "")]
        mark = self.before(item.span.start)
        if mark.strip() != "-" or self.column(before.span.start) != len(mark) or self.in_flow(before):
            raise UnfitError("the items are written in different ways")
        dash = self.line_start(item.span.start) + mark.index("-")
        return [Edit(self.span(dash, dash + 1), " ")]


def _end(entry: Entry) -> int:
    """Where an entry ends, with its value."""
    return max(entry.key.span.end, entry.value.span.end)


def _scalar(value: Written, quoted: bool = False) -> str:
    match value:
        case None:
            return "null"
        case tuple():
            return f"[{', '.join(json.dumps(item) for item in value)}]"
        case str() if not quoted and _PLAIN.fullmatch(value) and typed(value) == value:
            return value
    return json.dumps(value)


def flow(path: tuple[str, ...], value: Written, quoted: bool) -> str:
    """An entry in flow style."""
    key, *rest = (json.dumps(part) if quoted else part for part in path)
    inner = "".join(f"{{{part}: " for part in rest)
    return f"{key}: {inner}{_scalar(value, quoted)}" + "}" * len(rest)
