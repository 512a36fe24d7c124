"""What the hosts of a cluster send to each other: the protocols and ports of swarm mode, weave, flannel and Calico.

Sources: Docker's and weave's pages on firewalls, flannel's Documentation/backends.md, Calico's network requirements.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from netlint.model.cluster import Cluster
from netlint.model.host import Host
from netlint.model.interface import Interface
from netlint.source import Span

_SECURE = "encrypted"  # the key alone counts, whatever its value


class ClusterPort(Struct, frozen=True, kw_only=True):
    """Packets that a host gets from the others. `port` is None for a protocol without ports ("esp", "ipencap").

    `use` says what for, `lost` what does not work without them; `span` is the place that shows that they are in use.
    `cluster` names what connects the hosts ("swarm", "flannel", …). `control`: what the nodes of a swarm say to each
    other, between the addresses that they advertise and not by --data-path-addr.
    """

    protocol: str
    port: int | None
    use: str
    lost: str
    cluster: str
    span: Span
    control: bool = False

    @property
    def name(self) -> str:
        return self.protocol if self.port is None else f"{self.protocol} {self.port}"


def cluster_ports(host: Host, clusters: tuple[Cluster, ...], secured: Span | None) -> Iterator[ClusterPort]:
    """What the other hosts send to `host`. `secured` is the place that encrypts an overlay network of the site."""
    yield from _engine(host, secured)
    yield from _weave(host)
    yield from _flannel(host, clusters)
    yield from _calico(host, clusters)


def encrypted_overlay(host: Host) -> Span | None:
    """The place that makes an overlay network of the host encrypted."""
    for network in host.networks:
        option = network.option(_SECURE) if network.driver == "overlay" else None
        if option is not None:
            return option.span
    return None


def overlay_evidence(host: Host) -> Span | None:
    """What shows that the engine carries overlay networks: swarm mode, a cluster store, or their bridge."""
    if host.swarm is not None and host.swarm.active:
        return host.swarm.span
    store = host.daemon.text("cluster-store") if host.daemon is not None else None
    if store is not None and host.knows_store is not False:
        return store.span
    if host.swarm is not None:
        return None
    bridge = host.interface("docker_gwbridge")
    network = next((one for one in host.networks if one.name == "docker_gwbridge"), None)
    return bridge.span if bridge is not None else network.span if network is not None else None


def _engine(host: Host, secured: Span | None) -> Iterator[ClusterPort]:
    span = overlay_evidence(host)
    if span is None:
        return
    swarm = host.swarm
    manages = swarm is not None and swarm.manager
    manages = manages or any(
        one.port == 2377 and one.protocol == "tcp" for one in host.listeners or () if one.process in (None, "dockerd")
    )
    gossip = "containers on other hosts are not found, neither by name nor by address"
    traffic = "packets between containers on different hosts are lost"
    if manages:
        joining = "other nodes cannot join, and show as Down"
        yield ClusterPort(
            protocol="tcp", port=2377, use="management", lost=joining, cluster="swarm", span=span, control=True
        )
    for protocol in ("tcp", "udp"):
        yield ClusterPort(
            protocol=protocol, port=7946, use="gossip", lost=gossip, cluster="swarm", span=span, control=True
        )
    port = swarm.data_path_port if swarm is not None else 4789
    at = span if swarm is None else swarm.data_path_port_span or span
    yield ClusterPort(protocol="udp", port=port, use="VXLAN", lost=traffic, cluster="swarm", span=at)
    if secured is not None:
        lost = "packets of encrypted overlay networks are lost"
        yield ClusterPort(protocol="esp", port=None, use="encryption", lost=lost, cluster="swarm", span=secured)


def _weave(host: Host) -> Iterator[ClusterPort]:
    launched = host.weave[0].span if host.weave else None
    seen = next((link.span for name in ("weave", "datapath") if (link := host.interface(name)) is not None), None)
    span = launched or seen
    if span is None:
        return
    for protocol, port, use, lost in (
        ("tcp", 6783, "control", "the peers do not connect"),
        ("udp", 6783, "sleeve", "packets lose the way that is left where the fast datapath fails"),
        ("udp", 6784, "fast datapath", "packets go through user space instead"),
    ):
        yield ClusterPort(protocol=protocol, port=port, use=use, lost=lost, cluster="weave", span=span)


def _flannel(host: Host, clusters: tuple[Cluster, ...]) -> Iterator[ClusterPort]:
    config = next((one for cluster in clusters for one in cluster.flannel), None)
    link = next((one for one in host.interfaces or () if one.name.startswith("flannel")), None)
    kind = config.backend.value.lower() if config is not None and config.backend is not None else _kind(link)
    span = link.span if link is not None else config.span if config is not None else None
    if span is None:
        return
    lost = "packets between pods on different hosts are lost"
    match kind:
        case "vxlan":
            port = config.port.value if config is not None and config.port is not None else _port(link) or 8472
            yield ClusterPort(protocol="udp", port=port, use="VXLAN", lost=lost, cluster="flannel", span=span)
        case "udp":
            port = config.port.value if config is not None and config.port is not None else 8285
            yield ClusterPort(protocol="udp", port=port, use="udp backend", lost=lost, cluster="flannel", span=span)
        case "wireguard":
            yield ClusterPort(protocol="udp", port=51820, use="WireGuard", lost=lost, cluster="flannel", span=span)
        case "ipip":
            yield ClusterPort(protocol="ipencap", port=None, use="IPIP", lost=lost, cluster="flannel", span=span)
        case "ipsec":
            yield ClusterPort(protocol="esp", port=None, use="IPsec", lost=lost, cluster="flannel", span=span)
        case _:
            pass


def _kind(link: Interface | None) -> str:
    """The backend that an interface of flannel's stands for."""
    if link is None:
        return ""
    if link.name.startswith("flannel-wg"):
        return "wireguard"
    return "udp" if link.name == "flannel0" else "vxlan" if link.name.startswith("flannel.") else ""


