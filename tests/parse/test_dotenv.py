"""Environment files of Compose, as docker compose 2.40.3 reads them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netlint.parse.dotenv import parse
from netlint.source import Source


@pytest.mark.parametrize(
    ("text", "variables"),
    [
        ("", []),
        ("# only\n\n  # comments\n", []),
        ("A=1", [("A", "1", False)]),
        ("A=1\r\nB=2\r\n", [("A", "1", False), ("B", "2", False)]),
        ("\ufeffA=1\n", [("A", "1", False)]),
        ("export A=1\n", [("A", "1", False)]),
        ("A = 1 \n", [("A", "1", False)]),
        ("A: 1\n", [("A", "1", False)]),
        ("A=\n", [("A", "", False)]),
        ("A\nB=2\n", [("A", None, False), ("B", "2", False)]),
        ("A=a b # c\nB=a#b\n", [("A", "a b", False), ("B", "a#b", False)]),
        ("A='a $B'\n", [("A", "a $B", True)]),
        ('A="a $B" # c\n', [("A", "a $B", False)]),
        ("A='x\ny'\nB=2\n", [("A", "x\ny", True), ("B", "2", False)]),
        ('A="a\\nb"\n', [("A", None, False)]),
        ("A==1\n", [("A", "=1", False)]),
        ("A=1 B=2\n", [("A", "1 B=2", False)]),
        ("A.b-c[0]=1\n", [("A.b-c[0]", "1", False)]),
        ("=x\nA=1\n", [("A", "1", False)]),
    ],
)
def test_variables(text: str, variables: list[tuple[str, str | None, bool]]) -> None:
    tree, problems = parse(Source(".env", text))
    assert [(one.name, one.value, one.literal) for one in tree.variables] == variables
    assert tree.invalid is None
    assert not problems


@pytest.mark.parametrize("text", ["my word=1", "A=1\nB C\n", "a+b=1", '"A"=1', "A='x", 'A="x\ny'])
def test_refused(text: str) -> None:
    tree, problems = parse(Source(".env", text))
    assert tree.invalid is not None
    assert not problems  # a report would quote the line


@given(st.text(alphabet="AB_=:'\"\\$#{}[]. \t\r\n\ufeffé", max_size=60))
def test_every_text_is_read(text: str) -> None:
    source = Source(".env", text)
    tree, problems = parse(source)
    assert not problems
    for one in tree.variables:
        assert source.slice(one.span) == one.name
    assert tree.invalid is None or 0 <= tree.invalid.start <= len(text)
