"""`ipset save` and `ipset list`.

file   = { save | list | prompt }
save   = "create" name type { word } | "add" name element { word }
list   = "Name:" name "Type:" type { field ":" text } "Members:" { element { word } }
word   = "timeout" seconds | "nomatch" | "comment" string | …
"""

from __future__ import annotations

import re

from msgspec import Struct

from netlint.parse.lines import is_prompt, lines
from netlint.parse.tree import Problem, Word
from netlint.source import Source, Span

_WORD = re.compile(r'"(?:[^"\\]|\\.)*"?|\S+')
_FIELD = re.compile(r"(Name|Type|Members|[A-Z][\w ]*):[ \t]*(\S.*)?$")
# They change what is there before, in the files that `ipset restore` reads.
_OTHERS = frozenset(("del", "flush", "destroy", "rename", "swap", "-exist", "COMMIT", "quit"))


class Element(Struct, frozen=True, gc=False):
    """A member as it is written (`10.0.0.1,tcp:80`) and the words after it."""

    text: str
    span: Span
    options: tuple[str, ...] = ()


class SetListing(Struct, frozen=True, kw_only=True):
    """One set. `span` is its name; `type` is "" where only members of it are listed."""

    name: str
    span: Span
    type: str
    elements: tuple[Element, ...]


class _Set:
    def __init__(self, name: Word) -> None:
        self.name = name
        self.type = ""
        self.elements: list[Element] = []


class _Parser:
    def __init__(self, source: Source) -> None:
        self.source = source
        self.problems: list[Problem] = []
        self.sets: dict[str, _Set] = {}
        self.listed: _Set | None = None
        self.members = False

    def run(self) -> None:
        for start, line in lines(self.source):
            found = [
                Word(m.group(), self.source.span(m.start(), m.end()))
                for m in _WORD.finditer(self.source.text, start, start + len(line))
            ]
            if not found or line.startswith("#"):
                continue
            first = found[0].text
            field = _FIELD.match(line)
            if first in ("create", "-N") and len(found) > 2:
                self._set(found[1]).type = found[2].text
            elif first in ("add", "-A") and len(found) > 2:
                self._set(found[1]).elements.append(_element(found[2:]))
            elif field is not None:
                self._field(field[1], found)
            elif self.listed is not None and self.members and not is_prompt(line):
                self.listed.elements.append(_element(found))
            elif first in _OTHERS:
                self.problems.append(Problem(found[0].span.to(found[-1].span), f"{first} is no line of ipset save"))
            elif not is_prompt(line):
                self.problems.append(Problem(found[0].span.to(found[-1].span), "not a line of ipset"))
        if not self.sets and self.source.text.strip():
            whole = self.source.span(0, len(self.source.text))
            self.problems = [Problem(whole, "no set of ipset in it", fatal=True)]

    def _set(self, name: Word) -> _Set:
        return self.sets.setdefault(name.text, _Set(name))

    def _field(self, name: str, words: list[Word]) -> None:
        if name == "Name" and len(words) > 1:
            self.listed = self._set(words[1])
            self.members = False
        elif name == "Type" and self.listed is not None and len(words) > 1:
            self.listed.type = words[1].text
        elif name == "Members":
            self.members = self.listed is not None


def _element(words: list[Word]) -> Element:
    return Element(words[0].text, words[0].span, tuple([word.text for word in words[1:]]))


def parse(source: Source) -> tuple[tuple[SetListing, ...], list[Problem]]:
    """The sets in order, each with its members."""
    parser = _Parser(source)
    parser.run()
    listings = tuple(
        SetListing(name=one.name.text, span=one.name.span, type=one.type, elements=tuple(one.elements))
        for one in parser.sets.values()
    )
    return listings, parser.problems
