"""The nodes of a cluster as the packets of their networks have them for sender and receiver."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from msgspec import Struct

from netlint.addresses.clusters import clusters_of
from netlint.dataplane.own_address import own_address
from netlint.dataplane.remembered import remembered
from netlint.dataplane.view import uplinks
from netlint.model.cluster_ports import overlay_evidence
from netlint.model.host import Host, Site
from netlint.prefix import Address, Prefix, parse_address
from netlint.source import Span

MOST_PEERS = 4  # of hundreds of nodes, which a firewall treats alike
_TO_PODS = ("flannel", "vxlan.calico", "tunl0", "cilium_vxlan", "weave")


@remembered
def node_address(host: Host, *, control: bool = False) -> Address | None:
    """The address by which the other nodes know the host: the one it says, else the first of its way out. `control` is
    for what the nodes say to each other, which a data path of its own (--data-path-addr) does not carry."""
    said = [host.swarm.advertise_addr, host.swarm.node_address] if host.swarm else []
    if host.swarm is not None and not control:
        said.insert(0, host.swarm.data_path_addr)
    said.append(host.daemon.text("cluster-advertise") if host.daemon is not None else None)
    for one in said:
        address, fault = own_address(host, one.value) if one is not None else (None, None)
        if address is not None and fault is None and not address.is_unspecified:
            return address
    for name in uplinks(host):
        link = host.interface(name)
        for entry in link.addresses if link is not None else ():
            if not entry.address.is_link_local:
                return entry.address
    return None


class Shared(Struct, frozen=True):
    """A link that this host and another node have in common: its range, who else is on it, and what shows that."""

    prefix: Prefix
    other: str
    span: Span


def shared_link(host: Host, site: Site) -> Shared | None:
    """The link by which this host reaches another node of its cluster without a router: that of another host given,
    or of the gateway of a route to the pods of another node."""
    own = node_address(host)
    entry = next(
        (one for link in host.interfaces or () for one in link.addresses if one.address == own and own is not None),
        None,
    )
    if entry is None or entry.prefix.is_host:
        return None
    for other in site.every:
        address = node_address(other) if other is not host else None
        if address is not None and address != own and entry.prefix.holds(address):
            return Shared(entry.prefix, f"host {other.name}", entry.span)
    for route in host.routes or ():
        tunnel = (route.device or "").startswith(("tunl0", "vxlan.calico")) and "onlink" in route.flags
        if route.via is not None and (tunnel or route.protocol == "bird") and entry.prefix.holds(route.via):
            return Shared(entry.prefix, f"the node {route.via}", route.span)
    return None


def cluster_peers(host: Host, site: Site, cluster: str, *, control: bool = False) -> tuple[list[Address], bool | None]:
    """The addresses of some of the other nodes that were given, and whether there are any: None where that is not
    known. `control` as for node_address."""
    if cluster == "swarm" and _alone(host):
        return [], False
    version = 4 if (own := node_address(host, control=control)) is None else own.version
    others = (
        address
        for other in site.every
        if other is not host and _takes_part(other, site, cluster)
        if (address := node_address(other, control=control)) is not None
        if address.version == version and address != own
    )
    peers = list(islice(others, MOST_PEERS))
    known = _has_others(host, cluster)
    apart = not control and host.swarm is not None and host.swarm.data_path_addr is not None
    named = [
        one for one in _named(host) if one.version == version and one != own and not (apart and cluster == "swarm")
    ]
    if cluster == "swarm" and not peers and not apart:
        listed = (node.address.value for node in host.swarm_nodes if node.address is not None and node.state != "down")
        peers = [one for one in listed if one.version == version and one != own and not one.is_unspecified][:MOST_PEERS]
    return list(dict.fromkeys([*peers, *named])), True if peers or named else known


def _takes_part(host: Host, site: Site, cluster: str) -> bool:
    if host.interfaces is None:
        return False
    if cluster == "swarm":
        return overlay_evidence(host) is not None and not _alone(host)
    if cluster == "weave":
        return bool(host.weave) or host.interface("weave") is not None
    return any(clusters_of(host, site)) or any(link.name.startswith(_TO_PODS) for link in host.interfaces)


def _alone(host: Host) -> bool:
    """Whether the engine says that it is the only node of its swarm."""
    return host.swarm is not None and host.swarm.nodes == 1


def _named(host: Host) -> Iterator[Address]:
    """Nodes that a script of the host joins, or tells weave of."""
    yield from (peer.value for weave in host.weave for peer in weave.peers)
    joined = host.swarm.joined if host.swarm is not None else None
    address = parse_address(joined.value.rpartition(":")[0] or joined.value) if joined is not None else None
    if address is not None:
        yield address


def _has_others(host: Host, cluster: str) -> bool | None:
    if cluster == "swarm":
        if host.swarm is not None and host.swarm.nodes is not None:
            return host.swarm.nodes > 1
        store = host.daemon.text("cluster-store") if host.daemon is not None else None
        return True if store is not None else None
    if cluster == "weave":
        return False
    # pods of other nodes have routes
    return any(
        route.via is not None and ((route.device or "").startswith(_TO_PODS) or route.protocol == "bird")
        for route in host.routes or ()
    )
