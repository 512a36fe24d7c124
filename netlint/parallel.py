"""Work on several processors: processes that fork off take parts of it until none is left."""

from __future__ import annotations

import multiprocessing
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from typing import Any, TypeVar

T = TypeVar("T")


class _Work:
    """What the processes inherit; nothing but results goes from one to the other."""

    parts: Sequence[Any] = ()
    do: Callable[[Any], Any]


def in_parallel(do: Callable[[Any], T], parts: Sequence[Any], jobs: int) -> Iterator[tuple[int, T]]:
    """What `do` returns for each part, with the number of the part, in the order in which they are done: by `jobs`
    processes, and by this one where it cannot fork or one of them ends before its work does, as for want of memory."""
    left = dict.fromkeys(range(len(parts)))
    if jobs > 1 and len(parts) > 1 and _may_fork():
        _Work.parts, _Work.do = parts, staticmethod(do)
        pool = ProcessPoolExecutor(min(jobs, len(parts)), multiprocessing.get_context("fork"))
        try:
            for future in as_completed([pool.submit(_one, number) for number in left]):
                number, result = future.result()
                del left[number]
                yield number, result
        except BrokenProcessPool:
            pass
        finally:
            pool.shutdown(cancel_futures=True)
            _Work.parts = ()
    for number in left:
        yield number, do(parts[number])


def _may_fork() -> bool:
    """Whether a copy of this process can go on: not one with diagrams of oxidd, whose threads it would lack."""
    return "fork" in multiprocessing.get_all_start_methods() and "oxidd" not in sys.modules


def _one(number: int) -> tuple[int, Any]:
    return number, _Work.do(_Work.parts[number])
