"""What a dump says that it lacks is said of the rules that needed it, and never taken for health."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from netlint.config import Config
from netlint.discover import discover
from netlint.engine import check
from netlint.rule import load_rules, rules_folder
from netlint.run import Run

RULES = load_rules([rules_folder()])
ADDRESSES = "2: eth0    inet 10.0.5.11/24 brd 10.0.5.255 scope global eth0\n"
FIREWALL = "Chain FORWARD (policy ACCEPT 0 packets, 0 bytes)\n pkts bytes target prot opt in out source destination\n"


def command(line: str, status: int = 0, **more: Any) -> dict[str, Any]:
    return {"command": line.split(maxsplit=1)[0], "exec": line, "filepath": None, "return_code": status, **more}


def manifest(*commands: dict[str, Any], timeout_hit: bool = False) -> str:
    plugins = {"networking": {"timeout_hit": timeout_hit, "commands": list(commands), "files": []}}
    head = {"version": "4.0", "cmdline": "sos report", "policy": "Debian"}
    return json.dumps(head | {"components": {"report": {"plugins": plugins}}}, indent=4)


def run(folder: Path, text: str, **texts: str) -> Run:
    for name, content in {"sos_reports/manifest.json": text, **texts}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content, encoding="utf-8")
    return check(discover([str(folder)]), RULES, Config())


def reasons(one: Run, rule: str = "forward-blocked") -> set[str]:
    return {gap.reason for gap in one.coverage.not_checked if gap.rule == rule}


@pytest.mark.parametrize(
    ("entry", "what"),
    [
        (command("iptables -t nat -nvL", 124), "iptables -t nat -nvL took too long"),
        (command("iptables -t nat -nvL", 0, truncated=True), "iptables -t nat -nvL was cut off"),
        (command("/sbin/iptables -vnxL", 127), "/sbin/iptables -vnxL could not be run"),
    ],
)
def test_a_command_that_failed(tmp_path: Path, entry: dict[str, Any], what: str) -> None:
    place = "sos_commands/networking"
    texts = {f"{place}/ip_-o_addr": ADDRESSES, f"{place}/iptables_-vnxL": FIREWALL}
    assert reasons(run(tmp_path, manifest(entry), **texts)) == {what}
    whole = run(tmp_path, manifest(command("iptables -t nat -nvL")), **texts)
    assert not reasons(whole)
    assert [file.format for file in whole.coverage.files if file.path.endswith("manifest.json")] == ["sos-manifest"]


def test_without_its_listing(tmp_path: Path) -> None:
    found = run(tmp_path, manifest(command("iptables -vnxL", 124)), **{"sos_commands/networking/ip_-o_addr": ADDRESSES})
    assert reasons(found) == {"no firewall dump (iptables-save): iptables -vnxL took too long"}


def test_a_plugin_that_was_ended(tmp_path: Path) -> None:
    found = run(tmp_path, manifest(timeout_hit=True), **{"sos_commands/networking/iptables_-vnxL": FIREWALL})
    assert reasons(found) == {"sosreport ended its plugin networking, which took too long"}


def test_another_command_stands_in(tmp_path: Path) -> None:
    """A program that is not installed is no gap where another lists the same, nor is one that lists something else."""
    entries = (command("ifconfig -a", 127), command("ip -o addr"), command("plotnetcfg", 127), command("tc qdisc", 124))
    found = run(tmp_path, manifest(*entries), **{"sos_commands/networking/ip_-o_addr": ADDRESSES})
    assert not found.site.hosts[0].gaps


def test_rules_of_the_next_boot_are_no_dump(tmp_path: Path) -> None:
    boot = "table inet filter {\n chain forward {\n type filter hook forward priority 0;\n }\n}\n"
    found = run(tmp_path, manifest(), **{"etc/nftables.conf": boot, "sos_commands/networking/ip_-o_addr": ADDRESSES})
    assert reasons(found) == {"no firewall dump (iptables-save)"}
    alone = tmp_path / "alone"
    alone.mkdir()
    (alone / "nftables.conf").write_text(boot)
    assert not reasons(check(discover([str(alone)]), RULES, Config()))


def test_processes(tmp_path: Path) -> None:
    """A listing of processes has other lines than those of dockerd."""
    text = "USER  PID COMMAND\nroot    1 /sbin/init\nroot   77 /usr/bin/dockerd --mtu 1400\n"
    found = run(tmp_path, manifest(), **{"sos_commands/process/ps_auxwww": text})
    assert not found.site.not_understood
    daemon = found.site.hosts[0].daemon
    assert daemon is not None
    assert [option.name for option in daemon.options] == ["mtu"]


def test_collected(tmp_path: Path) -> None:
    text = "netlint-collect 1 on a\n0  ip-addr.txt  = ip addr show\n0  ip-neigh.txt  = ip neigh show\n"
    text += "124  iptables-save.txt  = iptables-save\n"
    (tmp_path / "manifest.txt").write_text(text)
    (tmp_path / "ip-addr.txt").write_text("2: eth0: <UP> mtu 1500\n    inet 10.0.5.11/24 scope global eth0\n")
    found = check(discover([str(tmp_path)]), RULES, Config())
    assert reasons(found) == {"no firewall dump (iptables-save): iptables-save took too long"}
    assert found.site.hosts[0].neighbours == ()
