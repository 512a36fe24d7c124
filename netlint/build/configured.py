"""Ranges that files give to interfaces and routes: those of network managers, and of WireGuard and OpenVPN.

They hold after the next start even if no listing shows them now. A file counts where it lies as on a host
(`etc/wireguard/wg0.conf`) or beside listings of one: the configuration of a VPN in a container is none of the host's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath

from msgspec import structs

from netlint.build.facts import HostFacts, Parsed
from netlint.build.managed import networkd_links
from netlint.build.routes import build_routes
from netlint.model.host import Configured
from netlint.parse.ifupdown import Stanza
from netlint.parse.ini import Section
from netlint.parse.openvpn import Directive
from netlint.parse.suse_routes import RouteLine
from netlint.parse.tree import Mapping, Node, Scalar, Sequence, Unsupported, Word
from netlint.prefix import Address, Prefix, parse_address, parse_interface, parse_prefix
from netlint.source import Span

_PLACES = re.compile(
    r"(?:^|/)(?:etc|netplan|systemd/network|NetworkManager|system-connections|network-scripts"
    r"|network/interfaces(?:\.d)?|interfaces\.d)(?:/|$)"
)
# What a server keeps for its clients to take along.
_CLIENTS = re.compile(r"(?:^|[/_.-])(?:clients?|peers?)(?:[/_.\d-]|$)", re.IGNORECASE)
_ADDRESS = re.compile(r"IPADDR(?:\d{1,3}|_\w{1,15})?")  # with a number on Red Hat's systems, with a label on SUSE's
_HOOKS = ("up", "post-up", "pre-up")
_ADDS = frozenset(("-A", "-I", "--append", "--insert"))
_KINDS = ("ethernets", "bridges", "bonds", "vlans", "wifis", "tunnels", "dummy-devices", "vrfs", "virtual-ethernets")


def _counts(file: Parsed, facts: HostFacts) -> bool:
    """Whether the file is the host's own; one that is not is left unread."""
    folder = file.source.path.rpartition("/")[0]
    listed = facts.interfaces is not None or facts.routes is not None or facts.rulesets or facts.listeners is not None
    if _PLACES.search(folder) or file.source.path.endswith(("network/interfaces", "network-config")) or listed:
        return True
    facts.leave_unread(file.source, "nothing tells whether it is this host's, or a container's")
    return False


def _link(written: Word, origin: str, device: str | None, mask: str | None = None) -> Iterator[Configured]:
    text = written.text if mask is None or "/" in written.text else f"{written.text}/{mask}"
    parsed = parse_interface(text)
    if parsed is not None:
        address, length = parsed
        yield Configured(Prefix.of(address, length), written.span, origin, False, device, None, address)


def _route(text: str, span: Span, origin: str, device: str | None, via: Address | None = None) -> Iterator[Configured]:
    prefix = parse_prefix(text)
    if prefix is None:
        parsed = parse_interface(text)
        prefix = Prefix.of(*parsed) if parsed is not None else None
    if prefix is not None and not prefix.is_default:
        yield Configured(prefix, span, origin, True, device, via)


def _parts(word: Word) -> Iterator[Word]:
    """The words of a list with commas or blanks."""
    for found in re.finditer(r"[^\s,]+", word.text):
        yield Word(found.group(), word.part(found.start(), found.end()))


def build_wireguard(files: list[Parsed], facts: HostFacts) -> None:
    """Addresses of the tunnel and, unless the file keeps wg-quick from it, a route for what each peer may use."""
    for file in files:
        if _CLIENTS.search(file.source.path):
            facts.leave_unread(file.source, "the other side's configuration")
            continue
        if not _counts(file, facts):
            continue
        device = PurePosixPath(file.source.path).stem
        routed = True
        for section in file.tree:
            table = section.get("Table")
            routed = routed and (table is None or table.value.text.lower() != "off")
            for setting in section.all("Address"):
                for word in _parts(setting.value):
                    text = word.text if "/" in word.text else f"{word.text}/{128 if ':' in word.text else 32}"
                    facts.configured += _link(Word(text, word.span, False), "WireGuard", device)
            for setting in section.all("AllowedIPs") if routed else ():
                for word in _parts(setting.value):
                    facts.configured += _route(word.text, word.span, "WireGuard", device)


