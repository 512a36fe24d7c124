"""The file of proofs: what a run of the lab saw replaces what the same tests saw before."""

from __future__ import annotations

import datetime
from collections.abc import Container, Iterable
from pathlib import Path

import msgspec

from netlint.proofs import NAME, Proof, read_proofs
from netlint.rule import rules_folder

TESTS = Path(__file__).parent


def write_proofs(seen: Iterable[Proof], partly: Container[str] = ()) -> None:
    """Replace the proofs of the tests and engines that were run; others stay while their test exists, and so do those
    of the tests in `partly`, of which some cases were left out."""
    read_proofs.cache_clear()  # a run beside this one may have written since this one first looked
    seen = list(seen)
    run = {(proof.test, proof.engine) for proof in seen if proof.test not in partly}
    again = {msgspec.structs.replace(proof, date="") for proof in seen}
    kept = {
        proof
        for proof in read_proofs(Path(rules_folder()))
        if (proof.test, proof.engine) not in run
        and msgspec.structs.replace(proof, date="") not in again
        and exists(proof)
    }
    today = datetime.datetime.now(tz=datetime.UTC).date().isoformat()
    new = {msgspec.structs.replace(proof, date=today) for proof in seen}
    text = msgspec.json.format(msgspec.json.encode(sorted(new | kept)), indent=1)
    Path(rules_folder(), NAME).write_bytes(text + b"\n")


def exists(proof: Proof) -> bool:
    """Whether the test that saw it is still there."""
    file, _, name = proof.test.partition("::")
    path = TESTS / file
    return path.is_file() and f"\ndef {name}(" in path.read_text(encoding="utf-8")
