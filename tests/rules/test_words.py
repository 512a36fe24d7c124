"""What rules say beside their messages: helps, fixes and related places."""

from pathlib import Path

import pytest

from netlint.config import Config
from netlint.discover import discover
from netlint.engine import check
from netlint.finding import Finding
from netlint.rule import load_rules, rules_folder

RULES = load_rules([rules_folder()])
ADDRESSES = """\
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP
    inet 192.168.10.1/24 scope global eth0
3: docker0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP
    inet 172.17.0.1/16 scope global docker0
"""
FIREWALL = """\
*nat
:PREROUTING ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
:DOCKER - [0:0]
-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
-A OUTPUT ! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -j DOCKER
{}
COMMIT
"""


def found(folder: Path, code: str, files: dict[str, str]) -> Finding:
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    rules = [rule for rule in RULES if rule.code == code]
    (finding,) = check(discover([str(folder)]), rules, Config()).findings
    return finding


@pytest.mark.parametrize(("taken", "first", "help"), [(9, 1, "write {}, or leave it out"), (1, 2, "write {}")])
def test_help_and_fix_of_a_gateway_agree(tmp_path: Path, taken: int, first: int, help: str) -> None:
    text = (
        f"services: {{web: {{image: x, networks: {{front: {{ipv4_address: 10.20.0.{taken}}}}}}}}}\n"
        "networks: {front: {ipam: {config: [{subnet: 10.20.0.0/24, gateway: 10.20.1.1}]}}}\n"
    )
    finding = found(tmp_path, "NL112", {"compose.yaml": text})
    assert finding.help == help.format(f"10.20.0.{first}")
    assert [fix.title for fix in finding.fixes] == [f"write 10.20.0.{first}"]


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (
            "-A POSTROUTING -s 172.17.0.0/16 -o eth1 -j MASQUERADE",
            "this is for what leaves by eth1; the way out is eth0",
        ),
        (
            "-A POSTROUTING -s 172.17.0.0/16 ! -o eth0 -j MASQUERADE",
            "this is for what does not leave by eth0; the way out is eth0",
        ),
        (
            "-A POSTROUTING -s 172.18.0.0/16 ! -o docker0 -j MASQUERADE",
            "this is for what does not leave by docker0, but of 172.18.0.0/16, not of 172.17.0.0/16",
        ),
        ("-A POSTROUTING -s 10.9.0.0/16 -o eth1 -j MASQUERADE", ""),
        ("-A POSTROUTING -s 172.17.0.0/16 -o eth1 -j ACCEPT", ""),
    ],
)
def test_a_masquerade_rule_that_misses(tmp_path: Path, rule: str, said: str) -> None:
    files = {"iptables-save.txt": FIREWALL.format(rule), "ip-addr.txt": ADDRESSES}
    finding = found(tmp_path, "NL403", files)
    assert [label.text for label in finding.related[1:]] == ([said] if said else [])
    if said:
        span = finding.related[1].span
        assert files["iptables-save.txt"][span.start : span.end] == rule
