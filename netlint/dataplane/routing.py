"""Where the kernel sends a packet: routing rules, tables, and the host's own addresses.

As fib_lookup of net/ipv4 does it: the rules in order of priority, in each table the longest prefix, of equal ones the
smallest metric. Where no route table was given, the addresses of interfaces and the subnets of container networks
stand for the routes that they bring.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from ipaddress import IPv4Address, IPv6Address
from typing import NamedTuple

from netlint.dataplane.packet import Packet
from netlint.dataplane.view import Bridge, bridges, uplinks
from netlint.model.action import RouteChange
from netlint.model.host import Host, Route, RoutingRule
from netlint.prefix import Address
from netlint.source import Span

# Somebody out there: addresses for documentation, which no host has.
OUTSIDE: dict[int, Address] = {4: IPv4Address("198.51.100.7"), 6: IPv6Address("2001:db8::7")}
_NARROW = ("link", "host")  # scopes of addresses that no packet to others carries
_SPECIAL = ("blackhole", "unreachable", "prohibit")
_DEFAULT_TABLES = ("local", "main", "default")
_NUMBERS = {"255": "local", "254": "main", "253": "default"}
_DOWN = "dead"
_NOBODY = IPv4Address(0)


class Hop(NamedTuple):
    """The answer of a lookup.

    `kind`: "unicast", "local", "broadcast", "blackhole", "unreachable", "prohibit", or "none" where no route is there.
    `span` is the route, rule or address that decided, `rule` the line of `ip rule` that asked its table. `certain` is
    False where it is assumed for want of a listing or one of several next hops is taken.
    """

    kind: str
    span: Span
    device: str | None = None
    via: Address | None = None
    source: Address | None = None
    certain: bool = True
    text: str = ""
    rule: RoutingRule | None = None


class Router:
    """The routing of one IP version of a host. `local` is None where the host's addresses are not all known."""

    def __init__(self, host: Host, version: int) -> None:
        self.host = host
        self.version = version
        self.bridges: tuple[Bridge, ...] = tuple(bridges(host, version))
        self.own = self._own()
        self.complete = host.interfaces is not None
        routes = [route for route in host.routes or () if route.prefix.version == version]
        self.listed = bool(routes)
        # only `ip route show table all` has this table, so that those it does not show are empty
        self.listed_whole = any(route.table == "local" for route in routes)
        self.tables: dict[str, list[Route]] = {}
        for route in routes:
            if _DOWN not in route.flags:
                self.tables.setdefault(_NUMBERS.get(route.table, route.table), []).append(route)
        if "main" not in self.tables:
            self.tables["main"] = list(self._connected())
        # table: length, longest first: first address
        self._by_length: dict[str, dict[int, dict[int, list[Route]]]] = {}
        self._texts: dict[int, str] = {}  # of the routes of the tables
        self.rules = sorted(
            (rule for rule in host.routing_rules or () if rule.version == version), key=lambda rule: rule.priority
        )

    @property
    def has_own_rules(self) -> bool:
        """Whether `ip rule` has more than the kernel's own three."""
        return any((rule.table or rule.action) not in (*_DEFAULT_TABLES, *_NUMBERS) for rule in self.rules)

    def _own(self) -> dict[Address, tuple[str, Span]]:
        """The host's addresses as far as they are known, with their interfaces and places."""
        own: dict[Address, tuple[str, Span]] = {}
        for link in self.host.interfaces or ():
            if link.up is not False:
                for entry in link.addresses:
                    own.setdefault(entry.address, (link.name, entry.span))
        for route in self.host.routes or ():
            if route.kind == "local" and route.prefix.is_host and route.device is not None:
                own.setdefault(route.prefix.network_address, (route.device, route.span))
            if route.source is not None and route.device is not None and not route.prefix.is_default:
                own.setdefault(route.source, (route.device, route.span))
        if self.host.interfaces is None:
            for bridge in self.bridges:
                gateway = bridge.subnet.gateway
                if gateway is not None:
                    own.setdefault(gateway.value, (bridge.name, gateway.span))
                elif not bridge.network.internal and bridge.subnet.ip_range is None:
                    own.setdefault(bridge.subnet.prefix.address(1), (bridge.name, bridge.subnet.span))
        return {address: place for address, place in own.items() if address.version == self.version}

    def _connected(self) -> Iterator[Route]:
        """The routes that addresses and container networks bring."""
        for link in self.host.interfaces or ():
            for entry in link.addresses if link.up is not False else ():
                if entry.address.version == self.version and not entry.prefix.is_host:
                    yield Route(entry.prefix, entry.span, device=link.name, source=entry.address)
        for bridge in self.bridges:
            if self.host.interface(bridge.name) is None:
                yield Route(bridge.subnet.prefix, bridge.subnet.span, device=bridge.name)
        for action in self.host.actions if self.host.routes is None else ():
            if isinstance(action, RouteChange) and action.operation != "delete" and action.certain:
                via = action.via.value if action.via is not None else None
                device = action.device.value if action.device is not None else self._link_of(via)
                yield Route(action.prefix.value, action.span, via=via, device=device)

    def _link_of(self, address: Address | None) -> str | None:
        """The interface on whose link the address is."""
        for link in self.host.interfaces or ():
            if address is not None and any(entry.prefix.holds(address) for entry in link.addresses):
                return link.name
        return self._uplink

    @cached_property
    def _uplink(self) -> str:
        """The interface that leads out: looked for once, as a script may add hundreds of routes."""
        return uplinks(self.host)[0]

    def local(self, packet: Packet) -> frozenset[Address] | None:
        """The host's own addresses, as far as it takes to judge the addresses of `packet`; None where not even these
        are known."""
        if self.complete or all(self.is_local(address) is not None for address in (packet.source, packet.destination)):
            return self._own_addresses
        return None

    @cached_property
    def _own_addresses(self) -> frozenset[Address]:
        return frozenset(self.own)

    def is_local(self, address: Address) -> bool | None:
        """Whether the host has the address; None where that is not known."""
        if address in self.own or address.is_loopback:
            return True
        if self.complete or self.bridge_of(address) is not None or address in OUTSIDE.values():
            return False
        return None

    def bridge_of(self, address: Address) -> Bridge | None:
        """The container network on this host that the address is of; None also for its gateway."""
        if address in self.own:
            return None
        return next((bridge for bridge in self.bridges if bridge.subnet.prefix.holds(address)), None)

    def lookup(self, packet: Packet, *, output: bool = False) -> Hop:
        """Where `packet` goes; `output` for a packet that the host itself sends."""
        certain = True
        for rule, table in self._tables(packet, output):
            if rule is not None and rule.others:
                certain = False  # whether the rule is for this packet is not known; taken as not
                continue
            if rule is not None and rule.action in _SPECIAL:
                text = f"rule {rule.priority}: {rule.action}"
                return Hop(rule.action, rule.span, certain=certain, text=text, rule=rule)
            if table not in self.tables and table not in _DEFAULT_TABLES and not self.listed_whole:
                certain = False  # what the table holds was not given; taken as empty
            hop = self._in_table(table, packet.destination, rule)
            if hop is not None:
                return hop._replace(certain=hop.certain and certain, rule=rule)
        return self._unrouted(packet.destination)

    def _tables(self, packet: Packet, output: bool) -> Iterator[tuple[RoutingRule | None, str]]:
        """The rules that are for the packet, in order, with their tables."""
        if not self.rules:
            for table in _DEFAULT_TABLES:
                yield None, table
            return
        skip_to = 0
        for rule in self.rules:
            if rule.priority < skip_to or not _selects(rule, packet, output):
                continue
            if rule.action == "goto":
                skip_to = int(rule.table) if rule.table is not None and rule.table.isdecimal() else 0
            elif rule.action != "nop":
                yield rule, _NUMBERS.get(rule.table or "main", rule.table or "main")

    def _in_table(self, name: str, destination: Address, rule: RoutingRule | None) -> Hop | None:
        if name == "local":
            return self._locally(destination)
        equal = self._longest(name, destination)
        if not equal:
            return None
        if rule is not None and rule.suppressed is not None and equal[0].prefix.length <= rule.suppressed:
            return None
        metric = min(route.metric or 0 for route in equal)
        equal = [route for route in equal if (route.metric or 0) == metric]
        best = equal[0]
        if best.kind == "throw":
            return None
        shown = self._texts.get(id(best))
        if shown is None:
            shown = self._texts[id(best)] = _shown(best)
        text = f"route {shown}" if name == "main" else f"route {shown} of table {name}"
        hops = {(route.via, route.device) for route in equal if route.span == best.span}
        return Hop(
            best.kind,
            best.span,
            device=best.device,
            via=best.via,
            source=best.source,
            certain=len(hops) == 1 and (self.listed or not best.prefix.is_default),
            text=text if len(hops) == 1 else f"{text}, one of {len(hops)} next hops",
        )

    def _longest(self, name: str, destination: Address) -> list[Route]:
        """The routes of a table with the longest prefix that holds the address."""
        if name not in self._by_length:
            lengths: dict[int, dict[int, list[Route]]] = {}
            for route in self.tables.get(name, ()):
                lengths.setdefault(route.prefix.length, {}).setdefault(route.prefix.first, []).append(route)
            self._by_length[name] = dict(sorted(lengths.items(), reverse=True))
        number, bits = int(destination), destination.max_prefixlen
        for length, routes in self._by_length[name].items():
            found = routes.get(number >> (bits - length) << (bits - length))
            if found:
                return found
        return []

    def _locally(self, destination: Address) -> Hop | None:
        place = self.own.get(destination)
        if place is not None:
            return Hop("local", place[1], device=place[0], text=f"{destination} is the host's own address")
        if destination.is_loopback:
            return Hop("local", self.host.span, device="lo", text=f"{destination} is the host itself")
        for route in self.tables.get("local", ()):
            if route.prefix.holds(destination) and route.kind in ("local", "broadcast", "anycast"):
                kind = "local" if route.kind == "anycast" else route.kind
                return Hop(kind, route.span, device=route.device, text=f"route {_shown(route)} of table local")
        known = self._of_links.get(int(destination))
        if known is not None and self.version == 4:
            return Hop("broadcast", known.span, device=known.device, text=f"broadcast of {known.prefix}")
        if known is not None:
            # RFC 4291, 2.6.1: every router has this address of its links
            return Hop("local", known.span, device=known.device, text=f"{destination} is any router of {known.prefix}")
        if destination.version == 4 and int(destination) == 0xFFFFFFFF:
            return Hop("broadcast", self.host.span, text="broadcast")
        return None

    @cached_property
    def _of_links(self) -> dict[int, Route]:
        """By its number, the address that each link has beside the host's own: of IPv4 for broadcasts, of IPv6 that of
        its routers. With the first route of it that the addresses and container networks bring."""
        found: dict[int, Route] = {}
        for route in self._connected():
            prefix = route.prefix
            if prefix.version == self.version == 4 and prefix.length < 31:
                found.setdefault(prefix.last, route)
            elif prefix.version == self.version == 6 and prefix.length < 127:
                found.setdefault(prefix.first, route)
        return found

    def _unrouted(self, destination: Address) -> Hop:
        if self.listed:
            return Hop("none", self.host.span, text=f"no route to {destination}")
        links = uplinks(self.host)
        only = self.complete and len(links) == 1
        text = f"no route table was given: {destination} is taken to be behind {links[0]}"
        return Hop("unicast", self.host.span, device=links[0], certain=only, text=text)

    def reverse(self, packet: Packet, hop: Hop) -> Hop:
        """The lookup of the source, as the reverse-path filter makes it of a packet that goes to `hop`: without its
        mark, as if the answer came from there; of a broadcast from no address at all."""
        turned = Packet(
            source=_NOBODY if hop.kind == "broadcast" else packet.destination,
            destination=packet.source,
            protocol=packet.protocol,
            source_port=packet.destination_port,
            destination_port=packet.source_port,
            in_interface=hop.device,
        )
        return self.lookup(turned, output=hop.kind != "unicast")

    def source_for(self, packet: Packet) -> Address:
        """The address that the host gives to a packet of its own; that of the packet where none is known."""
        hop = self.lookup(packet, output=True)
        if hop.kind == "local":
            return packet.destination
        if hop.source is not None:
            return hop.source
        found = self.address_on(hop.device or "", packet.destination, hop.via)
        if found is None:
            found = next((own for name in uplinks(self.host) if (own := self.first_address(name)) is not None), None)
        return found[0] if found is not None else packet.source

    def address_on(self, device: str, destination: Address, via: Address | None = None) -> tuple[Address, Span] | None:
        """The address that masquerading takes on `device` for a packet to `destination` by the next hop `via`: that of
        the next hop's subnet, else its first, else the first of another interface. For IPv6 see RFC 6724."""
        link = self.host.interface(device)
        usable = [
            entry
            for entry in (link.addresses if link is not None else ())
            if entry.address.version == self.version and entry.scope not in _NARROW
        ]
        if self.version == 6 and destination in self.own:
            return destination, self.own[destination][1]
        if self.version == 6 and usable:
            best = max(usable, key=lambda entry: _closeness(entry.address, destination))
            return best.address, best.span
        for entry in usable:
            if entry.prefix.holds(via or destination):
                return entry.address, entry.span
        found = self.first_address(device)
        if found is None and link is not None:
            others = (self.first_address(other.name) for other in self.host.interfaces or ())
            found = next((address for address in others if address is not None), None)
        return found

    def first_address(self, device: str) -> tuple[Address, Span] | None:
        """The first address of `device`, with its place."""
        link = self.host.interface(device)
        for entry in link.addresses if link is not None else ():
            if entry.address.version == self.version and entry.scope not in _NARROW:
                return entry.address, entry.span
        known = ((address, span) for address, (name, span) in self.own.items() if name == device)
        return next(known, None) if link is None else None


def _closeness(address: Address, destination: Address) -> tuple[bool, int]:
    """How well an IPv6 source fits: of one kind (unique local or global), then by the bits that both begin with."""
    local = [one.is_private and int(one) >> 121 == 0xFC >> 1 for one in (address, destination)]
    return local[0] == local[1], 128 - (int(address) ^ int(destination)).bit_length()


def _selects(rule: RoutingRule, packet: Packet, output: bool) -> bool:
    arrived = "lo" if output else packet.in_interface
    fits = (
        (rule.source is None or rule.source.holds(packet.source))
        and (rule.destination is None or rule.destination.holds(packet.destination))
        and (rule.mark is None or packet.mark & rule.mark[1] == rule.mark[0] & rule.mark[1])
        and (rule.in_interface is None or rule.in_interface == arrived)
        and rule.out_interface is None
    )
    return fits != rule.negated


def _shown(route: Route) -> str:
    prefix = "default" if route.prefix.is_default else str(route.prefix)
    parts = [prefix if route.kind == "unicast" else f"{route.kind} {prefix}"]
    if route.via is not None:
        parts.append(f"via {route.via}")
    if route.device is not None:
        parts.append(f"dev {route.device}")
    return " ".join(parts)
