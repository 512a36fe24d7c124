"""JSON: documents with spans, what is tolerated around and inside them, and what is made of errors."""

from __future__ import annotations

import json as standard
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from netlint.parse import json
from netlint.parse.tree import Mapping, Node, Scalar, Sequence
from netlint.source import Source

CORPUS = Path(__file__).resolve().parents[2] / "../shared/corpus"


def plain(node: Node) -> Any:
    """The Python value of a tree; the last of equal keys wins."""
    match node:
        case Scalar():
            return node.value
        case Mapping():
            return {key.text: plain(value) for key, value in node.items()}
        case Sequence():
            return [plain(item) for item in node.items]


def read(text: str) -> tuple[list[Any], list[tuple[str, str]]]:
    """The documents as Python values, and of each problem its place's text and its message."""
    source = Source("x.json", text)
    documents, problems = json.parse(source)
    return [plain(node) for node in documents], [(source.slice(p.span), p.message) for p in problems]


def nodes(node: Node) -> Iterator[Node]:
    yield node
    match node:
        case Mapping():
            for entry in node.entries:
                yield entry.key
                yield from nodes(entry.value)
        case Sequence():
            for item in node.items:
                yield from nodes(item)


def check_spans(text: str) -> None:
    source = Source("x.json", text)
    documents, problems = json.parse(source)
    for problem in problems:
        assert 0 <= problem.span.start < problem.span.end <= len(text)
    for document in documents:
        for node in nodes(document):
            covered = source.slice(node.span)
            match node:
                case Mapping():
                    assert covered[0] == "{"
                case Sequence():
                    assert covered[0] == "["
                case Scalar() if node.start is not None:
                    assert text[node.start :].startswith(node.text)
                    assert source.slice(node.part(0, len(node.text))) == node.text
                    assert covered in (node.text, f'"{node.text}"', f'"{node.text}')
                case Scalar():
                    assert covered[0] == covered[-1] == '"'


def test_spans_and_types() -> None:
    text = '{"a": "x/y", "b": "\\u00e4", "n": [-1, 2.5, 1e3], "t": true, "z": null}'
    source = Source("x.json", text)
    (document,), problems = json.parse(source)
    assert problems == []
    assert isinstance(document, Mapping)
    assert source.slice(document.span) == text
    a, b = document.get("a"), document.get("b")
    assert isinstance(a, Scalar)
    assert (source.slice(a.span), a.start, source.slice(a.part(2, 3))) == ('"x/y"', 7, "y")
    assert isinstance(b, Scalar)
    assert (b.text, b.value, b.start, source.slice(b.part(0, 1))) == ("ä", "ä", None, '"\\u00e4"')
    n = document.get("n")
    assert isinstance(n, Sequence)
    assert [(type(i.value), i.plain) for i in n.items if isinstance(i, Scalar)] == [
        (int, True),
        (float, True),
        (float, True),
    ]
    assert plain(document)["t"] is True
    assert plain(document)["z"] is None


def test_duplicate_keys_stay_and_the_last_wins() -> None:
    (document,), problems = json.parse(Source("x", '{"a": 1, "a": 2}'))
    assert isinstance(document, Mapping)
    assert [entry.key.text for entry in document.entries] == ["a", "a"]
    assert (plain(document), problems) == ({"a": 2}, [])


@pytest.mark.parametrize(
    ("text", "documents"),
    [
        ("", []),
        (" \n", []),
        ("\ufeff{}", [{}]),
        ("[]{}", [[], {}]),
        ('{"a": 1}\n{"a": 2}\n', [{"a": 1}, {"a": 2}]),
        ("null\n", [None]),
        ('"x"', ["x"]),
        ("$ docker network inspect web\n[1]\n", [[1]]),
        ("node1$ docker network inspect web\n[1]\nnode1$ \n", [[1]]),
        ("[root@box ~]# docker inspect a\n[1]\n[root@box ~]# docker inspect b\n[2]\n[root@box ~]#", [[1], [2]]),
        ("admin@box:~/net$ docker info -f json\r\n{}\r\n", [{}]),
        ("# docker network inspect web\n[1]", [[1]]),
        ("HTTP/1.1 200 OK\nContent-Type: application/json\n\n[1]", [[1]]),
        ("POST /v1.21/networks/create HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}", [{}]),
        ('["\\ud83d\\ude00"]', [["😀"]]),
        ('["\\ud83d"]', [["\ufffd"]]),
    ],
)
def test_documents_without_problems(text: str, documents: list[Any]) -> None:
    assert read(text) == (documents, [])


