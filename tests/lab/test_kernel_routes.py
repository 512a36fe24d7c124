"""NL402, NL503-NL507: routes, routing rules and kernel settings, on the kernel itself.

Hosts and containers are network namespaces; the firewall is written as an engine writes it.
"""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from netlint.config import Config
from netlint.dataplane.flow import parse_flow
from netlint.dataplane.journey import Journey, Walker
from netlint.dataplane.trip import plan_trip
from netlint.discover import discover
from netlint.engine import build
from tests.lab import image, walks
from tests.lab.compose import Record
from tests.lab.examples import reported
from tests.lab.net import Host, Lan

KERNEL = "Linux " + ".".join(platform.release().split(".")[:2])
FAR = "172.32.0.9"  # somebody behind the routers of both LANs
NAT = "*nat\n:PREROUTING ACCEPT\n:POSTROUTING ACCEPT\n:OUTPUT ACCEPT\n:DOCKER -\n"
JUMPS = "".join(f"-A {hook} -m addrtype --dst-type LOCAL -j DOCKER\n" for hook in ("PREROUTING", "OUTPUT"))
Make = Callable[..., Host]


@pytest.fixture
def make() -> Iterator[Make]:
    """`make(name)` makes a host that forwards; it ends with the test."""
    with ExitStack() as stack:

        def one(name: str, *, forwards: bool = True) -> Host:
            host = stack.enter_context(Host(name))
            host.sysctl("net.ipv4.ip_forward", str(int(forwards)))
            return host

        yield one


@pytest.fixture
def lans() -> Iterator[tuple[Lan, Lan]]:
    with Lan("lan") as first, Lan("second") as second:
        yield first, second


def bridge(host: Host, address: str, name: str = "docker0") -> None:
    host.ip("link", "add", name, "type", "bridge")
    host.ip("addr", "add", address, "dev", name)
    host.ip("link", "set", name, "up")


def plug(host: Host, container: Host, address: str, *, link: str = "eth0", into: str = "docker0") -> None:
    """Join `container` to a bridge of the host."""
    port = f"veth{container.name[:6]}{link[-1]}"
    container.ip("link", "add", link, "type", "veth", "peer", "name", port, "netns", host.namespace)
    host.ip("link", "set", port, "master", into, "up")
    container.ip("addr", "add", address, "dev", link)
    container.ip("link", "set", link, "up")


def container(make: Make, host: Host, name: str, address: str, gateway: str) -> Host:
    """A container on docker0 that serves on port 80."""
    one = make(name, forwards=False)
    plug(host, one, address)
    one.route("default", "via", gateway)
    one.serve(image.website())
    return one


def finds(rule: str, folder: Path, *hosts: Host) -> bool:
    """Whether netlint reports the rule of these hosts' own listings."""
    for host in hosts:
        (folder / host.name).mkdir(parents=True, exist_ok=True)
        walks.described(host, folder / host.name)
    return rule in reported(folder)


def journey(folder: Path, flow: str) -> Journey:
    """What `netlint trace` walks, on listings that `finds` has written."""
    site, _ = build(discover([str(folder)]), Config())
    walker = Walker(site.hosts)
    trip = plan_trip(walker, parse_flow(flow))
    return walker.journey(trip.host, trip.packet)


@pytest.fixture
def nodes(make: Make, lans: tuple[Lan, Lan]) -> tuple[Host, Host, Host, Host]:
    """Two hosts of one LAN with routes to each other's containers, and a container on each."""
    made = []
    for index, name in ((1, "nodeA"), (2, "nodeB")):
        host = make(name)
        lans[0].join(host, f"192.168.124.5{index}/24")
        bridge(host, f"172.17.{index}.1/24")
        other = 3 - index
        host.route(f"172.17.{other}.0/24", "via", f"192.168.124.5{other}")
        host.run("iptables", "-P", "FORWARD", "ACCEPT")
        made += [host, container(make, host, f"c{index}", f"172.17.{index}.2/24", f"172.17.{index}.1")]
    return made[0], made[1], made[2], made[3]


def test_masquerade_hides_peer(nodes: tuple[Host, ...], proof: Record, tmp_path: Path) -> None:
    """The scheme of two hosts with routed bridges, with the exclusion and without it."""
    a, on_a, b, _ = nodes
    flow = "tcp from container 172.17.1.2 to 172.17.2.2:80".replace("container ", "")
    nat = ("iptables", "-t", "nat")
    rule = ("-s", "172.17.1.0/24", "!", "-d", "172.17.0.0/16", "-j", "MASQUERADE")
    a.run(*nat, "-A", "POSTROUTING", *rule)
    assert on_a.asks("172.17.2.2") == "172.17.1.2"
    assert not finds("NL402", tmp_path, a, b)
    kept = journey(tmp_path, flow)
    assert (kept.accepted, kept.keeps_source, kept.answered) == (True, True, True)
    a.run(*nat, "-D", "POSTROUTING", *rule)
    a.run(*nat, "-A", "POSTROUTING", "-s", "172.17.1.0/24", "!", "-o", "docker0", "-j", "MASQUERADE")
    assert on_a.asks("172.17.2.2") == "192.168.124.51"
    assert finds("NL402", tmp_path, a, b)
    hidden = journey(tmp_path, flow)
    assert (str(hidden.arrives.source), hidden.keeps_source) == ("192.168.124.51", False)
    seen = "with ! -d 172.17.0.0/16 the container of the other host sees 172.17.1.2, without it 192.168.124.51"
    proof(rule="NL402", engine=KERNEL, observed=seen)


