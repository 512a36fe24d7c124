"""NL120, NL616, NL617: what pods and services of a cluster reach. The kernel does it; the rules are kube-proxy's."""

import shlex
from pathlib import Path

import pytest

from tests.lab.compose import Lab, Record, finds
from tests.lab.examples import files
from tests.lab.machine import ADDRESS, KERNEL, NEIGHBOUR
from tests.lab.net import Host, Lan
from tests.lab.pods import FLANNEL, POD_A, POD_B, attach, cluster, service, tunnel

SERVICE, CLUSTER = "10.96.0.10", ("!", "-s", "10.244.0.0/16")


def test_translation_of_services(proof: Record) -> None:
    """A service of a pod on the other node, asked by a pod, by a node and by a machine that routes services there."""
    with cluster() as one:
        one.client.route("10.96.0.0/12", "via", ADDRESS)
        one.a.route("default", "via", "192.168.10.254")  # by it a node chooses its address for a service
        seen = {}
        for how, words in {"all": ("all",), "cluster": CLUSTER, "nothing": ()}.items():
            with service(one.a, SERVICE, POD_B, *words):
                seen[how] = [host.asks(SERVICE) for host in (one.pod_a, one.client, one.a)]
        assert seen["all"] == ["10.244.1.0", "10.244.1.0", "10.244.1.0"]
        assert seen["cluster"] == [POD_A, "10.244.1.0", "10.244.1.0"]
        assert seen["nothing"] == [POD_A, None, ADDRESS]
        for name in ("all", FLANNEL):
            one.b.sysctl(f"net/ipv4/conf/{name}/rp_filter", "1")
        with service(one.a, SERVICE, POD_B):
            assert one.a.asks(SERVICE) is None
        with service(one.a, SERVICE, POD_B, *CLUSTER):
            assert one.a.asks(SERVICE) == "10.244.1.0"
    text = (
        f"all traffic to services translated: the pod sees its peer as 10.244.1.0, the node; with the range as {POD_A}"
    )
    proof(rule="NL617", engine=KERNEL, observed=text)
    text = "nothing translated: a client outside gets no answer, and the node itself gets none where the other node's "
    proof(rule="NL617", engine=KERNEL, observed=text + "rp_filter is strict; with the range both do")


def test_way_out_for_pods(proof: Record) -> None:
    """natOutgoing of a pool, and the pool over the nodes' own network."""
    with cluster() as one:
        outgoing = ["-A", "POSTROUTING", "-s", "10.244.0.0/16", "!", "-d", "10.244.0.0/16", "-j", "MASQUERADE"]
        assert one.pod_a.asks("192.168.10.3") is None
        with one.a.rules([outgoing], "nat"):
            assert one.pod_a.asks("192.168.10.3") == ADDRESS
        one.client.route("10.244.1.0/24", "via", ADDRESS)
        assert one.pod_a.asks("192.168.10.3") == POD_A
    text = "without natOutgoing a pod gets no answer from the LAN, with it the LAN sees the node; where the LAN has a "
    proof(rule="NL617", engine=KERNEL, observed=text + "route to the pods, as a BGP peer has, it sees the pod")


def test_pool_over_the_lan(proof: Record) -> None:
    """What the pool's translation leaves out is the pool itself, and so the LAN."""
    with Lan() as lan, Host("node-a") as node, Host("pod-a") as pod, Host("client") as client:
        lan.join(node, "192.168.86.152/24")
        lan.join(client, "192.168.86.20/24")
        attach(node, pod, "192.168.200.2", "192.168.200.1")
        node.sysctl("net.ipv4.ip_forward", "1")
        seen = {}
        for pool in ("192.168.0.0/16", "192.168.200.0/24"):
            with node.rules([["-A", "POSTROUTING", "-s", pool, "!", "-d", pool, "-j", "MASQUERADE"]], "nat"):
                seen[pool] = pod.pings("192.168.86.20")
    assert seen == {"192.168.0.0/16": False, "192.168.200.0/24": True}
    text = "natOutgoing of pool 192.168.0.0/16 over the nodes' LAN: a pod gets no answer of a machine there; of a pool "
    proof(rule="NL120", engine=KERNEL, observed=text + "beside it it does")


def test_pod_with_the_address_of_a_service(proof: Record) -> None:
    with cluster() as one:
        assert one.pod_a.asks(POD_B) == POD_A
        with service(one.a, POD_B, "10.244.2.99", *CLUSTER):
            assert one.pod_a.asks(POD_B) is None
            assert one.pod_a.pings(POD_B)
    text = "a service has a pod's address: on the service's port the pod is out of reach from other nodes"
    proof(rule="NL120", engine=KERNEL, observed=text)


def test_docker_network_over_pods(version: str, lab: Lab, proof: Record, tmp_path: Path) -> None:
    """The cluster's own route leads to a pod of another node."""
    engine, host, pod = lab.engine, lab.host, "10.244.5.2"
    (tmp_path / "setup.sh").write_text("kubeadm init --pod-network-cidr=10.244.0.0/16\n", encoding="utf-8")
    lab.others.ip("addr", "add", f"{pod}/32", "dev", "lo")
    host.route("10.244.0.0/16", "via", NEIGHBOUR)
    try:
        engine.docker("network", "create", "--subnet", "10.200.5.0/24", "beside")
        assert host.pings(pod)
        assert not finds(engine, "NL120", tmp_path)
        engine.docker("network", "create", "--subnet", "10.244.5.0/24", "front")
        assert not host.pings(pod)
        assert finds(engine, "NL120", tmp_path)
    finally:
        host.ip("route", "del", "10.244.0.0/16")
        lab.others.ip("addr", "del", f"{pod}/32", "dev", "lo")
    text = "a Docker network 10.244.5.0/24 inside the pod range is accepted: pods of another node there answer no more"
    proof(rule="NL120", engine=version, observed=text)


@pytest.mark.parametrize("title", ["the NAT of the virtual machines", "the interface between the nodes"])
def test_registered_address(title: str, proof: Record) -> None:
    """Two machines of the example: each with a NAT of its own, and a network between them."""
    good = title == "the interface between the nodes"
    assert ("--iface=eth1" in shlex.split(files("NL616", title)["flanneld.service"], comments=True)) is good
    with Lan("nat-a") as nat_a, Lan("nat-b") as nat_b, Lan() as lan, Host("node-a") as a, Host("node-b") as b:
        for number, (host, nat) in enumerate(((a, nat_a), (b, nat_b)), 1):
            nat.join(host, "10.0.2.15/24")
            lan.join(host, f"172.28.128.1{number}/24", interface="eth1")
            host.route("default", "via", "10.0.2.2")
        registered = ("172.28.128.11", "172.28.128.12") if good else ("10.0.2.15", "10.0.2.15")
        tunnel(a, *registered, "10.244.1", "10.244.2")
        tunnel(b, registered[1], registered[0], "10.244.2", "10.244.1")
        assert a.pings("172.28.128.12")
        assert a.pings("10.244.2.0") is good
    if not good:
        text = "both nodes registered as 10.0.2.15, each on a NAT of its own: nothing passes between their pods; "
        proof(rule="NL616", engine=KERNEL, observed=text + "registered as 172.28.128.11 and .12 all does")
