"""NL402: containers of two hosts that route to each other."""

from pathlib import Path

from tests.lab import image
from tests.lab.compose import Record
from tests.lab.dump import dump
from tests.lab.engine import Engine
from tests.lab.examples import files, firewall_rules, reported, write
from tests.lab.machine import pair
from tests.lab.net import Host

A, B, PEER = "192.168.124.51", "192.168.124.52", "172.17.2.9"


def connect(a: Host, b: Host) -> None:
    """Routes to each other's containers, and a server at PEER, which stands for a container of the second host."""
    b.ip("addr", "add", f"{PEER}/24", "dev", "lo")
    a.route("172.17.2.0/24", "via", B)
    b.route("172.17.1.0/24", "via", A)
    b.serve(image.website())


def test_peer_sees_the_host(version: str, proof: Record, tmp_path: Path) -> None:
    """Host A of the example with an engine, whose own rule for docker0 is one such."""
    texts = files("NL402", "no exclusion")
    # engines from 28 on drop in the raw table what comes to a container's address from elsewhere, answers too
    direct = {"allow-direct-routing": True} if version == "28.5" else {}
    config = {"bip": "172.17.1.1/24"} | direct
    with pair(f"{A}/24", f"{B}/24") as (a, b), Engine(a, version, config=config) as engine:
        connect(a, b)
        engine.container("web")
        own = engine.address("web")

        def speaks() -> bool:
            dump(engine, tmp_path / "nodeA")
            write({name: text for name, text in texts.items() if name.startswith("nodeB/")}, tmp_path)
            return "NL402" in reported(tmp_path)

        assert engine.asks("web", PEER) == A
        assert speaks()
        a.run("iptables", *"-t nat -I POSTROUTING -s 172.17.1.0/24 -d 172.17.2.0/24 -j RETURN".split())
        assert engine.asks("web", PEER) == own
        assert not speaks()
        a.run("iptables", "-t", "nat", "-F", "POSTROUTING")
        for title, source in (("no exclusion", A), ("the routed range is left out", own)):
            (rule,) = firewall_rules("NL402", title, "POSTROUTING")
            a.run("iptables", "-t", "nat", *rule)
            assert engine.asks("web", PEER) == source
            assert speaks() is (source == A)
            a.run("iptables", "-t", "nat", "-D", *rule[1:])
    seen = f"the peer behind a route sees {A}, the host, by the engine's own rule and by that of the example; with an "
    proof(rule="NL402", engine=version, observed=seen + f"exclusion, either way, the container's own {own}")


def test_answers_to_a_container(proof: Record) -> None:
    """The exclusion alone is not enough from engine 28 on: the answers come to the container's own address."""
    with pair(f"{A}/24", f"{B}/24") as (a, b), Engine(a, "28.5", config={"bip": "172.17.1.1/24"}) as engine:
        connect(a, b)
        engine.container("web")
        assert engine.asks("web", PEER) == A
        a.run("iptables", *"-t nat -I POSTROUTING -s 172.17.1.0/24 -d 172.17.2.0/24 -j RETURN".split())
        assert engine.asks("web", PEER) is None
        (dropped,) = [
            line for line in a.run("iptables-save", "-t", "raw").splitlines() if engine.address("web") in line
        ]
        assert dropped.endswith("-j DROP")
        a.run("iptables", "-t", "raw", "-D", *dropped.split()[1:])
        assert engine.asks("web", PEER) == engine.address("web")
    seen = f"with the exclusion alone no answer comes back: raw has {dropped}; allow-direct-routing leaves that out"
    proof(rule="NL402", engine="28.5", observed=seen)
