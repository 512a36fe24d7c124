"""Answers that depend on one object of the model alone, found once for each: rules ask them many times over."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Concatenate, ParamSpec, TypeVar

T = TypeVar("T")
V = TypeVar("V")
P = ParamSpec("P")

_MOST = 4096  # answers of one function that are remembered


def remembered(find: Callable[Concatenate[T, P], V]) -> Callable[Concatenate[T, P], V]:
    """`find`, called once for the same first argument (the same object, as to hash a host takes as long as to ask it)
    and equal others. What it returns must not be changed."""
    known: dict[Hashable, tuple[T, V]] = {}  # with the object, so that its id stays its own

    def found(one: T, /, *args: P.args, **kwargs: P.kwargs) -> V:
        key = (id(one), *args, *sorted(kwargs.items()))
        answer = known.get(key)
        if answer is None:
            if len(known) >= _MOST:
                known.clear()
            answer = known[key] = one, find(one, *args, **kwargs)
        return answer[1]

    return found
