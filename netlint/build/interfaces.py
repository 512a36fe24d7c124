"""Interfaces and their addresses, from `ip address`, `ip link`, their JSON, `ip -br` and `ifconfig`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from netlint.build.facts import HostFacts, Parsed
from netlint.build.shown_bridges import ENGINE_BRIDGE
from netlint.model.interface import Interface, InterfaceAddress
from netlint.model.located import Located
from netlint.parse import ifconfig, ip_addr
from netlint.parse.ip_addr_brief import BriefLink
from netlint.parse.nmcli import Device
from netlint.parse.tree import Mapping, Node, Scalar, Sequence, Unsupported, Word
from netlint.prefix import Prefix, parse_address, parse_interface
from netlint.source import Span

# The formats, the one that says most first: its places are the ones that are shown.
_ORDER = ("ip-addr", "ip-addr-json", "ip-addr-brief", "ifconfig", "nmcli")
_FIELDS = ("index", "mtu", "mac", "kind", "master", "up", "carrier", "link")
# Where a listing gives no scope.
_SCOPES = (("127.0.0.0/8", "host"), ("169.254.0.0/16", "link"), ("::1/128", "host"), ("fe80::/10", "link"))
_KIND_OPTIONS = ("id", "local", "remote", "link", "port", "mode", "protocol")


def build_interfaces(files: list[Parsed], facts: HostFacts) -> None:
    """Add every interface once; what one listing leaves out is filled in from the others."""
    merged = {interface.name: interface for interface in facts.interfaces or ()}
    given = facts.interfaces is not None
    for file in sorted(files, key=lambda file: _ORDER.index(file.format)):
        for interface in _interfaces(file, facts):
            # `nmcli device show eth0` is no list of what the host has
            given = given or file.format != "nmcli" or interface.name == "lo"
            known = merged.get(interface.name)
            merged[interface.name] = interface if known is None else _merge(known, interface)
    if given:
        facts.interfaces = list(merged.values())


def _interfaces(file: Parsed, facts: HostFacts) -> Iterator[Interface]:
    match file.format:
        case "ip-addr":
            for item in file.tree.unsupported:
                facts.unsupported(item)
            for link in file.tree.links:
                yield _from_link(link, facts)
        case "ip-addr-json":
            for document in file.tree:
                yield from _from_json(document, facts)
        case "ip-addr-brief":
            for link in file.tree:
                yield _from_brief(link, facts)
        case "nmcli":
            for device in file.tree:
                yield _from_device(device, facts)
        case _:
            for block in file.tree:
                yield _from_block(block, facts)


def _merge(first: Interface, second: Interface) -> Interface:
    addresses = {(one.address, one.prefix.length): one for one in (*second.addresses, *first.addresses)}
    # Keep the order of `first`, whose entries win; then what only `second` has.
    keys = dict.fromkeys((one.address, one.prefix.length) for one in (*first.addresses, *second.addresses))
    changes = {name: getattr(second, name) for name in _FIELDS if getattr(first, name) is None}
    return replace(
        first,
        addresses=tuple(addresses[key] for key in keys),
        options=first.options or second.options,
        **changes,
    )


def _address(
    written: Word,
    length: str | None,
    peer: Word | None,
    scope: str | None,
    span: Span,
    facts: HostFacts,
    *,
    dynamic: bool = False,
) -> Iterator[InterfaceAddress]:
    """The address as the kernel takes it: with a peer, the on-link range is the peer's. None where it is no address."""
    text = written.text if length is None else f"{written.text.partition('%')[0]}/{length}"
    parsed = parse_interface(text)
    # `10.0.0.5 peer 10.0.0.6/32`: the length stands with the peer.
    other = parse_interface(peer.text) if peer is not None else None
    if parsed is None or (peer is not None and other is None):
        wrong = written if parsed is None or peer is None else peer
        facts.problem(wrong.span, f"{wrong.text!r} is no interface address")
        return
    address, bits = parsed
    far = None
    if other is not None and other[0] != address:
        far = other[0]
        bits = other[1] if length is None else bits
    yield InterfaceAddress(
        address=address,
        prefix=Prefix.of(address if far is None or far.version != address.version else far, bits),
        span=span,
        scope=scope or _scope(Prefix.of(address)),
        peer=far,
        dynamic=dynamic,
    )


def _scope(prefix: Prefix) -> str:
    for text, scope in _SCOPES:
        parsed = parse_interface(text)
        if parsed is not None and Prefix.of(*parsed).contains(prefix):
            return scope
    return "global"


def _located(options: Iterable[tuple[str, Word]]) -> tuple[tuple[str, Located[str]], ...]:
    return tuple((name, Located(word.text, word.span)) for name, word in options)


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and text.isascii() and text.isdigit() and len(text) < 10 else None


def _from_link(link: ip_addr.Link, facts: HostFacts) -> Interface:
    flags = link.flags
    _add_reach(link.name, link.master.text if link.master is not None else None, link.reach, facts)
    addresses = [
        address
        for line in link.addresses
        for address in _address(
            line.address, None, line.peer, line.scope, line.address.span, facts, dynamic="dynamic" in line.flags
        )
    ]
    return Interface(
        name=link.name,
        span=link.span,
        addresses=tuple(addresses),
        index=link.index,
        mtu=_number(link.mtu.text) if link.mtu is not None else None,
        mac=link.mac.text if link.mac is not None else None,
        kind=link.kind.text if link.kind is not None else None,
        master=link.master.text if link.master is not None else None,
        up=None if flags is None else "UP" in flags,
        carrier=None if flags is None else "LOWER_UP" in flags,
        link=link.peer,
        options=_located(link.options),
    )