def build_openvpn(files: list[Parsed], facts: HostFacts) -> None:
    """The tunnel's own range and the routes that the host itself gets; what is pushed goes to others."""
    for file in files:
        if re.search(r"(?:^|/)ccd/", file.source.path):
            facts.leave_unread(file.source, "the other side's configuration")
            continue
        if not _counts(file, facts):
            continue
        directives: list[Directive] = file.tree
        device = next((one.words[0].text for one in directives if one.name.text == "dev" and one.words), "tun")
        for one in directives:
            texts = [word.text for word in one.words]
            name = one.name.text
            if name == "server" and len(texts) > 1:
                span = one.words[0].span.to(one.words[1].span)
                facts.configured += _range(f"{texts[0]}/{texts[1]}", span, device)
            elif name in ("server-ipv6", "ifconfig-ipv6") and texts:
                facts.configured += _range(texts[0], one.words[0].span, device)
            elif name == "ifconfig" and len(texts) > 1:
                masked = texts[1].startswith(("255.", "128.", "192.0.0.0"))
                text = f"{texts[0]}/{texts[1]}" if masked else f"{texts[0]}/32"
                facts.configured += _link(Word(text, one.words[0].span, False), "OpenVPN", device)
            elif name == "server-bridge" and len(texts) > 1:
                facts.configured += _range(f"{texts[0]}/{texts[1]}", one.words[0].span, device)
            elif name in ("route", "route-ipv6") and texts and parse_address(texts[0].partition("/")[0]) is not None:
                text = texts[0] if "/" in texts[0] else f"{texts[0]}/{texts[1] if len(texts) > 1 else 32}"
                via = parse_address(texts[2]) if name == "route" and len(texts) > 2 else None
                span = one.words[0].span if len(texts) < 2 else one.words[0].span.to(one.words[1].span)
                facts.configured += _route(text, span, "OpenVPN", device, via)


def _range(text: str, span: Span, device: str) -> Iterator[Configured]:
    parsed = parse_interface(text)
    if parsed is not None:
        yield Configured(Prefix.of(*parsed), span, "OpenVPN", False, device)


def build_ifupdown(files: list[Parsed], facts: HostFacts) -> None:
    for file in files:
        for stanza in file.tree if _counts(file, facts) else ():
            facts.configured += _stanza(stanza)
            for name, values in stanza.options:
                if name in _HOOKS and values:
                    _add_hook(values[0].span.to(values[-1].span), file, facts)


def _add_hook(span: Span, file: Parsed, facts: HostFacts) -> None:
    """What a command of a stanza does beside routes, when the interface comes up: rules that it adds, settings."""
    text = file.source.slice(span)
    if not any(name in text for name in ("tables", "sysctl", "/proc/sys", "nft ")):
        return
    from netlint.build.actions import add_commands  # noqa: PLC0415 - few hooks do more than set routes
    from netlint.parse.shell import read  # noqa: PLC0415

    for command in read(Word(text, span))[0].commands:
        words = [word.text for word in command.words]
        adds = command.program in ("iptables", "ip6tables") and not _ADDS.isdisjoint(words)
        if adds or command.program in ("sysctl", "echo", "printf", "tee"):
            add_commands([command], facts)
        elif "tables" in command.program or command.program == "nft":
            facts.unsupported(Unsupported(command.span, f"the {command.program} command of an interface"))


def _stanza(stanza: Stanza) -> Iterator[Configured]:
    device = stanza.name.text.partition(":")[0]
    mask = stanza.first("netmask")
    for name, values in stanza.options:
        if name == "address" and values:
            yield from _link(values[0], "ifupdown", device, mask.text if mask is not None else None)
        elif name in _HOOKS:
            texts = [value.text for value in values]
            text = " ".join(texts)
            found = re.search(r"ip (?:-\S+ )*r(?:oute)? (?:add|replace|append) (?P<to>\S+)(?: via (?P<via>\S+))?", text)
            if found is None:
                old = re.search(r"route add -net (?P<to>\S+) netmask (?P<mask>\S+)(?: gw (?P<via>\S+))?", text)
                if old is not None:
                    to, where = f"{old['to']}/{old['mask']}", values[texts.index(old["to"])].span
                    yield from _route(to, where, "ifupdown", device, parse_address(old["via"] or ""))
            elif found["to"] in texts:
                where = values[texts.index(found["to"])].span
                yield from _route(found["to"], where, "ifupdown", device, parse_address(found["via"] or ""))


def build_netplan(files: list[Parsed], facts: HostFacts) -> None:
    for file in files:
        for document in file.tree if _counts(file, facts) else ():
            network = document.get("network") if isinstance(document, Mapping) else None
            if network is None and isinstance(document, Mapping) and document.get("version") is not None:
                network = document  # cloud-init's network-config may leave the outer key out
            if isinstance(network, Mapping) and isinstance(network.get("config"), Sequence):
                facts.configured += _version_1(network)
            for kind in _KINDS if isinstance(network, Mapping) else ():
                devices = network.get(kind) if isinstance(network, Mapping) else None
                for name, device in devices.items() if isinstance(devices, Mapping) else ():
                    if isinstance(device, Mapping):
                        facts.configured += _netplan_device(name.text, device)


