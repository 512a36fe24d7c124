"""The walk of one packet against the kernel, at length: `python -m tests.lab.differential --probes 200000`.

Needs root. Its namespaces have a name of their own, so that it runs beside the rest of the lab.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from msgspec import structs

from netlint.dataplane.host_walk import HostWalk
from netlint.dataplane.leg import Leg
from tests.lab import net, walks
from tests.lab.frames import Probe
from tests.lab.oracle import Answer, Oracle
from tests.lab.real_dumps import Dump, Surroundings, dumps
from tests.lab.walks import Maker

_EMPTY = "".join(f"*{table}\nCOMMIT\n" for table in ("raw", "mangle", "nat", "filter"))
_PROBES = 400  # for each firewall


class Router(Oracle):
    """An oracle with routes that lead nowhere, whose firewall may also refuse what it sends itself."""

    def _send(self, probe: Probe, number: int) -> None:
        with contextlib.suppress(OSError):
            super()._send(probe, number)

    def replace(self, text: str, version: int) -> None:
        """Make `text` the firewall, and none of the other IP version."""
        for one in (4, 6):
            self.load(_EMPTY, one)
        self.load(text, version)

    def change(self, maker: Maker) -> str:
        """Give the router the firewall and the routing rules of `maker`; both as text."""
        text = maker.firewall()
        self.replace(text, maker.version)
        rules = maker.routing_rules()
        family = f"-{maker.version}"
        for one in ("-4", "-6"):
            for line in self.router.ip(one, "rule").splitlines():
                priority = line.partition(":")[0]
                if 0 < int(priority) < 1000:
                    self.router.ip(one, "rule", "del", "pref", priority)
        for rule in rules:
            self.router.ip(family, "rule", "add", *rule.split())
        for key, value in (switches := maker.switches()).items():
            self.router.sysctl(key, value)
        return "\n".join([text, *rules, *map(" = ".join, switches.items())])

    def conversations(self, probes: Sequence[Probe]) -> list[tuple[Answer, Answer | None]]:
        """What becomes of each probe, and of the answer of whoever got it; None where nobody did."""
        self.forget()
        firsts = self._batch(probes)
        backs = {
            number: _back(probe, first, number)
            for number, (probe, first) in enumerate(zip(probes, firsts, strict=True), 1)
            if first.verdict == "forward" and first.seen is not None
        }
        seconds = dict(zip(backs, self._batch(list(backs.values()), len(probes) + 1), strict=True))
        return [(first, seconds.get(number)) for number, first in enumerate(firsts, 1)]


def _back(probe: Probe, first: Answer, number: int) -> Probe:
    got = first.seen
    assert got is not None
    if probe.protocol == "icmp":
        return Probe(first.interface, "icmp", got.destination, got.source, got.source_port, 0, number)
    ports = got.destination_port, got.source_port
    return Probe(first.interface, probe.protocol, got.destination, got.source, *ports, number)


@contextlib.contextmanager
def router() -> Iterator[Router]:
    with Router(walks.LINKS) as one:
        for route in walks.ROUTES:
            version = "-6" if "fd" in route or "2001:" in route else "-4"
            one.router.ip(version, "route", "add", *route.split())
        yield one


def told(answer: Answer, probe: Probe) -> tuple[object, ...]:
    """The oracle's answer in the words of walks.answer."""
    if answer.verdict != "forward" or answer.seen is None:
        return ("lost" if answer.verdict in ("drop", "reject") else answer.verdict,)
    seen = answer.seen
    ports = (seen.source_port, seen.destination_port) if probe.protocol != "icmp" else ()
    return "forward", answer.interface, seen.source, seen.destination, *ports


class Wrong(NamedTuple):
    """A probe about which netlint and the kernel differ, with netlint's steps."""

    probe: Probe
    netlint: tuple[object, ...]
    kernel: tuple[object, ...]
    steps: tuple[str, ...]


class Count(NamedTuple):
    """How many probes were compared, and how many not, because netlint is not certain of them."""

    compared: int = 0
    uncertain: int = 0
    wrong: tuple[Wrong, ...] = ()

    def plus(self, other: Count) -> Count:
        return Count(self.compared + other.compared, self.uncertain + other.uncertain, self.wrong + other.wrong)


def compare(one: Oracle, walk: HostWalk, probes: Sequence[Probe]) -> Count:
    """netlint's verdict and translation of each probe against the kernel's."""
    wrong: list[Wrong] = []
    uncertain = 0
    for probe, answer in zip(probes, one.ask(probes), strict=True):
        leg = walks.walked(walk, probe)
        if not leg.certain or _own_broadcast(probe, leg):
            uncertain += 1
            continue
        expected, found = walks.answer(leg), told(answer, probe)
        # the router's own packets to itself may carry the number of a probe: asked alone, it is none of them
        if expected != found and expected != (found := told(one.ask([probe])[0], probe)):
            wrong.append(_wrong(probe, expected, found, leg))
    return Count(len(probes) - uncertain, uncertain, tuple(wrong))


def _own_broadcast(probe: Probe, leg: Leg) -> bool:
    """The router takes a copy of its own broadcasts, which the oracle sees and which is no part of their way."""
    return probe.interface is None and leg.hop is not None and leg.hop.kind == "broadcast"


