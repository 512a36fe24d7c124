"""Start-up cost, as a difference to the bare interpreter in the same run: `python tests/bench/startup.py`."""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

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


def milliseconds(command: list[str], runs: int) -> list[float]:
    """Wall time of each run of `command`."""
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        subprocess.run(command, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        times.append((time.perf_counter() - start) * 1000)
    return times


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--runs", type=int, default=15)
    options.add_argument("--files", type=int, default=200, help="size of the folder of Compose files")
    arguments = options.parse_args()
    python, netlint = sys.executable, [sys.executable, "-m", "netlint"]
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
        }
        base = 0.0
        print(f"{'command':40} {'median ms':>10} {'min':>8} {'over bare python':>18}")
        for name, command in commands.items():
            times = milliseconds(command, arguments.runs)
            median = statistics.median(times)
            base = base or median
            print(f"{name:40} {median:10.1f} {min(times):8.1f} {median - base:18.1f}")


if __name__ == "__main__":
    main()