def _add_reach(name: str, master: str | None, settings: Iterable[tuple[str, Word]], facts: HostFacts) -> None:
    """Say what has no model: that a bridge of the engine's, or a port of one, keeps containers apart."""
    for setting, value in settings:
        if value.text not in ("0", "off", "false") and ENGINE_BRIDGE.fullmatch(master or name):
            facts.unsupported(Unsupported(value.span, f"{setting} {value.text} of {name}"))


def _from_device(device: Device, facts: HostFacts) -> Interface:
    addresses = [one for word in device.addresses for one in _address(word, None, None, None, word.span, facts)]
    return Interface(
        name=device.name.text,
        span=device.span,
        addresses=tuple(addresses),
        mtu=_number(device.mtu.text) if device.mtu is not None else None,
        mac=device.mac.text.lower() if device.mac is not None else None,
        kind=device.kind if device.kind in ip_addr.KINDS else None,
        up=True if device.state.startswith("100") else None,
    )


def _from_brief(link: BriefLink, facts: HostFacts) -> Interface:
    addresses = [
        address for word, peer in link.addresses for address in _address(word, None, peer, None, word.span, facts)
    ]
    # DOWN is said both of an interface that is switched off and of one without a carrier.
    up = {"UP": True, "UNKNOWN": True, "LOWERLAYERDOWN": True, "DORMANT": True}.get(link.state)
    carrier = {"UP": True, "DOWN": False, "LOWERLAYERDOWN": False}.get(link.state)
    return Interface(
        name=link.name,
        span=link.span,
        addresses=tuple(addresses),
        mac=link.mac.text if link.mac is not None else None,
        up=up if link.flags is None else "UP" in link.flags,
        carrier=carrier if link.flags is None else "LOWER_UP" in link.flags,
        link=link.peer,
    )


def _from_block(block: ifconfig.Block, facts: HostFacts) -> Interface:
    addresses: list[InterfaceAddress] = []
    for line in block.addresses:
        length = None
        if line.mask is not None:
            # With a mask of any notation, as parse_interface reads it.
            length = line.mask.text
        peer = line.peer if line.peer is not None and parse_address(line.peer.text) is not None else None
        addresses += _address(line.address, length, peer, line.scope, line.address.span, facts)
    flags = block.flags
    return Interface(
        # Old aliases (eth0:1) are further addresses of the interface itself.
        name=block.name.partition(":")[0],
        span=block.span,
        addresses=tuple(addresses),
        mtu=_number(block.mtu.text) if block.mtu is not None else None,
        mac=block.mac.text if block.mac is not None else None,
        up=None if flags is None else "UP" in flags,
        carrier=None if flags is None else "RUNNING" in flags,
    )


def _text(mapping: Mapping, key: str) -> str | None:
    node = mapping.get(key)
    return node.text if isinstance(node, Scalar) and node.value is not None else None


def _word(node: Node | None) -> Word | None:
    return Word(node.text, node.part(0, len(node.text))) if isinstance(node, Scalar) else None


def _from_json(document: Node, facts: HostFacts) -> Iterator[Interface]:
    if not isinstance(document, Sequence):
        facts.problem(document.span, "a list of interfaces is expected here")
        return
    for entry in document.items:
        if not isinstance(entry, Mapping) or not entry.entries:
            continue  # `ip -j` prints {} for what it filtered out
        name = _word(entry.get("ifname"))
        if name is None:
            facts.problem(entry.span, "an interface without a name")
            continue
        stated = entry.get("flags")
        flags = (
            [flag.text for flag in stated.items if isinstance(flag, Scalar)] if isinstance(stated, Sequence) else None
        )
        info = entry.get("linkinfo")
        data = info.get("info_data") if isinstance(info, Mapping) else None
        options = [
            ("dstport" if key == "port" else "dev" if key == "link" else key, word)
            for key in _KIND_OPTIONS
            if isinstance(data, Mapping)
            for word in [_word(data.get(key))]
            if word is not None
        ]
        slave = info.get("info_slave_data") if isinstance(info, Mapping) else None
        reach = [
            (key, word)
            for part in (data, slave)
            for key in ip_addr.REACH
            if isinstance(part, Mapping) and (word := _word(part.get(key))) is not None
        ]
        _add_reach(name.text, _text(entry, "master"), reach, facts)
        yield Interface(
            name=name.text,
            span=name.span,
            addresses=tuple(_json_addresses(entry.get("addr_info"), facts)),
            index=_number(_text(entry, "ifindex")),
            mtu=_number(_text(entry, "mtu")),
            mac=_text(entry, "address"),
            kind=_text(info, "info_kind") if isinstance(info, Mapping) else None,
            master=_text(entry, "master"),
            up=None if flags is None else "UP" in flags,
            carrier=None if flags is None else "LOWER_UP" in flags,
            link=_text(entry, "link") or (f"if{index}" if (index := _text(entry, "link_index")) is not None else None),
            options=_located(options),
        )


def _json_addresses(node: Node | None, facts: HostFacts) -> Iterator[InterfaceAddress]:
    for entry in node.items if isinstance(node, Sequence) else ():
        if isinstance(entry, Mapping) and entry.entries:
            local = _word(entry.get("local"))
            if local is None:
                facts.problem(entry.span, "an address entry without its address")
                continue
            peer = _word(entry.get("address"))
            scope, dynamic = _text(entry, "scope"), _text(entry, "dynamic") == "true"
            yield from _address(local, _text(entry, "prefixlen"), peer, scope, local.span, facts, dynamic=dynamic)
