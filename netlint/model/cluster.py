"""Clusters that bring their own network: flannel, Calico, Kubernetes, CNI plugins, and the stores they rest on.

One struct for what one source states; several sources of a host give several of them.
"""

from __future__ import annotations

from enum import Enum

from msgspec import Struct

from netlint.model.located import Located
from netlint.prefix import Address, Prefix
from netlint.source import Span


class Role(Enum):
    """What the addresses of a cluster's range belong to."""

    PODS = "pods"
    SERVICES = "services"


class ClusterRange(Struct, frozen=True, kw_only=True):
    """A range of a cluster's own. `what` names it as a message does ("the flannel network", "Calico pool blue").

    `owner` is the program that hands the addresses out or is told of them. `assumed`: it is the program's default, and
    `prefix.span` the place that leaves it so.
    """

    prefix: Located[Prefix]
    role: Role
    owner: str
    what: str
    assumed: bool = False


class Flannel(Struct, frozen=True, kw_only=True):
    """flannel's network configuration (net-conf.json, etcd's /coreos.com/network/config).

    `backend` is the type as written, None where there is none; `subnet_length` is SubnetLen, `first` and `last` are
    SubnetMin and SubnetMax.
    """

    span: Span
    network: Located[Prefix] | None = None
    subnet_length: Located[int] | None = None
    first: Located[Address] | None = None
    last: Located[Address] | None = None
    backend: Located[str] | None = None
    direct_routing: bool = False
    port: Located[int] | None = None
    mtu: Located[int] | None = None

    @property
    def hosts_length(self) -> int:
        """Bits of the subnet that each host gets: SubnetLen, or 24, one bit more than a smaller network has."""
        if self.subnet_length is not None:
            return self.subnet_length.value
        return 24 if self.network is None or self.network.value.length < 24 else self.network.value.length + 1


class FlannelLease(Struct, frozen=True, kw_only=True):
    """/run/flannel/subnet.env: what flanneld was given. `subnet` holds the bridge's address and the length in bits."""

    span: Span
    network: Located[Prefix] | None = None
    subnet: Located[tuple[Address, int]] | None = None
    mtu: Located[int] | None = None
    masquerades: Located[bool] | None = None


class DockerFlags(Struct, frozen=True, kw_only=True):
    """What mk-docker-opts.sh made of a lease for dockerd (/run/flannel/docker)."""

    span: Span
    bip: Located[tuple[Address, int]] | None = None
    mtu: Located[int] | None = None
    masquerades: Located[bool] | None = None


class Flanneld(Struct, frozen=True, kw_only=True):
    """A command line of flanneld. `interface` and `pattern` are --iface and --iface-regex, `chosen` any of the options
    that say which address the others are to use."""

    span: Span
    interface: Located[str] | None = None
    pattern: Located[str] | None = None
    public: Located[str] | None = None
    masquerades: Located[bool] | None = None
    exact: bool = True

    @property
    def chosen(self) -> Located[str] | None:
        return self.public or self.interface or self.pattern


class CalicoPool(Struct, frozen=True, kw_only=True):
    """An IPPool, or the pool that calico-node's environment asks for.

    `encapsulation` is one of "None", "IPIP", "IPIPCrossSubnet", "VXLAN", "VXLANCrossSubnet".
    """

    span: Span
    name: str
    prefix: Located[Prefix]
    encapsulation: Located[str] | None = None
    masquerades: Located[bool] | None = None
    disabled: bool = False


class Calico(Struct, frozen=True, kw_only=True):
    """Other settings of Calico, of a manifest, an Installation or a FelixConfiguration.

    `is_node`: they say how calico-node finds the node's address. `autodetection` is the method, None for the default.
    """

    span: Span
    is_node: bool = False
    mtu: Located[int] | None = None
    wireguard: Span | None = None
    autodetection: Located[str] | None = None
    mesh: bool | None = None


class KubeProxy(Struct, frozen=True, kw_only=True):
    """kube-proxy, of its command line or its configuration file. `mode` is None where the default holds; `detects`: it
    is told another way than a range to know the pods' traffic."""

    span: Span
    mode: Located[str] | None = None
    cluster_range: Located[Prefix] | None = None
    masquerade_all: Located[bool] | None = None
    detects: bool = False
    exact: bool = True


class CniNetwork(Struct, frozen=True, kw_only=True):
    """One plugin of a CNI configuration that makes interfaces."""

    span: Span
    name: str
    type: Located[str]
    bridge: Located[str] | None = None
    subnet: Located[Prefix] | None = None
    mtu: Located[int] | None = None
    masquerades: Located[bool] | None = None


class StoreServer(Struct, frozen=True, kw_only=True):
    """A command that starts etcd or consul. `listens` are the addresses for clients as written, `guarded`: it demands
    client certificates."""

    span: Span
    program: str
    listens: tuple[Located[str], ...] = ()
    guarded: bool = False


class Cluster(Struct, frozen=True, kw_only=True):
    """All of that on one host. `dns` are the name servers that pods are given, `balanced` the ranges, first and last
    address, that MetalLB hands out to services on the nodes' own network."""

    ranges: tuple[ClusterRange, ...] = ()
    flannel: tuple[Flannel, ...] = ()
    leases: tuple[FlannelLease, ...] = ()
    docker_flags: tuple[DockerFlags, ...] = ()
    flanneld: tuple[Flanneld, ...] = ()
    pools: tuple[CalicoPool, ...] = ()
    calico: tuple[Calico, ...] = ()
    proxies: tuple[KubeProxy, ...] = ()
    cni: tuple[CniNetwork, ...] = ()
    api_servers: tuple[Span, ...] = ()
    stores: tuple[StoreServer, ...] = ()
    bgp_peers: tuple[Span, ...] = ()
    dns: tuple[Located[Address], ...] = ()
    balanced: tuple[Located[tuple[Address, Address]], ...] = ()

    def __bool__(self) -> bool:
        return self != Cluster()
