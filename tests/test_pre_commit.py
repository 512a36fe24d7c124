"""The hooks under the real pre-commit: what a commit shows of a repository, and what it does not."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]
MANIFEST = PROJECT / ".pre-commit-hooks.yaml"
pytest.importorskip("pre_commit", reason="pre-commit is not installed")
pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not here")

BAD = 'services: {db: {image: x, ports: ["localhost:5432:5432"]}}\n'
GOOD = 'services: {db: {image: x, ports: ["127.0.0.1:5432:5432"]}}\n'
WRONG = "NL207"  # what netlint says of BAD

Shell = Callable[..., tuple[int, str]]


def environment(home: Path) -> dict[str, str]:
    """Without what a git hook around the tests would set."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    identity = {f"GIT_{who}_{what}": "t@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    return {**kept, **identity, "PRE_COMMIT_HOME": str(home), "GIT_CONFIG_GLOBAL": os.devnull, "NO_COLOR": "1"}


@pytest.fixture
def run(tmp_path: Path) -> Shell:
    """Runs commands in a repository that uses the hooks of the manifest, with the netlint of these tests."""
    hooks, work = tmp_path / "hooks", tmp_path / "work"
    hooks.mkdir()
    work.mkdir()

    def run(*words: str, where: Path = work, check: bool = False) -> tuple[int, str]:
        done = subprocess.run(
            words, cwd=where, env=environment(tmp_path / "home"), capture_output=True, text=True, check=False
        )
        assert not check or done.returncode == 0, done.stdout + done.stderr
        return done.returncode, done.stdout + done.stderr

    manifest = MANIFEST.read_text().replace("language: python", "language: system")
    (hooks / ".pre-commit-hooks.yaml").write_text(
        manifest.replace("entry: netlint", f"entry: {sys.executable} -m netlint")
    )
    for folder in (hooks, work):
        run("git", "init", "-q", where=folder, check=True)
    run("git", "add", ".", where=hooks, check=True)
    run("git", "commit", "-qm", "hooks", where=hooks, check=True)
    revision = run("git", "rev-parse", "HEAD", where=hooks)[1].strip()
    used = "[{id: netlint}, {id: netlint-all, stages: [manual]}]"
    (work / ".pre-commit-config.yaml").write_text(f"repos: [{{repo: {hooks}, rev: {revision}, hooks: {used}}}]\n")
    run("git", "add", ".", check=True)
    run("git", "commit", "-qm", "start", check=True)
    return run


@pytest.fixture
def work(tmp_path: Path) -> Path:
    return tmp_path / "work"


def hook(run: Shell, *words: str) -> tuple[int, str]:
    return run(sys.executable, "-m", "pre_commit", "run", *words)


def test_reports_what_touches_a_changed_file_alone(run: Shell, work: Path) -> None:
    (work / "old").mkdir()
    (work / "old/compose.yaml").write_text(BAD)
    run("git", "add", ".")
    run("git", "commit", "-qm", "old sins", check=True)
    (work / "compose.yaml").write_text(GOOD)
    run("git", "add", ".")
    assert hook(run)[0] == 0
    (work / "compose.yaml").write_text(BAD)
    run("git", "add", ".")
    status, output = hook(run)
    assert status == 1
    assert output.count(WRONG) == 1
    assert "--> compose.yaml:1:" in output
    status, output = hook(run, "--all-files")
    assert (status, output.count(WRONG)) == (1, 2)


def test_models_the_whole_repository(run: Shell, work: Path) -> None:
    """The defect is in a file that stays as it is; the change that makes it one is in another."""
    compose = "services: {web: {image: x, networks: [n]}}\nnetworks: {n: {ipam: {config: [{subnet: 10.9.0.0/24}]}}}\n"
    (work / "compose.yaml").write_text(compose)
    route = "default via 192.168.1.1 dev eth0\n192.168.1.0/24 dev eth0 proto kernel scope link src 192.168.1.9\n"
    (work / "ip-route.txt").write_text(route)
    run("git", "add", ".")
    assert hook(run)[0] == 0
    run("git", "commit", "-qm", "host", check=True)
    (work / "ip-route.txt").write_text(f"{route}10.9.0.0/24 via 192.168.1.7 dev eth0\n")
    run("git", "add", ".")
    status, output = hook(run)
    assert status == 1
    assert "NL103" in output
    assert "--> compose.yaml:2:" in output


def test_partially_staged(run: Shell, work: Path) -> None:
    compose = work / "compose.yaml"
    for staged, unstaged, expected in ((GOOD, BAD, 0), (BAD, GOOD, 1)):
        compose.write_text(staged)
        run("git", "add", "compose.yaml")
        compose.write_text(unstaged)
        status, output = hook(run)
        assert (status, WRONG in output) == (expected, bool(expected))
        assert compose.read_text() == unstaged, "what is not staged comes back"


def test_deleted(run: Shell, work: Path) -> None:
    """A file that goes is passed to no hook: the one for the whole repository says what is missing now."""
    (work / "compose.yaml").write_text("include: [base.yaml]\nservices: {web: {image: x, networks: [n]}}\n")
    (work / "base.yaml").write_text("services: {db: {image: y}}\nnetworks: {n: }\n")
    run("git", "add", ".")
    assert hook(run)[0] == 0
    run("git", "commit", "-qm", "both", check=True)
    run("git", "rm", "-q", "base.yaml", check=True)
    status, output = hook(run)
    assert status == 0
    assert "no files to check" in output
    status, output = hook(run, "netlint-all", "--hook-stage", "manual")
    assert status == 1
    assert "base.yaml" in output


def test_renamed(run: Shell, work: Path) -> None:
    (work / "compose.yaml").write_text(BAD)
    run("git", "add", ".")
    run("git", "commit", "-qm", "old", check=True)
    (work / "new").mkdir()
    run("git", "mv", "compose.yaml", "new/docker-compose.yml", check=True)
    status, output = hook(run)
    assert status == 1
    assert "--> new/docker-compose.yml:1:" in output


@pytest.mark.parametrize(
    "name", ["my stack/compose.yaml", "-compose.yaml", "--format=json.yaml", "$(id) 'x\"/compose.yml"]
)
def test_names_that_a_shell_would_mistake(run: Shell, work: Path, name: str) -> None:
    path = work / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(BAD)
    run("git", "add", "--", name, check=True)
    status, output = hook(run)
    assert (status, output.count(WRONG)) == (1, 1)


def test_nothing_of_interest_is_skipped(run: Shell, work: Path) -> None:
    (work / "main.py").write_text("print()\n")
    run("git", "add", ".")
    status, output = hook(run, "netlint")
    assert status == 0
    assert "no files to check" in output


@pytest.mark.long
def test_installed_as_users_do(tmp_path: Path) -> None:
    """`pre-commit try-repo` builds and installs netlint from the checkout; the hook itself takes little time."""
    (tmp_path / "compose.yaml").write_text(BAD)
    env = environment(tmp_path / "home")
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, env=env, check=True)
    subprocess.run(["git", "add", "compose.yaml"], cwd=tmp_path, env=env, check=True)
    words = [sys.executable, "-m", "pre_commit", "try-repo", str(PROJECT), "netlint", "--verbose"]
    done = subprocess.run(words, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stdout + done.stderr
    assert WRONG in done.stdout
    (duration,) = re.findall(r"- duration: ([0-9.]+)s", done.stdout)
    assert float(duration) < 0.5