def _version_1(network: Mapping) -> Iterator[Configured]:
    """What version 1 of cloud-init's network-config gives interfaces: subnets with routes, and routes of their own."""
    for entry in _items(network.get("config")):
        if not isinstance(entry, Mapping):
            continue
        kind, name = entry.get("type"), _word(entry.get("name"))
        if isinstance(kind, Scalar) and kind.text == "route":
            yield from _version_1_route(entry, None)
        for subnet in _items(entry.get("subnets")):
            if not isinstance(subnet, Mapping):
                continue
            device = name.text if name is not None else None
            address, mask = _word(subnet.get("address")), _word(subnet.get("netmask"))
            if address is not None:
                yield from _link(address, "network-config", device, mask.text if mask is not None else None)
            for route in _items(subnet.get("routes")):
                if isinstance(route, Mapping):
                    yield from _version_1_route(route, device)


def _version_1_route(route: Mapping, device: str | None) -> Iterator[Configured]:
    to, mask = _word(route.get("destination") or route.get("network")), _word(route.get("netmask"))
    via = _word(route.get("gateway"))
    if to is not None:
        text = to.text if mask is None or "/" in to.text else f"{to.text}/{mask.text}"
        yield from _route(text, to.span, "network-config", device, parse_address(via.text) if via is not None else None)


def _items(node: Node | None) -> Iterable[Node]:
    return node.items if isinstance(node, Sequence) else ()


def _word(node: Node | None) -> Word | None:
    if not isinstance(node, Scalar) or not node.text:
        return None
    return Word(node.text, node.part(0, len(node.text)), node.start is not None)


def _netplan_device(name: str, device: Mapping) -> Iterator[Configured]:
    for item in _items(device.get("addresses")):
        key = next(iter(item.items()))[0] if isinstance(item, Mapping) and item.entries else item
        word = _word(key)
        if word is not None:
            yield from _link(word, "netplan", name)
    for item in _items(device.get("routes")):
        to = _word(item.get("to")) if isinstance(item, Mapping) else None
        via = _word(item.get("via")) if isinstance(item, Mapping) else None
        if to is not None:
            yield from _route(to.text, to.span, "netplan", name, parse_address(via.text) if via is not None else None)
    for peer in _items(device.get("peers")):  # of a WireGuard tunnel
        for item in _items(peer.get("allowed-ips") if isinstance(peer, Mapping) else None):
            word = _word(item)
            if word is not None:
                yield from _route(word.text, word.span, "netplan", name)


def build_network_files(files: list[Parsed], facts: HostFacts) -> None:
    """networkd's `.network` files, NetworkManager's connections, and ifcfg- and route- files of shell variables."""
    for file in files:
        if not _counts(file, facts):
            continue
        sections: list[Section] = file.tree
        names = {section.name.text for section in sections if section.name is not None}
        if names & {"connection", "ipv4", "ipv6"}:
            facts.configured += _network_manager(sections)
        elif names:
            facts.configured += _networkd(sections)
            facts.managed += networkd_links(sections, file.source.path)
        else:
            facts.configured += _variables(sections, PurePosixPath(file.source.path).name)


def _networkd(sections: list[Section]) -> Iterator[Configured]:
    match = next((section.get("Name") for section in sections if section.name and section.name.text == "Match"), None)
    device = match.value.text if match is not None and re.fullmatch(r"[\w.-]+", match.value.text) else None
    for section in sections:
        kind = section.name.text if section.name is not None else ""
        if kind in ("Network", "Address"):
            for setting in section.all("Address"):
                yield from _link(setting.value, "networkd", device)
        elif kind == "Route":
            to, via = section.get("Destination"), section.get("Gateway")
            if to is not None:
                gateway = parse_address(via.value.text) if via is not None else None
                yield from _route(to.value.text, to.value.span, "networkd", device, gateway)
        elif kind == "WireGuardPeer":
            for setting in section.all("AllowedIPs") if section.get("RouteTable") is not None else ():
                for word in _parts(setting.value):
                    yield from _route(word.text, word.span, "networkd", device)


