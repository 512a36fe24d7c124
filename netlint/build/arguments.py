"""Flags of a command line as Docker's programs read them."""

from __future__ import annotations

from collections.abc import Sequence, Set
from typing import NamedTuple

from msgspec import structs

from netlint.parse.tree import Word
from netlint.parse.words import cut


class Flag(NamedTuple):
    """A flag by its name with dashes (`-p`, `--publish`); a switch has no value unless it is given one with `=`."""

    name: str
    word: Word
    value: Word | None


def read_flags(
    words: Sequence[Word], switches: Set[str], interspersed: bool = True
) -> tuple[list[Flag], Sequence[Word]]:
    """The flags and the other words. Every flag but the `switches` takes a value.

    Not `interspersed`: the first word that is no flag ends the flags, as in `docker run IMAGE COMMAND`.
    """
    flags: list[Flag] = []
    rest: list[Word] = []
    at = 0
    while at < len(words):
        word = words[at]
        at += 1
        if word.text == "--":
            rest += words[at:]
            break
        if not word.text.startswith("-") or word.text == "-":
            if not interspersed:
                return flags, words[at - 1 :]
            rest.append(word)
        elif word.text.startswith("--"):
            name, equals, _ = word.text.partition("=")
            value = structs.replace(cut(word, len(name) + 1), exact=word.exact) if equals else None
            if value is None and name not in switches and at < len(words):
                value = words[at]
                at += 1
            flags.append(Flag(name, word, value))
        else:
            at = _short(words, at, word, switches, flags)
    return flags, rest


def _short(words: Sequence[Word], at: int, word: Word, switches: Set[str], flags: list[Flag]) -> int:
    """Read `-d`, `-itd`, `-p80:80` and `-dp 80:80`; the index of the next word."""
    for index, letter in enumerate(word.text[1:], 1):
        name = f"-{letter}"
        if name in switches:
            flags.append(Flag(name, word, None))
            continue
        start = index + 2 if word.text[index + 1 : index + 2] == "=" else index + 1
        if start < len(word.text):
            flags.append(Flag(name, word, structs.replace(cut(word, start), exact=word.exact)))
            return at
        flags.append(Flag(name, word, words[at] if at < len(words) else None))
        return at + 1
    return at
