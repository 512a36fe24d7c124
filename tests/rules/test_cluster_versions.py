"""NL601 to NL606 and NL618 by the release of the engine: which speaks, and in what words."""

from pathlib import Path

import pytest

from netlint.config import Config
from netlint.discover import discover
from netlint.engine import check
from netlint.finding import Finding
from netlint.rule import load_rules, rules_folder

RULES = [one for one in load_rules([rules_folder()]) if one.code in {f"NL60{n}" for n in range(1, 7)} | {"NL618"}]
STORE, ADVERTISE = '"cluster-store": "etcd://192.168.10.1:2379"', '"cluster-advertise": "192.168.10.2:2376"'
LOOPBACK = '"cluster-advertise": "127.0.0.1:2376"'
SWARM = {"setup.sh": "docker swarm init --advertise-addr 192.168.10.2\n"}
BLOCKED = {
    "ip-addr.txt": "2: eth0: <BROADCAST,UP,LOWER_UP> mtu 1500 state UP\n    inet 192.168.10.2/24 scope global eth0\n",
    "iptables-save.txt": "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n"
    "-A OUTPUT -p tcp -m tcp --dport 2379 -j REJECT\nCOMMIT\n",
}
KNOWN = ("1.9.1", "1.12.6", "17.03.2-ce", "19.03.15")
DEPRECATED = ("20.10.0-beta1", "20.10.24", "20.10.24+dfsg1")
REMOVED = ("22.06.0-beta.0", "23.0.0", "23.0.6", "24.0.0", "28.5.2", "29.1.3")
CASES = {
    "NL601": (STORE, {}),
    "NL602": (ADVERTISE, {}),
    "NL603": (f"{STORE}, {LOOPBACK}", {}),
    "NL606": (f"{STORE}, {ADVERTISE}", SWARM),
    "NL618": (f"{STORE}, {ADVERTISE}", BLOCKED),
}


def findings(folder: Path, options: str, version: str | None, more: dict[str, str]) -> list[Finding]:
    files = {"daemon.json": f"{{{options}}}", **more}
    if version is not None:
        files["docker-version.txt"] = f"Server:\n Engine:\n  Version:          {version}\n"
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return list(check(discover([str(folder)]), RULES, Config()).findings)


@pytest.mark.parametrize("code", CASES)
@pytest.mark.parametrize("version", [None, *KNOWN, *DEPRECATED, *REMOVED])
def test_release(code: str, version: str | None, tmp_path: Path) -> None:
    """Each rule speaks of engines that have the options, and of those that may; of later ones NL604 does alone."""
    options, more = CASES[code]
    found = findings(tmp_path, options, version, more)
    removed = [str(one.severity) for one in found if one.code == "NL604"]
    if version in REMOVED:
        assert {one.code for one in found} == {"NL604"}
        assert set(removed) == {"error"}
    else:
        assert {one.code for one in found} - {"NL604"} == {code}
        assert set(removed) == ({"warning"} if version in DEPRECATED else set())


@pytest.mark.parametrize(
    ("version", "said"),
    [
        ("20.10.24", "is deprecated and removed in 23.0"),
        ("22.06.0-beta.0", "options have been removed"),
        ("23.0.6", "options have been removed"),
        ("24.0.0", "the following directives don't match any configuration option"),
    ],
)
def test_words_of_the_engine(version: str, said: str, tmp_path: Path) -> None:
    found = findings(tmp_path, STORE, version, {})
    assert all(said in one.message for one in found if one.code == "NL604")
    assert any(one.code == "NL604" for one in found)


@pytest.mark.parametrize(("version", "said"), [("23.0.6", "have been removed"), ("24.0.0", "unknown flag: --cluster-")])
def test_words_for_a_flag(version: str, said: str, tmp_path: Path) -> None:
    line = "ExecStart=/usr/bin/dockerd --cluster-store=etcd://192.168.10.1:2379 --cluster-store-opt=kv.path=a"
    found = findings(tmp_path, "", version, {"docker.service": f"[Service]\n{line}\n"})
    assert [one.code for one in found] == ["NL604", "NL604"]
    assert all(said in one.message for one in found)
    assert not any('store-opts"' in one.message for one in found)


@pytest.mark.parametrize("code", ["NL601", "NL603"])
def test_hedged_where_the_release_is_unknown(code: str, tmp_path: Path) -> None:
    options, more = CASES[code]
    for version in (None, "20.10.24"):
        (found,) = [one for one in findings(tmp_path, options, version, more) if one.code == code]
        assert ("an engine up to 20.10" in found.message) is (version is None)


def test_host_of_a_later_engine_has_no_store_to_share(tmp_path: Path) -> None:
    for version, expected in (("20.10.24", {"NL605"}), ("22.06.0-beta.0", set())):
        findings(tmp_path / "a", f"{STORE}, {ADVERTISE}", "20.10.24", {})
        findings(tmp_path / "b", '"icc": true', version, {})
        found = check(discover([str(tmp_path)]), RULES, Config()).findings
        assert {one.code for one in found} - {"NL604"} == expected