def compare_answers(one: Router, walk: HostWalk, probes: Sequence[Probe]) -> Count:
    """The same of the answers to the probes that get through."""
    wrong: list[Wrong] = []
    compared = uncertain = 0
    for probe, (first, second) in zip(probes, one.conversations(probes), strict=True):
        leg = walks.walked(walk, probe)
        if second is None or not leg.accepted or leg.delivered or told(first, probe) != walks.answer(leg):
            continue  # compared in `compare`
        back = walk.answer(leg)
        if not (leg.certain and back.certain) or _own_broadcast(probe, leg):
            uncertain += 1
            continue
        compared += 1
        expected, found = walks.answer(back), told(second, probe)
        if expected != found and expected != (found := _alone(one, probe)):
            wrong.append(_wrong(probe, expected, found, back))
    return Count(compared, uncertain, tuple(wrong))


def _alone(one: Router, probe: Probe) -> tuple[object, ...]:
    ((_, second),) = one.conversations([probe])
    return told(second, probe) if second is not None else ("unasked",)


def _wrong(probe: Probe, expected: tuple[object, ...], found: tuple[object, ...], leg: Leg) -> Wrong:
    return Wrong(probe, expected, found, tuple(step.text for step in leg.steps))


def random_round(one: Router, seed: int, version: int, probes: int = _PROBES) -> tuple[Count, Count, str]:
    """A random firewall: first packets, answers, and what the router was told."""
    maker = Maker(seed, version)
    text = one.change(maker)
    with tempfile.TemporaryDirectory() as folder:
        walk = HostWalk(walks.described(one.router, Path(folder)), version)
    first = compare(one, walk, maker.probes(probes))
    return first, compare_answers(one, walk, maker.probes(probes)), text


def dump_round(dump: Dump, seed: int = 0, probes: int = _PROBES) -> tuple[Count, Count] | None:
    """A real firewall: first packets and answers; None where the kernel does not take it."""
    around = Surroundings(dump.ruleset, seed)
    version = around.version
    with Router(around.links) as one, tempfile.TemporaryDirectory() as folder:
        try:
            one.replace(dump.text, version)
        except net.LabError:
            return None
        machine = walks.described(one.router, Path(folder))
        # as it was written, and not as the kernel gives it back
        walk = HostWalk(structs.replace(machine, rulesets=(dump.ruleset,)), version)
        asked = [probe for probe in around.probes(probes) if not _along_a_bridge(walk, probe)]
        return compare(one, walk, asked), compare_answers(one, walk, asked)


def _along_a_bridge(walk: HostWalk, probe: Probe) -> bool:
    """Whether netlint takes the packet for one that needs no router: here every link is one of its own."""
    bridge = walk.router.bridge_of(walks.address(probe.destination))
    return bridge is not None and bridge.name == probe.interface


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--probes", type=int, default=200_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--save", type=Path, default=None, help="where to write firewalls with a disagreement")
    parser.add_argument("--corpus", type=Path, default=None, help="take the firewalls of real dumps from here")
    given = parser.parse_args()
    net.PREFIX = f"nlt{os.getpid()}-"
    if given.corpus is not None:
        _real(given.corpus, given.seed)
    begin = time.monotonic()
    firsts, answers = Count(), Count()
    with router() as one:
        seed = given.seed
        while firsts.compared + answers.compared < given.probes:
            version = 6 if seed % 3 == 2 else 4
            first, back, text = random_round(one, seed, version)
            firsts, answers = firsts.plus(first), answers.plus(back)
            for wrong in (*first.wrong, *back.wrong):
                print(f"seed {seed} IPv{version}:", wrong.probe, "netlint", wrong.netlint, "kernel", wrong.kernel)
                print("   ", "\n    ".join(wrong.steps), flush=True)
                if given.save is not None:
                    (given.save / f"{seed}.txt").write_text(text, encoding="utf-8")
            seed += 1
            if seed % 50 == 0:
                print(f"{seed - given.seed} firewalls, {_figures(firsts, answers)}", flush=True)
    print(f"{seed - given.seed} firewalls, {_figures(firsts, answers)}, {time.monotonic() - begin:.0f} s")
    raise SystemExit(bool(firsts.wrong or answers.wrong))


def _real(corpus: Path, seed: int) -> None:
    firsts, answers = Count(), Count()
    taken = refused = 0
    for dump in dumps(corpus):
        found = dump_round(dump, seed)
        if found is None:
            refused += 1
            print("the kernel refuses", dump.name)
            continue
        taken += 1
        firsts, answers = firsts.plus(found[0]), answers.plus(found[1])
        for wrong in (*found[0].wrong, *found[1].wrong):
            print(f"{dump.name}:", wrong.probe, "netlint", wrong.netlint, "kernel", wrong.kernel)
            print("   ", "\n    ".join(wrong.steps), flush=True)
    print(f"{taken} dumps, {refused} refused, {_figures(firsts, answers)}")
    raise SystemExit(bool(firsts.wrong or answers.wrong))


def _figures(firsts: Count, answers: Count) -> str:
    return (
        f"{firsts.compared} first packets and {answers.compared} answers compared, "
        f"{firsts.uncertain + answers.uncertain} not certain, {len(firsts.wrong) + len(answers.wrong)} disagreements"
    )


if __name__ == "__main__":
    main()
