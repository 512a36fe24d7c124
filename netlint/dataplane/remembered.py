"""Answers that depend on one object of the model alone, found once for each: rules ask them many times over."""

from __future__ import annotations

from _weakref import ref  # without the collections of `weakref`
from collections.abc import Callable, Hashable
from typing import Concatenate, ParamSpec, TypeVar

T = TypeVar("T")
V = TypeVar("V")
P = ParamSpec("P")


def remembered(find: Callable[Concatenate[T, P], V]) -> Callable[Concatenate[T, P], V]:
    """`find`, called once for the same first argument and equal others, as long as the first is in use.

    The same is the same object, of a class that can be referred to weakly: to hash a host takes as long as to ask it.
    What `find` returns must not be changed, nor hold the object.
    """
    known: dict[int, tuple[ref[T], dict[Hashable, V]]] = {}

    def found(one: T, /, *args: P.args, **kwargs: P.kwargs) -> V:
        number = id(one)
        of_one = known.get(number)
        if of_one is None:
            of_one = known[number] = ref(one, lambda _: known.pop(number, None)), {}
        key = (args, *sorted(kwargs.items())) if kwargs else args
        answers = of_one[1]
        if key not in answers:
            answers[key] = find(one, *args, **kwargs)
        return answers[key]

    return found
