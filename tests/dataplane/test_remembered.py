"""Answers that are found once for each object."""

from __future__ import annotations

import gc

from msgspec import Struct

from netlint.dataplane.remembered import remembered


class _Thing(Struct, frozen=True, weakref=True):
    name: str


def test_it_is_asked_once_for_the_same_object_and_arguments() -> None:
    asked = []

    @remembered
    def find(thing: _Thing, number: int) -> str | None:
        asked.append((thing.name, number))
        return None if number == 2 else thing.name * number

    one, equal = _Thing("a"), _Thing("a")
    assert [find(one, 3), find(one, 3), find(one, 2), find(one, 2), find(equal, 3)] == ["aaa", "aaa", None, None, "aaa"]
    assert asked == [("a", 3), ("a", 2), ("a", 3)]


def test_it_forgets_with_the_object() -> None:
    asked = []

    @remembered
    def find(thing: _Thing) -> str:
        asked.append(thing.name)
        return thing.name

    for name in "abc":  # each may get the place in memory, and so the id, of the one before
        thing = _Thing(name)
        assert find(thing) == name
        del thing
        gc.collect()
    assert asked == ["a", "b", "c"]
