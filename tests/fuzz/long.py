"""The long run: `python -m tests.fuzz.long [--count N] [--seed S] [NAME…]`, with the counts and what was found printed.

A NAME is a format (its parser), "bytes", "expressions" or "hosts" (whole inputs through the rules and every report).
"""

from __future__ import annotations

import argparse
import time
import traceback
from collections.abc import Callable
from functools import partial
from random import Random

from netlint.formats import FORMATS
from tests.fuzz.mutate import mutated, reduced
from tests.fuzz.properties import bytes_hold, expression_holds, parser_holds, run_holds
from tests.fuzz.samples import hosts, samples

_SLOW = 1.0  # seconds of one input that are worth a look


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--count", type=int, default=100_000)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("names", nargs="*", metavar="NAME")
    given = arguments.parse_args()
    every = [*(name for name, known in FORMATS.items() if known.parser), "bytes", "expressions", "hosts"]
    finds = 0
    for name in given.names or every:
        finds += _campaign(name, given.count, Random(f"{given.seed} {name}"))
    return 1 if finds else 0


def _campaign(name: str, count: int, random: Random) -> int:
    start, slowest, found = time.process_time(), (0.0, ""), dict[str, str]()
    for _ in range(count):
        text, holds = _case(name, random)
        before = time.process_time()
        try:
            holds(text)
        except Exception:
            found.setdefault(_place(), text)
        slowest = max(slowest, (time.process_time() - before, text))
    seconds = time.process_time() - start
    print(
        f"{name:24} {count:7} inputs, {len(found)} faults, slowest {slowest[0] * 1000:6.0f} ms, {seconds:6.0f} s",
        flush=True,
    )
    for place, text in found.items():
        short = text if name == "hosts" else reduced(text, partial(_fails, name, place))
        print(f"  {place}\n    {short!r}")
    if slowest[0] > _SLOW:
        print(f"  slow: {slowest[1]!r}"[:2000])
    return len(found)


def _case(name: str, random: Random) -> tuple[str, Callable[[str], object]]:
    """An input, and what must hold of it."""
    if name == "bytes":
        data = bytes(random.randrange(256) for _ in range(random.randrange(64)))
        mark = random.choice((b"", b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf", b"\x1f\x8b", b"PK\x03\x04"))
        return (mark + data).decode("latin-1"), lambda text: bytes_hold(text.encode("latin-1"))
    if name == "expressions":
        pieces = (
            "${",
            "}",
            "$",
            "$$",
            ":-",
            ":?",
            ":+",
            "-",
            "a",
            "B_1",
            " ",
            "'",
            '"',
            "\\",
            "é",
            "tcp from ",
            " to ",
            ":80",
        )
        return "".join(random.choice(pieces) for _ in range(random.randrange(30))), expression_holds
    if name == "hosts":
        return _host(random)
    return mutated(random, samples()[name]), lambda text: parser_holds(name, text)


def _host(random: Random) -> tuple[str, Callable[[str], object]]:
    """One file of a whole input, changed; the others with it as they are or changed too."""
    files = dict(random.choice(hosts()))
    path = random.choice(sorted(files))
    for other in random.sample(sorted(files), min(len(files), random.choice((0, 0, 1, 3)))):
        name, text = files[other]
        files[other] = (name, mutated(random, [text], most=20_000))
    name, text = files[path]
    text = mutated(random, [text, text, *samples().get(name, [text])], most=20_000)
    return text, lambda text: run_holds({**files, path: (name, text)})


def _place() -> str:
    lines = traceback.format_exc().strip().splitlines()
    return " | ".join(line.strip()[:200] for line in (*lines[-3:-1], lines[-1]) if line.strip())


def _fails(name: str, place: str, text: str) -> bool:
    holds = {"bytes": lambda one: bytes_hold(one.encode("latin-1")), "expressions": expression_holds}
    try:
        holds.get(name, lambda one: parser_holds(name, one))(text)
    except Exception:
        return _place().partition(" | ")[0] == place.partition(" | ")[0]
    return False


if __name__ == "__main__":
    raise SystemExit(main())
