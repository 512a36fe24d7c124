"""The rules of a long chain that a packet can match at all, found without a look at the others.

Most rules of a long chain are for one address, port or interface: a container each, or a banned host each. Each rule is
filed under one such key, and a packet gets those of its own keys and the rest, in the order of the chain.
"""

from __future__ import annotations

from collections.abc import Iterable

from netlint.dataplane.packet import Packet
from netlint.dataplane.remembered import remembered
from netlint.model.netfilter import Chain, FirewallRule, NameMatch, PrefixMatch

_SHORT = 12  # rules; looking at all of fewer is faster than filing them

_Key = tuple[str, object]


def candidates(chain: Chain, packet: Packet) -> Iterable[FirewallRule]:
    """The rules of `chain` in its order, without such as surely do not match `packet` by address, port or interface."""
    if len(chain.rules) < _SHORT:
        return chain.rules
    filed = _file(chain)
    keys: tuple[_Key | None, ...] = (
        None,
        ("destination", int(packet.destination)),
        ("source", int(packet.source)),
        ("port", packet.destination_port),
        ("in", packet.in_interface),
        ("out", packet.out_interface),
    )
    found = [position for key in keys for position in filed.get(key, ())]
    found.sort()
    return [chain.rules[position] for position in found]


@remembered
def _file(chain: Chain) -> dict[_Key | None, list[int]]:
    """The positions of its rules by their key, under None those of no key."""
    filed: dict[_Key | None, list[int]] = {}
    for position, rule in enumerate(chain.rules):
        filed.setdefault(_key(rule), []).append(position)
    return filed


def _key(rule: FirewallRule) -> _Key | None:
    """The narrowest thing that the rule is for."""
    for name, held in (("destination", rule.destination), ("source", rule.source)):
        if _is_one(held):
            return name, held.prefix.first if held is not None else None
    port = rule.match("dport")
    if port is not None and not port.negated and len(port.values) == 1 and port.values[0].isdecimal():
        return "port", int(port.values[0])
    for name, interface in (("out", rule.out_interface), ("in", rule.in_interface)):
        if _is_name(interface):
            return name, interface.name if interface is not None else None
    return None


def _is_one(held: PrefixMatch | None) -> bool:
    return held is not None and not held.negated and held.prefix.is_host


def _is_name(interface: NameMatch | None) -> bool:
    return interface is not None and not interface.negated and not interface.name.endswith("+")
