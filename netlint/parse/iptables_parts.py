"""The parts that rules of a dump have in common, read once each, and the words of a line.

A part is text as iptables-save prints it, the blank before it included; what it becomes is as FirewallRule has it, so
that equal parts of rules are one object. NotPlainError is raised for anything that only makes sense in its whole line.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import TypeAlias, TypeVar

from netlint.firewall_rule import Match, NameMatch, PrefixMatch
from netlint.parse.iptables_canonical import Target, interface_match, option_matches, protocol_match, target_of
from netlint.parse.iptables_options import find_option, match_of_protocol
from netlint.parse.iptables_rule import Name, Reader
from netlint.prefix import parse_prefix

V = TypeVar("V")
_Conditions: TypeAlias = tuple[NameMatch | None, bool | None, tuple[Match, ...]]

WORD = re.compile(r'(?:[^\s"]|"(?:[^"\\]|\\.)*(?:"|\\?\Z))+')
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)("|\\?\Z)')
_ESCAPE = re.compile(r"\\(.)")
_ELSEWHERE = ("operation", "table", "source", "destination", "in_interface", "out_interface", "counters")
_NO_VALUE = ("", "-", "!")


class NotPlainError(Exception):
    """A part of a rule that needs its whole line to be understood, or has a fault."""


class Parts(dict[str, V]):
    """The parts of rules by their text, each read once; forgotten when there are more than `most`."""

    def __init__(self, read: Callable[[str], V], most: int = 1 << 12) -> None:
        super().__init__()
        self.read = read
        self.most = most

    def __missing__(self, text: str) -> V:
        if len(self) >= self.most:
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


class RuleParts:
    """The parts of the rules of one dump, by their texts.

    `conditions` is what stands between the interfaces and the target, without a comment of its own: protocol, fragment
    and matches. `targets` are with ` -j` or ` -g`, `counters` with their brackets. `chains` are names of chains, which
    targets share. Only prefixes are worth remembering for long: they come again in other tables.
    """

    def __init__(self) -> None:
        self.chains: dict[str, str] = {}
        self.counters = Parts(_read_counters)
        self.prefixes = Parts(_read_prefix, 1 << 16)
        self.excluded_prefixes = Parts(self._read_excluded_prefix)
        self.interfaces = Parts(_read_interface)
        self.excluded_interfaces = Parts(_read_excluded_interface)
        self.conditions = Parts(self._read_conditions)
        self.targets = Parts(self._read_target)
        self.comments = Parts(_read_comment)
        self._protocols = Parts(_read_protocol)
        self._matches = Parts(_read_match)

    def _read_excluded_prefix(self, text: str) -> PrefixMatch:
        return PrefixMatch(self.prefixes[text].prefix, True)

    def _read_conditions(self, text: str) -> _Conditions:
        before, *parts = text.split(" -m ")
        protocol, fragment, found, own_match = self._protocols[before]
        for part in parts:
            if part != own_match:
                found += self._matches[part]
        return protocol, fragment, found

    def _read_target(self, text: str) -> Target:
        if not text:
            return None, False, ()
        goto, jump = text[2] == "g", text[4:]
        if jump and " " not in jump and '"' not in jump:
            return self.chains.get(jump, jump), goto, ()
        one = _read_option(jump)
        if one is not None:
            return one[0], goto, (one[1:],)
        reader = _part(text)
        if reader.target is None or not reader.certain or reader.matches or reader.protocol is not None:
            raise NotPlainError
        if reader.fragment is not None:
            raise NotPlainError
        return target_of(reader.jump)


def _read_comment(text: str) -> tuple[Match]:
    return (Match("comment", "comment", (text,)),)


def _read_counters(text: str) -> tuple[int, int]:
    packets, _, count = text.strip("[ ]").partition(":")
    return int(packets), int(count)


def _read_prefix(text: str) -> PrefixMatch:
    prefix = parse_prefix(text)
    if prefix is None or not prefix.length:
        raise NotPlainError
    return PrefixMatch(prefix)


def _read_interface(text: str) -> NameMatch | None:
    return interface_match(Name(text))


def _read_excluded_interface(text: str) -> NameMatch | None:
    return interface_match(Name(text, True))


@lru_cache(1024)
def _one_word(head: str) -> tuple[str, str] | None:
    """Owner and name of the option in "owner --option"; None unless it takes just one word."""
    owner, _, written = head.partition(" --")
    form = find_option(owner, written) if written else None
    return (owner, form.name) if form is not None and form.words == 1 else None


def _read_option(text: str) -> tuple[str, str, str] | None:
    """Owner, name and value where `text` is a match or target with just one option, which takes one word."""
    head, quote, value = text.partition(' "')
    if quote:
        if value.find('"') != len(value) - 1 or "\\" in value:
            return None
        value = value[:-1]
    else:
        head, _, value = text.rpartition(" ")
        if value[:1] in _NO_VALUE or '"' in value or not value.isprintable():  # a blank other than the space
            return None
    option = _one_word(head)
    if option is None:
        return None
    owner, name = option
    return owner, name, value


def _read_protocol(text: str) -> tuple[NameMatch | None, bool | None, tuple[Match, ...], str | None]:
    """What stands before the first `-m`: the protocol, with options that its own match has without being named.

    Fourth is the match that, without options, says no more than the protocol.
    """
    reader = _part(text)
    if reader.target is not None:
        raise NotPlainError
    protocol = protocol_match(reader.protocol) if reader.protocol is not None else None
    own_match = match_of_protocol(protocol.name) if protocol is not None else None
    return protocol, reader.fragment, _matches_of(reader), own_match


def _read_match(text: str) -> tuple[Match, ...]:
    """A match with its options, without the `-m` before them."""
    one = _read_option(text)
    if one is not None:
        owner, name, value = one
        return (Match(owner, name, (value,)),)
    reader = _part("-m " + text)
    if not reader.certain or reader.target is not None or reader.protocol is not None or reader.fragment is not None:
        raise NotPlainError
    return _matches_of(reader)


def _matches_of(reader: Reader) -> tuple[Match, ...]:
    matches = option_matches(tuple(reader.matches))
    if len(matches) != len(reader.matches):
        raise NotPlainError  # the match of a protocol, without the protocol that it repeats
    return matches
