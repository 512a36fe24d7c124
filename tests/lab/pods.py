"""Nodes of a cluster as flannel makes them: pods behind a bridge, and VXLAN between the nodes, of the kernel alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import NamedTuple

from tests.lab import image
from tests.lab.machine import ADDRESS, NEIGHBOUR
from tests.lab.net import Host, Lan, run

POD_A, POD_B = "10.244.1.2", "10.244.2.2"
FLANNEL = "flannel.1"


class Cluster(NamedTuple):
    """Two nodes on a LAN with a pod each, and a machine of the LAN."""

    a: Host
    b: Host
    pod_a: Host
    pod_b: Host
    client: Host


def tunnel(host: Host, own: str, peer: str, lease: str, other: str) -> None:
    """flannel's VXLAN interface of the node `own`, and its way to the pods of the node `peer`.

    `lease` and `other` are the first three bytes of the two nodes' parts of the pods' network.
    """
    words = ("type", "vxlan", "id", "1", "dstport", "8472", "nolearning", "local", own)
    host.ip("link", "add", FLANNEL, "address", _mac(lease), *words)
    host.ip("addr", "add", f"{lease}.0/32", "dev", FLANNEL)
    host.ip("link", "set", FLANNEL, "up")
    host.ip("neigh", "add", f"{other}.0", "lladdr", _mac(other), "dev", FLANNEL)
    run("bridge", "-n", host.namespace, "fdb", "append", _mac(other), "dev", FLANNEL, "dst", peer)
    host.route(f"{other}.0/24", "via", f"{other}.0", "dev", FLANNEL, "onlink")
    host.sysctl("net.ipv4.ip_forward", "1")


def _mac(lease: str) -> str:
    return "02:00:00:" + ":".join(f"{int(part):02x}" for part in lease.split("."))


def attach(node: Host, pod: Host, address: str, gateway: str, device: str = "cni0") -> None:
    """Put a pod with `address` on a link of the node, which is its gateway, and let it serve on port 80."""
    node.ip("link", "add", device, "type", "veth", "peer", "name", "eth0", "netns", pod.namespace)
    node.ip("addr", "add", f"{gateway}/24", "dev", device)
    node.ip("link", "set", device, "up")
    pod.ip("addr", "add", f"{address}/24", "dev", "eth0")
    pod.ip("link", "set", "eth0", "up")
    pod.route("default", "via", gateway)
    pod.serve(image.website())


@contextmanager
def cluster() -> Iterator[Cluster]:
    """Nodes ADDRESS and NEIGHBOUR with POD_A and POD_B, and a client 192.168.10.3 that has no route to any of them."""
    with ExitStack() as stack:
        lan = stack.enter_context(Lan())
        one = Cluster(*(stack.enter_context(Host(name)) for name in ("node-a", "node-b", "pod-a", "pod-b", "client")))
        for host, address in ((one.a, ADDRESS), (one.b, NEIGHBOUR), (one.client, "192.168.10.3")):
            lan.join(host, f"{address}/24")
        one.client.serve(image.website())
        tunnel(one.a, ADDRESS, NEIGHBOUR, "10.244.1", "10.244.2")
        tunnel(one.b, NEIGHBOUR, ADDRESS, "10.244.2", "10.244.1")
        attach(one.a, one.pod_a, POD_A, "10.244.1.1")
        attach(one.b, one.pod_b, POD_B, "10.244.2.1")
        yield one


@contextmanager
def service(node: Host, address: str, pod: str, *masquerade: str) -> Iterator[None]:
    """What kube-proxy writes on `node` for port 80 of a service; `masquerade` are the words of its rule that marks."""
    match = f"-d {address}/32 -p tcp --dport 80".split()
    node.run("iptables", *"-t nat -N KUBE-SERVICES".split())
    rules = [["-A", "PREROUTING", "-j", "KUBE-SERVICES"], ["-A", "OUTPUT", "-j", "KUBE-SERVICES"]]
    marked = ["-A", "POSTROUTING", *"-m mark --mark 0x4000/0x4000 -j MASQUERADE".split()]
    with node.rules([*rules, marked], "nat"):
        if masquerade:
            words = [word for word in masquerade if word != "all"]
            node.run(
                "iptables", *"-t nat -A KUBE-SERVICES".split(), *words, *match, *"-j MARK --set-mark 0x4000".split()
            )
        node.run("iptables", *"-t nat -A KUBE-SERVICES".split(), *match, "-j", "DNAT", "--to-destination", f"{pod}:80")
        try:
            yield
        finally:
            node.run("iptables", *"-t nat -F KUBE-SERVICES".split())
    node.run("iptables", *"-t nat -X KUBE-SERVICES".split())
