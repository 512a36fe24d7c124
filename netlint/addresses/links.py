"""What an interface is for, by its name: Docker's own, another container runtime's, a tunnel."""

from __future__ import annotations

from netlint.model.host import Host
from netlint.pattern import pattern

# bridge driver: docker0, br-<first 12 digits of the network's id>; swarm: docker_gwbridge; libnetwork: veth + 7 digits
_DOCKER = pattern(r"docker0|docker_gwbridge|br-[0-9a-f]{12}|veth[0-9a-f]{7}")
_CONTAINER = pattern(
    r"cni\d+|cni-podman\d+|podman\d+|lxcbr\d+|lxdbr\d+|virbr\d+(-nic)?|flannel[.\w-]*|weave|vethwe[\w-]*|vxlan-6784|datapath"
    r"|cali[0-9a-f]+|vxlan\.calico|tunl0|wireguard\.cali|kube-ipvs0|kube-bridge|dummy-ipvs|nodelocaldns|cilium_\w+|lxc\w+"
    r"|antrea-gw\d+|ovn-k8s-\w+|docker_\w+|cbr\d+|vmnet\d+|crc|kind"
)
_TUNNEL = pattern(
    r"(tun|tap|wg|ppp|gre|gretap|ipip|sit|ip6tnl|vti|ipsec|tailscale|utun|zt|nebula|nordlynx|l2tp)[\w.-]*"
)


def docker_bridges(host: Host) -> frozenset[str]:
    """Names of the bridges that the host's Docker networks are known to have."""
    return frozenset(network.bridge for network in host.networks if network.bridge is not None)


def is_docker_link(name: str, bridges: frozenset[str]) -> bool:
    """Whether the engine made the interface; `bridges` are those of `docker_bridges`."""
    return name in bridges or _DOCKER.fullmatch(name) is not None


def is_container_link(name: str) -> bool:
    """Whether another container or virtual machine manager made the interface."""
    return _CONTAINER.fullmatch(name) is not None


def is_tunnel(name: str, kind: str | None = None) -> bool:
    """Whether the interface leads through a tunnel; `kind` is the kernel's word where it is known."""
    return kind in ("tun", "wireguard", "gre", "ipip", "sit", "vti", "xfrm") or _TUNNEL.fullmatch(name) is not None
