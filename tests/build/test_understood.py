"""Which rules are not understood, and how many of those in real dumps are."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

import pytest

from netlint.build.understood import strange_rules
from netlint.config import Config
from netlint.discover import discover
from netlint.engine import build
from netlint.model.host import Site

SHARED = Path(__file__).resolve().parents[2].parent / "shared"
KINDS = ("iptables-save", "iptables-S", "iptables-L")
# A rule in a dump: appended, with its counters or without.
APPENDED = re.compile(r"^\s*(?:\[\d+\w?:\d+\w?\] )?(?:ip6?tables (?:-t \w+ )?)?-A \S", re.MULTILINE)


def site_of(folder: Path, *rules: str) -> Site:
    text = ":FORWARD ACCEPT [0:0]\n:INPUT ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n"
    (folder / "iptables-save.txt").write_text(f"*filter\n{text}" + "\n".join(rules) + "\nCOMMIT\n", encoding="utf-8")
    return build(discover([str(folder)]), Config())[0]


@pytest.mark.parametrize(
    ("rule", "what"),
    [
        ("-A FORWARD -m quantum --spin up -j DROP", "match quantum"),
        ("-A FORWARD -p tcp -m tcp --dport 80 --spin up -j DROP", "option --spin of tcp"),
        ("-A FORWARD -j TELEPORT", "target TELEPORT, which is no chain of table filter either"),
        ("-A FORWARD -j REJECT --reject-with tcp-reset --loudly", "option --loudly of REJECT"),
    ],
)
def test_what_is_not_understood_is_said(rule: str, what: str, tmp_path: Path) -> None:
    site = site_of(tmp_path, rule)
    (item,) = site.not_understood
    text = (tmp_path / "iptables-save.txt").read_text(encoding="utf-8")
    assert (item.message, text[item.span.start : item.span.end]) == (what, rule)
    (kept,) = site.hosts[0].rulesets[0].tables["filter"].chains["FORWARD"].rules
    assert kept.span == item.span


def test_one_kind_is_said_once(tmp_path: Path) -> None:
    site = site_of(tmp_path, *["-A FORWARD -m quantum -j DROP"] * 3)
    assert [item.message for item in site.not_understood] == ["match quantum (3 rules)"]


EXTENSIONS = """
-m addrtype --dst-type LOCAL --limit-iface-in | -m statistic --mode nth --every 3 --packet 0 | -m u32 --u32 "0x0=0x1"
-m set --match-set bad src | -m mark --mark 0x1/0xff | -m connmark ! --mark 0x1 | -m socket --transparent --nowildcard
-m physdev --physdev-in veth1 --physdev-is-bridged | -m hashlimit --hashlimit-upto 1/sec --hashlimit-name x
-m recent --set --name x --mask 255.255.255.255 --rsource | -m limit --limit 3/min --limit-burst 5
-m pkttype --pkt-type multicast
-m conntrack --ctorigdstport 80 --ctdir ORIGINAL | -m state --state NEW | -m iprange --src-range 10.0.0.1-10.0.0.9
-m multiport --dports 22,80:90 | -m owner --uid-owner 0 | -m mac --mac-source 00:11:22:33:44:55 | -m ttl --ttl-lt 5
-m policy --dir in --pol ipsec --reqid 1 --proto esp | -m time --timestart 08:00:00 | -m length --length 0:100
-m string --string x --algo bm --to 65535 | -m connlimit --connlimit-above 5 --connlimit-mask 32 --connlimit-saddr
-m rpfilter --validmark --invert | -m tcpmss --mss 1:500 | -m dscp --dscp 0x10 | -m bpf --bytecode "1,6 0 0 0"
-m cgroup --path x | -m comment --comment "a b" | -m quota --quota 5 | -m connbytes --connbytes 1 --connbytes-dir both
"""


def test_matches_are_known(tmp_path: Path) -> None:
    rules = [f"-A FORWARD -p tcp {text.strip()} -j DROP" for text in re.split(r"[|\n]", EXTENSIONS) if text.strip()]
    site = site_of(tmp_path, *rules)
    assert not site.unreadable
    assert not site.not_understood
    assert len(site.hosts[0].rulesets[0].tables["filter"].chains["FORWARD"].rules) == len(rules)


@pytest.mark.parametrize(
    "target",
    [
        "MARK --set-xmark 0x1/0xff",
        "CONNMARK --restore-mark --nfmask 0xff --ctmask 0xff",
        "TPROXY --on-port 1 --on-ip 0.0.0.0",
        "NFQUEUE --queue-num 0 --queue-bypass",
        "CT --notrack",
        "NOTRACK",
        "NETMAP --to 10.0.0.0/24",
        "TCPMSS --clamp-mss-to-pmtu",
        "REDIRECT --to-ports 8080-8090 --random",
        "SNAT --to-source 1.2.3.4-1.2.3.9:1-9 --random-fully --persistent",
        "DNAT --to-destination 1.2.3.4:80-90",
        "MASQUERADE --to-ports 1024-2048 --random-fully",
        "CHECKSUM --checksum-fill",
        "LOG --log-prefix x --log-level 4",
        "NFLOG --nflog-group 1",
        "SET --add-set x src --exist",
        "REJECT --reject-with tcp-reset",
        "TEE --gateway 10.0.0.1",
        "DSCP --set-dscp 0x10",
        "HL --hl-set 5",
        "TTL --ttl-dec 1",
        "CLASSIFY --set-class 1:1",
    ],
)
def test_targets_are_known(target: str, tmp_path: Path) -> None:
    site = site_of(tmp_path, f"-A FORWARD -p tcp -j {target}")
    assert not site.unreadable
    assert not site.not_understood


@pytest.mark.skipif(not (SHARED / "corpus").is_dir(), reason="the corpus of public files is not beside the project")
def test_real_dumps(capsys: pytest.CaptureFixture[str]) -> None:
    """All load whole, and of their rules at least 99 in 100 are understood."""
    lines = (SHARED / "corpus" / "dumps.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [row for row in map(json.loads, lines) if row["kind"] in KINDS]
    paths = [SHARED / "corpus" / row["file"] for row in rows]
    dumps = (path for path in (SHARED / "dumps").rglob("*tables*") if path.is_file() and "sbox" not in path.name)
    paths += dumps  # those of other network namespaces are not the host's
    strange: Counter[str] = Counter()
    rules = 0
    unread: list[str] = []
    for path in paths:
        found = discover([str(path)])
        if not found.inputs:
            unread.append(path.name)
            continue
        site, _ = build(found, Config())
        rulesets = [one for host in site.hosts for one in host.rulesets]
        rulesets += [one for host in site.hosts for inner in host.namespaces for one in inner.rulesets]
        tables = [table for one in rulesets for table in one.tables.values()]
        held = sum(len(chain.rules) for table in tables for chain in table.chains.values())
        rules += held
        strange.update(what for table in tables for _, what in strange_rules(table))
        written = len(APPENDED.findall(path.read_text(encoding="utf-8", errors="replace")))
        told = len(site.unreadable) + len(site.not_understood)
        assert held + told >= written, f"{path}: {held} of {written} rules"
    share = 100 * (rules - strange.total()) / rules
    with capsys.disabled():
        print(f"\n{len(paths)} dumps, {rules} rules, understood {share:.2f} %; not: {dict(strange)}; unread: {unread}")
    assert len(rows) >= 130
    assert share >= 99
    # the settings of another program, one of which holds rules as its value
    assert unread == ["test_engine_config.py.b0.txt"]
