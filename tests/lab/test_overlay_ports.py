"""NL607, NL615, NL118 and NL706: what crosses a swarm's overlay, and what does not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from netlint.config import Config
from netlint.discover import discover
from netlint.engine import check
from netlint.finding import Finding
from tests.lab.dump import dump
from tests.lab.engine import Engine
from tests.lab.examples import rules
from tests.lab.net import Host, Lan, wait_until

A, B = "192.168.10.1", "192.168.10.2"


@pytest.fixture
def nodes(version: str) -> Iterator[tuple[Engine, Engine]]:
    """A swarm of two nodes with an attachable overlay and a container on each."""
    with ExitStack() as stack:
        lan = stack.enter_context(Lan())
        a, b = stack.enter_context(Host("node-a")), stack.enter_context(Host("node-b"))
        lan.join(a, f"{A}/24")
        lan.join(b, f"{B}/24")
        one, two = stack.enter_context(Engine(a, version)), stack.enter_context(Engine(b, version))
        one.docker("swarm", "init", "--advertise-addr", A)
        token = one.docker("swarm", "join-token", "-q", "worker")
        two.docker("swarm", "join", "--token", token, "--advertise-addr", B, f"{A}:2377")
        one.docker("network", "create", "-d", "overlay", "--attachable", "wide")
        one.container("left", "--network", "wide")
        two.container("right", "--network", "wide")
        yield one, two


def states(manager: Engine) -> set[str]:
    return set(manager.docker("node", "ls", "--format", "{{.Status}}").split())


def findings(nodes: tuple[Engine, Engine], folder: Path) -> tuple[Finding, ...]:
    """What netlint says of both nodes."""
    for engine in nodes:
        dump(engine, folder / engine.host.name)
    return check(discover([str(folder)]), list(rules().values()), Config()).findings


def block(engine: Engine, *ports: tuple[str, int]) -> None:
    for protocol, port in ports:
        engine.host.run("iptables", "-I", "INPUT", "-p", protocol, "--dport", str(port), "-j", "DROP")


def test_vxlan_blocked(nodes: tuple[Engine, Engine], version: str, proof: Callable[..., None], tmp_path: Path) -> None:
    """4789 closed on one node: every ping is lost, the nodes are Ready, and netlint names the line of the firewall."""
    one, two = nodes
    wait_until(lambda: one.pings("left", two.address("right", "wide")), 30, "the overlay")
    assert not [one for one in findings(nodes, tmp_path / "before") if one.code == "NL607"]
    block(one, ("udp", 4789))
    assert not one.pings("left", two.address("right", "wide"))
    assert states(one) == {"Ready"}
    (found,) = [one for one in findings(nodes, tmp_path / "after") if one.code == "NL607"]
    text = (tmp_path / "after" / found.at.source).read_text(encoding="utf-8")
    assert text[found.at.start : found.at.end] == "-A INPUT -p udp -m udp --dport 4789 -j DROP"
    assert found.witness is not None
    assert found.witness.packet.startswith("udp 192.168.10.2")
    seen = "udp 4789 dropped on one node: every ping between the nodes' containers is lost, docker node ls says Ready"
    proof(rule="NL607", engine=version, observed=seen)


def test_gossip_blocked(nodes: tuple[Engine, Engine], version: str, proof: Callable[..., None], tmp_path: Path) -> None:
    """7946 closed: a container that starts now is not found from the other node, and the nodes are Ready."""
    one, two = nodes
    wait_until(lambda: one.pings("left", two.address("right", "wide")), 30, "the overlay")
    for engine in nodes:
        block(engine, ("tcp", 7946), ("udp", 7946))
    two.container("late", "--network", "wide")
    assert "bad address" in one.execute("left", "ping", "-c", "1", "-W", "1", "late", check=False)
    assert states(one) == {"Ready"}
    said = [one for one in findings(nodes, tmp_path) if one.code == "NL607"]
    assert {finding.host for finding in said} == {"node-a", "node-b"}
    assert all("7946" in finding.message for finding in said)
    seen = "7946 dropped: the name of a new container does not resolve on the other node, docker node ls says Ready"
    proof(rule="NL607", engine=version, observed=seen)


def test_default_mtu_ignores_the_underlay(
    nodes: tuple[Engine, Engine], version: str, proof: Callable[..., None], tmp_path: Path
) -> None:
    """An overlay takes 1500 for its underlay whatever that carries, until it is told."""
    one = nodes[0]
    for engine in nodes:
        engine.host.ip("link", "set", "eth0", "mtu", "9000")
    one.docker("network", "create", "-d", "overlay", "--attachable", "later")
    told = ("-o", "com.docker.network.driver.mtu=9000")
    one.docker("network", "create", "-d", "overlay", "--attachable", *told, "large")
    for name, expected in (("later", "1450"), ("large", "8950")):
        one.container(f"in-{name}", "--network", name)
        assert one.execute(f"in-{name}", "cat", "/sys/class/net/eth0/mtu") == expected
    said = {one.message.split()[1] for one in findings(nodes, tmp_path) if one.code == "NL706"}
    assert "later" in said
    assert "large" not in said
    seen = "underlay of 9000: an overlay network has MTU 1450 until com.docker.network.driver.mtu says 9000, then 8950"
    proof(rule="NL706", engine=version, observed=seen)
