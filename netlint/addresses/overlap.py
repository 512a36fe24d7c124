"""Which prefixes overlap. Prefixes nest or are disjoint, so sorting and a stack answer exactly, in O(n log n + pairs).

Sorted by first address and then by length, each prefix follows those that contain it: what is on the stack and does not
end before it is what contains it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from operator import attrgetter
from typing import Any, TypeVar

from netlint.prefix import Prefix

A = TypeVar("A")
B = TypeVar("B")

_PREFIX: Callable[[Any], Prefix] = attrgetter("prefix")
_IPV6 = 1 << 128
_FEW = 8  # how much smaller one side must be than the other for a search to beat a sort


def overlaps(items: Iterable[A], key: Callable[[A], Prefix] = _PREFIX) -> Iterator[tuple[A, A]]:
    """Every pair of items whose prefixes overlap, as (outer, inner); of equal prefixes the earlier item is the outer.

    Pairs come in the order of the inner's prefix, IPv4 before IPv6. A set where many prefixes lie in many others has
    quadratically many pairs; to compare two kinds of things with each other see `overlaps_between`.
    """
    items = list(items)
    stack: list[tuple[int, A]] = []
    for first, last, index in _nested([key(item) for item in items]):
        item = items[index]
        while stack and stack[-1][0] < first:
            stack.pop()
        for _, outer in stack:
            yield outer, item
        stack.append((last, item))


def overlaps_between(
    left: Iterable[A],
    right: Iterable[B],
    left_key: Callable[[A], Prefix] = _PREFIX,
    right_key: Callable[[B], Prefix] = _PREFIX,
) -> Iterator[tuple[A, B]]:
    """Every pair of one item of `left` and one of `right` whose prefixes overlap, whichever contains the other.

    What overlaps within one side costs nothing, and a side with few items keeps the other from being sorted. Pairs come
    in the order of the inner's prefix, IPv4 before IPv6.
    """
    left, right = list(left), list(right)
    if len(left) < len(right) // _FEW:
        right = _touching(right, right_key, map(left_key, left))
    elif len(right) < len(left) // _FEW:
        left = _touching(left, left_key, map(right_key, right))
    lefts: list[tuple[int, A]] = []
    rights: list[tuple[int, B]] = []
    for first, last, index in _nested([*map(left_key, left), *map(right_key, right)]):
        while lefts and lefts[-1][0] < first:
            lefts.pop()
        while rights and rights[-1][0] < first:
            rights.pop()
        if index < len(left):
            one = left[index]
            for _, other in rights:
                yield one, other
            lefts.append((last, one))
        else:
            other = right[index - len(left)]
            for _, one in lefts:
                yield one, other
            rights.append((last, other))


def _touching(items: list[A], key: Callable[[A], Prefix], others: Iterable[Prefix]) -> list[A]:
    """Those of `items` that overlap any of `others`."""
    firsts: list[int] = []
    lasts: list[int] = []
    for first, last, _ in _nested(list(others)):
        if not lasts or first > lasts[-1]:  # else it lies inside the one before
            firsts.append(first)
            lasts.append(last)
    found = []
    for item in items:
        prefix = key(item)
        version, first, length = prefix.version, prefix.first, prefix.length
        if version == 4:
            last = first | ((1 << (32 - length)) - 1)
        else:
            first |= _IPV6
            last = first | ((1 << (128 - length)) - 1)
        at = bisect_right(firsts, last) - 1
        if at >= 0 and lasts[at] >= first:
            found.append(item)
    return found


def _nested(prefixes: list[Prefix]) -> Iterator[tuple[int, int, int]]:
    """First number, last number and index of each prefix, containers before what they contain.

    IPv6 numbers are moved up by 2**128, away from IPv4. Version, address, length and index are packed into one number,
    as numbers sort several times faster than tuples.
    """
    places = len(prefixes).bit_length()
    packed = [
        (((one.first if one.version == 4 else one.first | _IPV6) << 8 | one.length) << places) | index
        for index, one in enumerate(prefixes)
    ]
    packed.sort()
    mask = (1 << places) - 1
    for number in packed:
        first = number >> places
        length = first & 255
        first >>= 8
        bits = 32 if first < _IPV6 else 128
        yield first, first | ((1 << (bits - length)) - 1), number & mask
