"""Reads the hosts of a large site: what is read is packed at once, by as many processes as are to be."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec import structs

from netlint.build.site import ReadHost, SiteBuilder, collector_paused
from netlint.hosts import HostInputs
from netlint.model.packed import packed, spooled
from netlint.spool import Spool


def read_packed(
    builder: SiteBuilder,
    groups: Sequence[HostInputs],
    spool: Spool,
    jobs: int,
    progress: Callable[[str, int, int | None], None],
) -> None:
    """Let `builder` take each host, packed, with its long fields and its texts in `spool`."""

    def read(group: HostInputs) -> ReadHost:
        with collector_paused():
            one = builder.read(group)
        return structs.replace(one, host=packed(one.host))

    from netlint.parallel import in_parallel  # noqa: PLC0415 - loads multiprocessing

    waiting: dict[int, ReadHost] = {}
    for done, (number, one) in enumerate(in_parallel(read, groups, jobs)):
        progress("reading", done, len(groups))
        waiting[number] = structs.replace(one, host=spooled(one.host, spool))
        while len(builder.hosts) in waiting:
            builder.take(waiting.pop(len(builder.hosts)))
        for item in groups[number].inputs:
            item.source.whole.pack(spool)
