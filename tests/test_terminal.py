"""What needs a terminal or a shell: progress, completion, colour."""

from __future__ import annotations

import os
import pty
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from netlint import progress
from netlint.arguments import SHELLS
from netlint.cli import main
from netlint.watch import watch

UNIT = "[Service]\nExecStart=/usr/bin/dockerd -H tcp://0.0.0.0:2375\n"


def on_a_terminal(command: list[str], environment: dict[str, str], folder: Path) -> str:
    """What `command` writes to a terminal that its standard output and error are."""
    leader, follower = pty.openpty()
    settings = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "TERM")}
    child = subprocess.Popen(
        command, cwd=folder, stdin=follower, stdout=follower, stderr=follower, env={**settings, **environment}
    )
    os.close(follower)
    written = b""
    while True:
        try:
            data = os.read(leader, 65536)
        except OSError:  # Linux says so at the end
            break
        if not data:
            break
        written += data
    child.wait()
    os.close(leader)
    return written.decode()


@pytest.mark.parametrize(
    ("environment", "colour"),
    [
        ({"TERM": "xterm-256color"}, True),
        ({"TERM": "xterm-256color", "NO_COLOR": "1"}, False),
        ({"TERM": "xterm-256color", "NO_COLOR": ""}, True),
        ({"TERM": "dumb"}, False),
    ],
)
def test_colour_on_a_terminal(tmp_path: Path, environment: dict[str, str], colour: bool) -> None:
    (tmp_path / "docker.service").write_text(UNIT)
    written = on_a_terminal([sys.executable, "-m", "netlint", "check", "."], environment, tmp_path)
    assert ("\x1b[1;31m" in written) is colour
    assert "docker-api-exposed" in written
    assert "\x1b]8;;" not in written, "nothing says that this terminal knows links"


def test_links_on_a_terminal_that_knows_them(tmp_path: Path) -> None:
    (tmp_path / "docker.service").write_text(UNIT)
    command = [sys.executable, "-m", "netlint", "check", "."]
    written = on_a_terminal(command, {"TERM": "xterm-256color", "VTE_VERSION": "6800"}, tmp_path)
    assert f"\x1b]8;;file://{tmp_path}/docker.service\x1b\\" in written


SLOW = (
    "import time; from netlint import progress; progress._PATIENCE = 0.05\n"
    "with progress.Progress({}) as bar:\n"
    "    for number in range(10):\n"
    "        bar('reading edge', number, 10); time.sleep(0.1)\n"
    "print('done')\n"
)


def test_progress_of_long_work(tmp_path: Path) -> None:
    pytest.importorskip("rich", reason="rich is not installed")
    written = on_a_terminal([sys.executable, "-c", SLOW.format(True)], {"TERM": "xterm-256color"}, tmp_path)
    assert "reading edge" in written
    assert written.rstrip().endswith("done")
    assert "\x1b[2K" in written, "it is wiped off at the end"


def test_no_progress_when_it_is_not_wanted(tmp_path: Path) -> None:
    written = on_a_terminal([sys.executable, "-c", SLOW.format(False)], {"TERM": "xterm-256color"}, tmp_path)
    assert written == "done\r\n"


def test_no_progress_without_a_terminal(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", SLOW.format(True)], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("done\n", "")


def test_short_work_loads_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    loaded = set(sys.modules)
    with progress.Progress(True) as bar:
        bar("reading", 1, 2)
    assert not [name for name in set(sys.modules) - loaded if name.startswith("rich")]


@pytest.fixture(scope="module")
def scripts() -> dict[str, str]:
    pytest.importorskip("shtab", reason="shtab is not installed")
    from netlint.completion import completion  # noqa: PLC0415

    return {shell: completion(shell) for shell in SHELLS}


def test_every_shell_has_a_script(scripts: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    for script in scripts.values():
        assert "subnet-overlap" in script
        assert "warn-unused-ignores" in script
    assert main(["completion", "bash"]) == 0
    assert capsys.readouterr().out.strip() == scripts["bash"].strip()


BASH = """source ./netlint.bash
COMP_WORDS=({words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
$(complete -p netlint | sed -E 's/.*-F ([^ ]+).*/\\1/')
printf '%s\\n' "${{COMPREPLY[@]}}"
"""


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("netlint ch", {"check"}),
        ("netlint check --warn", {"--warn-unused-ignores"}),
        ("netlint check --fail-on war", {"warning"}),
        ("netlint explain subnet-overlaps-h", {"subnet-overlaps-host-link"}),
        ("netlint check --baseline acc", {"accepted.json"}),
        ("netlint check comp", {"compose.yaml"}),
        ("netlint completion z", {"zsh"}),
    ],
)
def test_bash_completes(scripts: dict[str, str], tmp_path: Path, words: str, expected: set[str]) -> None:
    if shutil.which("bash") is None:
        pytest.skip("bash is not installed")
    (tmp_path / "netlint.bash").write_text(scripts["bash"])
    for name in ("compose.yaml", "accepted.json"):
        (tmp_path / name).write_text("")
    done = subprocess.run(
        ["bash", "-c", BASH.format(words=words)], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert set(done.stdout.split()) == expected


@pytest.mark.parametrize(("shell", "syntax"), [("zsh", ["-n"]), ("fish", ["--no-execute"])])
def test_other_shells_can_read_theirs(scripts: dict[str, str], tmp_path: Path, shell: str, syntax: list[str]) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    path = tmp_path / "netlint"
    path.write_text(scripts[shell])
    subprocess.run([shell, *syntax, str(path)], check=True, capture_output=True)


def test_fish_completes(scripts: dict[str, str], tmp_path: Path) -> None:
    if shutil.which("fish") is None:
        pytest.skip("fish is not installed")
    (tmp_path / "netlint.fish").write_text(scripts["fish"])
    script = "source netlint.fish; complete -C 'netlint ch'; complete -C 'netlint explain subnet-overlaps-h'"
    done = subprocess.run(["fish", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True)
    words = {line.partition("\t")[0] for line in done.stdout.splitlines()}
    assert {"check", "subnet-overlaps-host-link"} <= words


class EnoughError(Exception):
    """The end of a watch that would have none."""


def test_watch(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    unit = tmp_path / "docker.service"
    unit.write_text(UNIT)
    config = tmp_path / "netlint.toml"
    changes = [(unit, UNIT), (unit, UNIT + "# a remark\n"), (config, "engine = 1\n"), (config, "")]

    def wait(seconds: float) -> None:
        if not changes:
            raise EnoughError
        path, text = changes.pop(0)
        if not path.exists() or path.read_text() != text:
            path.write_text(text)

    found: list[int] = []

    def check() -> int:
        found.append(main(["check", "-q", str(tmp_path)]))
        return found[-1]

    with pytest.raises(EnoughError):
        watch([str(tmp_path)], check, wait)
    assert found == [1, 1, 2, 1], "at first, and after each change"
    assert capsys.readouterr().err.count("watching") == 4


def test_watch_of_standard_input(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--watch", "-"]) == 2
    assert "cannot be looked at again" in capsys.readouterr().err
