"""`netlint plan`: what it offers is free of everything in the input, and what it does not know it says."""

import json
from ipaddress import ip_network
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netlint.addresses.free import free_subnets
from netlint.cli import main
from netlint.prefix import Prefix

FILES = {
    "ip-addr.txt": "2: eth0: <UP> mtu 1500 state UP\n    inet 172.16.0.9/23 brd 172.16.1.255 scope global eth0\n",
    "ip-route.txt": "default via 172.16.0.1 dev eth0\n172.16.2.0/24 via 172.16.0.1 dev eth0\n",
    "compose.yaml": (
        "services: {a: {image: x, networks: [n, o]}}\n"
        "networks:\n  n: {ipam: {config: [{subnet: 172.16.3.0/25}, {subnet: 'fd00:aaaa:bbbb:5::/64'}]}}\n"
        "  o: {ipam: {config: [{subnet: '${RANGE}'}]}}\n"
    ),
    "setup.sh": "#!/bin/sh\nip route add 172.16.4.0/24 via 172.16.0.7\nip addr add 172.16.5.1/24 dev dummy0\n",
    "daemon.json": '{"default-address-pools": [{"base": "172.16.6.0/24", "size": 26}]}\n',
    "netlint.toml": 'reserved = ["172.16.7.0/24 office"]\n',
}


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def planned(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, dict[str, list[str]]]:
    status = main(["plan", "--format", "json", *words])
    return status, json.loads(capsys.readouterr().out)


def test_clear_of_every_kind_of_claim(host: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, plan = planned(capsys, "--from", "172.16.0.0/20", "--count", "3")
    assert status == 0
    assert plan["subnets"] == ["172.16.8.0/24", "172.16.9.0/24", "172.16.10.0/24"]


def test_smaller_subnets_fit_between(host: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert planned(capsys, "--prefix", "25", "--count", "2", "--from", "172.16.0.0/21")[1]["subnets"] == [
        "172.16.3.128/25"
    ]
    assert main(["plan", "--prefix", "25", "--count", "2", "--from", "172.16.0.0/21"]) == 1
    assert "only 1 of 2 /25 subnets are free" in capsys.readouterr().out


def test_ipv6_of_the_site_or_of_its_own(host: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert planned(capsys, "--prefix", "64", "--count", "6")[1]["subnets"] == [
        f"fd00:aaaa:bbbb{part}::/64" for part in ("", ":1", ":2", ":3", ":4", ":6")
    ]
    (host / "compose.yaml").unlink()
    own = planned(capsys, "--prefix", "64")[1]["subnets"]
    assert own == planned(capsys, "--prefix", "64")[1]["subnets"], "the same input gives the same"
    assert ip_network(own[0]).subnet_of(ip_network("fd00::/8"))  # type: ignore[arg-type]
    assert planned(capsys, "--from", "fd12:3456:789a::/48")[1]["subnets"] == ["fd12:3456:789a::/64"]


def test_says_what_it_kept_clear_of_and_what_it_does_not_know(host: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan"]) == 0
    text = capsys.readouterr().out
    for line in (
        "172.16.0.0/23  interface eth0  ip-addr.txt:2",
        "172.16.2.0/24  route via 172.16.0.1 dev eth0  ip-route.txt:2",
        "172.16.4.0/24  route that a script sets  setup.sh:2",
        "172.16.7.0/24  reserved range office  netlint.toml",
    ):
        assert line in "\n".join(
            "  ".join(part for part in row.split("  ") if part) for row in text.splitlines()
        ).replace("   ", "  ")
    unknown = text.partition("not known\n")[2]
    assert "the networks that the engine has (docker network inspect)" in unknown
    assert "which a variable decides" in unknown
    assert "the routes" not in unknown


def test_built_in_pools_come_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "compose.yaml").write_text("services: {a: {image: x}}\n")
    monkeypatch.chdir(tmp_path)
    assert planned(capsys, "--prefix", "16", "--count", "2")[1]["subnets"] == ["172.16.0.0/16", "10.0.0.0/16"]
    subnets = planned(capsys, "--prefix", "13", "--from", "172.16.0.0/12", "--count", "1")[1]["subnets"]
    assert subnets == ["172.16.0.0/13"], "offered where nothing else is left"


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["--from", "10.0.0.0"], "no range"),
        (["--from", "10.0.0.0/24", "--prefix", "16"], "does not fit"),
        (["--prefix", "129"], "not between"),
        (["--from", "10.0.0.0/8", "--prefix", "33"], "not between"),
        (["--count", "0"], "not between"),
    ],
)
def test_what_makes_no_sense(host: Path, capsys: pytest.CaptureFixture[str], words: list[str], reason: str) -> None:
    assert main(["plan", *words]) == 2
    assert reason in capsys.readouterr().err


def test_nothing_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", str(tmp_path)]) == 3
    assert "no input was recognised" in capsys.readouterr().err


@given(
    st.lists(st.tuples(st.integers(0, 255), st.integers(24, 32)), max_size=12),
    st.integers(24, 30),
)
def test_free_subnets_are_all_that_overlap_nothing(taken: list[tuple[int, int]], length: int) -> None:
    """Against the plain way: every subnet of the block, one by one."""
    block = Prefix(4, 0x0A000000, 24)
    held = [
        Prefix(4, block.first | (low >> (32 - bits) << (32 - bits) if bits < 32 else low), bits) for low, bits in taken
    ]
    step = 1 << (32 - length)
    every = [Prefix(4, block.first + start, length) for start in range(0, 256, step)]
    assert list(free_subnets(held, length, [block])) == [
        one for one in every if not any(one.overlaps(other) for other in held)
    ]
