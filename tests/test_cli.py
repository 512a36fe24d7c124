"""The command line as a user meets it: exit statuses, standard output and error, options."""

import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from netlint import __version__
from netlint.cli import main
from netlint.examples import examples
from netlint.rule import load_rules

OPEN = "[Service]\nExecStart=/usr/bin/dockerd -H tcp://0.0.0.0:2375\n"
FINE = "[Service]\nExecStart=/usr/bin/dockerd -H fd://\n"


def netlint(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    status = main(words)
    captured = capsys.readouterr()
    return status, captured.out, captured.err


@pytest.fixture
def unit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "docker.service"
    path.write_text(OPEN)
    return path


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert netlint(capsys, "--version") == (0, f"netlint {__version__}\n", "")


def test_findings(capsys: pytest.CaptureFixture[str], unit: Path) -> None:
    status, out, err = netlint(capsys, "check", str(unit))
    assert status == 1
    assert out.startswith("error[NL305] docker-api-exposed: ")
    assert err == ""


def test_nothing_wrong(capsys: pytest.CaptureFixture[str], unit: Path) -> None:
    unit.write_text(FINE)
    status, out, _ = netlint(capsys, "check", str(unit))
    assert status == 0
    assert out.endswith("no problems found in what was read: 1 file: systemd unit\n")
    assert "not checked" in out, "what could not be checked is said before anything is called fine"


def test_exit_zero(capsys: pytest.CaptureFixture[str], unit: Path) -> None:
    assert netlint(capsys, "check", "--exit-zero", str(unit))[0] == 0


@pytest.mark.parametrize(("lowest", "status"), [("note", 1), ("warning", 0), ("error", 0)])
def test_fail_on(capsys: pytest.CaptureFixture[str], unit: Path, lowest: str, status: int) -> None:
    unit.write_text(OPEN.replace("0.0.0.0", "127.0.0.1"))
    assert netlint(capsys, "check", "--fail-on", lowest, str(unit))[0] == status


def test_severity_leaves_notes_out_and_says_so(capsys: pytest.CaptureFixture[str], unit: Path) -> None:
    unit.write_text(OPEN.replace("0.0.0.0", "127.0.0.1"))
    status, out, _ = netlint(capsys, "check", "--severity", "warning", str(unit))
    assert status == 0
    assert "(1 below the severity or confidence asked for)" in out


def test_no_input(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    status, out, err = netlint(capsys, "check", str(tmp_path))
    assert status == 3
    assert "no problems" not in out
    assert "no input was recognised" in err


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("missing.yaml", None, "No such file"),
        ("firewall.bin", b"\x00\x01\x02" * 100, "binary"),
        ("letter.txt", b"Dear all,\nnothing of this is a listing.\n", "of no format that netlint knows"),
    ],
)
def test_a_named_file_that_cannot_be_read(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, name: str, content: bytes | None, reason: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    status, _, err = netlint(capsys, "check", str(tmp_path / name))
    assert status == 3
    assert reason.lower() in err.lower()
    assert name in err


def test_the_other_files_are_still_checked(capsys: pytest.CaptureFixture[str], unit: Path) -> None:
    (unit.parent / "firewall.bin").write_bytes(b"\x00" * 64)
    status, out, err = netlint(capsys, "check", str(unit), "firewall.bin")
    assert status == 1, "findings win over gaps"
    assert "NL305" in out
    assert "firewall.bin: not read: binary" in err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["check", "--select", "subnet-overlp"], "did you mean subnet-overlap"),
        (["check", "--format", "xml"], "unknown format 'xml'; known are text, json"),
        (["check", "--format", "text", "--format", "json"], "only one format can go to standard output"),
        (["check", "--format", "sarif="], "names no file"),
        (["check", "--engine", "new"], "no Docker version"),
        (["check", "--config", "nowhere.toml"], "nowhere.toml"),
        (["check", "--rules", "nowhere"], "no such folder"),
        (["explain", "NL3"], "names"),
        (["explain", "NL999"], "unknown rule"),
        (["explain", "zzz"], "netlint: unknown rule 'zzz'; netlint rules lists them\n"),
        (["check", "--as", "zzz"], "unknown format 'zzz'; known are compose, env-file"),
        (["check", "--config", "gone.toml"], "netlint: gone.toml: No such file or directory\n"),
        (["trace", "."], "netlint: FLOW is missing: '.' is a path; netlint trace --help shows flows\n"),
        (["frobnicate"], "invalid choice"),
        (["chekc"], "did you mean check?"),
        (["docker.service"], "to check it: netlint check docker.service"),
        (["check", "--formt", "json"], "did you mean --format?"),
        (["check", "--format", "sarfi"], "did you mean sarif?"),
        (["check", "--form", "json"], "unrecognized arguments: --form"),
        (["check", "--severity", "eror"], "did you mean error?"),
        (["check", "--baseline", "nowhere.json"], "nowhere.json: No such file"),
        (["completion", "bsh"], "did you mean bash?"),
        (["new-rule", "Nonsense"], "is no name of a rule"),
        (["new-rule", "subnet-overlap"], "there is a rule subnet-overlap already"),
        (["new-rule", "my-rule", "--code", "NL101"], "there is a rule NL101 already"),
        (["new-rule", "my-rule", "--code", "7"], "is no code"),
        ([], "required"),
    ],
)
def test_usage_errors(capsys: pytest.CaptureFixture[str], unit: Path, words: list[str], message: str) -> None:
    status, out, err = netlint(capsys, *words)
    assert (status, out) == (2, "")
    assert message in err


