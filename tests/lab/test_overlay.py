"""NL607 to NL609: a swarm of two hosts, and what has to pass between them."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.lab.compose import Record, finds
from tests.lab.dump import dump
from tests.lab.engine import Engine
from tests.lab.examples import firewall_rules, reported
from tests.lab.machine import ADDRESS, pair
from tests.lab.net import Host, failure, wait_until

LEFT, RIGHT = "10.20.0.10", "10.20.0.20"  # containers `left` on the manager and `right` on the worker
MANAGER = "10.0.5.11"  # as in the example of NL607
LARGE = ("-s", "1400")  # and 28 bytes of headers


class Swarm(NamedTuple):
    """A manager and a worker on one LAN."""

    a: Host
    b: Host
    one: Engine
    two: Engine


@pytest.fixture(scope="module")
def swarm(version: str) -> Iterator[Swarm]:
    addresses = (f"{MANAGER}/24", "10.0.5.12/24")
    with pair(*addresses) as (a, b), Engine(a, version) as one, Engine(b, version) as two:
        one.docker("swarm", "init", "--advertise-addr", MANAGER)
        join(two, one, MANAGER)
        yield Swarm(a, b, one, two)


def join(worker: Engine, manager: Engine, address: str = ADDRESS) -> None:
    token = manager.docker("swarm", "join-token", "-q", "worker")
    worker.docker("swarm", "join", "--token", token, f"{address}:2377")


@contextmanager
def overlay(swarm: Swarm, *options: str) -> Iterator[None]:
    """An overlay network with a container on each node."""
    swarm.one.docker("network", "create", "-d", "overlay", "--attachable", "--subnet", "10.20.0.0/24", *options, "wide")
    swarm.one.container("left", "--net", "wide", "--ip", LEFT)
    start = ("--net", "wide", "--ip", RIGHT)
    # a worker learns of a network a while after it was made
    wait_until(lambda: not failure(lambda: swarm.two.container("right", *start)), 20, "the network on the worker")
    wait_until(lambda: swarm.one.pings("left", RIGHT), 20, "the way to the other node")
    try:
        yield
    finally:
        wait_until(lambda: not any(_has_network(engine) for engine in (swarm.two, swarm.one)), 20, "its end")


def _has_network(engine: Engine) -> bool:
    """Whether the engine has an overlay of ours still; the manager keeps it until the worker has told of its end."""
    engine.clear()
    return any(network["Name"] == "wide" for network in engine.api.get("/networks"))


def test_underlay_is_smaller(version: str, swarm: Swarm, proof: Record, tmp_path: Path) -> None:
    """The option of the good example, on an underlay of the bad one's size."""

    def answered(count: int) -> list[int]:
        """Which of `count` large pings are answered, by their numbers."""
        words = ("ping", "-c", str(count), "-i", "0.3", "-W", "1", *LARGE, RIGHT)
        answer = swarm.one.execute("left", *words, check=False)
        return [number for number in range(count) if f"seq={number} " in answer]

    for host in (swarm.a, swarm.b):
        host.ip("link", "set", "eth0", "mtu", "1450")
    with overlay(swarm, "-o", "com.docker.network.driver.mtu=1450"):
        assert answered(2) == [0, 1]
        assert not finds(swarm.one, "NL608", tmp_path, "overlay wide ")
    with overlay(swarm):
        assert answered(3) == [1, 2]
        assert finds(swarm.one, "NL608", tmp_path, "overlay wide ")
    for host in (swarm.a, swarm.b):
        host.ip("link", "set", "eth0", "mtu", "1500")
    with overlay(swarm):
        assert answered(1) == [0]
    seen = "an overlay made for 1500 over an underlay of 1450: the first large packet is lost, until the kernel "
    proof(rule="NL608", engine=version, observed=seen + "has learned the size; with driver.mtu=1450 none is")


def test_overlay_ports(version: str, swarm: Swarm, proof: Record, tmp_path: Path) -> None:
    """The rules of the examples at the manager: the one lets VXLAN through, the other does not."""

    def speaks() -> bool:
        for engine, name in ((swarm.one, "hostA"), (swarm.two, "hostB")):
            dump(engine, tmp_path / name)
        return "NL607" in reported(tmp_path)

    with overlay(swarm):
        for title, passes in (("VXLAN is missing", False), ("all of it from the other nodes", True)):
            with swarm.a.rules(firewall_rules("NL607", title, "INPUT")):
                assert swarm.two.pings("right", LEFT) is passes
                assert swarm.one.pings("left", RIGHT) is passes
                assert swarm.one.docker("node", "ls", "--format", "{{.Status}}").split() == ["Ready", "Ready"]
                assert speaks() is not passes
    seen = "4789/udp not accepted at one node: no ping crosses the overlay, both nodes stay Ready; accepted: all do"
    proof(rule="NL607", engine=version, observed=seen)


def test_listens_on_loopback(version: str, proof: Record) -> None:
    """The addresses of the examples, moved to the lab's LAN."""
    with pair() as (a, b), Engine(a, version) as one, Engine(b, version) as two:
        one.docker("swarm", "init", "--advertise-addr", ADDRESS, "--listen-addr", "127.0.0.1:2377")
        assert failure(lambda: join(two, one))
        one.docker("swarm", "leave", "--force")
        one.docker("swarm", "init", "--advertise-addr", ADDRESS)
        wait_until(lambda: not failure(lambda: join(two, one)), 20, "the second node in the swarm")
    seen = "listen address on loopback: swarm init succeeds, no other node can join; without it it joins"
    proof(rule="NL609", engine=version, observed=seen)


def test_advertises_another_address(version: str, proof: Record) -> None:
    with pair() as (a, _), Engine(a, version) as one:
        said = one.docker("swarm", "init", "--advertise-addr", "203.0.113.5")
    assert "203.0.113.5:2377" in said
    seen = "an advertise address that the node does not have is accepted, and handed out in the join command"
    proof(rule="NL609", engine=version, observed=seen)
