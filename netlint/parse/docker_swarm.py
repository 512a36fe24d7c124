"""What a swarm's manager lists: `docker service` and `docker node` with `ls`, `ps` and `inspect`, as text and as JSON.

    text    = { prompt | table | record } ;
    table   = heading { row } ;                     (* ls, ps: cells below their titles *)
    record  = "ID:" value { line } ;                (* inspect --pretty *)
    line    = indent key ( ":" | " = " ) [ value ] ;

A cell belongs to the title above it. The lines of a record are taken by their keys, those of a port by `PublishedPort`;
environment, arguments, labels and mounts are passed over, as they hold secrets.
"""

from __future__ import annotations

import re

from msgspec import Struct

from netlint.parse import json
from netlint.parse.lines import is_prompt, lines
from netlint.parse.tree import Node, Problem, Word
from netlint.source import Source, Span

_HEADING = re.compile(r"\s*ID\s+(?:NAME|HOSTNAME)\s")
_TITLE = re.compile(r"\S+(?: \S+)*")
_RECORD = re.compile(r"ID:\s+(?P<id>\w+)\s*$")
_LINE = re.compile(r"(?P<indent>\s*)(?P<key>[A-Za-z][\w ]*?)\s*(?::|=)(?:\s+(?P<value>\S.*?))?\s*$")
_OUTER = {
    "id": "id", "name": "name", "hostname": "hostname", "service mode": "mode", "endpoint mode": "endpoint mode",
    "networks": "networks", "engine version": "engine version",
}  # fmt: skip
# Keys inside the sections of a record, by the section and the key.
_INNER = {
    ("service mode", "replicas"): "replicas", ("containerspec", "image"): "image", ("status", "state"): "status",
    ("status", "availability"): "availability", ("status", "address"): "address",
    ("manager status", "address"): "manager address", ("manager status", "raft status"): "manager status",
    ("manager status", "leader"): "leader",
}  # fmt: skip


class Record(Struct, frozen=True):
    """A service, node or task: its cells by lower-case titles ("name", "manager status"). `ports` are the cells of each
    port of a pretty service: "publishedport", "targetport", "protocol", "publishmode". `this`: marked with `*`."""

    span: Span
    cells: dict[str, Word]
    ports: tuple[dict[str, Word], ...] = ()
    this: bool = False


class Listing(Struct, frozen=True):
    """What the text holds: documents of JSON, or records."""

    documents: tuple[Node, ...]
    records: tuple[Record, ...]


def parse(source: Source) -> tuple[Listing, list[Problem]]:
    """The listing, and a problem where the text is none."""
    if re.match(r"\s*[\[{]", source.text):
        documents, problems = json.parse(source)
        return Listing(tuple(documents), ()), problems
    records: list[Record] = []
    columns: list[tuple[int, int, str]] = []
    pretty: _Pretty | None = None
    known = False
    for start, line in lines(source):
        if not line.strip():
            continue
        if _HEADING.match(line) or _RECORD.match(line) or is_prompt(line):
            if pretty is not None:
                records.append(pretty.record())
            columns, pretty = [], None
            if _HEADING.match(line):
                columns, known = _columns(line), True
            elif _RECORD.match(line):
                pretty, known = _Pretty(source, start, line), True
        elif pretty is not None:
            pretty.add(start, line)
        elif columns and (record := _row(source, start, line, columns)) is not None:
            records.append(record)
    if pretty is not None:
        records.append(pretty.record())
    problems = []
    if not known and source.text.strip():
        problems = [Problem(source.span(0, len(source.line(1))), "this is no list of services or nodes", fatal=True)]
    return Listing((), tuple(records)), problems


def _columns(line: str) -> list[tuple[int, int, str]]:
    """Begin, end and lower-case title of each column."""
    titles = [(found.start(), found[0].lower()) for found in _TITLE.finditer(line)]
    ends = [at for at, _ in titles[1:]] + [1 << 30]
    return [(at, end, title) for (at, title), end in zip(titles, ends, strict=True)]


def _row(source: Source, start: int, line: str, columns: list[tuple[int, int, str]]) -> Record | None:
    cells: dict[str, Word] = {}
    this = False
    for at, end, title in columns:
        text = line[at:end].strip()
        if title == "id" and text.endswith("*"):
            this, text = True, text[:-1].rstrip()
        if text:
            begin = start + line.index(text, at)
            cells[title] = Word(text, source.span(begin, begin + len(text)))
    if "id" not in cells or not re.fullmatch(r"\w{6,}", cells["id"].text):
        return None
    return Record(source.span(start, start + len(line.rstrip())), cells, (), this)


class _Pretty:
    """One record of `inspect --pretty`, line by line."""

    def __init__(self, source: Source, start: int, line: str) -> None:
        self.source = source
        self.span = source.span(start, start + len(line.rstrip()))
        self.cells: dict[str, Word] = {}
        self.ports: list[dict[str, Word]] = []
        self.section = ""
        self.add(start, line)

    def add(self, start: int, line: str) -> None:
        found = _LINE.match(line)
        if found is None:
            return
        key, outer = found["key"].lower(), not found["indent"]
        if outer:
            self.section = key
        name = _OUTER.get(key) if outer else _INNER.get((self.section, key))
        if self.section == "ports" and not outer:
            if key == "publishedport":
                self.ports.append({})
            if self.ports and found["value"] is not None:
                self.ports[-1][key] = self._word(start, found)
        elif name is not None and found["value"] is not None:
            self.cells.setdefault(name, self._word(start, found))

    def _word(self, start: int, found: re.Match[str]) -> Word:
        return Word(found["value"], self.source.span(start + found.start("value"), start + found.end("value")))

    def record(self) -> Record:
        return Record(self.span, self.cells, tuple(self.ports))
