"""What a rule says: findings, their places, witnesses and fixes."""

from __future__ import annotations

from enum import IntEnum

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
    """Replace the text of `span` by `text`."""

    span: Span
    text: str


class Fix(Struct, frozen=True, kw_only=True):
    """A repair; `safe` where it cannot change what already works."""

    title: str
    edits: tuple[Edit, ...]
    safe: bool = False


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
