"""What the grammar of a shell script yields, before anything is expanded."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

from msgspec import Struct

from netlint.parse.shell_words import RawWord


class Redirect(NamedTuple):
    """`body` is the text of a here-document, whose expansions count unless its delimiter is quoted."""

    operator: str
    target: RawWord
    body: tuple[int, int] | None = None


class Assignment(Struct, frozen=True):
    """`value` is a word, or the words of an array."""

    name: str
    value: RawWord | tuple[RawWord, ...]
    start: int
    end: int
    append: bool
    indexed: bool


class Simple(Struct, frozen=True):
    """A command without blocks. `redirects` is filled up when the here-documents after its line are read."""

    start: int
    end: int
    assignments: tuple[Assignment, ...]
    words: tuple[RawWord, ...]
    redirects: list[Redirect]


class If(Struct, frozen=True):
    """`branches` are (condition, body) pairs."""

    branches: tuple[tuple[Steps, Steps], ...]
    other: Steps


class For(Struct, frozen=True):
    """`words` is None where the loop runs over what only the shell knows; "" is the name in `for ((…))`."""

    name: str
    words: tuple[RawWord, ...] | None
    body: Steps


class While(Struct, frozen=True):
    condition: Steps
    body: Steps


class Case(Struct, frozen=True):
    bodies: tuple[Steps, ...]


class Group(Struct, frozen=True):
    body: Steps
    subshell: bool


class Unread(Struct, frozen=True):
    """A condition of bash, `[[ … ]]` or `(( … ))`, which nothing looks into."""

    start: int
    end: int


class Function(Struct, frozen=True):
    name: str
    body: Command


class Pipeline(Struct, frozen=True):
    """`connector` ("", "&&" or "||") stands before it."""

    connector: str
    negated: bool
    commands: tuple[Command, ...]


Command: TypeAlias = "Simple | Unread | If | For | While | Case | Group | Function"
Steps: TypeAlias = "tuple[tuple[Pipeline, ...], ...]"