def test_several_formats_in_one_run(capsys: pytest.CaptureFixture[str], unit: Path) -> None:
    status, out, _ = netlint(capsys, "check", "--format", "json", "--format", "sarif=out.sarif", str(unit))
    assert status == 1
    assert json.loads(out)["summary"] == {"error": 1, "warning": 0, "note": 0}
    assert json.loads(Path("out.sarif").read_text())["version"] == "2.1.0"


def test_standard_input(unit: Path) -> None:
    dump = "*nat\n:POSTROUTING ACCEPT [0:0]\n:DOCKER - [0:0]\n-A POSTROUTING -j MASQUERADE\nCOMMIT\n"
    command = [sys.executable, "-m", "netlint", "check", "-", "--as", "iptables-save", "--stdin-filename", "fw", "-q"]
    done = subprocess.run(command, input=dump, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "NL401" in done.stdout
    assert "--> fw:4:1" in done.stdout


def test_archive(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("edge/docker.service", OPEN)
    path = tmp_path / "dump.zip"
    path.write_bytes(content.getvalue())
    status, out, _ = netlint(capsys, "check", str(path))
    assert status == 1
    assert "--> edge/docker.service:2:31" in out


def test_changed_files_only(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "docker.service").write_text(OPEN)
    status, out, _ = netlint(capsys, "check", "--changed-files", "two/docker.service")
    assert status == 1
    assert "--> two/docker.service" in out
    assert "--> one/docker.service" not in out
    assert netlint(capsys, "check", "--changed-files")[0] == 0


def test_statistics_and_ignore(capsys: pytest.CaptureFixture[str], unit: Path) -> None:
    _, _, err = netlint(capsys, "check", "--statistics", str(unit))
    assert err == "     1  NL305 docker-api-exposed\n"
    assert netlint(capsys, "check", "--ignore", "NL305", str(unit))[0] == 0


def test_colour(capsys: pytest.CaptureFixture[str], unit: Path) -> None:
    assert "\x1b[" not in netlint(capsys, "check", str(unit))[1]
    assert "\x1b[" in netlint(capsys, "check", "--color", "always", str(unit))[1]


def test_rules_of_ones_own(capsys: pytest.CaptureFixture[str], unit: Path) -> None:
    folder = unit.parent / "mine"
    folder.mkdir()
    (folder / "every_host.py").write_text(
        '"""Every host has a name"""\n'
        "from netlint.api import Finding, Severity, rule\n"
        '@rule("MY001", Severity.WARNING, proof="none")\n'
        "def check(site):\n"
        '    yield from (Finding(message="a host", at=host.span) for host in site.hosts)\n'
    )
    _, out, _ = netlint(capsys, "check", "--rules", str(folder), "--select", "MY", str(unit))
    assert "warning[MY001] every-host: a host" in out


def test_explain_and_rules(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = netlint(capsys, "explain", "subnet-overlap")
    assert status == 0
    assert out == netlint(capsys, "explain", "NL101")[1]
    assert "Pool overlaps with other one" in out
    listed = json.loads(netlint(capsys, "rules", "--format", "json")[1])
    assert listed["version"] == 1
    assert {"code", "slug", "name", "severity", "confidence", "summary", "needs", "proof", "since"} == set(
        listed["rules"][0]
    )


def test_show(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "ip-addr.txt").write_text(
        "2: eth0: <UP> mtu 1500\n    inet 10.0.0.5/24 scope global eth0\n"
        "3: docker0: <UP> mtu 1500\n    inet 172.17.0.1/16 scope global docker0\n"
    )
    status, out, _ = netlint(capsys, "show", str(tmp_path))
    assert status == 0
    assert "172.17.0.0/16" in out
    assert "10.0.0.0/24" in out


def test_a_reader_that_goes_away_is_no_traceback(unit: Path) -> None:
    command = f"{sys.executable} -m netlint check --format json {unit} | head -c 1"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert done.stderr == ""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device here that is always full")
@pytest.mark.parametrize("words", [["check"], ["check", "--format", "json"], ["explain", "NL305"]])
def test_a_full_disk(unit: Path, words: list[str]) -> None:
    paths = [str(unit)] if words[0] == "check" else []
    with open("/dev/full", "w", encoding="utf-8") as full:
        done = subprocess.run(
            [sys.executable, "-m", "netlint", *words, *paths],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert (done.returncode, done.stderr) == (2, "netlint: standard output: No space left on device\n")


COMMANDS = ("check", "explain", "rules", "show", "trace", "fix", "plan", "baseline", "new-rule", "completion")


@pytest.mark.parametrize("command", [(), *((name,) for name in COMMANDS)], ids=" ".join)
def test_help_fits_into_80_columns(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    status, out, _ = netlint(capsys, *command, "--help")
    assert status == 0
    assert out.startswith("usage: netlint")
    assert max(map(len, out.splitlines())) <= 80


def test_show_config(capsys: pytest.CaptureFixture[str], unit: Path) -> None:
    (unit.parent / "netlint.toml").write_text('ignore = ["NL8"]\n')
    status, out, _ = netlint(capsys, "check", "--show-config", "--select", "NL3", "--engine", "26.1")
    assert status == 0
    assert out == f'# from {unit.parent}/netlint.toml\nengine = "26.1"\nselect = ["NL3"]\nignore = ["NL8"]\n'
    assert netlint(capsys, "check", "--show-config", "--no-config", "--ignore", "NL999")[0] == 2


def test_suppressed_findings_can_be_left_out(capsys: pytest.CaptureFixture[str], unit: Path) -> None:
    unit.write_text("[Service]\n; netlint: ignore[NL305] a lab\n" + OPEN.partition("\n")[2])
    assert len(json.loads(netlint(capsys, "check", "--format", "json", str(unit))[1])["findings"]) == 1
    _, out, _ = netlint(capsys, "check", "--format", "json", "--no-suppressed", str(unit))
    assert json.loads(out)["findings"] == []


def test_unused_ignores(capsys: pytest.CaptureFixture[str], unit: Path) -> None:
    unit.write_text("; netlint: ignore-file[NL305, NL1] a lab\n" + FINE)
    assert netlint(capsys, "check", str(unit))[0] == 0
    status, out, _ = netlint(capsys, "check", "--warn-unused-ignores", str(unit))
    assert status == 1
    assert "warning[NL904] unused-ignore: suppression of NL305, which finds nothing in this file" in out
    assert "suppression of NL1" not in out, "rules of NL1 could not be checked here"
    assert netlint(capsys, "check", "--warn-unused-ignores", "--ignore", "NL3", str(unit))[0] == 0


@pytest.mark.parametrize("name", ["netlint.toml", "pyproject.toml"])
def test_unused_ignores_of_the_configuration(capsys: pytest.CaptureFixture[str], unit: Path, name: str) -> None:
    head = "[[per-file]]" if name == "netlint.toml" else "[[tool.netlint.per-file]]"
    config = unit.parent / name
    unit.write_text(FINE.replace("fd://", "tcp://0.0.0.0:2375"))
    config.write_text(
        f'{head}\npaths = ["*.service"]\nignore = ["NL3", "NL1"]\n'
        f'{head}\n# "NL302"\npaths = ["lab/", "*.service"]\nignore = [\n"NL302",\n"NL3"]\n'
    )
    assert netlint(capsys, "check")[0] == 0
    status, out, _ = netlint(capsys, "check", "--warn-unused-ignores")
    assert status == 1
    assert out.count("[NL904]") == 2
    assert "pattern 'lab/' of [[per-file]], which no input matches" in out
    assert f"--> {name}:6:11" in out
    assert "suppression of NL302, which finds nothing in lab/, *.service" in out
    assert f"--> {name}:8:2" in out
    assert "ignored" not in out
    assert netlint(capsys, "check", "--warn-unused-ignores", unit.name)[0] == 0, "only a part was looked at"
    assert netlint(capsys, "check", "--warn-unused-ignores", "--ignore", "NL904")[0] == 0
    config.write_text(config.read_text() + f'{head}\npaths = ["{name}"]\nignore = ["NL904"]\n')
    status, out, _ = netlint(capsys, "check", "--warn-unused-ignores")
    assert "(3 suppressed)" in out, "the configuration can ignore what is said of itself"
    assert status == 0


def test_unused_ignores_of_a_configuration_in_a_line(capsys: pytest.CaptureFixture[str], unit: Path) -> None:
    unit.write_text(FINE)
    (unit.parent / "netlint.toml").write_text('per-file = [{paths = ["*.service"], ignore = ["NL305"]}]\n')
    out = netlint(capsys, "check", "--warn-unused-ignores", "--format", "json")[1]
    assert [one["primary"]["start"]["column"] for one in json.loads(out)["findings"]] == [1]


def test_hyperlinks(capsys: pytest.CaptureFixture[str], unit: Path) -> None:
    assert "\x1b]8;;" not in netlint(capsys, "check", "--color", "always", str(unit))[1]
    assert f"\x1b]8;;file://{unit}\x1b\\" in netlint(capsys, "check", "--hyperlinks", "always", str(unit))[1]


def test_new_rule(capsys: pytest.CaptureFixture[str], unit: Path) -> None:
    status, out, _ = netlint(capsys, "new-rule", "network-unloved", "--rules", "mine")
    assert status == 0
    assert out.startswith("mine/network_unloved.py\n")
    assert netlint(capsys, "new-rule", "network-unloved", "--rules", "mine")[0] == 2
    netlint(capsys, "new-rule", "other-rule", "--rules", "mine")
    (first, second) = (rule for rule in load_rules([Path("mine")]))
    assert (first.code, second.code) == ("MY001", "MY002")
    for example in examples(first.documentation):
        folder = unit.parent / example.title
        folder.mkdir()
        (folder / "compose.yaml").write_text(example.files[0].text)
        status, out, _ = netlint(capsys, "check", "--rules", "mine", "--select", "MY001", str(folder))
        assert status == int(example.bad)
        assert [f"compose.yaml:{line}:" in out for line, _ in example.files[0].marks] == [True] * example.bad


def test_a_host_of_the_configuration_that_has_nothing(capsys: pytest.CaptureFixture[str], unit: Path) -> None:
    folder = unit.parent / "edge"
    folder.mkdir()
    unit.rename(folder / "docker.service")
    config = unit.parent / "netlint.toml"
    config.write_text('[[hosts]]\nname = "core"\nsources = ["croe/"]\n[[hosts]]\nname = "edge"\nsources = ["edge/"]\n')
    said = f"netlint: {config}: hosts: no input matches the sources of 'core'\n"
    assert netlint(capsys, "check")[2] == said
    assert netlint(capsys, "check", "edge")[2] == "", "only a part was looked at"
    assert netlint(capsys, "check", "edge/docker.service")[2] == ""


def test_names_cannot_give_commands_to_github(
    capsys: pytest.CaptureFixture[str], unit: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "x " * 60 + "::stop-commands::y ##[add-mask]z"
    (unit.parent / "compose.yaml").write_text(f"services:\n  '{name}':\n    image: x\n    networks: [gone]\n")
    words = ("check", "compose.yaml", "##[error]\x1b[31m.bin")
    status, out, err = netlint(capsys, *words)
    assert status == 1
    assert "##[add-mask]" in out, "elsewhere it is shown as it is"
    assert "\x1b" not in err
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    _, out, err = netlint(capsys, *words)
    assert not [line for line in (out + err).splitlines() if line.strip().startswith("::") or "##[" in line]
    assert "## [add-mask]z" in out
    assert "## [error]" in err
