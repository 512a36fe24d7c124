"""The parts that rules of a dump have in common, read once each, and the words of a line.

The readers take a part of a rule as iptables-save prints it, the blank before it included, and raise NotPlainError for
anything that only makes sense in its whole line.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeAlias, TypeVar

from netlint.parse.iptables_options import find_option
from netlint.parse.iptables_rule import Addresses, Jump, MatchOption, Name, Reader
from netlint.prefix import parse_prefix

V = TypeVar("V")
Conditions: TypeAlias = tuple[Name | None, bool | None, tuple[MatchOption, ...]]

WORD = re.compile(r'(?:[^\s"]|"(?:[^"\\]|\\.)*(?:"|\\?\Z))+')
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)("|\\?\Z)')
_OPTION = re.compile(r'--([\w-]++) (?:"([^"\\]*+)"|([^\s"!-][^\s"]*+))')
_ESCAPE = re.compile(r"\\(.)")
_ELSEWHERE = ("operation", "table", "source", "destination", "in_interface", "out_interface", "counters")
_MOST_PARTS = 1 << 16


class NotPlainError(Exception):
    """A part of a rule that needs its whole line to be understood, or has a fault."""


class Parts(dict[str, V]):
    """The parts of rules by their text, each read once; forgotten when there are too many."""

    def __init__(self, read: Callable[[str], V]) -> None:
        super().__init__()
        self.read = read

    def add(self, text: str) -> V:
        """Read a part that is not known yet."""
        if len(self) >= _MOST_PARTS:
            self.clear()
        value = self[text] = self.read(text)
        return value


def _unescape(quoted: re.Match[str]) -> str:
    return _ESCAPE.sub(r"\1", quoted[1])


def unquote(texts: list[str]) -> tuple[list[str], list[int]]:
    """Words without their quotation marks, and the numbers of those that had any."""
    literal = [at for at, text in enumerate(texts) if '"' in text]
    for at in literal:
        texts[at] = _QUOTED.sub(_unescape, texts[at])
    return texts, literal


def _part(text: str) -> Reader:
    """What the words of a part say, where it has no fault and is of matches and a target only."""
    texts = text.split() if '"' not in text else WORD.findall(text)
    if unclosed(texts):
        raise NotPlainError
    reader = Reader(*unquote(texts))
    if reader.faults or any(getattr(reader, name) for name in _ELSEWHERE):
        raise NotPlainError
    return reader


def unclosed(texts: list[str]) -> bool:
    """True where a quotation mark has no second: only the last word can have it."""
    return bool(texts) and any(quoted[2] != '"' for quoted in _QUOTED.finditer(texts[-1]))


def read_addresses(text: str) -> Addresses:
    negated = text[1] == "!"
    prefix = parse_prefix(text[6:] if negated else text[4:])
    if prefix is None:
        raise NotPlainError
    return Addresses((prefix,), negated)


def read_name(text: str) -> Name:
    negated = text[1] == "!"
    return Name(text[6:] if negated else text[4:], negated)


def read_counters(text: str) -> tuple[int, int]:
    packets, _, count = text[1:-2].partition(":")
    return int(packets), int(count)


def _read_option(owner: str, text: str) -> tuple[str, tuple[str]] | None:
    """Name and value where `text` is just one option of `owner` that takes one word."""
    found = _OPTION.fullmatch(text)
    form = find_option(owner, found[1]) if found is not None else None
    if found is None or form is None or form.words != 1:
        return None
    return form.name, (found[3] or found[2] or "",)


def read_before_matches(text: str) -> Conditions:
    """What stands before the first `-m`: the protocol, and options that its own match has without being named."""
    reader = _part(text)
    if reader.target is not None:
        raise NotPlainError
    return reader.protocol, reader.fragment, tuple(reader.matches)


def read_match(text: str) -> tuple[MatchOption, ...]:
    """A match with its options, without the `-m` before them."""
    module, _, options = text.partition(" ")
    one = _read_option(module, options)
    if one is not None:
        return (MatchOption(module, *one),)
    reader = _part("-m " + text)
    if not reader.certain or reader.target is not None or reader.protocol is not None or reader.fragment is not None:
        raise NotPlainError
    return tuple(reader.matches)


def read_jump(text: str) -> Jump:
    """The target with its options, ` -j` or ` -g` included."""
    target, blank, options = text[4:].partition(" ")
    goto = text[2] == "g"
    if not blank and target and '"' not in target:
        return Jump(target, goto)
    one = _read_option(target, options)
    if one is not None:
        return Jump(target, goto, (one,))
    reader = _part(text)
    jump = reader.jump
    if jump is None or not reader.certain or reader.matches or reader.protocol is not None:
        raise NotPlainError
    if reader.fragment is not None:
        raise NotPlainError
    return jump
