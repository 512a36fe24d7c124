"""Routes, from `ip route`, its JSON, `route -n` and `netstat -rn`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import NamedTuple

from netlint.build.facts import HostFacts, Parsed
from netlint.model.host import Route
from netlint.parse.ip_route import Listing, Option, Options, RouteLine
from netlint.parse.route_n import Row, Table
from netlint.parse.tree import Mapping, Node, Scalar, Sequence, Unsupported, Word
from netlint.prefix import Address, Prefix, netmask_length, parse_address, parse_prefix
from netlint.source import Span

# The formats, the one that says most first: of equal routes the first is kept.
_ORDER = ("ip-route", "ip-route-json", "route-n")
_DEFAULT = {4: Prefix(4, 0, 0), 6: Prefix(6, 0, 0)}
# Only IPv6 listings print these.
_IPV6_OPTIONS = ("pref", "error", "expires")
_FLAGS = ("onlink", "linkdown", "dead")
# Kinds that live in the table "local", where `ip route show table local` does not repeat its name.
_LOCAL_KINDS = ("local", "broadcast", "anycast", "multicast")
# `ip-route-table-52.txt`; an sosreport's `ip_route_show_table_all` names no table.
_TABLE_IN_NAME = re.compile(r"table[-_ ](?!all\b)([A-Za-z0-9]+)")
_VERSION_IN_NAME = re.compile(r"(?:^|[-_ ])6[-_ ]")
# Names that /etc/networks gives to destinations where `route` runs without -n.
_NETWORK_NAMES = {"default": "0.0.0.0/0", "link-local": "169.254.0.0/16", "loopback": "127.0.0.0/8"}


class _Tail(NamedTuple):
    """The fields of a `Route` after `prefix` and `span`, in its order."""

    kind: str
    via: Address | None
    device: str | None
    table: str
    metric: int | None
    protocol: str | None
    scope: str | None
    source: Address | None
    flags: tuple[str, ...]
    via_at: tuple[int, int] | None


def build_routes(files: list[Parsed], facts: HostFacts) -> None:
    """Add the routes of every listing, each route once."""
    for file in sorted(files, key=lambda file: _ORDER.index(file.format)):
        match file.format:
            case "ip-route":
                for listing in file.tree:
                    _add(facts, _Listing(listing, file.source.path, facts).routes())
            case "ip-route-json":
                for document in file.tree:
                    _add(facts, list(_json_routes(document, file.source.path, facts)))
            case _:
                for table in file.tree:
                    _add_table(facts, table)


def _add(facts: HostFacts, routes: list[Route]) -> None:
    if facts.routes is None:
        facts.routes = routes
    else:
        known = {_key(route) for route in facts.routes}
        facts.routes += [route for route in routes if _key(route) not in known]


def _key(route: Route) -> tuple[object, ...]:
    return route.prefix, route.via, route.device, route.table, route.kind, route.metric


class _Listing:
    """Makes the routes of one `ip route` listing. Lines share their options, so each options object is read once."""

    def __init__(self, listing: Listing, path: str, facts: HostFacts) -> None:
        self.listing = listing
        self.path = path
        self.facts = facts
        name = PurePosixPath(path).name
        named = _TABLE_IN_NAME.search(name)
        self.table = listing.table or (named[1] if named is not None else "main")
        self.version = listing.version or (6 if _VERSION_IN_NAME.search(name) else None)
        for item in listing.unsupported:
            facts.unsupported(item)

    def routes(self) -> list[Route]:
        found: list[Route] = []
        append = found.append
        known: dict[Options, list[_Tail]] = {}
        for line in self.listing.routes:
            span, prefix, options, kind = line
            tails = known.get(options) if kind is None else None
            if not tails:
                tails = self.tails(line)
                if kind is None:
                    known[options] = tails
            if prefix is None:
                prefix = self.default(options)
            for tail in tails:
                append(Route(prefix, span, *tail))
        return found

    def tails(self, line: RouteLine) -> list[_Tail]:
        """One for each next hop; none for a hop whose gateway cannot be read, which is reported."""
        kind = line.kind or "unicast"
        options = line.options
        hops = options.hops or ((),)
        return [tail for hop in hops for tail in self.tail(line.span, kind, (*options.common, *hop))]

    def tail(self, at: Span, kind: str, options: tuple[Option, ...]) -> Iterator[_Tail]:
        values = {option.name: option for option in options}
        via = values.get("via")
        gateway = parse_address(via.value) if via is not None else None
        if via is not None and gateway is None:
            self.facts.problem(Span(at.source, at.end + via.start, at.end + via.end), f"{via.value!r} is no address")
            return
        table = values.get("table")
        usual = "local" if kind in _LOCAL_KINDS and self.table == "main" else self.table
        yield _Tail(
            kind,
            gateway,
            _text(values.get("dev"), device=True),
            usual if table is None else table.value,
            _number(_text(values.get("metric"))),
            _text(values.get("proto")),
            _text(values.get("scope")),
            _address(_text(values.get("src"))),
            tuple(name for name in _FLAGS if name in values),
            (via.start, via.end) if via is not None else None,
        )

    def default(self, options: Options) -> Prefix:
        """The default prefix of the version that the line, the command, the file's name or its other lines tell."""
        for option in (*options.common, *(hop for hops in options.hops for hop in hops)):
            if option.name == "family":
                return _DEFAULT[4 if option.value == "inet6" else 6]
            address = parse_address(option.value) if option.name in ("via", "src") else None
            if address is not None:
                return _DEFAULT[address.version]
            if option.name in _IPV6_OPTIONS:
                return _DEFAULT[6]
        if self.version is None:
            versions = {line.prefix.version for line in self.listing.routes if line.prefix is not None}
            self.version = 6 if versions == {6} else 4
        return _DEFAULT[self.version]


