"""What the lab has seen of the effects that rules claim.

`proofs.json` lies beside the rules and is installed with them. `pytest -m lab --write-proofs` writes it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import msgspec

NAME = "proofs.json"


class Proof(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """An effect that a rule claims, as it was seen.

    `engine` is the version of a Docker engine, or the name and version of what else it was seen on. `date` is that of
    the run, `test` the function in tests/lab that saw it.
    """

    rule: str
    engine: str
    observed: str
    test: str = ""
    date: str = ""


class Observation(msgspec.Struct, frozen=True):
    """The same effect on all of `engines`, and when it was last seen."""

    engines: tuple[str, ...]
    observed: str
    date: str


@cache
def read_proofs(folder: Path) -> tuple[Proof, ...]:
    """The proofs of the rules in `folder`, ordered; empty where it has none."""
    path = folder / NAME
    return tuple(sorted(msgspec.json.decode(path.read_bytes(), type=list[Proof]))) if path.is_file() else ()


def observations(proofs: Iterable[Proof], rule: str) -> Iterator[Observation]:
    """What was seen for `rule`, one for what several engines do alike."""
    seen: dict[str, list[Proof]] = {}
    for proof in proofs:
        if proof.rule == rule:
            seen.setdefault(proof.observed, []).append(proof)
    for observed, same in seen.items():
        engines = dict.fromkeys(proof.engine for proof in same)
        yield Observation(tuple(engines), observed, max(proof.date for proof in same))


def proven_on(proofs: Iterable[Proof], rule: str) -> str:
    """Where effects of `rule` were seen: "Docker 20.10, 26.1 and 28.5"; empty for a rule without a proof."""
    engines = sorted({proof.engine for proof in proofs if proof.rule == rule})
    numbers = ", ".join(name for name in engines if name[0].isdigit())
    numbers = " and ".join(filter(None, numbers.rpartition(", ")[::2]))
    others = [name for name in engines if not name[0].isdigit()]
    return ", ".join([*([f"Docker {numbers}"] if numbers else []), *others])
