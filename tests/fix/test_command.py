"""`netlint fix` as a user meets it."""

import io
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from netlint.cli import main

BEFORE = """\
# ours
services:
  db:
    image: example/db
    environment:
      POSTGRES_PASSWORD: hunter2
    ports:
      - 22:22  # ssh
      - "5432:5432"
"""
AFTER = BEFORE.replace("22:22", '"22:22"')
DIFF = """\
--- a/compose.yaml
+++ b/compose.yaml
@@ -7,3 +7,3 @@
     ports:
-      - 22:22  # ssh
+      - "22:22"  # ssh
       - "5432:5432"
"""


OFFERED = "its fix may change what works (--unsafe): publish it on 127.0.0.1 alone"


@pytest.fixture
def compose(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "compose.yaml"
    path.write_text(BEFORE)
    return path


def test_written(compose: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fix"]) == 1, "a warning is left"
    assert compose.read_text() == AFTER
    out, err = capsys.readouterr()
    assert err == ""
    assert out.splitlines() == [
        "changed compose.yaml",
        "  NL216 yaml-number-port at compose.yaml:8:9: quote the port",
        f"left NL801 port-on-all-interfaces at compose.yaml:9:10: {OFFERED}",
        "fixed 1 finding in 1 file; 1 left, 1 of them with a fix that may change what works (--unsafe)",
    ]


def test_unsafe_and_nothing_left_to_do(compose: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fix", "--unsafe", "compose.yaml"]) == 0
    done = compose.read_text()
    assert done == AFTER.replace('"5432', '"127.0.0.1:5432')
    assert "services.db.ports[1]: 5432:5432 -> 127.0.0.1:5432:5432" in capsys.readouterr().out
    assert main(["fix", "--unsafe"]) == 0
    assert compose.read_text() == done
    assert capsys.readouterr().out == "nothing to fix\n"


def test_diff_writes_nothing_and_shows_no_secret(compose: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fix", "--diff", "--fail-on", "error"]) == 1, "there are changes"
    assert compose.read_text() == BEFORE
    out, err = capsys.readouterr()
    assert out == DIFF
    assert "hunter2" not in out + err
    assert "would fix 1 finding in 1 file" in err


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not here")
def test_diff_can_be_applied(compose: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for text in (BEFORE, BEFORE.replace("\n", "\r\n"), BEFORE.rstrip("\n") + "\n" * 9 + "x-end: 1"):
        compose.write_text(text, newline="")
        main(["fix", "--diff", "--unsafe"])
        patch = capsys.readouterr().out
        subprocess.run(["git", "apply", "-"], input=patch.encode(), check=True)
        assert compose.read_bytes().decode() == text.replace("22:22", '"22:22"').replace('"5432', '"127.0.0.1:5432')


def test_changed_line_with_a_secret_is_masked(compose: Path, capsys: pytest.CaptureFixture[str]) -> None:
    compose.write_text("services: {db: {image: x, environment: {DB_PASSWORD: hunter2}, ports: [22:22]}}\n")
    assert main(["fix", "--diff"]) == 1
    out, err = capsys.readouterr()
    assert "hunter2" not in out + err
    assert "holds a secret, which the diff does not show" in err


def test_standard_input(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(BEFORE.encode())))
    assert main(["fix", "-", "--stdin-filename", "compose.yaml", "--fail-on", "error"]) == 0
    out, err = capsys.readouterr()
    assert out == AFTER
    assert "fixed 1 finding" in err


def test_archive_is_shown_not_written(compose: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with tarfile.open("dump.tar", "w") as archive:
        archive.add("compose.yaml")
    data = Path("dump.tar").read_bytes()
    assert main(["fix", "dump.tar", "--fail-on", "error"]) == 1
    out, err = capsys.readouterr()
    assert out == DIFF
    assert "not written compose.yaml: it is inside an archive" in err
    assert Path("dump.tar").read_bytes() == data


def test_listing_is_evidence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A network that the engine lists is not changed by editing the list."""
    one = '{"Name": "%s", "Id": "%s", "Driver": "bridge", "Scope": "local", "IPAM": {"Config": [{"Subnet": "%s"}]}}'
    text = f"[{one % ('a', 'a' * 64, '10.9.0.0/24')}, {one % ('b', 'b' * 64, '10.9.0.0/25')}]\n"
    (tmp_path / "docker-network-inspect.json").write_text(text)
    assert main(["fix", "--unsafe", str(tmp_path)]) == 1
    assert (tmp_path / "docker-network-inspect.json").read_text() == text
    assert "left NL101 subnet-overlap" in capsys.readouterr().out


def test_unknown_rule(compose: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fix", "--select", "yaml-number-prot"]) == 2
    assert "did you mean 'yaml-number-port'" in capsys.readouterr().err.replace("mean yaml", "mean 'yaml").replace(
        "port?", "port'?"
    )
    assert compose.read_text() == BEFORE


def test_selected_rule(compose: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["fix", "--unsafe", "--select", "NL801"])
    assert compose.read_text() == BEFORE.replace('"5432', '"127.0.0.1:5432')
    assert "NL216" not in capsys.readouterr().out


def test_diff_of_a_value_that_holds_a_secret_shows_what_changes(
    compose: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    compose.write_text(
        "services:\n  web:\n    image: x\n    environment:\n      DB: postgres://u:hunter2@localhost:5432/x\n"
        '  db: {image: postgres, ports: ["127.0.0.1:5433:5432"]}\n'
    )
    assert main(["fix", "--diff", "--unsafe"]) == 1
    out, err = capsys.readouterr()
    assert "-      DB: *********************localhost*******\n+      DB: *********************db*******\n" in out
    assert "hunter2" not in out + err
    assert main(["fix", "--unsafe"]) == 0
    assert "postgres://u:hunter2@db:5432/x" in compose.read_text()


def test_transcript_is_evidence_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file with the output of several commands is read in parts, and written in none."""
    text = (
        "$ ip -4 addr\n2: eth0: <BROADCAST,UP,LOWER_UP> mtu 1500 state UP\n"
        "    inet 192.168.1.9/24 brd 192.168.1.255 scope global eth0\n"
        '$ cat /etc/docker/daemon.json\n{"bip": "10.9.0.0/24"}\n$ ip route\ndefault via 192.168.1.1 dev eth0\n'
    )
    (tmp_path / "host.txt").write_text(text)
    assert main(["check", str(tmp_path), "--format", "json"]) == 1
    assert "NL112" in capsys.readouterr().out, "it is read"
    assert main(["fix", "--unsafe", str(tmp_path)]) == 1
    captured = capsys.readouterr()
    assert "left NL112" in captured.out
    assert "changed" not in captured.out + captured.err
    assert (tmp_path / "host.txt").read_text() == text
