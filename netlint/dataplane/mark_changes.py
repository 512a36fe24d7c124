"""What targets of MARK's kind make of the marks and the state of a packet."""

from __future__ import annotations

from ipaddress import IPv4Address

from msgspec import Struct

from netlint.dataplane.packet import Packet
from netlint.dataplane.space import STATES, Packets, PacketSpace
from netlint.dataplane.walk import marked
from netlint.model.netfilter import FirewallRule

MARKING = frozenset(("MARK", "CONNMARK", "CT", "NOTRACK", "HMARK"))
_ALL_BITS = 0xFFFFFFFF
_ANY = IPv4Address(0)


class MarkChange(Struct, frozen=True):
    """The bits of a field that are rewritten, and the packets that have what is written there. `known` is False where
    any value may be written."""

    field: str
    mask: int
    after: Packets
    known: bool


def mark_change(rule: FirewallRule, space: PacketSpace) -> list[MarkChange]:
    """The changes that a rule makes; those that are not understood may write anything."""
    options = dict(rule.target_options)
    if rule.target == "NOTRACK" or (rule.target == "CT" and "notrack" in options):
        untracked = space.equal("state", STATES.index("UNTRACKED"))
        return [MarkChange("state", -1, untracked, True)]
    if rule.target == "CT":
        return []
    field = "connmark" if rule.target == "CONNMARK" and "restore-mark" not in options else "mark"
    everything = MarkChange(field, _ALL_BITS, space.everything, False)
    if rule.target == "HMARK" or "save-mark" in options or "restore-mark" in options:
        return [everything]
    clear, full = (_after(rule, field, value) for value in (0, _ALL_BITS))
    if clear is None or full is None:
        return [everything]
    written = ~(clear ^ full) & _ALL_BITS  # the same whatever was there
    turned = clear & ~full & _ALL_BITS
    changes = [MarkChange(field, written, space.bits(field, clear, written), True)] if written else []
    return changes + ([MarkChange(field, turned, space.everything, False)] if turned else [])


def _after(rule: FirewallRule, field: str, value: int) -> int | None:
    """The mark after the rule where it was `value`."""
    before = Packet(source=_ANY, destination=_ANY, mark=value, connmark=value)
    after = marked(rule, before)
    return None if after is None else after.mark if field == "mark" else after.connmark
