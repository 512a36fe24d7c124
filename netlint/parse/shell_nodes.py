"""What the grammar of a shell script yields, before anything is expanded."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

from netlint.parse.shell_words import RawWord


class Redirect(NamedTuple):
    """`body` is the text of a here-document, whose expansions count unless its delimiter is quoted."""

    operator: str
    target: RawWord
    body: tuple[int, int] | None = None


class Assignment(NamedTuple):
    """`value` is a word, or the words of an array."""

    name: str
    value: RawWord | tuple[RawWord, ...]
    start: int
    end: int
    append: bool
    indexed: bool


class Simple(NamedTuple):
    """A command without blocks. `redirects` is filled up when the here-documents after its line are read."""

    start: int
    end: int
    assignments: tuple[Assignment, ...]
    words: tuple[RawWord, ...]
    redirects: list[Redirect]


class If(NamedTuple):
    """`branches` are (condition, body) pairs."""

    branches: tuple[tuple[Steps, Steps], ...]
    other: Steps


class For(NamedTuple):
    """`words` is None where the loop runs over what only the shell knows; "" is the name in `for ((…))`."""

    name: str
    words: tuple[RawWord, ...] | None
    body: Steps


class While(NamedTuple):
    condition: Steps
    body: Steps


class Case(NamedTuple):
    bodies: tuple[Steps, ...]


class Group(NamedTuple):
    body: Steps
    subshell: bool


class Unread(NamedTuple):
    """A condition of bash, `[[ … ]]` or `(( … ))`, which nothing looks into."""

    start: int
    end: int


class Function(NamedTuple):
    name: str
    body: Command


class Pipeline(NamedTuple):
    """`connector` ("", "&&" or "||") stands before it."""

    connector: str
    negated: bool
    commands: tuple[Command, ...]


Command: TypeAlias = "Simple | Unread | If | For | While | Case | Group | Function"
Steps: TypeAlias = "tuple[tuple[Pipeline, ...], ...]"
