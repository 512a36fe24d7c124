"""Whole hosts: each folder of fixtures/ draws exactly the report in its expected.txt.

`python tests/test_fixtures.py` rewrites the reports; read the difference before committing it.
"""

from pathlib import Path

import pytest

from netlint.config import Config, find_config, read_config
from netlint.discover import discover
from netlint.engine import check
from netlint.report.text import render
from netlint.rule import load_rules, rules_folder

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures"
HOSTS = sorted(path for path in FIXTURES.iterdir() if path.is_dir())


def report(folder: Path) -> str:
    """The text report on the fixture, which holds its input in the folder `input`."""
    found = find_config(folder / "input")
    config = read_config(found) if found is not None and found.is_relative_to(folder) else Config()
    discovery = discover([str(folder / "input")])
    return render(check(discovery, load_rules([rules_folder()]), config), color=False, verbose=True)


@pytest.mark.parametrize("folder", HOSTS, ids=lambda path: path.name)
def test_fixture(folder: Path) -> None:
    assert report(folder) == (folder / "expected.txt").read_text(encoding="utf-8")


if __name__ == "__main__":
    for host in HOSTS:
        (host / "expected.txt").write_text(report(host), encoding="utf-8")
