"""Flags of programs that take one dash or two (Go's flag and pflag packages): flanneld, Kubernetes, etcd."""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set

from msgspec import Struct, structs

from netlint.build.values import flag_of
from netlint.model.located import Located
from netlint.parse.tree import Word
from netlint.parse.words import cut
from netlint.source import Span


class Given(Struct, frozen=True):
    """A flag with two dashes, the place of its name (and value, where they are one word), and its value."""

    name: str
    span: Span
    value: Word | None


def program_flags(words: Sequence[Word], switches: Set[str]) -> list[Given]:
    """The flags in order. Of a flag that is no switch, the next word is the value unless `=` gives one."""
    found: list[Given] = []
    index = 0
    while index < len(words):
        word = words[index]
        index += 1
        if not word.text.startswith("-") or word.text in ("-", "--"):
            continue
        name, equals, _ = word.text.partition("=")
        flag = "--" + name.lstrip("-")
        if equals:
            found.append(Given(flag, word.span, structs.replace(cut(word, len(name) + 1), exact=word.exact)))
        elif flag in switches or index >= len(words) or words[index].text.startswith("-"):
            found.append(Given(flag, word.span, None))
        else:
            found.append(Given(flag, word.span, words[index]))
            index += 1
    return found


def last(flags: Iterable[Given], name: str) -> Word | None:
    """The value of the flag that counts."""
    values = [flag.value for flag in flags if flag.name == name]
    return values[-1] if values else None


def switched(flags: Iterable[Given], name: str) -> Located[bool] | None:
    """What a switch is set to, None where it is not given."""
    given = [flag for flag in flags if flag.name == name]
    if not given:
        return None
    value = given[-1].value
    if value is None:
        return Located(True, given[-1].span)
    found = flag_of(value)
    return Located(found.value, given[-1].span, found.exact) if found is not None else None
