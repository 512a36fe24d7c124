"""Work on several processors: processes that fork off take parts of it until none is left."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

T = TypeVar("T")


class _Work:
    """What the processes inherit; nothing but results goes from one to the other."""

    parts: Sequence[Any] = ()
    do: Callable[[Any], Any]


def in_parallel(do: Callable[[Any], T], parts: Sequence[Any], jobs: int) -> Iterator[tuple[int, T]]:
    """What `do` returns for each part, with the number of the part, in the order in which they are done: by `jobs`
    processes, by this one where it cannot fork."""
    if jobs < 2 or len(parts) < 2 or "fork" not in multiprocessing.get_all_start_methods():
        for number, part in enumerate(parts):
            yield number, do(part)
        return
    _Work.parts, _Work.do = parts, staticmethod(do)
    with multiprocessing.get_context("fork").Pool(min(jobs, len(parts))) as pool:
        yield from pool.imap_unordered(_one, range(len(parts)))
    _Work.parts = ()


def _one(number: int) -> tuple[int, Any]:
    return number, _Work.do(_Work.parts[number])
