"""Environment files as systemd and the shells read them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netlint.parse.environment import EnvironmentFile, parse
from netlint.parse.tree import Problem
from netlint.source import Source


def read(text: str) -> tuple[Source, EnvironmentFile, list[Problem]]:
    source = Source("etc/default/docker", text)
    tree, problems = parse(source)
    return source, tree, problems


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ('DOCKER_OPTS="--bip=10.1.0.1/24"', "DOCKER_OPTS", "--bip=10.1.0.1/24"),
        ("OPTIONS='--mtu 1450'\n", "OPTIONS", "--mtu 1450"),
        ("OPTIONS=--icc=false --mtu 1450  \n", "OPTIONS", "--icc=false --mtu 1450"),
        ("  export http_proxy=http://proxy:3128", "http_proxy", "http://proxy:3128"),
        ("A = b", "A", "b"),
        ("A=", "A", ""),
        ('A="b" # why', "A", "b"),
        ("A=b#c", "A", "b#c"),
        ('A="$A --mtu=${MTU}"', "A", "$A --mtu=${MTU}"),
        ('A="b \\\n c"', "A", "b  c"),
        ("A='\n-H fd://\n'", "A", "\n-H fd://\n"),
        (r'A="say \"hi\" \x"', "A", r'say "hi" \x'),
        (r"A='\"'", "A", r"\""),
        ("A=\"b\"'c'd", "A", "bcd"),
    ],
)
def test_values(text: str, name: str, value: str) -> None:
    source, tree, problems = read(text)
    assert problems == []
    (variable,) = tree.variables
    assert (variable.name.text, variable.value.text) == (name, value)
    assert source.slice(variable.name.span) == name
    assert variable.exported == ("export" in text)


def test_places_inside_a_value_with_escapes() -> None:
    source, tree, _ = read('A="x \\\n--mtu=1450 \\"q\\""\n')
    value = tree.variables[0].value
    at = value.text.index("1450")
    assert source.slice(value.part(at, at + 4)) == "1450"
    assert source.slice(tree.variables[0].span) == source.text.rstrip()


def test_comments_are_skipped_and_other_commands_reported() -> None:
    source, tree, problems = read("# a\n; b\n\n. /lib/lsb/init-functions\nA=1\nif true; then\n  B=2\nfi\n")
    assert problems == []
    assert [variable.name.text for variable in tree.variables] == ["A", "B"]
    unread = [source.slice(item.span) for item in tree.unsupported]
    assert unread == [". /lib/lsb/init-functions", "if true; then", "fi"]


def test_an_open_quote_costs_its_line_only() -> None:
    source, tree, problems = read('A="b c\nD=e\n')
    assert [source.slice(problem.span) for problem in problems] == ['"']
    assert [(one.name.text, one.value.text) for one in tree.variables] == [("A", "b c"), ("D", "e")]


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="Ab=\\ \t\n\r\"'#;$x1-", max_size=60))
def test_spans_slice_to_what_they_claim(text: str) -> None:
    source, tree, problems = read(text)
    for variable in tree.variables:
        assert source.slice(variable.name.span) == variable.name.text
        value = variable.value
        assert source.slice(value.span) == value.text if value.verbatim else len(value.offsets) == len(value.text)
        assert variable.span.start <= value.span.start <= value.span.end <= variable.span.end
    for span in [problem.span for problem in problems] + [item.span for item in tree.unsupported]:
        assert source.slice(span)
