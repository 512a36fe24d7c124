"""YAML to trees: content, types and exact places."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from netlint.parse.tree import Mapping, Node, Problem, Scalar, Sequence, duplicate_keys
from netlint.parse.yaml import parse, typed
from netlint.source import Source


def read(text: str) -> tuple[Source, list[Node], list[Problem]]:
    source = Source("f.yaml", text)
    return source, *parse(source)


def document(text: str) -> tuple[Source, Node]:
    source, documents, problems = read(text)
    assert not problems
    [node] = documents
    return source, node


def data(node: Node) -> Any:
    match node:
        case Scalar(value=value):
            return value
        case Sequence(items=items):
            return [data(item) for item in items]
        case Mapping():
            return {key.text: data(value) for key, value in node.items()}


def nodes(node: Node) -> Iterator[Node]:
    yield node
    match node:
        case Sequence(items=items):
            for item in items:
                yield from nodes(item)
        case Mapping(entries=entries):
            for entry in entries:
                yield entry.key
                yield from nodes(entry.value)


def at(node: Node, *path: str | int) -> Any:
    for step in path:
        if isinstance(step, int):
            assert isinstance(node, Sequence)
            node = node.items[step]
        else:
            assert isinstance(node, Mapping)
            found = node.get(step)
            assert found is not None
            node = found
    return node


@pytest.mark.parametrize(
    ("text", "value"),
    [
        # measured with docker compose 2.40.3: x-a: <text>, printed by config
        ("80", 80),
        ("080", 80.0),
        ("0777", 511),
        ("0o17", 15),
        ("0x1F", 31),
        ("-0x10", -16),
        ("0b11", 3),
        ("1_000", 1000),
        ("0_1", 1),
        ("+12", 12),
        ("1.", 1.0),
        (".5", 0.5),
        ("1e3", 1000.0),
        ("1.50", 1.5),
        ("123456789012345678901234567890", 1.2345678901234568e29),
        ("9" * 5000, "9" * 5000),
        ("1e400", "1e400"),
        ("0o8", "0o8"),
        ("22:22", "22:22"),
        ("12:30:45", "12:30:45"),
        ("10.0.0.1", "10.0.0.1"),
        ("2001-01-01", "2001-01-01"),
        ("-", "-"),
        ("true", True),
        ("True", True),
        ("FALSE", False),
        ("on", "on"),
        ("off", "off"),
        ("yes", "yes"),
        ("NO", "NO"),
        ("y", "y"),
        ("null", None),
        ("Null", None),
        ("~", None),
        ("", None),
        ("=", "="),
        (".inf", math.inf),
        ("-.INF", -math.inf),
    ],
)
def test_types(text: str, value: object) -> None:
    assert typed(text) == value
    assert type(typed(text)) is type(value)


def test_nan() -> None:
    assert isinstance(typed(".nan"), float)
    assert typed(".nan") != typed(".nan")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: '80'", "80"),
        ('a: "80"', "80"),
        ("a: !!str 80", "80"),
        ("a: !!int '80'", 80),
        ("a: !<tag:yaml.org,2002:str> 80", "80"),
        ("a: !own 80", 80),
        ("a: |\n  80\n", "80\n"),
        ("a: ! 80", 80),
    ],
)
def test_types_by_style_and_tag(text: str, value: object) -> None:
    _, node = document(text)
    assert data(node) == {"a": value}


@pytest.mark.parametrize(
    ("text", "path", "covers", "content"),
    [
        ("a: b", ("a",), "b", "b"),
        ("a: b # c", ("a",), "b", "b"),
        ("a: 'b c'", ("a",), "'b c'", "b c"),
        ('a: "b"\n', ("a",), '"b"', "b"),
        ("a: 'it''s'", ("a",), "'it''s'", None),
        ('a: "b\\n"', ("a",), '"b\\n"', None),
        ("a: b\n  c\nd: e", ("a",), "b\n  c", None),
        ("a: |\n  b\n\n\nc: d\n", ("a",), "|\n  b", None),
        ("a: >-\n  b\n  c\n\n# d\n", ("a",), ">-\n  b\n  c", None),
        ("é: ü # ö\nb: 日本😀\nc: d", ("b",), "日本😀", "日本😀"),
        ("é: 😀\nc: d", ("c",), "d", "d"),
        ("a: b\r\nc: d\r\n", ("c",), "d", "d"),
        ("\ufeffa: b\nc: 'd'\n", ("c",), "'d'", "d"),
        ("a:\nb: c", ("a",), "", ""),
        ("a: &x b", ("a",), "b", "b"),
        ("a: !t &x 'b'", ("a",), "'b'", "b"),
        ("a: &x !reset\nb: c", ("a",), "", ""),
        ("a: [b, 'c']", ("a", 1), "'c'", "c"),
        ("a: &x b\nc: *x\nd: e", ("c",), "*x", None),
        ("a: [b, {c: d}] # e", ("a",), "[b, {c: d}]", None),
        ("a:\n  b: c\n\n# e\nd: e\n", ("a",), "b: c", None),
        ("a:\n  b:\n    - c\n    - d # e\n\nf:\n", ("a",), "b:\n    - c\n    - d", None),
        ("a:\n- b\n-\nc: d", ("a",), "- b\n-", None),
        ("a: &x !t # e\n  b: c\nd: e", ("a",), "b: c", None),
        ("a: &x\n- b\nd: e", ("a",), "- b", None),
        ("a: !override [1,\n 2]\nd: e", ("a",), "[1,\n 2]", None),
        ("a: &x {}\nb: *x\nc: d", ("b",), "*x", None),
    ],
)
def test_places(text: str, path: tuple[str | int, ...], covers: str, content: str | None) -> None:
    source, root = document(text)
    node = at(root, *path)
    assert source.slice(node.span) == covers
    if isinstance(node, Scalar):
        if content is None:
            assert node.start is None
            assert node.part(0, 1) == node.span
        else:
            assert node.text == content
            assert source.slice(node.part(0, len(content))) == content


def test_anchors_keep_their_places() -> None:
    source, node = document("a: &x\n  b: c\nd: *x\n")
    assert source.slice(at(node, "d").span) == "*x"
    assert source.slice(at(node, "d", "b").span) == "c"
    assert at(node, "d", "b").span == at(node, "a", "b").span


def test_anchor_is_defined_again_and_ends_with_its_document() -> None:
    _, documents, problems = read("a: &x 1\nb: &x 2\nc: *x\n---\nd: *x\n")
    assert data(documents[0])["c"] == 2
    assert [problem.message for problem in problems] == ["alias *x refers to no anchor before it"]
    assert data(documents[1]) == {"d": None}


@pytest.mark.parametrize(
    ("text", "value", "merged"),
    [
        ("x: &x {a: 1, b: 2}\ny:\n  <<: *x\n  b: 3\n", {"a": 1, "b": 3}, ["a"]),
        ("x: &x {a: 1, b: 2}\ny:\n  b: 3\n  <<: *x\n", {"a": 1, "b": 3}, ["a"]),
        ("x: &x {a: 1}\nw: &w {a: 2, b: 4}\ny:\n  <<: [*x, *w]\n", {"a": 1, "b": 4}, ["a", "b"]),
        ("x: &x {a: 1, a: 2}\ny:\n  <<: *x\n", {"a": 2}, ["a"]),
        ("x: &x {a: 1}\nw: &w {<<: *x, b: 2}\ny: {<<: *w, c: 3}\n", {"a": 1, "b": 2, "c": 3}, ["a", "b"]),
        ("y: {<<: {a: 1}, b: 2}\n", {"a": 1, "b": 2}, ["a"]),
        ("y: {'<<': 1}\n", {"<<": 1}, []),
    ],
)
def test_merge_keys(text: str, value: dict[str, object], merged: list[str]) -> None:
    _, root = document(text)
    node = at(root, "y")
    assert data(node) == value
    assert sorted(entry.key.text for entry in node.entries if entry.merged) == merged


def test_merge_of_no_mapping() -> None:
    source, documents, problems = read("a:\n  <<: 1\n  b: 2\n")
    assert [(source.slice(problem.span), problem.fatal) for problem in problems] == [("1", False)]
    assert data(documents[0]) == {"a": {"b": 2}}


def test_tags() -> None:
    _, root = document("a: !reset\nb: !override {c: d}\ne: !reset [f]\n")
    assert [at(root, key).tag for key in "abe"] == ["!reset", "!override", "!reset"]


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("a: 1\nb: 2\n", []),
        ("a: 1\nb: 2\na: 3\n", [("a", 0, 10)]),
        ("a: 1\na: 2\n'a': 3\n", [("a", 0, 5), ("a", 0, 10)]),
        ("a: [{b: 1, b: 2}]\n", [("b", 5, 11)]),
        ("x: &x {a: 1}\ny: {<<: *x, a: 2}\n", []),
        ("x: &x {a: 1, a: 2}\ny: *x\nz: {<<: *x}\n", [("a", 7, 13)]),
        ("x: &x {a: 1}\ny:\n  <<: *x\n  <<: *x\n", [("<<", 18, 27)]),
    ],
)
def test_duplicate_keys(text: str, keys: list[tuple[str, int, int]]) -> None:
    _, root = document(text)
    found = [(again.text, first.span.start, again.span.start) for first, again in duplicate_keys(root)]
    assert found == keys


def test_duplicates_stay_in_order_and_the_last_wins() -> None:
    _, root = document("a: 1\nb: 2\na: 3\n")
    assert isinstance(root, Mapping)
    assert [(entry.key.text, data(entry.value)) for entry in root.entries] == [("a", 1), ("b", 2), ("a", 3)]
    assert data(at(root, "a")) == 3


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("", []),
        ("# nothing\n", []),
        ("a", ["a"]),
        ("---\na: 1\n---\nb: 2\n...\n", [{"a": 1}, {"b": 2}]),
        ("---\n---\n", [None, None]),
        ("%YAML 1.1\n---\na: on\n", [{"a": "on"}]),
        ("- 1\n- [2, {a: 3}]\n", [[1, [2, {"a": 3}]]]),
        ("? a\n: b\n? c\n", [{"a": "b", "c": None}]),
    ],
)
def test_documents(text: str, values: list[object]) -> None:
    _, documents, problems = read(text)
    assert [data(node) for node in documents] == values
    assert not problems


def test_many_uses_of_one_alias_are_no_bomb() -> None:
    text = "x: &x {a: 1, b: [2, 3]}\n" + "".join(f"s{n}:\n  <<: *x\n  c: *x\n" for n in range(3000))
    _, root = document(text)
    assert len(data(root)) == 3001


CASES = [
    "a: é\nb: [1, {c: 'd'}]\n",
    "\ufeffx: &x {a: 1}\r\ny:\r\n  <<: *x\r\n  b: |\r\n    c\r\n\r\nz: !reset\r\n",
    "a: 😀\n---\nb: &b\n- c\n- *b\n",
    "a: 1\n---\nb: [\n",
    "a: b: c\n",
]


@pytest.mark.parametrize("text", CASES)
def test_without_libyaml(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    _, documents, problems = read(text)
    monkeypatch.setitem(sys.modules, "yaml._yaml", None)
    _, same_documents, same_problems = read(text)
    assert same_documents == documents
    assert [problem.fatal for problem in same_problems] == [problem.fatal for problem in problems]


PIECES = st.sampled_from(
    [
        *"ab1:-?,[]{}&*!|>'\"%@#~\n \t\r",
        "\n  ",
        ": ",
        "- ",
        "&a ",
        "*a",
        "<<: ",
        "---\n",
        "é",
        "😀",
        "\ufeff",
        "\x00",
        "!t ",
    ]
)


@example("!\n#\r- ")  # a comment that a lone carriage return ends
@given(st.one_of(st.text(max_size=60), st.lists(PIECES, max_size=40).map("".join)))
def test_every_text_is_read_and_every_span_holds_what_it_claims(text: str) -> None:
    source, documents, problems = read(text)
    for problem in problems:
        assert 0 <= problem.span.start <= problem.span.end <= len(text)
        assert problem.message
    for root in documents:
        list(duplicate_keys(root))
        for node in nodes(root):
            assert 0 <= node.span.start <= node.span.end <= len(text)
            if isinstance(node, Scalar) and node.start is not None:
                assert source.slice(node.part(0, len(node.text))) == node.text
                assert node.span.start <= node.start <= node.start + len(node.text) <= node.span.end


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"])),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.text(st.characters(codec="ascii", exclude_categories=["C"]), max_size=5), inner, max_size=4
        )
    ),
    max_leaves=12,
)


@given(VALUES)
def test_json_is_yaml(value: object) -> None:
    _, root = document(json.dumps(value, ensure_ascii=False))
    assert data(root) == value
