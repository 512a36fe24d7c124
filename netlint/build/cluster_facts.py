"""What is gathered of one host's clusters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netlint.model.cluster import (
    Calico,
    CalicoPool,
    Cluster,
    ClusterRange,
    CniNetwork,
    DockerFlags,
    Flannel,
    Flanneld,
    FlannelLease,
    KubeProxy,
    Role,
    StoreServer,
)
from netlint.model.located import Located
from netlint.prefix import Address, Prefix
from netlint.source import Span

if TYPE_CHECKING:
    from netlint.build.flags import Given


class ClusterFacts:
    """Mutable; `finish` makes the `Cluster` of it. `settings` are flags that files set for any flanneld of the host."""

    def __init__(self) -> None:
        self.ranges: list[ClusterRange] = []
        self.flannel: list[Flannel] = []
        self.leases: list[FlannelLease] = []
        self.docker_flags: list[DockerFlags] = []
        self.flanneld: list[Flanneld] = []
        self.pools: list[CalicoPool] = []
        self.calico: list[Calico] = []
        self.proxies: list[KubeProxy] = []
        self.cni: list[CniNetwork] = []
        self.api_servers: list[Span] = []
        self.stores: list[StoreServer] = []
        self.bgp_peers: list[Span] = []
        self.dns: list[Located[Address]] = []
        self.balanced: list[Located[tuple[Address, Address]]] = []
        self.settings: list[Given] = []

    def claim(self, prefix: Located[Prefix], role: Role, owner: str, what: str, *, assumed: bool = False) -> None:
        """Add a range, once for each owner and place."""
        found = ClusterRange(prefix=prefix, role=role, owner=owner, what=what, assumed=assumed)
        if found not in self.ranges:
            self.ranges.append(found)

    def finish(self) -> Cluster:
        return Cluster(
            ranges=tuple(self.ranges),
            flannel=tuple(self.flannel),
            leases=tuple(self.leases),
            docker_flags=tuple(self.docker_flags),
            flanneld=tuple(self._with_settings(one) for one in self.flanneld),
            pools=tuple(self.pools),
            calico=tuple(self.calico),
            proxies=tuple(self.proxies),
            cni=tuple(self.cni),
            api_servers=tuple(self.api_servers),
            stores=tuple(self.stores),
            bgp_peers=tuple(self.bgp_peers),
            dns=tuple(self.dns),
            balanced=tuple(self.balanced),
        )

    def _with_settings(self, one: Flanneld) -> Flanneld:
        """A flag of the command line hides a setting."""
        from netlint.build.flags import last, switched  # noqa: PLC0415 - few hosts have a flanneld
        from netlint.build.values import text_of  # noqa: PLC0415 - the same

        return Flanneld(
            span=one.span,
            interface=one.interface or text_of(last(self.settings, "--iface")),
            pattern=one.pattern or text_of(last(self.settings, "--iface-regex")),
            public=one.public or text_of(last(self.settings, "--public-ip")),
            masquerades=one.masquerades or switched(self.settings, "--ip-masq"),
            exact=one.exact,
        )
