"""Networks that span hosts: swarm mode and weave."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from netlint.model.located import Located
from netlint.prefix import Address, Prefix
from netlint.source import Span

if TYPE_CHECKING:
    from netlint.model.compose import PublishedPort
    from netlint.model.daemon import EngineVersion

WEAVE_DEFAULT_RANGE = Prefix(4, 10 << 24 | 32 << 16, 12)


class Swarm(Struct, frozen=True, kw_only=True):
    """That the engine is part of a swarm, as `docker info` or a script (`docker swarm init`, `join`) states it.

    Addresses are as written: an address or an interface's name, with or without a port. `default_addr_pool` are the
    ranges that overlay networks get subnets of `pool_length` bits from. `manager`: whether this node is one, `nodes`
    how many there are, `joined` the address of the node that a script joins, `node_address` the one by which the engine
    says that the others know it; each None where it is not known. `pools_known` is False where nothing tells whether
    `default_addr_pool` is all there is.
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
    pools_known: bool = True


class VirtualAddress(Struct, frozen=True):
    """The address of a service on a network (`network` is its id), by which its tasks are reached together."""

    network: str
    address: Located[Address]
    prefix: Prefix


class SwarmService(Struct, frozen=True, kw_only=True):
    """A service as a manager lists it: of its specification only what is about the network.

    `mode` is "replicated" or "global" and `endpoint_mode` "vip" or "dnsrr", each None where the listing does not tell;
    `replicas` is how many tasks there ought to be. `ports` are published by every node (their mode "ingress") or by
    those that run a task ("host"). `networks` are ids, or names where the listing has these.
    """

    name: str
    span: Span
    id: str | None = None
    image: Located[str] | None = None
    mode: str | None = None
    replicas: int | None = None
    endpoint_mode: str | None = None
    ports: tuple[PublishedPort, ...] = ()
    networks: tuple[str, ...] = ()
    addresses: tuple[VirtualAddress, ...] = ()


class SwarmNode(Struct, frozen=True, kw_only=True):
    """A node as a manager lists it. In lower case, None where the listing does not tell: `state` ("ready", "down",
    "unknown", "disconnected"), `availability` ("active", "pause", "drain"), `role` ("manager", "worker") and, of a
    manager, `reachability` ("reachable", "unreachable", "leader"). `address` is where the swarm looks for the node,
    `manager_address` that of its manager with the port, `this` whether the listing was made there."""

    hostname: str
    span: Span
    id: str | None = None
    address: Located[Address] | None = None
    state: str | None = None
    availability: str | None = None
    role: str | None = None
    reachability: str | None = None
    manager_address: Located[str] | None = None
    engine: Located[EngineVersion] | None = None
    this: bool | None = None


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
