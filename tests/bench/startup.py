"""Start-up cost, as a difference to the bare interpreter in the same run: `python tests/bench/startup.py`.

Give `--python` an environment in which netlint is installed as users install it (`pip install .`): an editable
installation pays at every import for finding the sources.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HOST = Path(__file__).resolve().parents[2] / "fixtures" / "healthy-28" / "input"
FLOW = "tcp from internet to host:443"
ONE_FILE = """services:
  web:
    image: nginx
    ports: ["127.0.0.1:8080:80"]
    networks: [front]
networks:
  front:
    ipam:
      config:
        - subnet: 172.28.0.0/24
"""


def milliseconds(command: list[str], runs: int, folder: str) -> tuple[float, float]:
    """Median wall and processor time (user and system) of `runs` runs of `command`, after one that warms caches."""
    walls, processors = [], []
    for _ in range(runs + 1):
        start = time.perf_counter()
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, check=False, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        walls.append((time.perf_counter() - start) * 1000)
        processors.append((after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime) * 1000)
    return statistics.median(walls[1:]), statistics.median(processors[1:])


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--runs", type=int, default=15)
    options.add_argument("--files", type=int, default=200, help="size of the folder of Compose files")
    options.add_argument("--python", default=sys.executable, help="interpreter of the environment to measure")
    arguments = options.parse_args()
    python, netlint = arguments.python, [arguments.python, "-m", "netlint"]
    with tempfile.TemporaryDirectory() as folder:
        one = Path(folder, "one", "compose.yaml")
        one.parent.mkdir()
        one.write_text(ONE_FILE, encoding="utf-8")
        for number in range(arguments.files):
            many = Path(folder, "many", f"project{number}", "compose.yaml")
            many.parent.mkdir(parents=True)
            many.write_text(ONE_FILE.replace("172.28.0", f"10.77.{number % 256}"), encoding="utf-8")
        commands = {
            "python -c pass": [python, "-c", "pass"],
            "python -c 'import yaml'": [python, "-c", "import yaml"],
            "netlint --version": [*netlint, "--version"],
            "netlint check (one Compose file)": [*netlint, "check", str(one)],
            f"netlint check ({arguments.files} Compose files)": [*netlint, "check", str(Path(folder, "many"))],
            "netlint check (a host's dump)": [*netlint, "check", str(HOST)],
            "netlint trace (a host's dump)": [*netlint, "trace", str(HOST), FLOW],
        }
        base: tuple[float, float] | None = None
        print(f"{'command':40} {'wall ms':>9} {'over python':>12} {'cpu ms':>9} {'over python':>12}")
        for name, command in commands.items():
            wall, processor = milliseconds(command, arguments.runs, folder)
            base = base or (wall, processor)
            print(f"{name:40} {wall:9.1f} {wall - base[0]:12.1f} {processor:9.1f} {processor - base[1]:12.1f}")


if __name__ == "__main__":
    main()
