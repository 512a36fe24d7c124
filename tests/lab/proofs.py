"""The file of proofs: what a run of the lab saw replaces what the same tests saw before."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from pathlib import Path

import msgspec

from netlint.proofs import NAME, Proof, read_proofs
from netlint.rule import rules_folder

TESTS = Path(__file__).parent


def write_proofs(seen: Iterable[Proof]) -> None:
    """Replace the proofs of the tests and engines that were run; others stay while their test exists."""
    read_proofs.cache_clear()  # a run beside this one may have written since this one first looked
    today = datetime.datetime.now(tz=datetime.UTC).date().isoformat()
    new = {msgspec.structs.replace(proof, date=today) for proof in seen}
    run = {(proof.test, proof.engine) for proof in new}
    kept = {
        proof for proof in read_proofs(Path(rules_folder())) if (proof.test, proof.engine) not in run and exists(proof)
    }
    text = msgspec.json.format(msgspec.json.encode(sorted(new | kept)), indent=1)
    Path(rules_folder(), NAME).write_bytes(text + b"\n")


def exists(proof: Proof) -> bool:
    """Whether the test that saw it is still there."""
    file, _, name = proof.test.partition("::")
    path = TESTS / file
    return path.is_file() and f"\ndef {name}(" in path.read_text(encoding="utf-8")
