"""Annotations, read back as the runner of GitHub Actions reads its workflow commands (src/Runner.Common)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from netlint.finding import Label, Severity, Suppression, Witness
from netlint.report.github import command, render
from netlint.report.terminal import clean

if TYPE_CHECKING:
    from tests.report.conftest import Make


class Command(NamedTuple):
    name: str
    properties: dict[str, str]
    data: str


def read(line: str) -> Command:
    """The runner's reading of a line that starts with `::`; its order of replacements is kept."""
    assert line.startswith("::")
    end = line.index("::", 2)
    name, _, rest = line[2:end].partition(" ")
    properties = {}
    for part in rest.split(","):
        key, _, value = part.partition("=")
        for escape, meant in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
            value = value.replace(escape, meant)
        properties[key] = value
    data = line[end + 2 :]
    for escape, meant in (("%0D", "\r"), ("%0A", "\n"), ("%25", "%")):
        data = data.replace(escape, meant)
    return Command(name, properties, data)


def commands(make: Make) -> list[Command]:
    return [read(line) for line in render(make.run()).splitlines()]


def test_an_annotation_has_place_and_cause(make: Make) -> None:
    make.file("a/compose.yaml", "a:\n  subnet: 10.0.0.0/8\n")
    make.file("routes.txt", "10.1.0.0/16 via 10.0.0.1\n")
    make.finding(
        make.at("a/compose.yaml", "10.0.0.0/8"),
        "subnet 10.0.0.0/8 contains a route",
        help="another range",
        related=(Label(make.at("routes.txt", "10.1.0.0/16"), "the route"),),
        witness=Witness("tcp 10.0.0.1 > 10.1.0.2", ()),
    )
    assert commands(make) == [
        Command(
            "error",
            {
                "title": "netlint NL101 subnet-overlap",
                "file": "a/compose.yaml",
                "line": "2",
                "endLine": "2",
                "col": "11",
                "endColumn": "21",
            },
            "subnet 10.0.0.0/8 contains a route\nroutes.txt:1: the route\nhelp: another range\n"
            "witness: tcp 10.0.0.1 > 10.1.0.2",
        )
    ]


def test_several_lines_have_no_columns(make: Make) -> None:
    make.file("a.yaml", "a:\n  b:\n  c:\n")
    make.finding(make.at("a.yaml", "a:\n  b:\n"), severity=Severity.WARNING)
    make.finding(make.at("a.yaml", "a:\n"), severity=Severity.NOTE)
    many, one = commands(make)
    assert (many.name, many.properties["line"], many.properties["endLine"]) == ("warning", "1", "2")
    assert "col" not in many.properties
    assert (one.name, one.properties["endLine"], one.properties["endColumn"]) == ("notice", "1", "4")


def test_suppressed_findings_are_left_out(make: Make) -> None:
    make.file("a.yaml", "a: 1\n")
    make.finding(make.at("a.yaml", "1"), suppressed=Suppression(kind="inline", reason="known"))
    assert commands(make) == []


def test_more_than_github_shows_are_announced(make: Make) -> None:
    make.file("a.yaml", "a: 1\n")
    for _ in range(11):
        make.finding(make.at("a.yaml", "1"))
    first, *others = commands(make)
    assert first.name == "notice"
    assert "found 11 errors" in first.data
    assert len(others) == 11


def test_hostile_names_stay_inside(make: Make) -> None:
    name = "a::error title=x::y,line=9%0A::add-mask::z\n::stop-commands::t.yaml"
    make.file(name, "a: 1\n")
    make.finding(make.at(name, "1"), "network \r\n::error::gone ##[error]% %0A\x1b[31m is bad")
    (one,) = commands(make)
    assert one.properties["file"] == clean(name)
    assert one.data == clean("network \r\n::error::gone ##[error]% %0A\x1b[31m is bad")


@given(st.text(), st.text())
def test_values_come_through(value: str, data: str) -> None:
    line = command("error", {"title": value}, clean(data))
    assert len(line.splitlines()) == 1
    assert read(line) == Command("error", {"title": clean(value)}, clean(data))


def test_paths_are_those_of_the_checkout(make: Make, tmp_path: object) -> None:
    make.file("compose.yaml", "a: 1\n")
    make.finding(make.at("compose.yaml", "1"))
    root = str(tmp_path)
    run = structs.replace(make.run(), root=root)
    (line,) = render(run, checkout=root.rpartition("/")[0]).splitlines()
    assert read(line).properties["file"] == f"{root.rpartition('/')[2]}/compose.yaml"
