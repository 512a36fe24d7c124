"""What is seen of containers on a running host: they themselves, their network namespaces, who is behind which port."""

from __future__ import annotations

from msgspec import Struct

from netlint.model.compose import PublishedPort
from netlint.model.located import Located
from netlint.prefix import Address
from netlint.source import Span


class Neighbour(Struct, frozen=True):
    """An entry of the neighbour table (ARP). `mac` is None where nobody answered; `state` is the kernel's word in lower
    case, or "incomplete" or "known" where the listing has no states."""

    address: Address
    device: str | None
    mac: str | None
    state: str
    span: Span

    @property
    def answers(self) -> bool:
        return self.state not in ("incomplete", "failed", "none")


class BridgePort(Struct, frozen=True):
    """An interface that is a port of a bridge."""

    bridge: str
    name: str
    span: Span


class ContainerAddress(Struct, frozen=True):
    """A container's place on a network; the address is None where the listing has none."""

    network: str
    address: Address | None
    mac: str | None
    span: Span


class Container(Struct, frozen=True, kw_only=True):
    """A container as the engine lists it. `name` is its id where no listing names it; `mode` its network mode, where
    that is told; `running` is None where it is not told.

    `ports` are the ports it publishes, `networks` its addresses, empty where no listing tells.
    """

    name: str
    span: Span
    id: str | None = None
    image: Located[str] | None = None
    running: bool | None = None
    mode: Located[str] | None = None
    networks: tuple[ContainerAddress, ...] = ()
    ports: tuple[PublishedPort, ...] = ()

    def is_called(self, name: str) -> bool:
        """Whether `name` means this container: its name, or the beginning of its id."""
        return name == self.name or (self.id is not None and len(name) >= 12 and self.id.startswith(name))


class VethPair(Struct, frozen=True):
    """A veth interface of the host and where its other end is: the namespace or container, and the interface in it.

    `how` says by which facts the two were matched, `evidence` where those stand.
    """

    name: str
    inside: str
    interface: str | None
    how: str
    evidence: tuple[Span, ...]
