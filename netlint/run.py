"""What a run hands to the reports: findings, sources, and how much of the input was read and checked."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from netlint.finding import Finding
from netlint.model.host import Site
from netlint.rule import Rule
from netlint.source import Source


class FileCoverage(Struct, frozen=True):
    """What became of a file. `status` is "read", "partial" (some of it) or "unread", then with the `reason`."""

    path: str
    format: str | None
    host: str | None
    status: str
    problems: int = 0
    reason: str = ""


class NotChecked(Struct, frozen=True):
    """A rule (its slug) that could not be checked on a host, and what was missing."""

    rule: str
    host: str | None
    reason: str


class Coverage(Struct, frozen=True):
    """What was read and checked. `ignored`: how many files are of no format that netlint knows."""

    files: tuple[FileCoverage, ...]
    not_checked: tuple[NotChecked, ...]
    ignored: int = 0


class Run(Struct, frozen=True, kw_only=True):
    """A finished run. `findings` are in report order, those that something suppresses included; `rules` were run;
    `below` counts the findings left out as less severe or less sure than asked for."""

    root: str
    sources: Mapping[str, Source]
    findings: tuple[Finding, ...]
    rules: tuple[Rule, ...]
    coverage: Coverage
    site: Site
    below: int = 0
