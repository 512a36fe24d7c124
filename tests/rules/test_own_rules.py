"""Where the administrator is told to filter: Docker's nftables have no DOCKER-USER."""

from __future__ import annotations

from pathlib import Path

import pytest

from netlint.config import Config
from netlint.discover import discover
from netlint.engine import check
from netlint.rule import load_rules, rules_folder

UFW = """\
Status: active
Default: deny (incoming), allow (outgoing), deny (routed)

To                         Action      From
--                         ------      ----
22/tcp                     ALLOW IN    Anywhere
"""
COMPOSE = 'services: {web: {image: nginx, ports: ["8080:80"]}}\n'


@pytest.mark.parametrize(
    ("daemon", "place"),
    [
        ('{"firewall-backend": "nftables"}', "a chain of your own at the forward hook"),
        ('{"firewall-backend": "iptables"}', "DOCKER-USER"),
    ],
)
def test_help(tmp_path: Path, daemon: str, place: str) -> None:
    (tmp_path / "daemon.json").write_text(daemon, encoding="utf-8")
    (tmp_path / "ufw-status.txt").write_text(UFW, encoding="utf-8")
    (tmp_path / "compose.yaml").write_text(COMPOSE, encoding="utf-8")
    run = check(discover([str(tmp_path)]), load_rules([rules_folder()]), Config())
    (finding,) = (one for one in run.findings if one.code == "NL802")
    assert f"say in {place} who may reach it" in finding.help
