"""What a host does with a packet: the record of one way through it."""

from __future__ import annotations

from msgspec import Struct

from netlint.dataplane.packet import Packet
from netlint.dataplane.routing import Hop
from netlint.dataplane.walk import Passage
from netlint.model.host import Host
from netlint.model.netfilter import FirewallRule
from netlint.prefix import Address
from netlint.source import Span


class Leg(Struct, frozen=True, kw_only=True):
    """The way of a packet through one host.

    `entered` is the packet as it came or was made, `left` as it goes on or was lost. `verdict` is "accepted",
    "dropped", "rejected" or "unroutable". A packet that is accepted either is for the host itself (`delivered`) or
    leaves by `left.out_interface`, to the next hop `via` if that is not its destination. `bridged`: it never came to
    the router, only along one bridge.

    `certain` is False where the verdict or what the packet is then rests on something that is not known; `doubts` say
    on what. `source_rule` and `destination_rule` are those that translated; `chosen` says what of the result is the
    kernel's choice. `decided` is the rule, policy, route or setting that lost the packet, `hop` the last answer of the
    routing.
    """

    host: Host
    entered: Packet
    left: Packet
    verdict: str
    steps: tuple[Passage, ...]
    certain: bool
    doubts: tuple[Passage, ...] = ()
    delivered: bool = False
    bridged: bool = False
    via: Address | None = None
    source_rule: FirewallRule | None = None
    destination_rule: FirewallRule | None = None
    chosen: str = ""
    decided: Span | None = None
    hop: Hop | None = None

    @property
    def accepted(self) -> bool:
        return self.verdict == "accepted"