COMMENT = "JSON has no comments"
MARK = "this is a mark of a template"
NO_VALUE = "this is no JSON value"
NO_DOCUMENT = "this is no JSON document"
NO_PART = "this text is no part of a JSON document"
NO_QUOTE = "this string has no closing quote"


@pytest.mark.parametrize(
    ("text", "documents", "problems"),
    [
        ('{"a": 1, // one\n // two\n "b": 2}', [{"a": 1, "b": 2}], [("// one\n // two", COMMENT)]),
        ('# c\n{"a": /* x */ 1}', [{"a": 1}], [("# c", COMMENT), ("/* x */", COMMENT)]),
        ("[1, 2,]", [[1, 2]], [(",", "JSON has no comma before ]")]),
        ('{"a": 1,\n}', [{"a": 1}], [(",", "JSON has no comma before }")]),
        ("[,1]", [[1]], [(",", "a value is missing before this comma")]),
        ("[1,,2]", [[1, 2]], [(",", "a value is missing before this comma")]),
        ('{"a": 1\n "b": 2}', [{"a": 1, "b": 2}], [('"', "a comma is missing before this")]),
        ("[1 2]", [[1, 2]], [("2", "a comma is missing before this")]),
        ('{"a": 1 x, "b": 2}', [{"a": 1, "b": 2}], [("x", ", or } is due here")]),
        ('{"a" 1, "b": 2}', [{"b": 2}], [('"a"', "a colon and a value are missing after this key")]),
        ('{"a": , "b": 2}', [{"b": 2}], [(",", "a value is missing before ,")]),
        ('{"a":}', [{}], [("}", "a value is missing before }")]),
        ('{a: [1, 2], "c": 3}', [{"c": 3}], [("a", "a key must be a string in double quotes")]),
        ("{\"b\": 'x, y', \"c\": 3}", [{"c": 3}], [("'x, y'", NO_VALUE)]),
        ('{"a": True, "b": 2}', [{"b": 2}], [("True", NO_VALUE)]),
        ("[NaN, -Infinity, 01, +1, .5, 0x1, 1]", [[1]], [(t, NO_VALUE) for t in "NaN -Infinity 01 +1 .5 0x1".split()]),
        ('{"a": 10.0.0.1/24, "b": 2}', [{"b": 2}], [("10.0.0.1/24", NO_VALUE)]),
        ("[1e999]", [[]], [("1e999", "this number is out of range")]),
        ('{"a": {{ x }}, "b": 2}', [{"b": 2}], [("{{ x }}", MARK)]),
        ('{"a": [ $HOSTS ], "b": ${B:-1}/x, "c": 3}', [{"a": [], "c": 3}], [("$HOSTS", MARK), ("${B:-1}", MARK)]),
        ('{\n{% if x %}\n"a": 1\n{% endif %}\n}', [{"a": 1}], [("{% if x %}", MARK), ("{% endif %}", MARK)]),
        ('{"a": bad {"x, [": ["]"]} // it, is\n, "b": 2}', [{"b": 2}], [("bad", NO_VALUE)]),
        ('["a\\qb", 1]', [["a\\qb", 1]], [("\\q", "JSON has no such escape")]),
        ('["a\tb", 1]', [["a\tb", 1]], [("\t", "a control character must be written as an escape")]),
        ('{"a": "x\n, "b": 2}', [{"a": "x", "b": 2}], [('"x', NO_QUOTE)]),
        ('{"a":\xa01}', [{"a": 1}], [("\xa0", "U+00A0 is no white space of JSON")]),
        ('{"a": [1, 2}', [{"a": [1, 2]}], [("}", "] is due here")]),
        ("[1}, 2]", [[1, 2]], [("}", "] is due here")]),
        ('{"a": [{"b": 1,', [{"a": [{"b": 1}]}], [(",", "the text ends where }]} is due")]),
        ('{"a"', [{}], [('"', "the text ends where } is due")]),
        ("[1]\nsome words\nmore\n[2]\nend", [[1], [2]], [("some words\nmore", NO_PART), ("end", NO_PART)]),
        ('"a": 1,\n"b": {\n}\n', [], [('"a": 1,', NO_DOCUMENT)]),
        ("  ],\n  {}\n}", [], [("],", NO_DOCUMENT)]),
        ("not json", [], [("not json", NO_DOCUMENT)]),
        ("{{ config | to_json }}", [], [("{{ config | to_json }}", NO_DOCUMENT)]),
    ],
)  # fmt: skip
def test_problems(text: str, documents: list[Any], problems: list[tuple[str, str]]) -> None:
    assert read(text) == (documents, problems)
    check_spans(text)