def test_duplicate_route(make: Make, lans: tuple[Lan, Lan], proof: Record, tmp_path: Path) -> None:
    host = make("alone")
    lans[0].join(host, "192.168.10.1/24")
    host.route("10.8.0.0/16", "via", "192.168.10.7")
    assert not finds("NL503", tmp_path, host)
    host.ip("route", "append", "10.8.0.0/16", "via", "192.168.10.8")
    assert "via 192.168.10.7" in host.ip("route", "get", "10.8.0.1")
    assert finds("NL503", tmp_path, host)
    proof(rule="NL503", engine=KERNEL, observed="of two routes of one rank the first is taken")


def test_default_route_on_container_link(make: Make, lans: tuple[Lan, Lan], proof: Record, tmp_path: Path) -> None:
    host, router = make("alone"), make("router", forwards=False)
    lans[0].join(host, "192.168.10.1/24")
    lans[0].join(router, "192.168.10.254/24")
    router.ip("addr", "add", f"{FAR}/32", "dev", "lo")
    host.route("default", "via", "192.168.10.254", "metric", "100")
    bridge(host, "172.17.0.1/16")
    container(make, host, "web", "172.17.0.2/16", "172.17.0.1")
    assert host.pings(FAR)
    assert not finds("NL504", tmp_path, host)
    host.route("default", "dev", "vethweb0", "scope", "link")
    assert not host.pings(FAR)
    assert finds("NL504", tmp_path, host)
    proof(rule="NL504", engine=KERNEL, observed="with a default route on a container's link the host pings nobody")


@pytest.fixture
def two_uplinks(make: Make, lans: tuple[Lan, Lan]) -> tuple[Host, Host]:
    """A host with a way out by two LANs and a container that publishes 8080, and somebody far behind the second."""
    host, client = make("alone"), make("client", forwards=False)
    for index, lan in enumerate(lans):
        lan.join(host, f"192.168.1{index}.1/24", interface=f"eth{index}")
    lans[1].join(client, "192.168.11.254/24")
    client.ip("addr", "add", f"{FAR}/32", "dev", "lo")
    client.route("192.168.11.1", "dev", "eth0", "src", FAR)
    host.route("default", "via", "192.168.10.254")
    bridge(host, "172.17.0.1/16")
    container(make, host, "web", "172.17.0.2/16", "172.17.0.1")
    dnat = "-A DOCKER ! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80\n"
    masquerade = "-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE\n"
    host.run("iptables-restore", stdin=NAT + JUMPS + masquerade + dnat + "COMMIT\n")
    host.serve(image.website(), 81)
    return host, client


def test_table_without_the_bridge(two_uplinks: tuple[Host, Host], proof: Record, tmp_path: Path) -> None:
    host, _ = two_uplinks
    assert host.asks("172.17.0.2") is not None
    host.route("default", "via", "192.168.11.254", "dev", "eth1", "table", "51820")
    host.ip("rule", "add", "lookup", "51820", "pref", "100")
    assert host.asks("172.17.0.2") is None
    assert finds("NL505", tmp_path, host)
    host.route("172.17.0.0/16", "dev", "docker0", "table", "51820")
    assert host.asks("172.17.0.2") is not None
    assert not finds("NL505", tmp_path, host)
    seen = "a table that is asked before main and has no route to the bridge cuts the host off its containers"
    proof(rule="NL505", engine=KERNEL, observed=seen)


def test_strict_reverse_path(two_uplinks: tuple[Host, Host], proof: Record, tmp_path: Path) -> None:
    host, client = two_uplinks
    host.route("default", "via", "192.168.11.254", "dev", "eth1", "metric", "200")
    host.route(FAR, "via", "192.168.11.254", "dev", "eth1")
    host.sysctl("net.ipv4.conf.eth1.rp_filter", "1")
    assert client.asks("192.168.11.1", 8080) == FAR
    host.ip("route", "del", FAR)
    assert client.asks("192.168.11.1", 8080) is None
    assert finds("NL506", tmp_path, host)
    host.sysctl("net.ipv4.conf.eth1.rp_filter", "2")
    assert not finds("NL506", tmp_path, host)
    seen = "rp_filter 1 drops what comes by the second uplink while the route back is by the first"
    proof(rule="NL506", engine=KERNEL, observed=seen)


def test_bridge_netfilter(make: Make, proof: Record, tmp_path: Path) -> None:
    """Two ports of a bridge, and a rule or a policy that is to stop what goes between them, or is not."""
    host = make("alone")
    bridge(host, "192.168.10.1/24", "br0")
    first, second = (make(name, forwards=False) for name in ("vm1", "vm2"))
    plug(host, first, "192.168.10.7/24", into="br0")
    plug(host, second, "192.168.10.8/24", into="br0")
    second.serve(image.website())
    host.run("iptables", "-P", "FORWARD", "DROP")
    host.run("iptables", "-N", "DOCKER")
    host.sysctl("net.bridge.bridge-nf-call-iptables", "1")
    assert first.asks("192.168.10.8") is None
    assert finds("NL507", tmp_path, host)
    host.sysctl("net.bridge.bridge-nf-call-iptables", "0")
    assert first.asks("192.168.10.8") == "192.168.10.7"
    assert not finds("NL507", tmp_path, host)
    seen = "with bridge-nf-call-iptables 1 the policy DROP of FORWARD parts the ports of a bridge, with 0 it does not"
    proof(rule="NL507", engine=KERNEL, observed=seen)
