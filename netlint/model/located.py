"""A value and the place that states it."""

from __future__ import annotations

from typing import Generic, TypeVar

from msgspec import Struct

from netlint.source import Span

T = TypeVar("T")


class Located(Struct, Generic[T], frozen=True):
    """A value with its place. `exact` is False where a variable decides it and `value` rests on its default."""

    value: T
    span: Span
    exact: bool = True
