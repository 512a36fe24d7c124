"""Bridges of container networks that show in routes or in the firewall, where no interfaces are listed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from netlint.model.located import Located
from netlint.model.network import Network, Origin, Subnet
from netlint.pattern import pattern
from netlint.prefix import Prefix

if TYPE_CHECKING:
    from netlint.model.host import Route
    from netlint.model.netfilter import FirewallRule, Ruleset

# The engine's own names; `id` is the beginning of the network's.
ENGINE_BRIDGE = pattern(r"docker0|docker_gwbridge|br-(?P<id>[0-9a-f]{12})")
BRIDGE_NAME = "com.docker.network.bridge.name"


def shown_bridges(routes: Iterable[Route] | None, rulesets: Iterable[Ruleset]) -> list[Network]:
    """A network for each bridge that the engine named: by the routes that its addresses bring, or, without a route
    table, by the rule with which the engine translates what leaves it."""
    found: dict[str, list[Subnet]] = {}
    for name, subnet in _of_routes(routes) if routes is not None else _of_rules(rulesets):
        known = found.setdefault(name, [])
        if all(subnet.prefix != one.prefix for one in known):
            known.append(subnet)
    origin = Origin.ROUTE if routes is not None else Origin.FIREWALL
    return [_network(name, subnets, origin) for name, subnets in found.items()]


def _of_routes(routes: Iterable[Route]) -> Iterator[tuple[str, Subnet]]:
    for route in routes:
        if route.device is None or ENGINE_BRIDGE.fullmatch(route.device) is None:
            continue
        if route.on_link and route.table == "main" and not (route.prefix.is_default or route.prefix.is_host):
            if route.prefix.network_address.is_link_local or route.prefix.network_address.is_multicast:
                continue
            gateway = Located(route.source, route.span) if route.source is not None else None
            yield route.device, Subnet(prefix=route.prefix, written=_written(route.prefix, route), gateway=gateway)


def _of_rules(rulesets: Iterable[Ruleset]) -> Iterator[tuple[str, Subnet]]:
    """`-s 172.17.0.0/16 ! -o docker0 -j MASQUERADE` (or SNAT)."""
    for ruleset in rulesets:
        for _, chain in ruleset.base_chains("nat", "POSTROUTING"):
            for rule in chain.rules:
                source, out = rule.source, rule.out_interface
                if rule.target not in ("MASQUERADE", "SNAT") or source is None or source.negated or out is None:
                    continue
                if out.negated and ENGINE_BRIDGE.fullmatch(out.name) is not None and not source.prefix.is_host:
                    yield out.name, Subnet(prefix=source.prefix, written=_written(source.prefix, rule))


def _written(prefix: Prefix, at: Route | FirewallRule) -> Located[str]:
    return Located(str(prefix), at.span)


def _network(name: str, subnets: list[Subnet], origin: Origin) -> Network:
    named = ENGINE_BRIDGE.fullmatch(name)
    number = named["id"] if named is not None else None
    span = subnets[0].span
    option = () if number else ((BRIDGE_NAME, Located(name, span)),)
    return Network(name=name, span=span, origin=origin, id=number, subnets=tuple(subnets), options=option)
