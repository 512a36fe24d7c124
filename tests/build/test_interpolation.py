"""Variables in values, as docker compose 2.40.3 replaces them where none is set."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netlint.build.interpolation import UNKNOWN, Expanded, expand
from netlint.parse.tree import Mapping, Scalar
from netlint.parse.yaml import parse
from netlint.source import Source


def scalar_of(text: str) -> tuple[Source, Scalar]:
    source = Source("compose.yaml", f"é: '{text}'\n")
    documents, problems = parse(source)
    assert not problems
    [root] = documents
    assert isinstance(root, Mapping)
    node = root.get("é")
    assert isinstance(node, Scalar)
    return source, node


def expanded(text: str) -> tuple[Source, Expanded]:
    source, node = scalar_of(text)
    return source, expand(node)


@pytest.mark.parametrize(
    ("text", "value", "known"),
    [
        ("$A", "1", True),
        ("${A}b", "1b", True),
        ("${A:-d}${A-d}", "11", True),
        ("${A:?no}${A?no}", "11", True),
        ("${A:+alt}${A+a$A}", "alta1", True),
        ("${E}", "", True),
        ("${E:-d}", "d", True),
        ("${E-d}", "", True),
        ("${E:+alt}", "", True),
        ("${E+alt}", "alt", True),
        ("${E:?no}", "${E:?no}", False),
        ("${V:-$A}", "1", True),
        ("$$A", "$A", True),
        ("$V$A", "$V1", False),
        # a value that is not to be seen here stands for itself, whatever the file offers instead
        ("$H", "$H", False),
        ("${H:-d}", "${H:-d}", False),
        ("${H:+alt}", "${H:+alt}", False),
    ],
)
def test_with_an_environment(text: str, value: str, known: bool) -> None:
    result = expand(scalar_of(text)[1], {"A": "1", "E": "", "H": None})
    assert (result.text, result.known) == (value, known)
    assert result.exact is ("$" not in text.replace("$$", ""))


def test_places_with_an_environment() -> None:
    source, node = scalar_of("a${A:-b}:${B}c")
    result = expand(node, {"A": "1", "B": "23"})
    assert result.text == "a1:23c"
    parts = [(0, 1), (1, 2), (0, 2), (2, 3), (3, 5), (4, 6), (5, 6)]
    assert [source.slice(result.part(*part)) for part in parts] == [
        "a", "${A:-b}", "a${A:-b}", ":", "${B}", "${B}c", "c",
    ]  # fmt: skip
    assert not result.unset


def test_a_hidden_variable_is_not_unset() -> None:
    assert not expand(scalar_of("$H")[1], {"H": None}).unset
    assert expand(scalar_of("$H")[1]).unset


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("${V:-d}", "d"),
        ("${V-d}", "d"),
        ("${V:-}", ""),
        ("${V-}", ""),
        ("${V:+alt}", ""),
        ("${V+a-b}", ""),
        ("${V:-a$$b}", "a$b"),
        ("${V:-${W:-x}}", "x"),
        ("${V:-${W:-${X:-y}}}z", "yz"),
        ("${V:-a}b}", "ab}"),
        ("${V:-{}}", "{}"),
        ("${V:-{a}}", "{a}"),
        ("${V:-a:b}", "a:b"),
        ("${V--x}", "-x"),
        ("${V-a-b}", "a-b"),
        ("${V-a:-b}", "a:-b"),
        ("${V:-a?b}", "a?b"),
        ("${V:-$}", "$"),
        ("${V:-/x}", "/x"),
        ("${_X:-1}", "1"),
        ("${NET:-172.22.1}.0/24", "172.22.1.0/24"),
        ("${A:-1}${B:-2}", "12"),
    ],
)
def test_defaults(text: str, value: str) -> None:
    _, result = expanded(text)
    assert (result.text, result.masked, result.known, result.exact, result.error) == (value, value, True, False, None)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("80", "80"),
        ("$$", "$"),
        ("$${V}", "${V}"),
        ("$", "$"),
        ("a$", "a$"),
        ("$1", "$1"),
        ("$(x)", "$(x)"),
        ("$-", "$-"),
    ],
)
def test_no_variable(text: str, value: str) -> None:
    _, result = expanded(text)
    assert (result.text, result.known, result.exact, result.error) == (value, True, True, None)


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("${V}", "????"),
        ("$V-x", "??-x"),
        ("$$$V", "$??"),
        ("${V:?a b}:80", "?????????:80"),
        ("${V?a:-b}", "?????????"),
        ("${V:-${W}-y}", "????-y"),
        ("${V:-$W}", "??"),
        ("${V:-${W:?e}}", "???????"),
        ("10.${A:-0}.${B}.0/24", "10.0.????.0/24"),
    ],
)
def test_unknown(text: str, masked: str) -> None:
    _, result = expanded(text)
    assert result.masked.replace(UNKNOWN, "?") == masked
    assert len(result.text) == len(result.masked)
    assert (result.known, result.exact, result.error) == (False, False, None)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("a ${", "${"),
        ("${}", "${}"),
        ("a ${V b", "${V b"),
        ("${1} b", "${1}"),
        ("${V:} b", "${V:}"),
        ("x${V!}", "${V!}"),
        ("${V.x}", "${V.x}"),
        ("${ V }", "${ V }"),
        ("${V: -d}", "${V: -d}"),
        ("${V:=d}", "${V:=d}"),
        ("${É}", "${É}"),
        ("${V/-d}", "${V/-d}"),
        ("${V:-${W!}}", "${W!}"),
        ("${V:-{}", "${V:-{}"),
        ("${A:-" * 60 + "}" * 60, "${A:-" * 10 + "}" * 10),
    ],
)
def test_errors(text: str, place: str) -> None:
    source, result = expanded(text)
    assert result.error is not None
    assert source.slice(result.error) == place
    assert (result.text, result.known, result.exact) == (text, False, False)
    assert set(result.masked) == {UNKNOWN}


@pytest.mark.parametrize(
    ("text", "part", "place"),
    [
        ("127.0.0.1:8080:80", "8080", "8080"),
        ("${IP:-127.0.0.1}:8080:80", "8080", "8080"),
        ("${IP:-127.0.0.1}:8080:80", "127.0.0.1", "127.0.0.1"),
        ("${NET:-172.22.1}.0/24", "172.22.1.0/24", "${NET:-172.22.1}.0/24"),
        ("a ${P:-${Q:-80}}0 b", "800", "${P:-${Q:-80}}0"),
        ("a ${P:-${Q:-80}}0 b", "80", "80"),
        ("a$$b c", "a$b", "a$$b"),
        ("${A} 10.0.0.1", "10.0.0.1", "10.0.0.1"),
        ("x ${A}", "${A}", "${A}"),
    ],
)
def test_places(text: str, part: str, place: str) -> None:
    source, result = expanded(text)
    start = result.text.index(part)
    assert source.slice(result.part(start, start + len(part))) == place
    assert source.slice(result.span) == text


def test_place_in_text_that_does_not_stand_verbatim() -> None:
    source = Source("compose.yaml", "a: >-\n  ${A:-b}\n  c\n")
    [root], _ = parse(source)
    assert isinstance(root, Mapping)
    node = root.get("a")
    assert isinstance(node, Scalar)
    result = expand(node)
    assert result.text == "b c"
    assert result.part(0, 1) == node.span


@given(st.text("${}:-?+aB1_ \u00e9", max_size=30))
def test_every_text_is_expanded(text: str) -> None:
    source, result = expanded(text)
    assert len(result.text) == len(result.masked)
    assert result.exact <= result.known
    whole = result.span
    for start in range(len(result.text) + 1):
        for end in range(start, len(result.text) + 1):
            span = result.part(start, end)
            assert whole.start <= span.start <= span.end <= whole.end
            if source.slice(span) != result.text[start:end]:
                assert "$" in source.slice(span)
