"""The pairs of ports that tests/bench/compose_peers.py judges other tools by: netlint is right on all."""

from __future__ import annotations

from pathlib import Path

import pytest

from netlint.config import Config
from netlint.discover import discover
from netlint.engine import check
from netlint.rule import load_rules, rules_folder
from tests.bench.compose_peers import PORTS, pair

MORE = [
    ("80:80", "080:80", True),
    ("8080-8090:80", "8080-8090:80", False),
    ("127.0.0.1:8080:80", "localhost:8080:80", False),  # the engine takes no names, which has a rule of its own
    ("0.0.0.0:8080:80/udp", "8080:80/tcp", False),
    ("[::ffff:10.0.0.5]:8080:80", "10.0.0.5:8080:80", True),
    ("[2001:db8::1]:80:80", "[2001:0db8:0:0::1]:80:80", True),
    ("10.0.0.5:8000-8010:8000-8010", "10.0.0.6:8000-8010:8000-8010", False),
    ("${IP:-127.0.0.1}:80:80", "127.0.0.1:80:80", True),
    ("${IP}:80:80", "10.0.0.5:80:80", False),  # open: nobody knows
    ("80:80/sctp", "80:80", False),
]


@pytest.mark.parametrize(("one", "other", "shared"), [*PORTS, *MORE])
def test_pair(one: str, other: str, shared: bool, tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text(pair(one, other), encoding="utf-8")
    run = check(discover([str(tmp_path)]), load_rules([rules_folder()]), Config())
    assert [finding.code for finding in run.findings if finding.code in ("NL205", "NL901")] == ["NL205"] * shared
