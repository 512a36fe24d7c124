"""NL307 to NL309: options of the daemon and the kernel that decide what is forwarded, and where ports listen."""

import json
from pathlib import Path

import pytest

from tests.lab.compose import Lab, Record, finds, up
from tests.lab.engine import Engine
from tests.lab.examples import files
from tests.lab.machine import ADDRESS, NEIGHBOUR, machine
from tests.lab.resolver import lookup

IP_FORWARD = "net.ipv4.ip_forward"


def test_nobody_forwards(version: str, proof: Record, tmp_path: Path) -> None:
    config = files("NL308", "nobody switches it on")["daemon.json"]
    assert json.loads(config) == json.loads(files("NL308", "on, by the administrator")["daemon.json"])
    with machine() as (host, others), Engine(host, version, config=config) as engine:
        engine.container("web", "-p", "8080:80")
        assert host.run("sysctl", "-n", IP_FORWARD).strip() == "0"
        assert engine.asks("web", NEIGHBOUR) is None
        assert finds(engine, "NL308", tmp_path)
        host.sysctl(IP_FORWARD, "1")
        assert engine.asks("web", NEIGHBOUR) == ADDRESS
        assert others.asks(ADDRESS, 8080) == NEIGHBOUR
        assert not finds(engine, "NL308", tmp_path)
    seen = "ip-forward false: the engine starts, containers reach nothing; once the administrator sets ip_forward, all"
    proof(rule="NL308", engine=version, observed=seen)


@pytest.mark.parametrize("key", [IP_FORWARD, "net.ipv4.conf.docker0.forwarding"])
def test_forwarding_switched_off(version: str, lab: Lab, key: str, proof: Record, tmp_path: Path) -> None:
    """What the example's file sets, set at a running engine, as `sysctl --system` does."""
    host, _, engine = lab
    engine.container("web")
    assert engine.asks("web", NEIGHBOUR) == ADDRESS
    assert not finds(engine, "NL308", tmp_path)
    host.sysctl(key, "0")
    assert engine.asks("web", NEIGHBOUR) is None
    assert finds(engine, "NL308", tmp_path)
    host.sysctl(key, "1")
    proof(rule="NL308", engine=version, observed=f"{key} 0, set at a running engine: containers reach nothing")


def test_no_firewall(version: str, proof: Record, tmp_path: Path) -> None:
    for config, disabled in ((files("NL309", "so that ufw works")["daemon.json"], True), ("{}", False)):
        with machine() as (host, others), Engine(host, version, config=config) as engine:
            engine.docker("network", "create", "apart")
            engine.container("web", "-p", "8080:80")
            engine.container("db", "--net", "apart")
            host.sysctl(IP_FORWARD, "1")
            assert engine.asks("web", NEIGHBOUR) == (None if disabled else ADDRESS)
            assert others.asks(ADDRESS, 8080) == ("172.17.0.1" if disabled else NEIGHBOUR)
            assert (engine.asks("web", engine.address("db", "apart")) is not None) is disabled
            assert finds(engine, "NL309", tmp_path) is disabled
    seen = "iptables false: the container reaches nothing outside, its published port sees every client as 172.17.0.1, "
    proof(rule="NL309", engine=version, observed=seen + "and networks reach each other; by default nothing of that")


def test_translation_by_hand(version: str, proof: Record, tmp_path: Path) -> None:
    texts = files("NL309", "the translation is there, by hand")
    with machine() as (host, _), Engine(host, version, config=texts["daemon.json"]) as engine:
        engine.container("web")
        assert engine.asks("web", NEIGHBOUR) is None
        host.run("iptables", "-t", "nat", *"-A POSTROUTING -s 172.17.0.0/16 ! -d 172.16.0.0/12 -j MASQUERADE".split())
        assert engine.asks("web", NEIGHBOUR) == ADDRESS
        assert not finds(engine, "NL309", tmp_path)
    seen = "ip-masq false: the container reaches nothing until a rule by hand translates its address"
    proof(rule="NL309", engine=version, observed=seen)


def test_address_for_ports(version: str, proof: Record, tmp_path: Path) -> None:
    """`ip` is for docker0; engines from 24 on have an option for all other networks, older ones none."""
    bad = files("NL307", "published on the loopback, it was thought")
    good = files("NL307", "the default for networks too")
    with machine() as (host, others), Engine(host, version, config=bad["daemon.json"]) as engine:
        up(engine, bad, tmp_path / "bad")
        assert others.asks(ADDRESS, 8989) is not None
        engine.container("web", "-p", "8080:80")
        assert others.asks(ADDRESS, 8080) is None
        assert host.asks("127.0.0.1", 8080) is not None
        assert finds(engine, "NL307", tmp_path / "bad")
    seen = "ip 127.0.0.1: a port of docker0 is on the loopback, one of a Compose network on every address"
    if version != "20.10":
        with machine() as (host, others), Engine(host, version, config=good["daemon.json"]) as engine:
            up(engine, good, tmp_path / "good")
            assert others.asks(ADDRESS, 8989) is None
            assert host.asks("127.0.0.1", 8989) is not None
            assert not finds(engine, "NL307", tmp_path / "good")
        seen += "; with default-network-opts on the loopback too"
    proof(rule="NL307", engine=version, observed=seen)


def test_containers_apart(version: str, proof: Record, tmp_path: Path) -> None:
    texts, shop = files("NL307", "kept apart, it was thought"), tmp_path / "shop"
    with machine() as (host, _), Engine(host, version, config=texts["daemon.json"]) as engine:
        up(engine, texts, shop)
        (other,) = lookup(engine, "shop-one-1", "other")
        assert engine.asks("shop-one-1", other) is not None
        for name in ("one", "two"):
            engine.container(name)
        assert engine.asks("one", engine.address("two")) is None
        assert finds(engine, "NL307", shop)
    seen = "icc false: containers of docker0 do not reach each other, those of a Compose network do"
    proof(rule="NL307", engine=version, observed=seen)


def test_pools_of_a_swarm(version: str, proof: Record) -> None:
    config = files("NL307", "the swarm does not look there")["daemon.json"]
    with machine() as (host, _), Engine(host, version, config=config) as engine:
        engine.docker("swarm", "init", "--advertise-addr", "eth0")
        engine.docker("network", "create", "-d", "overlay", "apps")
        engine.docker("network", "create", "front")
        subnets = {
            name: engine.docker("network", "inspect", "-f", "{{(index .IPAM.Config 0).Subnet}}", name)
            for name in ("apps", "front")
        }
        assert subnets["apps"].startswith("10.0.")
        assert subnets["front"].startswith("172.28.")
    seen = f"default-address-pools 172.28.0.0/16: bridge network {subnets['front']}, overlay {subnets['apps']}"
    proof(rule="NL307", engine=version, observed=seen)
