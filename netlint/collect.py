"""`netlint collect`: the script that gathers a host's network configuration, printed or run here."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).with_name("collect.sh")


class CollectError(Exception):
    """The script could not run, or failed."""


def script() -> str:
    return SCRIPT.read_text(encoding="utf-8")


def collect(output: str) -> None:
    """Run the script on this machine and write its archive to the file `output`, readable by its owner alone."""
    command = ["sh", str(SCRIPT), output]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)
    except OSError as error:
        raise CollectError(f"collect: no POSIX shell can be run here: {error.strerror}") from error
    if done.returncode:
        detail = done.stderr.strip().splitlines()
        raise CollectError(f"collect: the script failed{': ' + detail[-1] if detail else ''}")


def run(output: str | None) -> None:
    """Print the script, or run it where an `output` is named."""
    if output is None:
        sys.stdout.write(script())
    else:
        collect(output)
