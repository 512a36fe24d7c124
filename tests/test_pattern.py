"""Patterns that are compiled when they are used."""

import re

import pytest

from netlint.pattern import pattern


def test_it_matches_as_a_compiled_one_does() -> None:
    late = pattern(r"(?P<letter>[a-z])\d", re.IGNORECASE)
    found = late.match("A1b2")
    assert found is not None
    assert found["letter"] == "A"
    assert late.findall("A1b2") == ["A", "b"]
    assert late.sub("x", "A1b2") == "xx"


def test_a_wrong_one_fails_at_its_first_use() -> None:
    late = pattern("(")
    with pytest.raises(re.error):
        late.search("")


def test_it_has_the_methods_that_match_and_no_others() -> None:
    with pytest.raises(AttributeError):
        pattern("a").pattern  # noqa: B018
