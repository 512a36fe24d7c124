"""The report for GitLab keeps to what its documentation asks for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema

from netlint.finding import Severity, Suppression
from netlint.report.gitlab import render

if TYPE_CHECKING:
    from tests.report.conftest import Make

SCHEMA = json.loads((Path(__file__).parent / "gitlab-code-quality.json").read_text(encoding="utf-8"))


def entries(make: Make) -> Any:
    report = json.loads(render(make.run()))
    jsonschema.Draft202012Validator(SCHEMA).validate(report)
    assert len({entry["fingerprint"] for entry in report}) == len(report), "GitLab drops a second one of the same"
    return report


def test_entries(make: Make) -> None:
    make.file("a/compose.yaml", "a:\n  subnet: 10.0.0.0/8\n")
    at = make.at("a/compose.yaml", "10.0.0.0/8")
    make.finding(at, "subnet is taken", help="another range")
    make.finding(at, severity=Severity.WARNING)
    make.finding(at, severity=Severity.NOTE)
    make.finding(at, suppressed=Suppression(kind="inline", reason="known"))
    first, *others = entries(make)
    assert first["description"] == "NL101: subnet is taken; another range"
    assert first["location"] == {"path": "a/compose.yaml", "lines": {"begin": 2, "end": 2}}
    assert [first["severity"], *(entry["severity"] for entry in others)] == ["critical", "major", "minor"]


def test_nothing_found(make: Make) -> None:
    assert entries(make) == []
