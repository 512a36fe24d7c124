"""The JUnit report is valid for what Jenkins takes, whatever the input holds."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree

import pytest

from netlint.finding import Severity, Suppression
from netlint.report.junit import render

if TYPE_CHECKING:
    from tests.report.conftest import Make


def suites(make: Make) -> ElementTree.Element:
    text = render(make.run())
    root = ElementTree.fromstring(text)
    for part in root.iter("testsuite"):
        assert int(part.attrib["tests"]) == len(part.findall("testcase"))
        assert int(part.attrib["failures"]) == len(part.findall("testcase/failure"))
        assert int(part.attrib["skipped"]) == len(part.findall("testcase/skipped"))
    assert int(root.attrib["tests"]) == len(root.findall("testsuite/testcase"))
    assert int(root.attrib["failures"]) == len(root.findall("testsuite/testcase/failure"))
    return root


def full(make: Make) -> None:
    make.file("a.yaml", "a: 1\n")
    make.file("clean.yaml", "b: 1\n")
    make.file("ps.txt", "", format="docker-ps", status="unread", reason="netlint does not read it yet")
    make.finding(make.at("a.yaml", "1"), "subnet <b> & \"c\" is 'taken'", label="here ]]>")
    make.finding(make.at("a.yaml", "1"), severity=Severity.NOTE, suppressed=Suppression(kind="inline", reason="a lab"))


def test_files_are_suites(make: Make) -> None:
    full(make)
    first, clean, unread = suites(make)
    failure, skipped = first.findall("testcase")
    (reason,) = failure
    assert failure.attrib == {"name": "NL101 subnet-overlap, line 1", "classname": "a.yaml"}
    assert reason.attrib == {"type": "error", "message": "subnet <b> & \"c\" is 'taken'"}
    assert "1 | a: 1" in (reason.text or "")
    assert "here ]]>" in (reason.text or "")
    assert skipped.find("skipped") is not None
    assert [case.attrib["name"] for case in clean] == ["no findings"]
    assert unread.find("testcase/skipped") is not None, "what was not read has not passed"


def test_schema(make: Make) -> None:
    schema = pytest.importorskip("xmlschema", reason="xmlschema is not installed (pip install -e '.[dev]')")
    full(make)
    name = "weird \x00\x1b[31m\ufffe\uffff\udc80\u2028 name"
    make.file(name, "a: \x08\x0c\uffff 1\n")
    make.finding(make.at(name, "1"), "message with \x01 and \ud800")
    suites(make)
    schema.XMLSchema(str(Path(__file__).parent / "junit.xsd")).validate(render(make.run()))
