"""Accepted findings: written once, known again by their content."""

import json
from pathlib import Path

import pytest

from netlint.cli import main

OPEN = "[Service]\nExecStart=/usr/bin/dockerd -H tcp://0.0.0.0:2375{}\n"


def netlint(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    status = main(words)
    captured = capsys.readouterr()
    return status, captured.out, captured.err


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    unit = tmp_path / "edge" / "docker.service"
    unit.parent.mkdir()
    unit.write_text(OPEN.format(""))
    return tmp_path


def test_only_new_findings_are_shown(capsys: pytest.CaptureFixture[str], site: Path) -> None:
    status, out, err = netlint(capsys, "baseline", "--write", "accepted.json")
    assert (status, out, err) == (0, "", "netlint: 1 finding accepted\n")
    assert netlint(capsys, "check")[0] == 1
    status, out, err = netlint(capsys, "check", "--baseline", "accepted.json")
    assert (status, err) == (0, "")
    assert "(1 in the baseline)" in out
    unit = site / "edge/docker.service"
    unit.write_text("# a remark\n\n" + OPEN.format(""))
    assert netlint(capsys, "check", "--baseline", "accepted.json")[0] == 0, "its line does not matter"
    unit.write_text(OPEN.format(" -H tcp://0.0.0.0:2376"))
    status, out, _ = netlint(capsys, "check", "--baseline", "accepted.json", "-q")
    assert status == 1, "the line has changed: both are looked at anew"
    assert "2376" in out


def test_of_equal_ones_as_many_are_accepted_as_were_there(capsys: pytest.CaptureFixture[str], site: Path) -> None:
    script = site / "edge" / "setup.sh"
    line = "docker run -d -p 8500:8500 progrium/consul\n"
    script.write_text(f"#!/bin/sh\n{line}")
    netlint(capsys, "baseline", "--write", "accepted.json")
    script.write_text(f"#!/bin/sh\n{line}{line}")
    _, out, _ = netlint(capsys, "check", "--baseline", "accepted.json", "--format", "json", "--select", "NL611")
    kinds = [finding["suppressed"] and finding["suppressed"]["kind"] for finding in json.loads(out)["findings"]]
    assert kinds == ["baseline", None]


def test_paths_are_those_of_the_baseline_whatever_is_checked(capsys: pytest.CaptureFixture[str], site: Path) -> None:
    netlint(capsys, "baseline", "--write", "accepted.json")
    assert netlint(capsys, "check", "edge", "--baseline", "accepted.json")[0] == 0
    assert netlint(capsys, "check", "edge/docker.service", "--baseline", "accepted.json")[0] == 0
    assert [one["file"] for one in json.loads((site / "accepted.json").read_text())["findings"]] == [
        "edge/docker.service"
    ]


def test_what_is_there_no_more_is_said(capsys: pytest.CaptureFixture[str], site: Path) -> None:
    netlint(capsys, "baseline", "--write", "accepted.json")
    (site / "edge/docker.service").write_text(OPEN.replace("tcp://0.0.0.0:2375{}", "fd://"))
    status, _, err = netlint(capsys, "check", "--baseline", "accepted.json")
    assert status == 0
    assert "1 of the findings that accepted.json accepts are there no more" in err
    assert netlint(capsys, "check", "-q", "--baseline", "accepted.json")[2] == ""
    (site / "other").mkdir()
    (site / "other" / "docker.service").write_text(OPEN.replace("tcp://0.0.0.0:2375{}", "fd://"))
    assert netlint(capsys, "check", "other", "--baseline", "accepted.json")[2] == "", "edge was not looked at"


def test_suppressed_findings_are_not_accepted_a_second_time(capsys: pytest.CaptureFixture[str], site: Path) -> None:
    unit = site / "edge/docker.service"
    unit.write_text("# netlint: ignore-file[NL305] a lab\n" + OPEN.format(""))
    _, out, err = netlint(capsys, "baseline")
    assert json.loads(out) == {"version": 1, "findings": []}
    assert "0 findings accepted" in err


def test_no_secret_is_written(capsys: pytest.CaptureFixture[str], site: Path) -> None:
    unit = site / "edge/docker.service"
    unit.write_text(OPEN.format(" --cluster-store-opt token=wfvAwt7sj"))
    netlint(capsys, "baseline", "--write", "accepted.json")
    assert "wfvAwt7sj" not in (site / "accepted.json").read_text()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"[]", "this is no baseline"),
        (b"{", "this is no baseline"),
        (b"\xff\xfe", "this is no baseline"),
        (b'{"version": 1, "findings": [{"code": 1}]}', "this is no baseline"),
        (b'{"version": 2, "findings": []}', "version 2 of a baseline is not known"),
    ],
)
def test_a_broken_baseline(capsys: pytest.CaptureFixture[str], site: Path, text: bytes, message: str) -> None:
    (site / "accepted.json").write_bytes(text)
    status, out, err = netlint(capsys, "check", "--baseline", "accepted.json")
    assert (status, out) == (2, "")
    assert message in err
