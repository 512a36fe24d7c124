"""`netlint check --watch`: check again whenever a file changes."""

from __future__ import annotations

import gc
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator

_PAUSE = 1.0  # seconds between two looks
_LEFT_OUT = frozenset((".git", "node_modules", ".venv", "__pycache__"))
_CLEAR = "\x1b[2J\x1b[3J\x1b[H"


def watch(paths: Iterable[str], check: Callable[[], int], wait: Callable[[float], None] = time.sleep) -> None:
    """Run `check` now and after every change of what lies at `paths`, until the user interrupts."""
    paths = list(paths)
    before: dict[str, tuple[int, int]] | None = None
    while True:
        now = dict(_files(paths))
        if now != before:
            before = now
            if sys.stdout.isatty():
                sys.stdout.write(_CLEAR)
            check()
            print("netlint: watching; Ctrl-C ends it", file=sys.stderr)
            gc.collect()  # it is switched off while a check runs
        wait(_PAUSE)


def _files(paths: Iterable[str]) -> Iterator[tuple[str, tuple[int, int]]]:
    """Time of change and size of each file. A file that goes away while one looks has changed."""
    for path in paths:
        if not os.path.isdir(path):
            yield path, _state(path)
        for folder, inner, names in os.walk(path):
            inner[:] = [name for name in inner if name not in _LEFT_OUT]
            for name in names:
                place = os.path.join(folder, name)
                yield place, _state(place)


def _state(path: str) -> tuple[int, int]:
    try:
        status = os.stat(path)
    except OSError:
        return 0, -1
    return status.st_mtime_ns, status.st_size
