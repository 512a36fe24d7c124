"""What long work is at, on standard error where that is a terminal. Short work shows nothing and loads nothing."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Any, Self

_PATIENCE = 0.7  # seconds before anything is shown


class Progress:
    """`progress("reading", 3, 12)` says what is going on. Used as a context; all it has shown is gone at its end."""

    def __init__(self, enabled: bool) -> None:
        self._enabled = enabled and sys.stderr.isatty()
        self._now: tuple[str, int, int | None] = ("looking for files", 0, None)
        self._bar: Any = None
        self._task: Any = None

    def __call__(self, what: str, done: int, total: int | None = None) -> None:
        self._now = (what, done, total)
        if self._bar is not None:
            self._bar.update(self._task, description=what, completed=done, total=total)

    def __enter__(self) -> Self:
        if self._enabled:
            import threading  # noqa: PLC0415 - only for a terminal

            self._lock = threading.Lock()
            self._timer = threading.Timer(_PATIENCE, self._show)
            self._timer.daemon = True
            self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        if self._enabled:
            self._timer.cancel()
            with self._lock:
                self._enabled = False
                if self._bar is not None:
                    self._bar.stop()

    def _show(self) -> None:
        """Runs in a thread of its own, beside the work."""
        from rich.console import Console  # noqa: PLC0415 - takes longer than most runs
        from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TextColumn, TimeElapsedColumn  # noqa: PLC0415
        from rich.progress import Progress as Bar  # noqa: PLC0415

        columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        bar = Bar(*columns, TimeElapsedColumn(), console=Console(stderr=True), transient=True)
        with self._lock:
            if self._enabled:
                what, done, total = self._now
                self._task = bar.add_task(what, completed=done, total=total)
                bar.start()
                self._bar = bar
