"""Files of sections and `key = value` lines: fail2ban, WireGuard, NetworkManager, networkd, /etc/default, ifcfg.

    file    = { blank | comment | section | setting | continuation } ;
    section = "[" name "]" ;
    setting = key ( "=" | ":" ) [ value ] ;        the first of the two ends the key
    continuation = blank text ;                    goes on with the value above (fail2ban)

A section may stand several times (`[Peer]`, `[Route]`): each is a section of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from msgspec import Struct, structs

from netlint.parse.lines import lines
from netlint.parse.tree import Problem, Word
from netlint.source import Source

_SECTION = re.compile(r"\s*\[(?P<name>[^\]\n]*)\]\s*(?:[#;].*)?$")
_SETTING = re.compile(r"\s*(?:export\s+)?(?P<key>[\w.%+-]+(?:\[\w*\])?)\s*[=:]\s*(?P<value>.*?)\s*$")


class Setting(NamedTuple):
    """A key and its value, without quotes around it; `more` are the lines that go on with the value."""

    key: Word
    value: Word
    more: tuple[Word, ...] = ()

    @property
    def values(self) -> Iterator[Word]:
        """The lines of the value that hold something."""
        return (word for word in (self.value, *self.more) if word.text)


class Section(Struct, frozen=True):
    """A section; `name` is None for what stands before the first."""

    name: Word | None
    settings: list[Setting]

    def get(self, key: str) -> Setting | None:
        """The last setting of `key`, in any case."""
        return next((one for one in reversed(self.settings) if one.key.text.lower() == key.lower()), None)

    def all(self, key: str) -> list[Setting]:
        return [one for one in self.settings if one.key.text.lower() == key.lower()]


def parse(source: Source) -> tuple[list[Section], list[Problem]]:
    sections = [Section(None, [])]
    problems: list[Problem] = []
    for start, line in lines(source):
        text = line.strip()
        if not text or text[0] in "#;":
            continue
        found = _SECTION.match(line)
        if found is not None:
            sections.append(Section(_word(source, start, found, "name"), []))
            continue
        settings = sections[-1].settings
        if line[0] in " \t" and settings and (not (again := _SETTING.match(line)) or _continues(settings[-1], again)):
            at = start + line.index(text)
            more = (*settings[-1].more, Word(text, source.span(at, at + len(text))))
            settings[-1] = settings[-1]._replace(more=more)
            continue
        setting = _SETTING.match(line)
        if setting is None:
            problems.append(Problem(source.span(start, start + len(line)), "not a setting"))
            continue
        settings.append(
            Setting(_word(source, start, setting, "key"), _unquoted(_word(source, start, setting, "value")))
        )
    if not any(section.settings for section in sections) and problems:
        problems.append(structs.replace(problems.pop(), fatal=True))
    return [section for section in sections if section.name is not None or section.settings], problems


def _continues(before: Setting, found: re.Match[str]) -> bool:
    """An indented `key = value` below an open list goes on with it: `action = a[…]` and `         b[name=x]`."""
    return "[" in found["key"] or before.value.text.endswith((",", "\\")) or not before.value.text


def _word(source: Source, start: int, found: re.Match[str], group: str) -> Word:
    return Word(found[group], source.span(start + found.start(group), start + found.end(group)))


def _unquoted(word: Word) -> Word:
    text = word.text
    if len(text) > 1 and text[0] in "'\"" and text[-1] == text[0]:
        return Word(text[1:-1], word.part(1, len(text) - 1))
    return word
