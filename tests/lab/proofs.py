"""What the lab observed, kept in docs/proofs.json; docs/proofs.md is made of it by docs/proofs.py."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from pathlib import Path

import msgspec

PATH = Path(__file__).resolve().parents[2] / "docs" / "proofs.json"


class Proof(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """An effect that a rule claims, as it was seen on an engine. `date` is that of the run."""

    rule: str
    engine: str
    observed: str
    date: str = ""


def read_proofs() -> list[Proof]:
    return msgspec.json.decode(PATH.read_bytes(), type=list[Proof]) if PATH.exists() else []


def write_proofs(seen: Iterable[Proof]) -> None:
    """Replace the proofs of the rules and engines that were run; others stay."""
    today = datetime.datetime.now(tz=datetime.UTC).date().isoformat()
    new = {msgspec.structs.replace(proof, date=today) for proof in seen}
    run = {(proof.rule, proof.engine) for proof in new}
    kept = {proof for proof in read_proofs() if (proof.rule, proof.engine) not in run}
    text = msgspec.json.format(msgspec.json.encode(sorted(new | kept)), indent=1)
    PATH.write_bytes(text + b"\n")
