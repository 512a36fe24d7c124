"""What the YAML parser says of texts that are no YAML, or stand for too much of it."""

from __future__ import annotations

import pytest

from netlint.parse.tree import Mapping, Node, Problem, Scalar
from netlint.parse.yaml import MAX_ALIASED, MAX_DEPTH, parse
from netlint.source import Source


def read(text: str) -> tuple[Source, list[Node], list[Problem]]:
    source = Source("f.yaml", text)
    return source, *parse(source)


def value(node: Node, key: str) -> object:
    assert isinstance(node, Mapping)
    found = node.get(key)
    assert isinstance(found, Scalar)
    return found.value


@pytest.mark.parametrize(
    ("text", "line", "column", "message", "help"),
    [
        ("a: b: c\n", 1, 5, "mapping values are not allowed in this context", ""),
        ("é: 😀\na: b: c\n", 2, 5, "mapping values are not allowed in this context", ""),
        ("\ufeffé: 1\r\na: b: c\r\n", 2, 5, "mapping values are not allowed in this context", ""),
        ("a:\n  - b\n   c: d\n", 3, 5, "mapping values are not allowed in this context", ""),
        ("a: 'b' c\n", 1, 8, "did not find expected key while parsing a block mapping", "the block mapping begins"),
        ("a: [b\n", 1, 4, "did not find expected ',' or ']'", ""),
        ('a: 1\nb: "c\n', 2, 4, "found unexpected end of stream", ""),
        ("a:\n\t- b\n", 2, 1, "found character that cannot start any token", "indent with spaces"),
        ("a: @b\n", 1, 4, "found character that cannot start any token", "in quotes"),
        ("a: 1\n{% if b %}\nc: 2\n", 2, 1, "found character that cannot start any token", "template"),
        ("a: [b\nc: d\n", 2, 2, "did not find expected ',' or ']'", "the flow sequence begins on line 1"),
        ("a: b\nc\nd: e\n", 2, 1, "could not find expected ':'", ""),
        ("a: b\nc\n", 2, 1, "could not find expected ':'", ""),
    ],
)
def test_syntax_errors(text: str, line: int, column: int, message: str, help: str) -> None:
    source, documents, problems = read(text)
    [problem] = problems
    assert not documents
    assert problem.fatal
    position = source.position(problem.span.start)
    assert (position.line, position.column) == (line, column)
    assert message in problem.message
    assert help in problem.help


def test_documents_before_an_error_are_kept() -> None:
    _, documents, problems = read("a: 1\n---\nb: [\n")
    assert [value(node, "a") for node in documents] == [1]
    assert [problem.fatal for problem in problems] == [False]


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("a: {{ name }}\n", "{ name }", "a mapping stands where a key is expected"),
        ("? [a, b]\n: c\n", "[a, b]", "a list stands where a key is expected"),
        ("a: *x\n", "*x", "alias *x refers to no anchor before it"),
        ("a: &x [1, *x]\n", "*x", "alias *x stands inside what it refers to"),
        ("a: &x {b: {c: *x}}\n", "*x", "alias *x stands inside what it refers to"),
        ("a: b\x00c\n", "\x00", "character U+0000 is not allowed in YAML"),
        ("a: 'b\x1b'\n", "\x1b", "character U+001B is not allowed in YAML"),
        ("a: \udce9\n", "\udce9", "character U+DCE9 is not allowed in YAML"),
    ],
)
def test_problems_that_end_nothing(text: str, place: str, message: str) -> None:
    source, documents, problems = read(f"{text}z: 1\n")
    assert [(source.slice(problem.span), problem.message, problem.fatal) for problem in problems] == [
        (place, message, False)
    ]
    assert value(documents[0], "z") == 1


def test_alias_bomb() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 30)]
    _, documents, problems = read("\n".join(lines))
    assert not documents
    assert [(problem.fatal, problem.message) for problem in problems] == [
        (True, f"the aliases up to this one stand for more than {MAX_ALIASED} nodes")
    ]


def test_merge_bomb() -> None:
    lines = ["a0: &a0 {k0: [x, x, x, x, x, x, x, x, x, x]}"]
    lines += [f"a{n}: &a{n} {{<<: *a{n - 1}, x{n}: *a{n - 1}, y{n}: *a{n - 1}}}" for n in range(1, 60)]
    _, _, problems = read("\n".join(lines))
    assert problems[-1].fatal


@pytest.mark.parametrize(
    "text",
    [
        "[" * 5000,
        "".join("  " * n + "a:\n" for n in range(500)),
        "- " * 500 + "a",
        "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}]\n" for n in range(1, 500)),
    ],
)
def test_nesting_is_bounded(text: str) -> None:
    _, documents, problems = read(text)
    assert not documents
    assert [problem.fatal for problem in problems] == [True]
    assert str(MAX_DEPTH) in problems[0].message
