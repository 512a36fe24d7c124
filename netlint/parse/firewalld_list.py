"""`firewall-cmd --list-all-zones` and `--list-all`.

listing = { name [ "(" word { "," word } ")" ] newline { indented key ":" [ value ] newline { deeper line } } } ;
"""

from __future__ import annotations

import re

from msgspec import Struct

from netlint.parse.lines import is_prompt, lines
from netlint.parse.tree import Problem, Word
from netlint.source import Source

_ZONE = re.compile(r"(?P<name>[\w-]+)(?:\s+\((?P<marks>[\w, -]+)\))?\s*$")
_KEY = re.compile(r"\s+(?P<key>[a-z][a-z -]*):[ \t]*(?P<value>.*?)\s*$")


class ListedZone(Struct, frozen=True):
    """A zone; `values` holds each key with its line, and the lines below it."""

    name: Word
    active: bool
    values: dict[str, list[Word]]


def parse(source: Source) -> tuple[list[ListedZone], list[Problem]]:
    zones: list[ListedZone] = []
    key = ""
    for start, line in lines(source):
        # `docker (active)` is the heading of the engine's zone, and no command
        name = _ZONE.match(line)
        if not line.strip() or (name is None and is_prompt(line)):
            continue
        found = _KEY.match(line)
        if name is not None:
            word = Word(name["name"], source.span(start + name.start("name"), start + name.end("name")))
            zones.append(ListedZone(word, "active" in (name["marks"] or ""), {}))
        elif found is not None and zones:
            key = found["key"].strip()
            value = Word(found["value"], source.span(start + found.start("value"), start + found.end("value")))
            zones[-1].values[key] = [value] if value.text else []
        elif zones and key and line[0].isspace():
            text = line.strip()
            at = start + line.index(text)
            zones[-1].values.setdefault(key, []).append(Word(text, source.span(at, at + len(text))))
    problems = []
    if not any(zone.values for zone in zones) and source.text.strip():
        problems = [Problem(source.span(0, len(source.line(1))), "no listing of firewalld zones", fatal=True)]
    return zones, problems
