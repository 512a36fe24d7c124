"""What the lab observed: kept in docs/proofs.json, shown in docs/proofs.md.

`pytest -m lab --write-proofs` writes the first, `page` makes the second of it.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from pathlib import Path

import msgspec

from netlint.rule import Rule

PATH = Path(__file__).resolve().parent / "proofs.json"
_INTRODUCTION = """\
# Proofs

What the rules claim is run on real Docker engines, in network namespaces of one machine: the bad configuration, mostly
the very text of a rule's example, has the effect, and the good one has not. `pytest -m lab` repeats it.
"""


class Proof(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """An effect that a rule claims, as it was seen on an engine. `date` is that of the run."""

    rule: str
    engine: str
    observed: str
    date: str = ""


def read_proofs() -> list[Proof]:
    """Every proof, in the order of the file."""
    return msgspec.json.decode(PATH.read_bytes(), type=list[Proof]) if PATH.exists() else []


def write_proofs(seen: Iterable[Proof]) -> None:
    """Replace the proofs of the rules and engines that were run; others stay."""
    today = datetime.datetime.now(tz=datetime.UTC).date().isoformat()
    new = {msgspec.structs.replace(proof, date=today) for proof in seen}
    run = {(proof.rule, proof.engine) for proof in new}
    kept = {proof for proof in read_proofs() if (proof.rule, proof.engine) not in run}
    PATH.write_bytes(msgspec.json.format(msgspec.json.encode(sorted(new | kept)), indent=1) + b"\n")


def page(rules: Iterable[Rule], proofs: Iterable[Proof]) -> str:
    """docs/proofs.md: the proofs rule by rule, then the rules without one and what they rest on."""
    rules = list(rules)
    by_rule: dict[str, list[Proof]] = {rule.code: [] for rule in rules}
    for proof in sorted(proofs):
        by_rule.setdefault(proof.rule, []).append(proof)
    lines = [_INTRODUCTION]
    for rule in rules:
        if by_rule[rule.code]:
            lines += [f"## {rule.code} {rule.slug}", "", "| engine | observed | date |", "|---|---|---|"]
            lines += [_row(proof) for proof in by_rule[rule.code]]
            lines += [""]
    lines += ["## Rules without a proof of their own", "", "| rule | rests on |", "|---|---|"]
    lines += [f"| {rule.code} {rule.slug} | {_cell(rule.proof)} |" for rule in rules if not by_rule[rule.code]]
    return "\n".join(lines) + "\n"


def _row(proof: Proof) -> str:
    return f"| {proof.engine} | {_cell(proof.observed)} | {proof.date} |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
