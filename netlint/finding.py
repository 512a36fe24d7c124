"""What a rule says: findings, their places, witnesses and fixes."""

from __future__ import annotations

from enum import IntEnum
from typing import TypeAlias

from msgspec import Struct

from netlint.source import Span


class Severity(IntEnum):
    """How bad a finding is."""

    NOTE = 1
    WARNING = 2
    ERROR = 3

    def __str__(self) -> str:
        return self.name.lower()


class Confidence(IntEnum):
    """How sure netlint is of a finding."""

    LOW = 1
    MEDIUM = 2
    HIGH = 3

    def __str__(self) -> str:
        return self.name.lower()


class Label(Struct, frozen=True):
    """A place and what is to be seen there."""

    span: Span
    text: str = ""


class Step(Struct, frozen=True):
    """One step of a packet: what decides, and what becomes of the packet."""

    span: Span
    text: str


class Witness(Struct, frozen=True):
    """One concrete packet that shows the effect, and the steps it takes."""

    packet: str
    steps: tuple[Step, ...]


class Edit(Struct, frozen=True):
    """Replace the text of `span` by `text`. `old`: what has to stand there; where escapes, an alias or a variable give
    the value, anything else does, and the fix is not offered."""

    span: Span
    text: str
    old: str | None = None


class Remove(Struct, frozen=True):
    """Take out the entry of a mapping whose key or scalar stands at `span`, or the item of a list there. `twin`: only
    if the value equals that of the entry whose key stands at `twin`."""

    span: Span
    twin: Span | None = None


Written: TypeAlias = str | bool | int | tuple[str, ...] | None


class Add(Struct, frozen=True):
    """Write `value` at `path`, counted from the mapping that the entry holds whose key stands at `below`; from the
    mapping of the whole file where `below` is empty.

    Mappings that are missing on the way are made. A tuple gives a list its items, behind those it has; where anything
    else is there already, the fix is not offered. `beside`: counted from the mapping that the entry itself stands in.
    """

    below: Span
    path: tuple[str, ...]
    value: Written
    beside: bool = False


class Nest(Struct, frozen=True):
    """Move the entries whose keys stand at `keys`, all of one mapping, to `path` below it: a list of one mapping."""

    keys: tuple[Span, ...]
    path: tuple[str, ...]


class Join(Struct, frozen=True):
    """Make the entries of the list's item, in which a key stands at `key`, entries of the item before it."""

    key: Span


Change: TypeAlias = Edit | Remove | Add | Nest | Join


class Fix(Struct, frozen=True, kw_only=True):
    """A repair; `safe` where it cannot change what already works, or does plainly what was meant.

    Rules say in `changes` what is to change. The engine works the `edits` out that do it in the layout of the file, and
    leaves fixes out that do not fit it.
    """

    title: str
    changes: tuple[Change, ...] = ()
    safe: bool = False
    edits: tuple[Edit, ...] = ()


class Suppression(Struct, frozen=True, kw_only=True):
    """Why a finding is not shown: `kind` is "inline", "file", "config" or "baseline"."""

    kind: str
    reason: str
    span: Span | None = None


class Finding(Struct, frozen=True, kw_only=True):
    """One defect. Rules leave `code`, `rule` and the default severity and confidence to the engine.

    `message` states the fact with its values: lower case, no full stop. `at` is the narrow place to change,
    `related` the other places that make it a defect, in other files too. `host` is the host's name, or None.
    """

    message: str
    at: Span
    label: str = ""
    help: str = ""
    related: tuple[Label, ...] = ()
    host: str | None = None
    severity: Severity | None = None
    confidence: Confidence | None = None
    witness: Witness | None = None
    fixes: tuple[Fix, ...] = ()
    rule: str = ""
    code: str = ""
    fingerprint: str = ""
    suppressed: Suppression | None = None

    def __post_init__(self) -> None:
        if not self.message or not isinstance(self.at, Span):
            raise ValueError("a finding needs a message and a place")
