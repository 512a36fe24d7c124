"""The parts that rules of a dump have in common, read once each, and the words of a line.

A part is text as iptables-save prints it, the blank before it included; what it becomes is as FirewallRule has it, so
that equal parts of rules are one object. NotPlainError is raised for anything that only makes sense in its whole line.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Generic, TypeAlias, TypeVar

from netlint.firewall_rule import Match, NameMatch, PrefixMatch
from netlint.parse.iptables_canonical import interface_match, option_matches, protocol_match, target_of
from netlint.parse.iptables_options import find_option, match_of_protocol
from netlint.parse.iptables_rule import Name, Reader
from netlint.prefix import parse_prefix

V = TypeVar("V")
_Conditions: TypeAlias = tuple[NameMatch | None, bool | None, tuple[Match, ...]]
_Target: TypeAlias = tuple[str | None, tuple[tuple[str, str], ...]]

WORD = re.compile(r'(?:[^\s"]|"(?:[^"\\]|\\.)*(?:"|\\?\Z))+')
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)("|\\?\Z)')
_ESCAPE = re.compile(r"\\(.)")
_ELSEWHERE = ("operation", "table", "source", "destination", "in_interface", "out_interface", "counters")
_NO_VALUE = ("", "-", "!")
_ANY_WORD = "\x7f"  # stands for the last word of a part; no dump has it


class NotPlainError(Exception):
    """A part of a rule that needs its whole line to be understood, or has a fault."""


class Parts(Generic[V]):
    """The parts of rules by their text, each read once; forgotten when there are more than `most`.

    `known` are those that were read. Where there are many to ask, ask this dict first: a dict of one's own kind that
    reads what it lacks (`__missing__`) takes four times as long for what it has.
    """

    def __init__(self, read: Callable[[str], V], most: int = 1 << 12) -> None:
        self.known: dict[str, V] = {}
        self.most = most
        self._read = read

    def read(self, text: str) -> V:
        """A part that is not known yet."""
        value = self._read(text)
        if len(self.known) >= self.most:
            self.known.clear()
        self.known[text] = value
        return value

    def __getitem__(self, text: str) -> V:
        return self.known[text] if text in self.known else self.read(text)


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
    and matches. `targets` are without ` -j ` or ` -g `, `counters` with their brackets; excluded `prefixes` and
    `interfaces` begin with ` !`. `names` are chains, and targets that are written without options. Only prefixes are
    worth remembering for long: they come again in other tables.

    Where parts differ, it is as a rule in their last word (a port, where DNAT goes to). What stands before that is read
    once for all of them.
    """

    def __init__(self) -> None:
        self.names: dict[str, str] = {}
        self.counters = Parts(_read_counters)
        self.prefixes = Parts(self._read_prefix, 1 << 16)
        self.interfaces = Parts(_read_interface)
        self.conditions = Parts(self._read_conditions)
        self.targets = Parts(self._read_target)
        self.comments = Parts(_read_comment)
        self._condition_heads = Parts(self._read_condition_head)
        self._target_heads = Parts(self._read_target_head)
        self._protocols = Parts(_read_protocol)
        self._matches = Parts(_read_match)

    def _read_prefix(self, text: str) -> PrefixMatch:
        if text.startswith(" !"):
            return PrefixMatch(self.prefixes[text[2:]].prefix, True)
        prefix = parse_prefix(text)
        if prefix is None or not prefix.length:
            raise NotPlainError
        return PrefixMatch(prefix)

    def _read_conditions(self, text: str) -> _Conditions:
        head, _, value = text.rpartition(" ")
        known = (
            (self._condition_heads.known.get(head) or self._condition_heads.read(head)) if _is_plain(value) else None
        )
        if known is not None:
            protocol, fragment, matches, last = known
            words = (value,) if len(last.values) == 1 else (*last.values[:-1], value)
            return protocol, fragment, (*matches, Match(last.module, last.option, words, last.negated))
        return self._read_all_conditions(text)

    def _read_all_conditions(self, text: str) -> _Conditions:
        before, *parts = text.split(" -m ")
        protocol, fragment, found, own_match = self._protocols[before]
        for part in parts:
            if part != own_match:
                found += self._matches[part]
        return protocol, fragment, found

    def _read_condition_head(self, head: str) -> tuple[NameMatch | None, bool | None, tuple[Match, ...], Match] | None:
        """What conditions say that end in any word after `head`, the match with that word apart; None for no match."""
        if not head or _ANY_WORD in head:
            return None
        try:
            protocol, fragment, matches = self._read_all_conditions(f"{head} {_ANY_WORD}")
        except NotPlainError:
            return None
        if not matches or matches[-1].values[-1:] != (_ANY_WORD,):
            return None
        return protocol, fragment, matches[:-1], matches[-1]

    def _read_target(self, text: str) -> _Target:
        head, _, value = text.rpartition(" ")
        if not head and value and '"' not in value and value.isprintable():
            return self.names.setdefault(value, value), ()
        known = (self._target_heads.known.get(head) or self._target_heads.read(head)) if _is_plain(value) else None
        if known is not None:
            target, options, (name, words) = known
            return target, (*options, (name, words + value))
        return self._read_whole_target(text)

    def _read_whole_target(self, text: str) -> _Target:
        one = _read_option(text)
        if one is not None:
            return one[0], (one[1:],)
        reader = _part(" -j " + text)
        if reader.target is None or reader.goto or not reader.certain or reader.matches or reader.protocol is not None:
            raise NotPlainError
        if reader.fragment is not None:
            raise NotPlainError
        target, _, options = target_of(reader.jump)
        return target, options

    def _read_target_head(self, head: str) -> tuple[str | None, tuple[tuple[str, str], ...], tuple[str, str]] | None:
        """What a target says that ends in any word after `head`; apart from that, the option with what stands before
        the word. None where it is no option's."""
        if _ANY_WORD in head:
            return None
        try:
            target, options = self._read_whole_target(f"{head} {_ANY_WORD}")
        except NotPlainError:
            return None
        if not options or not options[-1][1].endswith(_ANY_WORD):
            return None
        name, words = options[-1]
        return target, options[:-1], (name, words.removesuffix(_ANY_WORD))


def _is_plain(word: str) -> bool:
    """Whether a word can only be a value, and says what is written."""
    return word[:1] not in _NO_VALUE and '"' not in word and word.isprintable()


def _read_comment(text: str) -> tuple[Match]:
    return (Match("comment", "comment", (text,)),)


def _read_counters(text: str) -> tuple[int, int]:
    packets, _, count = text.strip("[ ]").partition(":")
    return int(packets), int(count)


def _read_interface(text: str) -> NameMatch | None:
    return interface_match(Name(text.removeprefix(" !"), text.startswith(" !")))


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
        if not _is_plain(value):
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
