"""The SARIF report keeps to the standard's schema and to what GitHub reads."""

from __future__ import annotations

import json
import random
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
import sarif_om as om
from msgspec import structs

from netlint.checkout import Provenance
from netlint.finding import Edit, Fix, Label, Severity, Step, Suppression, Witness
from netlint.report import sarif
from netlint.report.line_hash import line_hashes
from netlint.report.sarif import render
from netlint.report.sarif_objects import plain
from netlint.run import NotChecked
from netlint.source import Source
from tests.report.conftest import a_rule

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
        "contextRegion": {
            "startLine": 2,
            "startColumn": 1,
            "endLine": 2,
            "endColumn": 25,
            "snippet": {"text": "  subnet: 10.0.0.0/8 # x"},
        },
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
    run = log(make)
    place = run["results"][0]["locations"][0]["physicalLocation"]
    assert place["region"]["snippet"] == place["contextRegion"]["snippet"] == {"text": "[redacted]"}
    assert run["redactionTokens"] == ["[redacted]"]


def test_only_marked_lines_are_embedded(make: Make) -> None:
    make.file("compose.yaml", "services:\n\n  web:\n    image: x\n    hostname: hunter2\n    ports: [80]\n  db: {}\n")
    make.finding(make.at("compose.yaml", "80"), related=(Label(make.at("compose.yaml", "web")),))
    make.file("other.yaml", "nobody: marks this\n")
    (artifact,) = log(make)["artifacts"]
    assert artifact["location"]["uri"] == "compose.yaml"
    assert artifact["contents"]["text"].splitlines() == [
        "[redacted]",
        "",
        "  web:",
        "[redacted]",
        "[redacted]",
        "    ports: [80]",
    ]


def test_long_lines_and_empty_files(make: Make) -> None:
    make.file("long.json", "[" + "1," * 5000 + "0]")
    make.file("empty.yaml", "")
    make.finding(make.at("long.json", "0]"))
    make.finding(make.sources["empty.yaml"].span(0, 0))
    first, second = log(make)["results"]
    place = first["locations"][0]["physicalLocation"]
    assert place["region"]["snippet"] == {"text": "0]"}
    assert place["contextRegion"]["snippet"]["text"] == "1," * 50 + "0]"
    region = second["locations"][0]["physicalLocation"]["region"]
    assert (region["startLine"], region["startColumn"], region["endLine"], region["endColumn"]) == (1, 1, 1, 1)


@pytest.mark.parametrize(
    ("text", "marked", "around"),
    [
        ("a\nbc\nd", "bc", "bc\n"),
        ("a\r\nbc\r\nd", "bc", "bc\r\n"),
        ("a\nbc", "bc", "\nbc"),
        ("a\r\nbc", "bc", "\r\nbc"),
        ("bc", "bc", None),
        ("a\nbc\nd", "bc\n", "\nbc\n"),
        ("a\nbc\nde\nf", "bc\nde", "bc\nde\n"),
        ("a\n bc\n de\nf", "bc\n de", " bc\n de"),
    ],
)
def test_context_is_larger_than_its_region(make: Make, text: str, marked: str, around: str | None) -> None:
    make.file("x.txt", text)
    make.finding(make.at("x.txt", marked))
    place = log(make)["results"][0]["locations"][0]["physicalLocation"]
    assert place["region"]["snippet"]["text"] == marked
    assert place.get("contextRegion", {}).get("snippet", {}).get("text") == around


def test_security_alerts(make: Make) -> None:
    make.rules = (a_rule(security=9.8), a_rule("NL403", "masquerade-missing"))
    open_door, other = (rule["properties"] for rule in log(make)["tool"]["driver"]["rules"])
    assert open_door["security-severity"] == "9.8"
    assert "security" in open_door["tags"]
    assert "security-severity" not in other
    assert "security" not in other["tags"]


