"""A task of Ansible in one round of its loop, and what it comes to."""

from __future__ import annotations

import re
from typing import NamedTuple, TypeAlias

from netlint.parse.ansible_values import Items, filled_word
from netlint.parse.placed import Placed
from netlint.parse.provision import Written
from netlint.parse.shell import Command
from netlint.parse.tree import Mapping, Node, Scalar, Word
from netlint.parse.tree import Sequence as List
from netlint.parse.words import places
from netlint.source import Source, Span

TRUE = ("true", "yes", "on", "1", "y", "t")
FALSE = ("false", "no", "off", "0", "n", "f")


class Failed(NamedTuple):
    """What is not understood of a task."""

    span: Span
    what: str


Result: TypeAlias = "Command | Placed | Written | Failed"


class Task:
    """A task in one round of its loop. `sure`: it runs in any case."""

    def __init__(
        self, source: Source, key: Scalar, node: Node | None, given: dict[str, Node], items: Items, sure: bool
    ) -> None:
        self.source = source
        self.key = key
        self.node = node
        self.given = given
        self.items = items
        self.sure = sure
        self.open = False

    def word(self, *names: str) -> Word | None:
        """The value of the first argument of these names that is given."""
        return next((self.of(node) for name in names if isinstance(node := self.given.get(name), Scalar)), None)

    def of(self, scalar: Scalar) -> Word | None:
        return filled_word(scalar, self.source, self.items) if scalar.value is not None else None

    def words(self, *names: str) -> list[Word]:
        """The values of a list, or of a string with commas."""
        node = next((self.given[name] for name in names if name in self.given), None)
        if isinstance(node, List):
            found = [self.of(one) for one in node.items if isinstance(one, Scalar)]
            return [word for word in found if word is not None]
        word = self.of(node) if isinstance(node, Scalar) else None
        if word is None or not word.exact:
            return [word] if word is not None else []
        return [
            Word(part[0], word.part(*part.span()), word.verbatim) for part in re.finditer(r"[^,\s][^,]*", word.text)
        ]

    def text(self, *names: str) -> str:
        """The value in lower letters; empty where there is none."""
        word = self.word(*names)
        return word.text.lower() if word is not None else ""

    def says(self, name: str) -> bool:
        return self.text(name) in TRUE

    def literal(self, text: str) -> Word:
        """A word of a command that stands for what the module does."""
        return Word(text, self.key.span, False)

    def command(self, *words: Word | str | None) -> Command:
        made = tuple(self.literal(word) if isinstance(word, str) else word for word in words if word is not None)
        return Command(span=self.key.span, words=made, certain=self.sure)

    def option(self, flag: str, *names: str) -> list[Word]:
        """The flag with the value of an argument, where that is given."""
        word = self.word(*names)
        return [self.literal(flag), word] if word is not None and word.text else []

    def options(self, flag: str, *names: str) -> list[Word]:
        return [one for word in self.words(*names) for one in (self.literal(flag), word)]

    def pairs(self, flag: str, name: str) -> list[Word]:
        """The flag with `key=value` for each entry of a mapping."""
        node = self.given.get(name)
        found: list[Word] = []
        for key, value in node.items() if isinstance(node, Mapping) else ():
            word = self.of(value) if isinstance(value, Scalar) else None
            if word is not None:
                found += [self.literal(flag), joined(Word(key.text, key.span, False), "=", word)]
        return found


def joined(first: Word, sign: str, second: Word) -> Word:
    """Two words as one, whose characters keep their places."""
    offsets = (*places(first), *(second.span.start,) * len(sign), *places(second))
    return Word(first.text + sign + second.text, second.span, False, offsets, first.exact and second.exact)
