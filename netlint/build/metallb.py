"""MetalLB: the addresses that it gives to services, of an IPAddressPool or of the ConfigMap before 0.13."""

from __future__ import annotations

from netlint.build.facts import HostFacts
from netlint.build.values import as_word, at, items, mappings
from netlint.model.located import Located
from netlint.parse.tree import Node
from netlint.prefix import Address, parse_address, parse_prefix


def add_pool(node: Node | None, facts: HostFacts) -> bool:
    """Add the ranges of a list of addresses; False where there is none that can be read."""
    done = False
    for item in items(node):
        word = as_word(item)
        found = _range(word.text) if word is not None else None
        if word is not None and found is not None:
            facts.cluster.balanced.append(Located(found, word.span, word.exact))
            done = True
    return done


def add_old_pools(document: Node, facts: HostFacts) -> bool:
    """`address-pools` of the ConfigMap; those of the protocol bgp lie on no network of the nodes."""
    done = False
    for pool in mappings(at(document, "address-pools")):
        protocol = as_word(pool.get("protocol"))
        if protocol is not None and protocol.text == "layer2":
            done = add_pool(pool.get("addresses"), facts) or done
    return done


def _range(text: str) -> tuple[Address, Address] | None:
    """First and last address of `192.0.2.10-192.0.2.20` or `192.0.2.0/28`."""
    start, dash, end = text.partition("-")
    if dash:
        first, last = parse_address(start.strip()), parse_address(end.strip())
        same = first is not None and last is not None and first.version == last.version
        return (first, last) if same and first is not None and last is not None else None
    prefix = parse_prefix(text.strip()) if "/" in text else None
    return (prefix.network_address, prefix.broadcast_address) if prefix is not None else None
