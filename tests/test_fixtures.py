"""Whole hosts: each folder of fixtures/ draws exactly the report in its expected.txt.

`python tests/test_fixtures.py` rewrites the reports; read the difference before committing it.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures"
HOSTS = sorted(path for path in FIXTURES.iterdir() if path.is_dir())


def report(folder: Path) -> str:
    """What a user sees who checks the fixture, whose files are in its folder `input`."""
    command = [sys.executable, "-m", "netlint", "check", "--verbose", "--exit-zero", "--color", "never", "input"]
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=True, env=os.environ | {"LANG": "C"}
    )
    return done.stdout + done.stderr


@pytest.mark.parametrize("folder", HOSTS, ids=lambda path: path.name)
def test_fixture(folder: Path) -> None:
    assert report(folder) == (folder / "expected.txt").read_text(encoding="utf-8")


if __name__ == "__main__":
    for host in HOSTS:
        (host / "expected.txt").write_text(report(host), encoding="utf-8")
