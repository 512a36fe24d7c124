"""Published measurements that rules on performance quote.

`evidence.json` lies beside the rules and is installed with them. It is read when a rule has something to say. One entry
is one measurement or statement of one source; entries are added, never bent to a rule.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from functools import cache
from typing import Any

from msgspec import Struct

from netlint.pattern import patterns_later
from netlint.rule import rules_folder

NAME = "evidence.json"


class Measurement(Struct, frozen=True, kw_only=True):
    """What one source measured or states.

    `rules` are the slugs of those that rest on it, `says` the result as a message quotes it, `by` the source's short
    name. `read` tells how much of the source was read: "full", "excerpt" or "abstract".
    """

    id: str
    rules: tuple[str, ...]
    technology: str
    versions: str
    metric: str
    value: str
    conditions: str
    source: str
    by: str
    year: int
    read: str
    address: str = ""
    baseline: str = ""
    says: str = ""

    @property
    def quoted(self) -> str:
        """The result with where it comes from: what was measured, on which versions, by whom and when."""
        dated = self.versions.endswith(str(self.year))  # where a source tells no version, its date stands for it
        return f"{self.says} ({'' if dated else self.versions + '; '}{self.by}, {self.year})"


@cache
def _entries(folder: str | None) -> list[dict[str, Any]]:
    path = os.path.join(folder or rules_folder(), NAME)
    if not os.path.isfile(path):
        return []
    with patterns_later():  # not by msgspec, the reader of which loads what makes schemas
        import json  # noqa: PLC0415 - few rules quote measurements
    with open(path, "rb") as file:
        entries: list[dict[str, Any]] = json.loads(file.read())
    return entries


def _measurement(entry: dict[str, Any]) -> Measurement:
    return Measurement(**{**entry, "rules": tuple(entry["rules"])})


@cache
def read_evidence(folder: str | None = None) -> tuple[Measurement, ...]:
    """Every measurement, in the order of the file; empty where the folder of rules has no such file."""
    return tuple(map(_measurement, _entries(folder)))


def evidence_of(rule: str, folder: str | None = None) -> list[Measurement]:
    """What the rule with this slug rests on, by year."""
    return sorted((one for one in read_evidence(folder) if rule in one.rules), key=lambda one: one.year)


def measured(*ids: str) -> str:
    """What a message says of these measurements; KeyError for one that is not there, or says nothing short."""
    known = {entry["id"]: entry for entry in _entries(None) if entry.get("says")}
    return ", ".join(_measurement(known[one]).quoted for one in ids)


def evidence_table(measurements: Iterable[Measurement]) -> list[tuple[str, str, str, str]]:
    """What was measured, the result, the conditions, and the source with its year and address; without a heading."""
    return [
        (
            f"{one.technology}: {one.metric}",
            one.value + (f" (against: {one.baseline})" if one.baseline else ""),
            f"{one.versions}; {one.conditions}",
            f"{one.source}, {one.year}"
            + (f", {one.address}" if one.address else "")
            + ("" if one.read == "full" else f" ({one.read} read)"),
        )
        for one in measurements
    ]
