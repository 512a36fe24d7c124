"""The walks of all packets through the tables of a ruleset."""

from __future__ import annotations

from collections.abc import Iterator

from netlint.dataplane.conditions import Conditions
from netlint.dataplane.set_walk import SetWalk
from netlint.dataplane.space import Packets, PacketSpace
from netlint.model.netfilter import BUILT_IN, Chain, FirewallRule, Ruleset, Table
from netlint.prefix import Address

_NODES_A_RULE = 1024
_FEWEST_NODES, _MOST_NODES = 1 << 24, 1 << 26
# Fields from the top of the diagrams down, measured on dumps of Docker, kube-proxy and others: what many rules leave
# open stands below what they fix. A rule of nat for a whole subnet would otherwise have a node below each destination.
_ORDER = ("out_interface", "in_interface", "protocol", "destination", "destination_port", "source", "source_port")
_NAT_ORDER = ("source", "destination", "protocol", "destination_port", "in_interface", "out_interface", "source_port")
# What the kernel shows of interfaces to the chains of each hook (net/ipv4/netfilter/ip_tables.c, the hooks' states).
_INTERFACES = {
    "PREROUTING": (True, False),
    "INPUT": (True, False),
    "FORWARD": (True, True),
    "OUTPUT": (False, True),
    "POSTROUTING": (False, True),
}


def set_walks(ruleset: Ruleset, only: Table | None = None) -> Iterator[SetWalk]:
    """The walk through each table (or one) by all its hooks, for what holds as long as the rules stay.

    MemoryError or NoWalkError where a table is too much for it.
    """
    for table in ruleset.tables.values():
        roots = [(chain, *hook) for chain in table.chains.values() if (hook := _hook(table, chain)) is not None]
        if roots and only in (None, table):
            yield _walk(ruleset, table, roots, Conditions(space_of(ruleset.version, table), table.name, lasting=True))


def hook_walks(ruleset: Ruleset, table: str, hook: str, local: frozenset[Address] | None) -> Iterator[SetWalk]:
    """The walks through the chains that have their turn at a hook, in the kernel's order. `local` are the host's own
    addresses, None where they are not all known."""
    for one, chain in ruleset.base_chains(table, hook):
        conditions = Conditions(space_of(ruleset.version, one), table, local)
        yield _walk(ruleset, one, [(chain, table, hook)], conditions)


def _walk(ruleset: Ruleset, table: Table, roots: list[tuple[Chain, str, str]], conditions: Conditions) -> SetWalk:
    entering = [(chain, entering_packets(conditions.space, chain, *hook)) for chain, *hook in roots]
    return SetWalk(conditions, table, entering)


def _hook(table: Table, chain: Chain) -> tuple[str, str] | None:
    """Table and hook of a base chain, in the words of iptables."""
    if chain.hook is not None:
        return chain.hook.table, chain.hook.name
    return (table.name, chain.name) if chain.name in BUILT_IN.get(table.name, ()) else None


def space_of(version: int, table: Table) -> PacketSpace:
    """A space for the packets that the rules of a table tell apart."""
    names: set[str] = set()
    count = 0
    for _, rule in table.rules():
        count += 1
        names.update(_names(rule))
    order = _NAT_ORDER if table.name == "nat" else _ORDER
    return PacketSpace(version, names, order, min(max(count * _NODES_A_RULE, _FEWEST_NODES), _MOST_NODES))


def _names(rule: FirewallRule) -> Iterator[str]:
    for name in (rule.in_interface, rule.out_interface):
        if name is not None:
            yield name.name
    for match in rule.matches:
        if match.option in ("in-interface", "out-interface"):
            yield from match.values
        asked = [match.set]
        for one in asked:
            if one is not None:
                asked += one.sets
                yield from (part for member in one.members for part in member.parts if "iface" in one.type)


def entering_packets(space: PacketSpace, chain: Chain, table: str, hook: str) -> Packets:
    """The packets that come to a base chain of iptables; nftables may show more than that to its chains."""
    packets = space.universe
    if table == "nat":
        packets = packets & space.states(("NEW", "RELATED"))  # the others follow the first of their connection
    known = _INTERFACES.get(hook)
    if chain.hook is None and known is not None:
        for field, shown in zip(("in_interface", "out_interface"), known, strict=True):
            none = space.no_interface(field)
            packets = packets & (~none if shown else none)
    return packets
