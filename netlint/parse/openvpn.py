"""OpenVPN configuration: one option a line, in the words of its command line; blocks like `<ca>` hold keys.

file = { comment | option { word } | "<" name ">" … "</" name ">" } ;
"""

from __future__ import annotations

import re

from msgspec import Struct

from netlint.parse.lines import lines, words
from netlint.parse.tree import Problem, Word
from netlint.source import Source

_BLOCK = re.compile(r"\s*<(?P<name>[\w-]+)>\s*$")


class Directive(Struct, frozen=True):
    """An option and its words; quotes are left on."""

    name: Word
    words: list[Word]


def parse(source: Source) -> tuple[list[Directive], list[Problem]]:
    found: list[Directive] = []
    block: str | None = None
    for start, line in lines(source):
        if block is not None:
            block = None if line.strip() == f"</{block}>" else block
            continue
        opened = _BLOCK.match(line)
        if opened is not None:
            block = opened["name"] if opened["name"] != "connection" else None
            continue
        cells = words(source, start, start + len(re.split(r"\s[#;]", line, maxsplit=1)[0]))
        if cells and cells[0].text[0] not in "#;<":
            found.append(Directive(cells[0], cells[1:]))
    return found, []
