"""Who is next to a host: neighbour tables, ports of bridges, other ends of veth pairs."""

from __future__ import annotations

from netlint.build.facts import HostFacts, Parsed
from netlint.build.shown_bridges import ENGINE_BRIDGE
from netlint.model.container import BridgePort, Neighbour
from netlint.model.located import Located
from netlint.parse.bridge import Listing
from netlint.parse.tree import Unsupported
from netlint.prefix import parse_address


def build_neighbours(files: list[Parsed], facts: HostFacts) -> None:
    """Add the entries of `arp` and `ip neigh`, each once; what `ip` says counts more."""
    found: dict[tuple[object, str | None], Neighbour] = {}
    for file in sorted(files, key=lambda file: file.format != "ip-neigh"):
        for row in file.tree:
            address = parse_address(row.address.text)
            if address is None:
                continue  # a name, as the listing was made without -n
            device = row.device.text if row.device is not None else None
            mac = row.mac.text.lower() if row.mac is not None else None
            found.setdefault((address, device), Neighbour(address, device, mac, row.state, row.address.span))
    facts.neighbours = [*(facts.neighbours or ()), *found.values()]


def build_bridge_ports(files: list[Parsed], facts: HostFacts) -> None:
    """Add the ports of bridges; `brctl show` also tells which bridges have none."""
    ports = {(port.bridge, port.name): port for port in facts.bridge_ports or ()}
    for file in files:
        if file.format == "brctl":
            for bridge in file.tree:
                facts.bridges.setdefault(bridge.name.text, bridge.name.span)
                for port in bridge.ports:
                    name = port.text.partition("@")[0]  # of an interface whose other end is elsewhere
                    one = BridgePort(bridge.name.text, name, port.span)
                    ports.setdefault((one.bridge, one.name), one)
            continue
        listing: Listing = file.tree
        for port in listing.ports:
            one = BridgePort(port.bridge.text, port.name.text, port.name.span)
            ports.setdefault((one.bridge, one.name), one)
            if port.isolated is not None and ENGINE_BRIDGE.fullmatch(one.bridge):
                facts.unsupported(Unsupported(port.isolated.span, f"isolated on of {one.name}"))
        for learned in listing.learned:
            if not learned.own and learned.mac.text[1] in "26ae" and not learned.mac.text.startswith("33:33"):
                facts.learned.append((learned.mac.text.lower(), learned.port.text, learned.mac.span))
    if files:
        facts.bridge_ports = list(ports.values())


def build_peers(files: list[Parsed], facts: HostFacts) -> None:
    """Add what `ethtool -S` says of the other ends of veth pairs."""
    for file in files:
        for peer in file.tree:
            if peer.name is not None:
                facts.peers[peer.name.text] = Located(int(peer.number.text), peer.number.span)