def _text(option: Option | None, device: bool = False) -> str | None:
    if option is None:
        return None
    return option.value.partition("@")[0] if device else option.value


def _number(text: str | None) -> int | None:
    """The metric; 0 is the kernel's way to say that there is none."""
    return int(text) or None if text is not None and text.isascii() and text.isdigit() else None


def _address(text: str | None) -> Address | None:
    return parse_address(text) if text is not None else None


def _scalar(entry: Node | None) -> Scalar | None:
    return entry if isinstance(entry, Scalar) and entry.value is not None else None


def _entry_text(mapping: Mapping, key: str) -> str | None:
    scalar = _scalar(mapping.get(key))
    return scalar.text if scalar is not None else None


def _json_routes(document: Node, path: str, facts: HostFacts) -> Iterator[Route]:
    """The routes of one `ip -j route` document."""
    if not isinstance(document, Sequence):
        facts.problem(document.span, "a list of routes is expected here")
        return
    named = _TABLE_IN_NAME.search(PurePosixPath(path).name)
    usual = named[1] if named is not None else "main"
    entries = [entry for entry in document.items if isinstance(entry, Mapping)]
    destinations = [_entry_text(entry, "dst") or "" for entry in entries]
    version = 6 if any(":" in text for text in destinations) and not any("." in text for text in destinations) else 4
    for entry in entries:
        if not entry.entries:
            continue  # `ip -j` prints {} for what it filtered out
        written = _scalar(entry.get("dst"))
        if written is None:
            facts.problem(entry.span, "a route without a destination")
            continue
        nexthops = entry.get("nexthops")
        hops = [hop for hop in nexthops.items if isinstance(hop, Mapping)] if isinstance(nexthops, Sequence) else []
        kind = _entry_text(entry, "type") or "unicast"
        for hop in hops or [entry]:
            relayed = hop.get("via")
            via = _scalar(hop.get("gateway") or (relayed.get("host") if isinstance(relayed, Mapping) else None))
            gateway = parse_address(via.text) if via is not None else None
            if via is not None and gateway is None:
                facts.problem(via.span, f"{via.text!r} is no address")
                continue
            # "via" stands where "gateway" would if the gateway's version is not that of the route.
            same = gateway is not None and hop.get("gateway") is not None
            known = gateway.version if gateway is not None and same else version
            prefix = _DEFAULT[known] if written.text == "default" else parse_prefix(written.text)
            if prefix is None:
                facts.problem(written.span, f"{written.text!r} is no prefix")
                break
            span = written.part(0, len(written.text))
            place = via.part(0, len(via.text)) if via is not None else None
            flags = hop.get("flags")
            stated = (
                [flag.text for flag in flags.items if isinstance(flag, Scalar)] if isinstance(flags, Sequence) else []
            )
            yield Route(
                prefix,
                span,
                kind=kind,
                via=gateway,
                device=_entry_text(hop, "dev"),
                table=_entry_text(entry, "table") or ("local" if kind in _LOCAL_KINDS else usual),
                metric=_number(_entry_text(entry, "metric")),
                protocol=_entry_text(entry, "protocol"),
                scope=_entry_text(entry, "scope"),
                source=_address(_entry_text(entry, "prefsrc")),
                flags=tuple(name for name in _FLAGS if name in stated),
                via_at=(place.start - span.end, place.end - span.end) if place is not None else None,
            )


