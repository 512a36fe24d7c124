"""Measure a million routes: text to routes to overlaps. Run: python tests/bench/routes.py [NUMBER] [--shuffled]

The table is like one of a BGP router: /16 to /24 prefixes in the order in which the kernel prints them, 96 next hops.
"""

from __future__ import annotations

import gc
import random
import sys
import time
from collections.abc import Callable
from typing import TypeVar

from netlint.addresses.claims import claims
from netlint.addresses.overlap import overlaps
from netlint.build.facts import HostFacts, Parsed
from netlint.build.routes import build_routes
from netlint.model.host import Host, Site
from netlint.parse import ip_route
from netlint.prefix import Prefix
from netlint.source import Source, Span

T = TypeVar("T")


def table(number: int, shuffled: bool) -> str:
    """The text of `ip route` with that many different prefixes and a default route."""
    chance = random.Random(7)
    prefixes: set[Prefix] = set()
    while len(prefixes) < number:
        length = min(24, int(chance.triangular(16, 25, 25)))
        first = chance.randrange(1 << 24, 224 << 24) >> (32 - length) << (32 - length)
        prefixes.add(Prefix(4, first, length))
    order = sorted(prefixes)
    if shuffled:
        chance.shuffle(order)
    lines = [f"{one} via 10.0.{at % 8}.{at % 96} dev eth{at % 4} proto bird metric 32 " for at, one in enumerate(order)]
    return "\n".join(["default via 10.0.0.1 dev eth0 ", *lines, ""])


def split(text: str) -> int:
    """The least that any reader of the table does."""
    return sum(len(line.split()) for line in text.split("\n"))


def timed(name: str, work: Callable[[], T]) -> tuple[T, float]:
    start = time.perf_counter()
    result = work()
    seconds = time.perf_counter() - start
    print(f"{name:<28}{seconds:8.2f} s")
    return result, seconds


def main(arguments: list[str]) -> None:
    number = next((int(word) for word in arguments if word.isdigit()), 1_000_000)
    source = Source("ip-route.txt", table(number, "--shuffled" in arguments))
    print(f"{number:,} routes, {len(source.text) / 1e6:.0f} MB of text")
    facts = HostFacts("host")
    gc.disable()  # as the engine does while it reads
    _, bare = timed("str.split of each line", lambda: split(source.text))
    (tree, problems), parsing = timed("text to tree", lambda: ip_route.parse(source))
    _, building = timed("tree to routes", lambda: build_routes([Parsed(source, "ip-route", tree)], facts))
    routes = facts.routes or []
    assert len(routes) == number + 1
    assert not problems
    pairs, comparing = timed("overlaps", lambda: sum(1 for _ in overlaps(routes)))
    total = parsing + building + comparing
    print(f"{'text to overlaps':<28}{total:8.2f} s   {total / bare:.1f} times str.split; {pairs:,} pairs")
    host = Host(name="host", span=Span("", 0, 0), routes=tuple(routes))
    timed("address plan of the host", lambda: claims(host, Site(hosts=(host,))))


if __name__ == "__main__":
    main(sys.argv[1:])