def test_the_worst_are_kept_when_there_are_too_many(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sarif, "MAX_RESULTS", 3)
    make.file("a.yaml", "a: 1\n")
    at = make.at("a.yaml", "1")
    quiet = Suppression(kind="inline", reason="known")
    make.finding(at, "first", suppressed=quiet)
    make.finding(at, "second", severity=Severity.NOTE)
    make.finding(at, "third", severity=Severity.WARNING)
    make.finding(at, "fourth", severity=Severity.ERROR)
    make.finding(at, "fifth", severity=Severity.NOTE)
    run = log(make)
    assert [result["message"]["text"] for result in run["results"]] == ["second.", "third.", "fourth."]
    (cut,) = run["invocations"][0]["toolExecutionNotifications"]
    assert cut["message"]["text"].startswith("3 of 5 results are in this file")
    assert run["tool"]["driver"]["notifications"][cut["descriptor"]["index"]]["id"] == cut["descriptor"]["id"] == "CUT"


def test_a_file_too_large_for_github_is_cut(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    make.file("a.yaml", "a: 1\n")
    for number in range(64):
        make.finding(make.at("a.yaml", "1"), f"finding {number} {random.Random(number).randbytes(200).hex()}")
    monkeypatch.setattr(sarif, "MAX_COMPRESSED", 14_000)
    run = log(make)
    assert 0 < len(run["results"]) < 64
    assert "of 64 results" in run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"]


def test_messages_have_identifiers_and_text(make: Make) -> None:
    run = full(make)
    for result in run["results"]:
        message = result["message"]
        assert message["arguments"] == [message["text"]]
        assert message["id"] in run["tool"]["driver"]["rules"][result["ruleIndex"]]["messageStrings"]


def test_a_long_place_has_a_context_too(make: Make) -> None:
    text = "a: x\n" + "  - some line of a block\n" * 40 + "b: 1\n"
    make.file("compose.yaml", text)
    make.finding(make.at("compose.yaml", text[7:900]))
    place = log(make)["results"][0]["locations"][0]["physicalLocation"]
    assert "snippet" not in place["region"]
    assert "snippet" not in place["contextRegion"]
    assert place["contextRegion"]["startColumn"] < place["region"]["startColumn"]


def test_hashes_are_those_of_the_file_and_tell_no_secret(make: Make) -> None:
    text = "a: plain\n" + "#\n" * 200 + "password: hunter2\nb: 1\n"
    source = make.file("compose.yaml", text)
    shown = Source("compose.yaml", text.replace("plain", "*****").replace("hunter2", "*******"))
    make.finding(make.at("compose.yaml", "plain"))
    make.finding(make.at("compose.yaml", "hunter2"))
    run = structs.replace(make.run(), sources={"compose.yaml": shown})
    report = json.loads(render(run, originals={"compose.yaml": source}))
    first, second = (one["partialFingerprints"]["primaryLocationLineHash"] for one in report["runs"][0]["results"])
    assert first == line_hashes(text, [1])[1]
    assert second == line_hashes(shown.text, [202])[202]
    assert second != line_hashes(text, [202])[202]


def test_version_control(make: Make, tmp_path: Path) -> None:
    make.file("compose.yaml", "services: {}\n")
    run = structs.replace(make.run(), root=str(tmp_path))
    found = Provenance("https://example.com/a/b", "0" * 40, "main", str(tmp_path))
    (log_run,) = json.loads(render(run, str(tmp_path), found))["runs"]
    assert log_run["versionControlProvenance"] == [
        {
            "repositoryUri": "https://example.com/a/b",
            "revisionId": "0" * 40,
            "branch": "main",
            "mappedTo": {"uriBaseId": "%SRCROOT%"},
        }
    ]
    outside = json.loads(render(run, "/elsewhere", structs.replace(found, root="/elsewhere")))["runs"][0]
    assert "versionControlProvenance" not in outside, "what was checked is not of that repository"


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
