"""Text to model Ruleset against `iptables-restore --test`, both in CPU time: `python tests/bench/iptables_save.py`.

The reference runs as root in a network namespace of its own; without root or without the binary its column is empty.
Memory is the growth of the resident set, text included, per rule: `kept` once the parse tree is gone, `peak` before.
What is loaded at first use, modules and compiled expressions, is there before: no rule costs that.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from time import process_time
from typing import NamedTuple

from netlint.build.facts import HostFacts, Parsed
from netlint.build.netfilter import build_rulesets
from netlint.build.site import collector_paused
from netlint.parse.iptables_save import parse
from netlint.parse.iptables_tables import SaveFile
from netlint.parse.tree import Problem
from netlint.source import Source

FAMILIES = ("docker", "kube")
REFERENCES = ("iptables-nft-restore", "iptables-legacy-restore")
FIRST = 2000  # characters of a dump that show every kind of line


class Figures(NamedTuple):
    """Seconds of CPU, the rules built, and the bytes a rule that the process grew by."""

    seconds: float
    rules: int
    kept: float
    peak: float


def resident(what: str) -> int:
    """Bytes of this process that are in memory (`VmRSS`), or were at most (`VmHWM`)."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition(f"{what}:")[2].split()[0]) << 10


def measure(path: Path, runs: int) -> Figures:
    """Build the ruleset of a dump in this process; the fastest of `runs`, memory of the first."""
    best, kept, peak, rules = float("inf"), 0.0, 0.0, 0
    build(Source(path.name, path.read_text()[:FIRST].rpartition("\n")[0]))
    for run in range(runs):
        before = resident("VmRSS")
        Path("/proc/self/clear_refs").write_text("5")  # the most from now on
        source = Source(path.name, path.read_text())
        tree = facts = None  # what the run before made is freed before the clock starts, like the other's memory
        start = process_time()
        with collector_paused():  # as the engine has it
            tree, facts, problems = build(source)
        best = min(best, process_time() - start)
        assert not problems
        assert not facts.unreadable
        rules = sum(1 for ruleset in facts.rulesets for table in ruleset.tables.values() for _ in table.rules())
        if run == 0:
            peak = (resident("VmHWM") - before) / rules
            del tree
            kept = (resident("VmRSS") - before) / rules
    return Figures(best, rules, kept, peak)


def build(source: Source) -> tuple[SaveFile, HostFacts, list[Problem]]:
    facts = HostFacts("bench")
    tree, problems = parse(source)
    build_rulesets([Parsed(source, "iptables-save", tree)], facts)
    return tree, facts, problems


def reference(tool: str, path: Path) -> float | None:
    """CPU seconds of `tool --test` on a dump; None where it cannot run."""
    if shutil.which(tool) is None or shutil.which("unshare") is None or os.geteuid() != 0:
        return None
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(["unshare", "-n", tool, "--test", path], check=False, capture_output=True, text=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        sys.exit(f"{tool}: {done.stderr.strip()[:300]}")
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--lines", type=int, nargs="+", default=[1_000, 10_000, 100_000])
    options.add_argument("--families", nargs="+", choices=FAMILIES, default=FAMILIES)
    options.add_argument("--runs", type=int, default=3)
    options.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    arguments = options.parse_args()
    if arguments.measure:
        print(json.dumps(measure(arguments.measure, arguments.runs)))
        return
    names = [tool.removeprefix("iptables-").removesuffix("-restore") for tool in REFERENCES]
    heads = ["dump", "lines", "rules", "lines/s", *(f"{name}/s" for name in names), *(f"to {name}" for name in names)]
    print(("{:>10}" * (len(heads) + 2)).format(*heads, "kept B", "peak B"))
    with tempfile.TemporaryDirectory() as folder:
        for family in arguments.families:
            for asked in arguments.lines:
                path = Path(folder, f"{family}-{asked}.txt")
                generate = [sys.executable, Path(__file__).with_name("generate.py"), family, str(asked)]
                path.write_bytes(text := subprocess.run(generate, check=True, stdout=subprocess.PIPE).stdout)
                lines = text.count(b"\n")
                runs = arguments.runs if asked < 1_000_000 else 1
                command = [sys.executable, __file__, "--measure", str(path), "--runs", str(runs)]
                found = Figures(*json.loads(subprocess.run(command, check=True, capture_output=True).stdout))
                spent = [reference(tool, path) for tool in REFERENCES]
                speed = lines / found.seconds
                row = [family, lines, found.rules, f"{speed:,.0f}"]
                row += [f"{lines / other:,.0f}" if other else "-" for other in spent]
                row += [f"{other / found.seconds:.2f}" if other else "-" for other in spent]
                print(("{:>10}" * (len(row) + 2)).format(*row, f"{found.kept:,.0f}", f"{found.peak:,.0f}"))


if __name__ == "__main__":
    main()
