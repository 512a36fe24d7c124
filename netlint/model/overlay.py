"""Networks that span hosts: swarm mode and weave."""

from __future__ import annotations

from msgspec import Struct

from netlint.model.located import Located
from netlint.prefix import Prefix
from netlint.source import Span


class Swarm(Struct, frozen=True, kw_only=True):
    """That the engine is part of a swarm, as `docker info` or a script states it."""

    span: Span
    active: bool
    data_path_port: int = 4789


class Weave(Struct, frozen=True, kw_only=True):
    """Weave Net as one source sets it up; several sources of a host give several of these.

    `version` comes from the image tag. `fastdp_off` is the setting that forces the user-space path (sleeve),
    `password` the place that switches encryption on (never its value), `range` IPALLOC_RANGE.
    """

    span: Span
    version: Located[tuple[int, ...]] | None = None
    fastdp_off: Located[str] | None = None
    password: Span | None = None
    mtu: Located[int] | None = None
    range: Located[Prefix] | None = None