def _port(link: Interface | None) -> int | None:
    option = link.option("dstport") if link is not None else None
    return int(option.value) if option is not None and option.value.isdecimal() else None


def _calico(host: Host, clusters: tuple[Cluster, ...]) -> Iterator[ClusterPort]:
    pools = [pool for cluster in clusters for pool in cluster.pools if not pool.disabled]
    kinds = {pool.encapsulation.value: pool.encapsulation.span for pool in pools if pool.encapsulation is not None}
    lost = "packets between pods on different hosts are lost"
    tunnel, vxlan = host.interface("tunl0"), host.interface("vxlan.calico")
    ipip = next((kinds[name] for name in ("IPIP", "IPIPCrossSubnet") if name in kinds), None)
    if ipip is None and tunnel is not None and tunnel.addresses:
        ipip = tunnel.span
    if ipip is not None:
        yield ClusterPort(protocol="ipencap", port=None, use="IPIP", lost=lost, cluster="Calico", span=ipip)
    wrapped = next((kinds[name] for name in ("VXLAN", "VXLANCrossSubnet") if name in kinds), None)
    wrapped = wrapped or (vxlan.span if vxlan is not None else None)
    if wrapped is not None:
        port = _port(vxlan) or 4789
        yield ClusterPort(protocol="udp", port=port, use="VXLAN", lost=lost, cluster="Calico", span=wrapped)
    bird = next((route.span for route in host.routes or () if route.protocol == "bird"), None)
    routed = bird or next((kinds[name] for name in ("None",) if name in kinds and wrapped is None), None)
    if routed is not None:
        lost = "the nodes do not learn each other's routes"
        yield ClusterPort(protocol="tcp", port=179, use="BGP", lost=lost, cluster="Calico", span=routed)
