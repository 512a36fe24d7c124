"""The texts of a run. Of many, those that were read before wait in a spool."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netlint.source import Source

if TYPE_CHECKING:
    from netlint.spool import Spool

MUCH = 8 << 20  # characters of texts in memory; what more than that says is 50 MiB and more


class Texts:
    """Makes sources. `spool` is there from when it is needed on."""

    def __init__(self) -> None:
        self.spool: Spool | None = None
        self._unpacked: list[Source] = []  # in the order in which they were made
        self._characters = 0  # in them

    def source(self, path: str, text: str) -> Source:
        source = Source(path, text)
        self._unpacked.append(source)
        self._characters += source.size
        if self._characters > MUCH and len(self._unpacked) > 1:
            from netlint.spool import Spool  # noqa: PLC0415 - for much input only

            self.spool = self.spool or Spool()
            for one in self._unpacked[:-1]:
                one.pack(self.spool)
            self._unpacked, self._characters = [source], source.size
        return source
