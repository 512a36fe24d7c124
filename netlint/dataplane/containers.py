"""The containers of a host with the addresses that are known of them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct

from netlint.dataplane.routing import Router
from netlint.dataplane.translate import parse_target
from netlint.dataplane.view import Bridge
from netlint.model.action import ContainerRun
from netlint.model.host import Host
from netlint.model.netfilter import FirewallRule
from netlint.prefix import Address
from netlint.source import Span

_REPLICA = r"(?:[-_]\d+|\.\d+\..+)?"  # shop-web-1, shop_web_1, shop_web.1.x7k2


class Attached(Struct, frozen=True):
    """A container on a network. `names` are what it is called by: its own name, and that of its Compose service."""

    names: tuple[str, ...]
    bridge: Bridge
    address: Address
    span: Span


class Published(Struct, frozen=True):
    """A port of the host that a rule of `chain` leads to a container. `address` is None for all of the host's."""

    chain: str
    rule: FirewallRule
    address: Address | None
    port: int
    protocol: str
    target: Address
    target_port: int


def attached(host: Host, router: Router) -> Iterator[Attached]:
    """Every container of which an address is known, once for each of its networks."""
    seen: set[Address] = set()
    for one in _attached(host, router):
        if one.address not in seen and one.address not in router.own:
            seen.add(one.address)
            yield one


def _attached(host: Host, router: Router) -> Iterator[Attached]:
    yield from _listed(host, router)
    yield from _running(host, router)
    yield from _asked_for(host, router)
    yield from _published_to(host, router)


def _listed(host: Host, router: Router) -> Iterator[Attached]:
    """Those of `docker network inspect`."""
    for bridge in router.bridges:
        for endpoint in bridge.network.endpoints or ():
            if endpoint.address is not None and bridge.subnet.prefix.holds(endpoint.address):
                names = dict.fromkeys((endpoint.container, *_services(host, endpoint.container)))
                yield Attached(tuple(names), bridge, endpoint.address, endpoint.span)


def _running(host: Host, router: Router) -> Iterator[Attached]:
    """Those of `docker inspect`."""
    for container in host.containers or ():
        for place in container.networks if container.running is not False else ():
            bridge = router.bridge_of(place.address) if place.address is not None else None
            if bridge is not None and place.address is not None:
                names = dict.fromkeys((container.name, *_services(host, container.name)))
                yield Attached(tuple(names), bridge, place.address, place.span)


def _asked_for(host: Host, router: Router) -> Iterator[Attached]:
    """Those that a Compose file or a script gives an address."""
    for project in host.projects:
        for service in project.services:
            own = (service.container_name.value,) if service.container_name is not None else ()
            for attachment in service.attachments:
                for address in (attachment.ipv4, attachment.ipv6):
                    bridge = router.bridge_of(address.value) if address is not None else None
                    if address is not None and bridge is not None:
                        yield Attached((service.name, *own), bridge, address.value, address.span)
    for action in host.actions:
        if isinstance(action, ContainerRun) and action.address is not None and action.name is not None:
            bridge = router.bridge_of(action.address.value)
            if bridge is not None:
                yield Attached((action.name.value,), bridge, action.address.value, action.address.span)


def _published_to(host: Host, router: Router) -> Iterator[Attached]:
    """Those that publish a port which a rule of the firewall leads somewhere: they are there."""
    ports = list(published(host, router))
    for publication in host.publications() if ports else ():
        service, port = publication.service, publication.port
        names = tuple(filter(None, (service.name if service is not None else None, _run_name(publication.run))))
        if not names or port.published is None or not port.exact:
            continue
        for one in ports:
            held = port.published.first <= one.port <= port.published.last and port.protocol == one.protocol
            bridge = router.bridge_of(one.target)
            if held and bridge is not None:
                yield Attached(names, bridge, one.target, one.rule.span)


def _run_name(run: ContainerRun | None) -> str | None:
    return run.name.value if run is not None and run.name is not None else None


def _services(host: Host, container: str) -> Iterator[str]:
    """The Compose services that a container of this name is of."""
    for project in host.projects:
        for service in project.services:
            own = service.container_name
            pattern = rf"{re.escape(project.name)}[-_]{re.escape(service.name)}{_REPLICA}"
            if (own is not None and own.value == container) or re.fullmatch(pattern, container):
                yield service.name


def published(host: Host, router: Router) -> Iterator[Published]:
    """The ports that the engine's rules lead to containers."""
    for ruleset in host.rulesets:
        if ruleset.version != router.version:
            continue
        for table in ruleset.tables.values():
            for chain, rule in table.rules():
                found = _published(chain.name, rule) if rule.target == "DNAT" else None
                if found is not None:
                    yield found


def _published(chain: str, rule: FirewallRule) -> Published | None:
    target = parse_target(rule.target_option("to-destination") or "")
    asked = rule.match("dport")
    if target is None or target.first is None or target.first != target.last or asked is None or asked.negated:
        return None
    if rule.protocol is None or rule.protocol.negated or not asked.values[0].isdecimal():
        return None
    held = rule.destination
    if held is not None and (held.negated or not held.prefix.is_host):
        return None
    port = int(asked.values[0])
    address = held.prefix.network_address if held is not None else None
    return Published(chain, rule, address, port, rule.protocol.name, target.first, target.low or port)