@pytest.mark.parametrize(("text", "fatal"), [("not json", True), ("[1] x", False), ("# c", False)])
def test_fatal_is_what_leaves_nothing(text: str, fatal: bool) -> None:
    assert [problem.fatal for problem in json.parse(Source("x", text))[1]] == [fatal]


def test_a_secret_that_lacks_its_quotes_is_not_repeated() -> None:
    _, problems = json.parse(Source("x", '{"token": hunter2, "other" hunter3}'))
    assert len(problems) == 2
    assert "hunter" not in " ".join(problem.message + problem.help for problem in problems)


@pytest.mark.parametrize("bracket", ["[", '{"a":', '[{"a":['])
def test_deep_nesting_is_a_problem_and_no_crash(bracket: str) -> None:
    documents, problems = json.parse(Source("x", bracket * 50_000))
    assert len(documents) == 1
    assert any("deeper than" in problem.message for problem in problems)


def test_what_follows_too_deep_a_value_is_read() -> None:
    deep = "[" * 500 + "]" * 500
    documents, problems = read(f'{{"a": {deep}, "b": 2}}')
    assert documents[0]["b"] == 2
    assert len(problems) == 1


def test_depth_below_the_limit_is_kept() -> None:
    text = "[" * json.MAX_DEPTH + "]" * json.MAX_DEPTH
    assert read(text) == ([standard.loads(text)], [])


# Each of these took quadratic time in some reader of JSON.
@pytest.mark.parametrize("part", ["{{", "[", '"', "a@b:", '{"a": "', "[ #", "[1 //", "$ ", "x\n", '["\\"', "/*"])
def test_time_grows_with_the_text_alone(part: str) -> None:
    started = time.perf_counter()
    json.parse(Source("x", part * 30_000))
    assert time.perf_counter() - started < 5


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=12,
)


@given(st.lists(VALUES) | st.dictionaries(st.text(), VALUES), st.sampled_from([None, 0, 4]), st.booleans())
@settings(max_examples=200)
def test_reads_what_the_standard_library_writes(value: Any, indent: int | None, ascii_only: bool) -> None:
    text = standard.dumps(value, indent=indent, ensure_ascii=ascii_only)
    assert read(text) == ([value], [])
    check_spans(text)


@given(st.text(alphabet=st.sampled_from('{}[]:,"\\/#*$%- \n\ta1e.truefalsn\ud800ä\xa0'), max_size=60) | st.text())
@settings(max_examples=300)
@example("[\x1f")
def test_any_text(text: str) -> None:
    check_spans(text)


@given(st.data())
@settings(max_examples=300)
def test_agrees_with_the_standard_library_on_what_is_json(data: st.DataObject) -> None:
    """One change to a document: it is read without a problem exactly where it is JSON still."""
    text = standard.dumps(
        {"a": [1, "x", {"b": None}], "c": [True, -2.5], "d": ""}, indent=data.draw(st.none() | st.just(1))
    )
    at = data.draw(st.integers(1, len(text) - 1))
    gone = data.draw(st.integers(0, 2))
    text = text[:at] + data.draw(st.text(alphabet='{}[],:"01e.- \\nt', max_size=2)) + text[at + gone :]
    documents, problems = read(text)
    try:
        expected = standard.loads(text)
    except ValueError:
        assert problems or len(documents) != 1
    else:
        assert (documents, problems) == ([expected], [])


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of real files is not beside the project")
def test_real_files_are_read_as_the_standard_library_reads_them() -> None:
    seen = 0
    for index in ("daemon.jsonl", "dumps.jsonl"):
        for line in (CORPUS / index).read_text().splitlines():
            entry = standard.loads(line)
            if "daemon.json" in entry["kind"] or entry["kind"] == "docker-network-inspect":
                text = (CORPUS / entry["file"]).read_text()
                check_spans(text)
                try:
                    expected = standard.loads(text)
                except ValueError:
                    continue
                assert read(text) == ([expected], []), entry["file"]
                seen += 1
    assert seen > 30