def _network_manager(sections: list[Section]) -> Iterator[Configured]:
    device = next(
        (
            found.value.text
            for section in sections
            if section.name is not None and section.name.text == "connection"
            for found in [section.get("interface-name")]
            if found is not None
        ),
        None,
    )
    for section in sections:
        kind = section.name.text if section.name is not None else ""
        for setting in section.settings:
            key = setting.key.text
            parts = list(_parts(setting.value))
            if kind in ("ipv4", "ipv6") and re.fullmatch(r"address(?:es)?\d*", key) and parts:
                yield from _link(parts[0], "NetworkManager", device)
            elif kind in ("ipv4", "ipv6") and re.fullmatch(r"routes?\d*", key) and parts:
                via = parse_address(parts[1].text) if len(parts) > 1 else None
                yield from _route(parts[0].text, parts[0].span, "NetworkManager", device, via)
            elif kind.startswith("wireguard-peer") and key == "allowed-ips":
                for word in re.finditer(r"[^;,\s]+", setting.value.text):
                    span = setting.value.part(word.start(), word.end())
                    yield from _route(word.group(), span, "NetworkManager", device)


def _variables(sections: list[Section], name: str) -> Iterator[Configured]:
    values = {setting.key.text: setting.value for section in sections for setting in section.settings}
    device = values["DEVICE"].text if "DEVICE" in values else name.partition("-")[2] or None
    for suffix in dict.fromkeys(key[6:] for key in values if _ADDRESS.fullmatch(key)):
        address = values[f"IPADDR{suffix}"]
        length = next(
            (values[key] for one in ("PREFIX", "PREFIXLEN", "NETMASK") if (key := one + suffix) in values), None
        )
        yield from _link(address, "ifcfg", device, length.text if length is not None else None)
    for number in map(str, range(16)):
        to, mask, via = (values.get(f"{key}{number}") for key in ("ADDRESS", "NETMASK", "GATEWAY"))
        if to is not None:
            gateway = parse_address(via.text) if via is not None else None
            yield from _route(f"{to.text}/{mask.text if mask else 32}", to.span, "ifcfg", device, gateway)


def build_suse_routes(files: list[Parsed], facts: HostFacts) -> None:
    for file in files:
        if not _counts(file, facts):
            continue
        own = PurePosixPath(file.source.path).name.partition("-")[2] or None
        routes: list[RouteLine] = file.tree
        for one in routes:
            text = one.destination.text
            if one.netmask is not None and "/" not in text:
                text = f"{text}/{one.netmask.text}"
            via = parse_address(one.gateway.text) if one.gateway is not None else None
            device = one.interface.text if one.interface is not None else own
            facts.configured += _route(text, one.destination.span, "SUSE", device, via)


def build_podman_networks(files: list[Parsed], facts: HostFacts) -> None:
    """Ranges of podman's bridges, also those that come up with their first container. They are no networks of the
    engine: it programs no rules for them."""
    for file in files:
        for document in file.tree:
            for entry in document.items if isinstance(document, Sequence) else (document,):
                if isinstance(entry, Mapping):
                    facts.configured += _podman_network(entry)


def _podman_network(entry: Mapping) -> Iterator[Configured]:
    driver, device = _word(entry.get("driver")), _word(entry.get("network_interface"))
    if driver is None or driver.text != "bridge":
        return  # a macvlan's range is the LAN's
    for item in _items(entry.get("subnets")):
        subnet = _word(item.get("subnet")) if isinstance(item, Mapping) else None
        gateway = _word(item.get("gateway")) if isinstance(item, Mapping) else None
        prefix = parse_prefix(subnet.text) if subnet is not None else None
        if subnet is not None and prefix is not None:
            address = parse_address(gateway.text) if gateway is not None else None
            name = device.text if device is not None else None
            yield Configured(prefix, subnet.span, "podman", False, name, None, address)


def build_nmcli_routes(files: list[Parsed], facts: HostFacts) -> None:
    """The routes of NetworkManager's devices. They are not all that the host has: no route table is made of them. The
    addresses of a single device are no list of interfaces either."""
    for file in files:
        for device in file.tree:
            for address in device.addresses if facts.interfaces is None else ():
                facts.configured += _link(address, "NetworkManager", device.name.text)
            for to, hop in device.routes:
                via = parse_address(hop)
                if via is not None and not via.is_unspecified:
                    facts.configured += _route(to.text, to.span, "NetworkManager", device.name.text, via)


def build_route_files(files: list[Parsed], facts: HostFacts) -> None:
    """Lines of `ip route` that a file of network-scripts holds for an interface."""
    for file in files:
        if not _counts(file, facts):
            continue
        device = PurePosixPath(file.source.path).name.partition("-")[2]
        own = HostFacts(facts.name)
        build_routes([structs.replace(file, format="ip-route")], own)
        facts.configured += (
            Configured(route.prefix, route.span, "route file", True, route.device or device, route.via)
            for route in own.routes or ()
            if not route.prefix.is_default
        )
