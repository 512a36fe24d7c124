"""What is said of the input as a whole, and what the configuration adds to it."""

from __future__ import annotations

from msgspec import Struct

from netlint.prefix import Prefix
from netlint.source import Span


class InputProblem(Struct, frozen=True):
    """A place that could not be read (or was read and is not modelled), and what is the matter there."""

    span: Span
    message: str
    help: str = ""
    host: str | None = None


class IgnoreComment(Struct, frozen=True, kw_only=True):
    """A suppression written in a file. `line` is the line it is for, None for the whole file."""

    span: Span
    rules: tuple[str, ...]
    reason: str
    line: int | None


class Reserved(Struct, frozen=True):
    """A range that the configuration keeps for something else; `name` is what for."""

    prefix: Prefix
    name: str


class Expectation(Struct, frozen=True, kw_only=True):
    """What the configuration says must hold: `flow` (see dataplane/flow.py) is to end as `verdict` says, "accept",
    "drop" or "keeps-source". `host` is the host it is about, None where the flow tells."""

    flow: str
    verdict: str
    host: str | None = None
