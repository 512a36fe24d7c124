"""The GitHub Action: its metadata, and its script with the environment that GitHub gives it.

tests/action.sh runs the whole of it with act.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from netlint.rule import rules_folder

PROJECT = Path(__file__).resolve().parents[1]
ACTION: Any = yaml.safe_load((PROJECT / "action.yml").read_text(encoding="utf-8"))
OPEN = "[Service]\nExecStart=/usr/bin/dockerd -H tcp://0.0.0.0:2375\n"
DEFAULTS = {
    "NETLINT_PATHS": ".",
    "NETLINT_FAIL_ON": "warning",
    "NETLINT_SEVERITY": "note",
    "NETLINT_CONFIDENCE": "medium",
    "NETLINT_CONFIG": "",
    "NETLINT_BASELINE": "",
    "NETLINT_ENGINE": "",
    "NETLINT_UPLOAD": "true",
    "NETLINT_ANNOTATIONS": "auto",
    "NETLINT_SUMMARY": "true",
    "NETLINT_SARIF": "netlint.sarif",
    "NETLINT_FORK": "",
}


class Step:
    """What the step `check` of the action leaves behind."""

    def __init__(self, folder: Path, **environment: str) -> None:
        runner = folder.parent / f"{folder.name}-runner"
        runner.mkdir()
        netlint = runner / "netlint"
        netlint.write_text(f'#!/bin/sh\nexec {sys.executable} -m netlint "$@"\n')
        netlint.chmod(0o755)
        files = {name: runner / name.lower() for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
        settings = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("GITHUB_", "NETLINT"))},
            **DEFAULTS,
            "NETLINT": str(netlint),
            "RUNNER_TEMP": str(runner),
            "PYTHONPATH": os.path.dirname(rules_folder()),
            **{name: str(path) for name, path in files.items()},
            **environment,
        }
        done = subprocess.run(
            ["bash", str(PROJECT / ".github/check.sh")],
            cwd=folder,
            env=settings,
            capture_output=True,
            text=True,
            check=False,
        )
        self.status, self.log, self.errors = done.returncode, done.stdout, done.stderr
        texts = {name: path.read_text() if path.exists() else "" for name, path in files.items()}
        self.outputs = dict(line.split("=", 1) for line in texts["GITHUB_OUTPUT"].splitlines())
        self.summary = texts["GITHUB_STEP_SUMMARY"]
        assert not [path for path in runner.iterdir() if path.is_dir()], "its own folder is cleared away"

    @property
    def annotations(self) -> list[str]:
        """The commands that the runner would act on: those outside of the part where they are stopped."""
        token = re.search(r"^::stop-commands::(\w+)$", self.log, re.MULTILINE)
        assert token is not None
        _, report, after = re.split(rf"^::(?:stop-commands::)?{token[1]}(?:::)?$", self.log, flags=re.MULTILINE)
        assert token[1] not in report
        return [line for line in after.splitlines() if line]


@pytest.fixture
def site(tmp_path: Path) -> Path:
    folder = tmp_path / "site"
    folder.mkdir()
    (folder / "docker.service").write_text(OPEN)
    return folder


def test_findings_are_uploaded(site: Path) -> None:
    step = Step(site)
    assert step.status == 0, "the last step fails, after the upload"
    assert step.outputs == {
        "exit-status": "1",
        "sarif-file": "netlint.sarif",
        "upload": "true",
        "errors": "1",
        "warnings": "0",
        "notes": "0",
    }
    assert step.annotations == []
    assert step.summary.startswith("## netlint: found 1 error\n")
    assert len(json.loads((site / "netlint.sarif").read_text())["runs"][0]["results"]) == 1


@pytest.mark.parametrize(
    ("environment", "upload", "annotated"),
    [
        ({"NETLINT_FORK": "true"}, "false", True),
        ({"GITHUB_ACTOR": "dependabot[bot]"}, "false", True),
        ({"NETLINT_UPLOAD": "false"}, "false", True),
        ({"NETLINT_UPLOAD": "false", "NETLINT_ANNOTATIONS": "false"}, "false", False),
        ({"NETLINT_ANNOTATIONS": "true"}, "true", True),
    ],
)
def test_annotations_where_nothing_can_be_uploaded(
    site: Path, environment: dict[str, str], upload: str, annotated: bool
) -> None:
    step = Step(site, **environment)
    assert step.outputs["upload"] == upload
    assert [line.partition(",")[0] for line in step.annotations] == (
        ["::error title=netlint NL305 docker-api-exposed"] if annotated else []
    )


def test_options_reach_netlint(site: Path) -> None:
    assert Step(site, NETLINT_FAIL_ON="never").outputs["exit-status"] == "0"
    (site / "netlint.toml").write_text('ignore = ["NL305"]\n')
    (site.parent / "site-runner").rename(site.parent / "first")
    assert Step(site).outputs["errors"] == "0"


def test_suppressed_findings_are_not_uploaded(site: Path) -> None:
    (site / "docker.service").write_text("; netlint: ignore-file[NL305] a lab\n" + OPEN)
    assert Step(site).outputs["exit-status"] == "0"
    assert json.loads((site / "netlint.sarif").read_text())["runs"][0]["results"] == []


def test_several_paths(site: Path) -> None:
    for name in ("a b", "c"):
        (site / name).mkdir()
        (site / name / "docker.service").write_text(OPEN)
    assert Step(site, NETLINT_PATHS="a b\n\nc\n", NETLINT_SUMMARY="false").outputs["errors"] == "2"


def test_nothing_to_check_is_a_gap(tmp_path: Path) -> None:
    folder = tmp_path / "empty"
    folder.mkdir()
    step = Step(folder)
    assert step.outputs["exit-status"] == "3"
    assert "nothing was read" in step.summary


def test_a_usage_error_stops_the_job(site: Path) -> None:
    step = Step(site, NETLINT_FAIL_ON="sometimes")
    assert step.status == 2
    assert step.outputs == {"exit-status": "2"}
    assert "invalid choice: 'sometimes'" in step.errors


HOSTILE = "$(touch owned)`touch owned`\"; touch owned; '${{ github.token }}"


def test_no_input_is_shell_code(site: Path) -> None:
    step = Step(site, **{name: f"{HOSTILE}{name}" for name in DEFAULTS if name != "NETLINT_FAIL_ON"})
    assert step.status == 2, "no such severity"
    (site.parent / "site-runner").rename(site.parent / "first")
    assert Step(site, NETLINT_PATHS=HOSTILE, NETLINT_CATEGORY=HOSTILE).outputs["exit-status"] == "3"
    assert not list(site.rglob("owned"))


def test_files_cannot_give_commands(site: Path) -> None:
    name = "::error title=x::y%0A##[error]z"
    (site / "docker.service").unlink()
    (site / name).mkdir()
    (site / name / "docker.service").write_text(OPEN + "#\n::set-output name=errors::0\n")
    step = Step(site, NETLINT_FORK="true")
    (annotation,) = [line for line in step.annotations if "NL305" in line]
    assert annotation.startswith(
        "::error title=netlint NL305 docker-api-exposed,file=%3A%3Aerror title=x%3A%3Ay%250A##"
    )
    assert step.outputs["errors"] == "2", "the second is the line that is nothing of a unit file"


def test_inputs_go_through_the_environment() -> None:
    check = next(step for step in ACTION["runs"]["steps"] if step.get("id") == "check")
    assert set(check["env"]) == {*DEFAULTS, "NETLINT", "NETLINT_ACTION"}
    for step in ACTION["runs"]["steps"]:
        assert "${{" not in step.get("run", ""), "a value must never become a part of a script"
    used = set(re.findall(r"inputs\.([\w-]+)", json.dumps(ACTION["runs"])))
    assert used == set(ACTION["inputs"])


def test_other_actions_are_pinned() -> None:
    uses = [step["uses"] for step in ACTION["runs"]["steps"] if "uses" in step]
    assert uses
    assert all(re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", name) for name in uses)


def test_what_the_action_installs_is_pinned() -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))
    needed = {re.split(r"[<>=!~; \[]", text)[0].lower() for text in project["project"]["dependencies"]} | {"hatchling"}
    pinned = dict(
        re.findall(r"^([\w.-]+)==(\S+)", (PROJECT / ".github/requirements.txt").read_text(), flags=re.MULTILINE)
    )
    assert needed <= {name.lower() for name in pinned}, "run .github/lock.sh and commit what it writes"


def test_the_page_on_ci_names_every_input_and_output() -> None:
    page = (PROJECT / "docs/ci.md").read_text(encoding="utf-8")
    for name in (*ACTION["inputs"], *ACTION["outputs"]):
        assert f"`{name}`" in page, name
