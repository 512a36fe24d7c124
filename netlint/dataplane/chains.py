"""Jumps to chains that a table lacks, and chains that nothing jumps to."""

from __future__ import annotations

from collections.abc import Iterator

from netlint.dataplane.makers import chain_maker
from netlint.dataplane.walk import FINAL, PASSING
from netlint.model.netfilter import BUILT_IN, Chain, FirewallRule, Table

# Targets of iptables, of xtables-addons and of distributions that are neither a verdict nor pass for sure.
_OTHERS = frozenset(
    ("RETURN", "CLUSTERIP", "DNPT", "IDLETIMER", "SNPT", "SYNPROXY", "ACCOUNT", "CHAOS", "DELUDE", "DHCPMAC", "DNETMAP",
     "ECHO", "IPMARK", "LOGMARK", "PROTO", "SYSRQ", "TARPIT", "RAWDNAT", "RAWSNAT", "STEAL", "FULLCONENAT", "IMQ",
     "ROUTE", "FLOWOFFLOAD", "NFQUEUE", "QUEUE", "MIRROR", "SAME", "BALANCE", "NETFLOW", "RTPENGINE", "MEDIAPROXY")
)  # fmt: skip


def is_chain_name(rule: FirewallRule) -> bool:
    """Whether a rule's target can only be a chain: it is no target's name and has no options."""
    target = rule.target
    return target is not None and not rule.target_options and target not in FINAL | PASSING | _OTHERS


def undefined(table: Table) -> Iterator[tuple[Chain, FirewallRule]]:
    """The rules that jump to a chain that the table does not have."""
    for chain, rule in table.rules():
        if is_chain_name(rule) and rule.target not in table.chains:
            yield chain, rule


def unreferenced(table: Table) -> list[Chain]:
    """The chains with rules that no packet can come to, because nothing leads there: of several that lead to one
    another the first alone, and none that a program makes in reserve."""
    named = {rule.target for _, rule in table.rules()}
    return [
        chain
        for chain in table.chains.values()
        if chain.rules
        and chain.policy is None
        and chain.hook is None
        and chain.name not in named
        and chain.name not in BUILT_IN.get(table.name, ())
        and chain_maker(chain.name) is None
    ]
