"""Published measurements that rules on performance quote.

`evidence.json` lies beside the rules and is installed with them. One entry is one measurement or statement of one
source; entries are added, never bent to a rule.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from functools import cache

import msgspec

from netlint.rule import rules_folder

NAME = "evidence.json"
QUOTES = "quotes.tsv"  # beside it: what messages quote; written by docs/generate.py


class Measurement(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
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
def read_evidence(folder: str | None = None) -> tuple[Measurement, ...]:
    """Every measurement, in the order of the file; empty where the folder of rules has no such file."""
    path = os.path.join(folder or rules_folder(), NAME)
    if not os.path.isfile(path):
        return ()
    with open(path, "rb") as file:
        return msgspec.json.decode(file.read(), type=tuple[Measurement, ...])


def evidence_of(rule: str, folder: str | None = None) -> list[Measurement]:
    """What the rule with this slug rests on, by year."""
    return sorted((one for one in read_evidence(folder) if rule in one.rules), key=lambda one: one.year)


def measured(*ids: str) -> str:
    """What a message says of these measurements; KeyError for one that is not there, or says nothing short."""
    known = _quotes()
    return ", ".join(known[one] for one in ids)


@cache
def _quotes() -> dict[str, str]:
    with open(os.path.join(rules_folder(), QUOTES), encoding="utf-8") as file:
        return dict(line.rstrip("\n").split("\t") for line in file)


def quotes_text(measurements: Iterable[Measurement]) -> str:
    """The file of quotes: nearly every Compose file leads to one, and `evidence.json` is long. A line for each
    measurement that says something short: its id and what is quoted, with a tab between them."""
    return "".join(f"{one.id}\t{one.quoted}\n" for one in measurements if one.says)


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
