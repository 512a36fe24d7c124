"""The SARIF report keeps to the standard's schema and to what GitHub reads."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
import sarif_om as om
from msgspec import structs

from netlint.finding import Edit, Fix, Label, Severity, Step, Suppression, Witness
from netlint.report.sarif import render
from netlint.report.sarif_objects import plain
from netlint.run import NotChecked

if TYPE_CHECKING:
    from tests.report.conftest import Make

SCHEMA = json.loads((Path(__file__).parent / "sarif-schema-2.1.0.json").read_text(encoding="utf-8"))


def log(make: Make) -> Any:
    """The one run of the report, which is valid."""
    report = json.loads(render(make.run()))
    jsonschema.Draft202012Validator(SCHEMA).validate(report)
    assert list(report)[:2] == ["$schema", "version"]
    return report["runs"][0]


def full(make: Make) -> Any:
    make.file("a/compose.yaml", "a:\n  subnet: 10.0.0.0/8 # x\nb: 2\n")
    make.file("routes.txt", "10.1.0.0/16 via 10.0.0.1\n", format="ip-route")
    make.file("ps.txt", "", format="docker-ps", status="unread", reason="netlint does not read docker ps yet")
    at, route = make.at("a/compose.yaml", "10.0.0.0/8"), make.at("routes.txt", "10.1.0.0/16")
    make.finding(
        at,
        message="subnet 10.0.0.0/8 contains a route",
        label="here",
        help="another range",
        host="edge",
        related=(Label(route, "the route [main]"), Label(make.at("a/compose.yaml", "b: 2"))),
        witness=Witness("tcp 10.0.0.1 > 10.1.0.2", (Step(at, "stays on the bridge"), Step(route, "is not asked"))),
        fixes=(Fix(title="move it", edits=(Edit(at, "10.9.0.0/16"), Edit(route, ""))),),
    )
    make.finding(at, severity=Severity.WARNING, suppressed=Suppression(kind="inline", reason="a lab", span=route))
    make.finding(at, severity=Severity.NOTE, suppressed=Suppression(kind="config", reason=""))
    make.gaps.append(NotChecked("masquerade-missing", "edge", "no firewall dump"))
    return log(make)


def test_result(make: Make) -> None:
    result = full(make)["results"][0]
    assert result["ruleId"] == "NL101"
    assert result["ruleIndex"] == 0
    assert result["level"] == "error"
    assert result["message"]["text"] == (
        "subnet 10.0.0.0/8 contains a route.\nSee [the route \\[main\\]](1).\nSee [a/compose.yaml:3](2).\n"
        "Help: another range."
    )
    (location,) = result["locations"]
    assert location["physicalLocation"] == {
        "artifactLocation": {"uri": "a/compose.yaml", "uriBaseId": "%SRCROOT%", "index": 0},
        "region": {
            "startLine": 2,
            "startColumn": 11,
            "endLine": 2,
            "endColumn": 21,
            "snippet": {"text": "10.0.0.0/8"},
        },
        "contextRegion": {"startLine": 2, "endLine": 2, "snippet": {"text": "  subnet: 10.0.0.0/8 # x"}},
    }
    assert [related["id"] for related in result["relatedLocations"]] == [1, 2]
    steps = result["codeFlows"][0]["threadFlows"][0]["locations"]
    assert [step["location"]["message"]["text"] for step in steps] == ["stays on the bridge.", "is not asked."]
    changes = result["fixes"][0]["artifactChanges"]
    assert changes[0]["replacements"][0]["insertedContent"] == {"text": "10.9.0.0/16"}
    assert "insertedContent" not in changes[1]["replacements"][0]
    assert result["partialFingerprints"]["netlint/v1"] == "f0:1"
    assert re.fullmatch(r"[0-9a-f]+:1", result["partialFingerprints"]["primaryLocationLineHash"])


def test_level_is_always_written(make: Make) -> None:
    assert [result["level"] for result in full(make)["results"]] == ["error", "warning", "note"]


def test_suppressions(make: Make) -> None:
    shown, inline, config = full(make)["results"]
    assert "suppressions" not in shown
    (comment,) = inline["suppressions"]
    assert (comment["kind"], comment["status"], comment["justification"]) == ("inSource", "accepted", "a lab")
    assert comment["location"]["physicalLocation"]["artifactLocation"]["uri"] == "routes.txt"
    assert config["suppressions"] == [{"kind": "external", "status": "accepted"}]


def test_rules(make: Make) -> None:
    run = full(make)
    driver = run["tool"]["driver"]
    rule = driver["rules"][0]
    assert [one["id"] for one in driver["rules"]] == ["NL101", "NL403"]
    assert rule["name"] == "SubnetOverlap"
    assert rule["shortDescription"]["text"] == "Two networks claim the same addresses."
    assert rule["fullDescription"]["text"] == (
        "Two networks claim the same addresses. Addresses belong to one network."
    )
    assert rule["defaultConfiguration"]["level"] == "error"
    assert rule["properties"]["precision"] == "high"
    assert "<- error" not in rule["help"]["text"] + rule["help"]["markdown"]
    assert "## How to fix it" in rule["help"]["markdown"]


def test_gaps_are_notifications(make: Make) -> None:
    (invocation,) = full(make)["invocations"]
    (unread,) = invocation["toolExecutionNotifications"]
    (gap,) = invocation["toolConfigurationNotifications"]
    assert invocation["executionSuccessful"] is True
    assert unread["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "ps.txt"
    assert gap["associatedRule"] == {"id": "NL403", "index": 1}
    assert gap["message"]["text"] == "masquerade-missing was not checked on edge: no firewall dump."


def test_every_message_is_a_sentence(make: Make) -> None:
    def texts(value: Any) -> list[str]:
        if isinstance(value, list):
            return [text for item in value for text in texts(item)]
        if isinstance(value, dict):
            own = [value["message"]["text"]] if "message" in value else []
            return own + [text for item in value.values() for text in texts(item)]
        return []

    found = texts(full(make))
    assert len(found) > 5
    assert all(text.endswith(".") for text in found)


@pytest.mark.parametrize(
    ("path", "uri"),
    [
        ("a b/c%d.yaml", "a%20b/c%25d.yaml"),
        ("x:y.yaml", "x%3Ay.yaml"),
        ("é.yaml", "%C3%A9.yaml"),
        ("na\udcffme.yaml", "na%FFme.yaml"),
        ("../other/compose.yaml", "file:///srv/other/compose.yaml"),
    ],
)
def test_uris(make: Make, path: str, uri: str) -> None:
    make.file(path, "a: 1\n")
    make.finding(make.at(path, "1"))
    run = log(make)
    location = run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]
    assert location["uri"] == uri
    assert location.get("uriBaseId") == (None if uri.startswith("file:") else "%SRCROOT%")
    assert run["originalUriBaseIds"]["%SRCROOT%"]["uri"] == "file:///srv/site/"


def test_hostile_names_make_no_links(make: Make) -> None:
    make.file("compose.yaml", "a: 1\n")
    make.finding(
        make.at("compose.yaml", "1"),
        message="network [click](https://example.com) is <b>bad</b>",
        related=(Label(make.at("compose.yaml", "a"), "see [x](1)"),),
    )
    text = log(make)["results"][0]["message"]["text"]
    assert re.findall(r"(?<!\\)\[.*?(?<!\\)\]\((.*?)\)", text) == ["1"]


def test_secrets_are_not_quoted(make: Make) -> None:
    make.file("compose.yaml", "  WEAVE_PASSWORD: wfvAwt7sj\n  next: 1\n")
    make.finding(make.at("compose.yaml", "wfvAwt7sj"), message="a password is set")
    make.finding(make.at("compose.yaml", "1"))
    assert "wfvAwt7sj" not in render(make.run())
    assert "snippet" not in log(make)["results"][0]["locations"][0]["physicalLocation"]["region"]


def test_long_lines_and_empty_files(make: Make) -> None:
    make.file("long.json", "[" + "1," * 5000 + "0]")
    make.file("empty.yaml", "")
    make.finding(make.at("long.json", "0]"))
    make.finding(make.sources["empty.yaml"].span(0, 0))
    first, second = log(make)["results"]
    assert "snippet" not in first["locations"][0]["physicalLocation"]["region"]
    region = second["locations"][0]["physicalLocation"]["region"]
    assert (region["startLine"], region["startColumn"], region["endLine"], region["endColumn"]) == (1, 1, 1, 1)


def test_serializer_refuses_what_sarif_does_not_have() -> None:
    region = om.Region(start_line=1)
    region.startLine = 2
    with pytest.raises(AttributeError, match="startLine"):
        plain(region)


def test_serializer_leaves_defaults_out_but_keeps_levels() -> None:
    found = plain(om.Result(message=om.Message(text="x."), kind="fail", level="warning", rule_index=-1))
    assert found == {"message": {"text": "x."}, "level": "warning"}


def test_paths_are_those_of_the_checkout(make: Make, tmp_path: Path) -> None:
    folder = tmp_path / "deploy" / "shop"
    folder.mkdir(parents=True)
    make.file("compose.yaml", "services: {}\n")
    make.finding(make.at("compose.yaml", "services"))
    report = json.loads(render(structs.replace(make.run(), root=str(folder)), checkout=str(tmp_path)))["runs"][0]
    place = report["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]
    assert place["uri"] == "deploy/shop/compose.yaml"
    assert report["originalUriBaseIds"]["%SRCROOT%"]["uri"] == f"{tmp_path.as_uri()}/"
    outside = json.loads(render(structs.replace(make.run(), root=str(folder)), checkout=str(tmp_path / "x")))["runs"][0]
    assert outside["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "compose.yaml"
