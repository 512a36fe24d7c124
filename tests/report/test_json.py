"""The JSON report keeps to its schema."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema

from netlint.finding import Edit, Fix, Label, Severity, Step, Suppression, Witness
from netlint.report.json import render
from netlint.run import NotChecked

if TYPE_CHECKING:
    from tests.report.conftest import Make

SCHEMA = json.loads((Path(__file__).resolve().parents[2] / "docs/schema/report-v1.json").read_text(encoding="utf-8"))


def checked(text: str) -> Any:
    report = json.loads(text)
    jsonschema.Draft202012Validator(SCHEMA).validate(report)
    return report


def test_every_field(make: Make) -> None:
    make.file("compose.yaml", "a: é 10.0.0.0/8\nb: 2\n")
    make.file("ps.txt", "", format="docker-ps", status="unread", reason="netlint does not read docker ps yet")
    at = make.at("compose.yaml", "10.0.0.0/8")
    make.finding(
        at,
        label="here",
        help="another range",
        host="edge",
        related=(Label(make.at("compose.yaml", "b"), "there"),),
        witness=Witness("tcp 10.0.0.1 > 10.0.0.2", (Step(at, "stays"),)),
        fixes=(Fix(title="move it", edits=(Edit(at, "10.9.0.0/16"),), safe=True),),
    )
    make.finding(
        at,
        severity=Severity.NOTE,
        suppressed=Suppression(kind="inline", reason="a lab", span=make.at("compose.yaml", "b")),
    )
    make.gaps.append(NotChecked("masquerade-missing", None, "no route table"))
    report = checked(render(make.run()))
    first, second = report["findings"]
    place = {
        "file": "compose.yaml",
        "start": {"line": 1, "column": 6, "offset": 5},
        "end": {"line": 1, "column": 16, "offset": 15},
    }
    assert list(first) == SCHEMA["$defs"]["finding"]["required"]
    assert first["primary"] == {**place, "label": "here"}
    assert first["witness"]["steps"] == [{**place, "text": "stays"}]
    assert first["fixes"] == [{"title": "move it", "safe": True, "edits": [{**place, "text": "10.9.0.0/16"}]}]
    assert first["suppressed"] is None
    assert second["suppressed"]["kind"] == "inline"
    assert second["suppressed"]["at"]["start"] == {"line": 2, "column": 1, "offset": 16}
    assert report["coverage"]["files"][1]["reason"] == "netlint does not read docker ps yet"
    assert report["coverage"]["not_checked"] == [
        {"rule": "masquerade-missing", "host": None, "reason": "no route table"}
    ]
    assert report["summary"] == {"error": 1, "warning": 0, "note": 0}


def test_empty_run(make: Make) -> None:
    assert checked(render(make.run()))["findings"] == []


def test_deterministic(make: Make) -> None:
    make.file("compose.yaml", "a: 1\n")
    make.finding(make.at("compose.yaml", "1"))
    assert render(make.run()) == render(make.run())


def test_half_characters(make: Make) -> None:
    make.file("na\udcffme.yaml", "a: \ud800\n")
    make.finding(make.at("na\udcffme.yaml", "a"), message="value \ud800")
    text = render(make.run())
    text.encode()
    assert checked(text)["findings"][0]["message"] == "value \ufffd"
