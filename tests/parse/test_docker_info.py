"""The indented lines of `docker info` and `docker version`, of engines 1.9 to 29."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netlint.parse import docker_info
from netlint.parse.docker_info import Line
from netlint.source import Source

CORPUS = Path(__file__).resolve().parents[2] / "../shared/corpus"


def tree(text: str) -> list[str]:
    """Each line as `key=value`, indented by its depth; every word checked against its span."""
    source = Source("info", text)
    shown: list[str] = []

    def show(lines: Iterable[Line], depth: int) -> None:
        for line in lines:
            for word in (line.key, line.value):
                assert word is None or source.slice(word.span) == word.text
            value = f"={line.value.text}" if line.value else ""
            shown.append("  " * depth + line.key.text + value)
            show(line.lines, depth + 1)

    show(docker_info.parse(source)[0], 0)
    return shown


def problems(text: str) -> list[tuple[str, bool]]:
    source = Source("info", text)
    return [(source.slice(problem.span), problem.fatal) for problem in docker_info.parse(source)[1]]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        (
            "Server Version: 1.9.1\nCluster store: etcd://10.0.0.9:2379/net\nCluster advertise: 10.0.0.5:2376\n",
            ["Server Version=1.9.1", "Cluster store=etcd://10.0.0.9:2379/net", "Cluster advertise=10.0.0.5:2376"],
        ),
        (
            "$ docker info\nSwarm: active\n Manager Addresses:\n  10.0.0.5:2377\nRuntimes: runc\n",
            ["Swarm=active", "  Manager Addresses", "    10.0.0.5:2377", "Runtimes=runc"],
        ),
        (
            "Client: Docker Engine - Community\n Version:    24.0.0\n\nServer:\r\n Data file: \r\n init version: \r\n",
            ["Client=Docker Engine - Community", "  Version=24.0.0", "Server", "  Data file", "  init version"],
        ),
        (
            "  Server:\n   Default Address Pools:\n     Base: 10.1.0.0/16, Size: 24\n     Base: fd00::/64, Size: 80\n",
            ["Server", "  Default Address Pools", "    Base=10.1.0.0/16, Size: 24", "    Base=fd00::/64, Size: 80"],
        ),
        # what the client writes to its error output, wherever that lands
        (
            "Server:\n Insecure Registries:\nWARNING: No swap limit support\n  ::1/128\n  127.0.0.0/8\n Name: a\n",
            ["Server", "  Insecure Registries", "    ::1/128", "    127.0.0.0/8", "  Name=a"],
        ),
        ("a: 1\n b: 2\nroot@box:~# docker version\n c: 3\n", ["a=1", "  b=2", "c=3"]),
        # the beginning of an excerpt is indented more than what follows
        ("  a: 1\n b: 2\n", ["a=1", "b=2"]),
        ("a: 1\n: 2\n", ["a=1", ": 2"]),
        # one line is all that --version prints
        ("Docker version 20.10.24+dfsg1, build 297e128\n", ["Docker version=20.10.24+dfsg1"]),
        ("docker-compose version 1.24.1, build 4667896b\n", ["docker-compose version=1.24.1"]),
        ("Docker Compose version v2.40.3\n", ["Docker Compose version=v2.40.3"]),
    ],
)
def test_tree(text: str, expected: list[str]) -> None:
    assert tree(text) == expected
    assert problems(text) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "Client:\n Version: 24.0.0\n\nServer:\nERROR: Cannot connect to the Docker daemon at unix:///x.\n",
            [("ERROR: Cannot connect to the Docker daemon at unix:///x.", False)],
        ),
        ("nothing of the kind\n", [("nothing of the kind\n", True)]),
        ("$ docker info\n", [("$ docker info\n", True)]),
    ],
)
def test_problems(text: str, expected: list[tuple[str, bool]]) -> None:
    assert problems(text) == expected


def test_keys_are_found_whatever_their_case() -> None:
    (line,), _ = docker_info.parse(Source("info", "Swarm: active\n Data Path Port: 4789\n"))
    found = line.get("data path port")
    assert found is not None
    assert found.value is not None
    assert found.value.text == "4789"
    assert line.get("Nodes") is None
    assert [below.key.text for below in line.walk()] == ["Swarm", "Data Path Port"]


def test_deep_indentation() -> None:
    (line,), found = docker_info.parse(Source("info", "".join(f"{' ' * i}k: v\n" for i in range(3000))))
    assert (sum(1 for _ in line.walk()), found) == (3000, [])


@given(st.text(alphabet=st.sampled_from("aA:  \t\n\r$#/1"), max_size=60) | st.text())
@settings(max_examples=200)
def test_any_text(text: str) -> None:
    tree(text)


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of real files is not beside the project")
def test_real_outputs() -> None:
    entries = [json.loads(line) for line in (CORPUS / "dumps.jsonl").read_text().splitlines()]
    files = [entry["file"] for entry in entries if entry["kind"] == "docker-info"]
    assert len(files) > 5
    for file in files:
        text = (CORPUS / file).read_text()
        assert problems(text) == [], file
        lines, _ = docker_info.parse(Source(file, text))
        assert any(line.is_named("Server Version") for top in lines for line in top.walk()), file
