"""What a large site says is looked at seldom and by parts: it waits in a file, and memory does not grow with it."""

from __future__ import annotations

import os
import zlib
from tempfile import TemporaryFile


class Kept:
    """Bytes that wait in a spool; in memory where it could not take them."""

    __slots__ = ("_place", "spool")

    def __init__(self, spool: Spool, place: tuple[int, int] | bytes) -> None:
        self.spool = spool
        self._place = place

    def read(self) -> bytes:
        """The bytes; OSError where the file cannot be read any more."""
        if isinstance(self._place, bytes):
            return zlib.decompress(self._place)
        return zlib.decompress(self.spool.read(*self._place))


class Spool:
    """Keeps bytes, compressed, in a file that has no name and is gone with the last who may read it.

    Processes that are forked off may read what was kept before; only the one that made the spool keeps more. Without a
    place for such a file, or room in it, the rest is kept in memory.
    """

    __slots__ = ("_end", "_file", "_full")

    def __init__(self) -> None:
        self._end = 0
        self._full = False
        try:
            self._file = TemporaryFile(buffering=0)  # noqa: SIM115 - open as long as somebody may read from it
        except OSError:
            self._full = True

    def keep(self, data: bytes) -> Kept:
        small = zlib.compress(data, 1)
        if not self._full:
            try:
                if os.pwrite(self._file.fileno(), small, self._end) == len(small):
                    self._end += len(small)
                    return Kept(self, (self._end - len(small), len(small)))
            except OSError:
                pass
            self._full = True
        return Kept(self, small)

    def read(self, start: int, size: int) -> bytes:
        """The `size` bytes from `start` on; OSError where they cannot be read any more."""
        # at once, as they were written: a regular file gives what it has
        return os.pread(self._file.fileno(), size, start)
