"""CPU seconds until it is known which rules of a dump no packet reaches: `python tests/bench/packet_sets.py`.

Two families of generated dumps and, where the corpus lies beside the project, its largest real one. The verified
analyser fffuu took 79.3 s of CPU for 4,840 rules of that family, filter table only, on a machine of the same kind.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from time import process_time
from typing import NamedTuple

from netlint.build.facts import HostFacts, Parsed
from netlint.build.netfilter import build_rulesets
from netlint.build.site import collector_paused
from netlint.dataplane.unreached import unreached
from netlint.parse.iptables_save import parse
from netlint.source import Source

CORPUS = Path(__file__).resolve().parents[3] / "shared" / "corpus" / "dumps"
LARGEST = "secgroup+fws/examples/real-world/chair_for_Network_Architectures_and_Services/iptables-save-mac"
FFFUU = 79.3


class Figures(NamedTuple):
    """Rules of the dump, seconds to load them and to walk them, unreached rules, megabytes at most."""

    rules: int
    load: float
    walk: float
    unreached: int
    peak: float


@collector_paused()
def measure(path: Path) -> Figures:
    source = Source(path.name, path.read_text(encoding="utf-8", errors="replace"))
    start = process_time()
    facts = HostFacts("bench")
    tree, _ = parse(source)
    build_rulesets([Parsed(source, "iptables-save", tree)], facts)
    loaded = process_time()
    found = sum(1 for ruleset in facts.rulesets for _ in unreached(ruleset))
    done = process_time()
    rules = sum(1 for ruleset in facts.rulesets for table in ruleset.tables.values() for _ in table.rules())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Figures(rules, loaded - start, done - loaded, found, peak)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--lines", type=int, nargs="+", default=[1_000, 5_000, 20_000, 100_000])
    options.add_argument("--families", nargs="+", choices=("docker", "kube"), default=["kube", "docker"])
    options.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    arguments = options.parse_args()
    if arguments.measure:
        print(json.dumps(measure(arguments.measure)))
        return
    print(("{:>14}" + "{:>10}" * 6).format("dump", "rules", "load s", "walk s", "us/rule", "unreached", "peak MB"))
    with tempfile.TemporaryDirectory() as folder:
        for family in arguments.families:
            for lines in arguments.lines:
                path = Path(folder, f"{family}-{lines}.txt")
                generate = [sys.executable, Path(__file__).with_name("generate.py"), family, str(lines)]
                path.write_bytes(subprocess.run(generate, check=True, stdout=subprocess.PIPE).stdout)
                report(f"{family} {lines}", path)
        if (largest := CORPUS / LARGEST).is_file():
            found = report("real", largest)
            print(f"fffuu to netlint on the real one: {FFFUU / (found.load + found.walk):.0f} : 1")


def report(name: str, path: Path) -> Figures:
    """Measure in a process of its own."""
    command = [sys.executable, __file__, "--measure", str(path)]
    found = Figures(*json.loads(subprocess.run(command, check=True, capture_output=True).stdout))
    each = found.walk / max(found.rules, 1) * 1e6
    row = (
        name,
        found.rules,
        f"{found.load:.2f}",
        f"{found.walk:.2f}",
        f"{each:.0f}",
        found.unreached,
        f"{found.peak:.0f}",
    )
    print(("{:>14}" + "{:>10}" * 6).format(*row))
    return found


if __name__ == "__main__":
    main()
