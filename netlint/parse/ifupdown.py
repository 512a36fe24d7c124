"""/etc/network/interfaces.

    file    = { comment | "auto" names | "source" path | stanza } ;
    stanza  = "iface" name family method newline { option value newline } ;

A line that ends in a backslash goes on. Only stanzas are of interest.
"""

from __future__ import annotations

import re

from msgspec import Struct, structs

from netlint.parse.lines import lines, words
from netlint.parse.tree import Problem, Word
from netlint.source import Source

_KEYWORDS = re.compile(r"auto|allow-\S+|source(?:-directory)?|mapping|no-auto-down|no-scripts|rename|template")


class Stanza(Struct, frozen=True):
    """`iface eth0 inet static` and its options, each with the words behind its name."""

    name: Word
    family: str
    method: str
    options: list[tuple[str, list[Word]]]

    def first(self, option: str) -> Word | None:
        return next((words[0] for name, words in self.options if name == option and words), None)


def parse(source: Source) -> tuple[list[Stanza], list[Problem]]:
    stanzas: list[Stanza] = []
    problems: list[Problem] = []
    inside = False
    carried: list[Word] = []
    for start, line in lines(source):
        cells = [*carried, *words(source, start, start + len(line))]
        carried = []
        if not cells or cells[0].text.startswith("#"):
            continue
        if cells[-1].text.endswith("\\"):
            carried = [
                *cells[:-1],
                *([structs.replace(cells[-1], text=cells[-1].text[:-1])] if len(cells[-1].text) > 1 else []),
            ]
            continue
        first = cells[0].text
        if first == "iface":
            inside = len(cells) > 1
            if len(cells) < 2:
                problems.append(Problem(cells[0].span, "an interface without a name"))
                continue
            family = cells[2].text if len(cells) > 2 else "inet"
            stanzas.append(Stanza(cells[1], family, cells[3].text if len(cells) > 3 else "", []))
        elif _KEYWORDS.fullmatch(first):
            inside = False
        elif inside:
            stanzas[-1].options.append((first, cells[1:]))
    return stanzas, problems
