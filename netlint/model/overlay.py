"""Networks that span hosts: swarm mode and weave."""

from __future__ import annotations

from msgspec import Struct

from netlint.model.located import Located
from netlint.prefix import Address, Prefix
from netlint.source import Span

WEAVE_DEFAULT_RANGE = Prefix(4, 10 << 24 | 32 << 16, 12)


class Swarm(Struct, frozen=True, kw_only=True):
    """That the engine is part of a swarm, as `docker info` or a script (`docker swarm init`, `join`) states it.

    Addresses are as written: an address or an interface's name, with or without a port. `default_addr_pool` are the
    ranges that overlay networks get subnets of `pool_length` bits from. `manager`: whether this node is one, `nodes`
    how many there are, `joined` the address of the node that a script joins, `node_address` the one by which the engine
    says that the others know it; each None where it is not known.
    """

    span: Span
    active: bool
    data_path_port: int = 4789
    data_path_port_span: Span | None = None
    advertise_addr: Located[str] | None = None
    listen_addr: Located[str] | None = None
    data_path_addr: Located[str] | None = None
    default_addr_pool: tuple[Located[Prefix], ...] = ()
    pool_length: Located[int] | None = None
    manager: bool | None = None
    nodes: int | None = None
    joined: Located[str] | None = None
    node_address: Located[str] | None = None


class Weave(Struct, frozen=True, kw_only=True):
    """Weave Net as one source sets it up; several sources of a host give several of these.

    `version` comes from the image tag. `fastdp_off` is the setting that switches the fast datapath off, `password` the
    place that switches encryption on (never its value), `range` IPALLOC_RANGE. `not_exported` are settings that the
    script assigns without exporting them, so that weave never sees them. `peers` are the hosts that it is told of.
    """

    span: Span
    version: Located[tuple[int, ...]] | None = None
    fastdp_off: Located[str] | None = None
    password: Span | None = None
    mtu: Located[int] | None = None
    range: Located[Prefix] | None = None
    not_exported: tuple[Located[str], ...] = ()
    peers: tuple[Located[Address], ...] = ()

    @property
    def allocates(self) -> Prefix:
        """The range that weave hands out addresses from."""
        return WEAVE_DEFAULT_RANGE if self.range is None else self.range.value

    @property
    def user_space(self) -> Located[str] | None:
        """What forces packets through user space (sleeve), in words; None where nothing does.

        The fast datapath came with 1.2, its encryption with 1.9, and 2.6.1 was released without it.
        """
        if self.fastdp_off is not None:
            return self.fastdp_off
        if self.version is None:
            return None
        numbers = (*self.version.value, 0, 0)[:3]
        text = f"version {'.'.join(map(str, self.version.value))}"
        if numbers < (1, 2, 0) or numbers == (2, 6, 1):
            return Located(text, self.version.span, self.version.exact)
        if self.password is not None and numbers < (1, 9, 0):
            return Located(f"a password with {text}", self.password, self.version.exact)
        return None