def _add_table(facts: HostFacts, table: Table) -> None:
    """Add what a `route -n` listing has and no other: it knows no table but main, and `netstat -rn` no metric."""
    if facts.routes is None:
        facts.routes = []
    known: set[tuple[object, ...]] = set()
    for route in facts.routes:
        known.add((route.prefix, route.via, route.device, route.metric if table.has_metric else None))
        if route.kind != "unicast":
            known.add((route.prefix, route.via, None, None))
    for row in table.rows:
        made = _row_route(row, table.version, facts)
        if made is None:
            continue
        if made.kind == "unreachable":
            key: tuple[object, ...] = (made.prefix, None, None, None)
        else:
            key = (made.prefix, made.via, made.device, made.metric)
        if key not in known:
            facts.routes.append(made)


def _row_route(row: Row, version: int, facts: HostFacts) -> Route | None:
    flags = row.flags.text if row.flags is not None else ""
    prefix = _row_prefix(row.destination.text, row.genmask, version)
    if prefix is None:
        facts.unsupported(Unsupported(row.span, "destination by name: 'route -n' shows its address"))
        return None
    via = None
    if row.gateway is not None and row.gateway.text not in ("*", "-", "[::]", "::", "0.0.0.0"):
        via = parse_address(row.gateway.text)
        if via is None:
            facts.unsupported(Unsupported(row.gateway.span, "gateway by name: 'route -n' shows its address"))
            return None
    device = row.device.text if row.device is not None and row.device.text not in ("*", "-") else None
    local = version == 6 and "n" in flags and "!" not in flags
    gateway = row.gateway.span if row.gateway is not None and via is not None else None
    return Route(
        prefix,
        row.span,
        kind="unreachable" if "!" in flags else "local" if local else "unicast",
        via=via,
        device=device,
        table="local" if local else "main",
        metric=_number(row.metric.text) if row.metric is not None else None,
        via_at=(gateway.start - row.span.end, gateway.end - row.span.end) if gateway is not None else None,
    )


def _row_prefix(destination: str, genmask: Word | None, version: int) -> Prefix | None:
    destination = _NETWORK_NAMES.get(destination, destination) if version == 4 else destination
    if version == 6:
        destination = destination.replace("[::]", "::").replace("default", "::/0")
        # The kernel's ::a.b.c.d/96 is printed without its colons.
        return parse_prefix(destination if ":" in destination else f"::{destination}")
    if genmask is None or "/" in destination:
        return parse_prefix(destination)
    length = netmask_length(genmask.text)
    address = parse_address(destination)
    return Prefix.of(address, length) if address is not None and length is not None else None
