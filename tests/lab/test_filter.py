"""NL407 to NL411, NL415, NL507: what the filter table does to the traffic of containers."""

import shlex
from pathlib import Path

import pytest

from tests.lab import image
from tests.lab.compose import Lab, Record, finds
from tests.lab.engine import Engine
from tests.lab.examples import files, firewall_rules, reported
from tests.lab.machine import ADDRESS, KERNEL, NEIGHBOUR, OWNER, machine
from tests.lab.net import Host
from tests.lab.resolver import resolves, serve_names

FOREIGN = "10.32.0.2"


def test_refused_before_the_engine(version: str, lab: Lab, proof: Record, tmp_path: Path) -> None:
    host, others, engine = lab
    engine.container("web", "-p", "8080:80")
    bad = firewall_rules("NL407", "a rule for everything comes before the engine's")
    with host.rules(bad):
        assert engine.asks("web", NEIGHBOUR) is None
        assert others.asks(ADDRESS, 8080) is None
        assert finds(engine, "NL407", tmp_path)
    assert engine.asks("web", NEIGHBOUR) == ADDRESS
    assert others.asks(ADDRESS, 8080) == NEIGHBOUR
    assert not finds(engine, "NL407", tmp_path)
    seen = f"{shlex.join(bad[0])} before the engine's rules: the container reaches nothing, its published port is dead"
    proof(rule="NL407", engine=version, observed=seen + "; without it both work")


def test_foreign_bridge(version: str, lab: Lab, proof: Record, tmp_path: Path) -> None:
    """A bridge that is not Docker's, with somebody on it, on a host whose engine set the policy DROP."""
    host, _, engine = lab
    host.ip("link", "add", "weave", "type", "bridge")
    host.ip("addr", "add", "10.32.0.1/12", "dev", "weave")
    host.ip("link", "set", "weave", "up")
    good = "policy DROP, and everybody's traffic accepted"
    (translated,) = [words for words in firewall_rules("NL407", good, "POSTROUTING") if "10.32.0.0/12" in words]
    accepted = [words for words in firewall_rules("NL407", good, "DOCKER-USER") if "weave" in words]
    with Host("foreign") as foreign, host.rules([translated], "nat"):
        host.ip("link", "add", "foreign", "master", "weave", "type", "veth", "peer", "eth0", "netns", foreign.namespace)
        host.ip("link", "set", "foreign", "up")
        foreign.ip("addr", "add", f"{FOREIGN}/12", "dev", "eth0")
        foreign.ip("link", "set", "eth0", "up")
        foreign.route("default", "via", "10.32.0.1")
        assert foreign.asks(NEIGHBOUR) is None
        assert finds(engine, "NL407", tmp_path)
        with host.rules(accepted):
            assert foreign.asks(NEIGHBOUR) == ADDRESS
            assert not finds(engine, "NL407", tmp_path)
    host.ip("link", "del", "weave")
    seen = "FORWARD DROP as the engine leaves it: who is on a bridge of somebody else reaches nothing, and the LAN "
    proof(
        rule="NL407", engine=version, observed=seen + "once DOCKER-USER accepts that bridge's packets and the answers"
    )


def test_port_of_the_host(version: str, lab: Lab, proof: Record, tmp_path: Path) -> None:
    host, others, engine = lab
    engine.container("web", "-p", "8080:80")
    bad = firewall_rules("NL408", "the host's port")
    with host.rules(bad):
        assert others.asks(ADDRESS, 8080) == NEIGHBOUR
        assert finds(engine, "NL408", tmp_path)
    good = [
        words
        for words in firewall_rules("NL408", "the port that the client asked for", "DOCKER-USER")
        if "DROP" in words
    ]
    with host.rules(good):
        assert others.asks(ADDRESS, 8080) is None
        assert not finds(engine, "NL408", tmp_path)
    seen = f"{shlex.join(bad[0])}: the port answers as before; {shlex.join(good[0])}: it is closed"
    proof(rule="NL408", engine=version, observed=seen)


def test_replies_dropped(version: str, lab: Lab, proof: Record, tmp_path: Path) -> None:
    host, others, engine = lab
    engine.container("web", "-p", "8080:80")
    assert engine.asks("web", OWNER) == ADDRESS
    bad = firewall_rules("NL409", "everybody but the LAN")
    with host.rules(bad):
        assert engine.asks("web", OWNER) is None
        assert engine.asks("web", NEIGHBOUR) == ADDRESS
        assert finds(engine, "NL409", tmp_path)
    good = firewall_rules("NL409", "connections first", "DOCKER-USER")
    with host.rules(good):
        assert engine.asks("web", OWNER) == ADDRESS
        assert others.asks(ADDRESS, 8080, source=OWNER) is None
        assert not finds(engine, "NL409", tmp_path)
    seen = f"{shlex.join(bad[0])}: the container reaches the LAN and nothing beyond; with RELATED,ESTABLISHED let "
    proof(rule="NL409", engine=version, observed=seen + "through first it does, and strangers are still kept out")


@pytest.mark.parametrize("title", ["a rule for the port", "nobody is let in"])
def test_input_is_not_asked(version: str, lab: Lab, title: str, proof: Record, tmp_path: Path) -> None:
    host, others, engine = lab
    engine.container("web", "-p", "8080:80")
    bad = firewall_rules("NL411", title, "INPUT")
    with host.rules(bad):
        assert others.asks(ADDRESS, 8080) == NEIGHBOUR
        assert others.asks(ADDRESS, 8080, source=OWNER) == OWNER
        assert finds(engine, "NL411", tmp_path)
    inward, forward = (firewall_rules("NL411", "the same in DOCKER-USER", chain) for chain in ("INPUT", "DOCKER-USER"))
    with host.rules(inward), host.rules(forward):
        assert others.asks(ADDRESS, 8080, source=OWNER) is None
        assert not finds(engine, "NL411", tmp_path)
    seen = f"INPUT ends with {shlex.join(bad[-1])}: the published port answers; with a rule in DOCKER-USER it does not"
    proof(rule="NL411", engine=version, observed=seen)


def test_resolver_on_the_host(version: str, proof: Record, tmp_path: Path) -> None:
    texts, server = files("NL415", "the resolver of all containers"), "172.17.0.1"
    with machine() as (host, _), Engine(host, version, config=texts["daemon.json"]) as engine:
        serve_names(host, server)
        engine.container("web")
        assert f"nameserver {server}" in engine.execute("web", "cat", "/etc/resolv.conf")
        with host.rules(firewall_rules("NL415", "the resolver of all containers", "INPUT")):
            assert not resolves(engine, "web", server)
            assert finds(engine, "NL415", tmp_path)
        with host.rules(firewall_rules("NL415", "accepted from the containers", "INPUT")):
            assert resolves(engine, "web", server)
            assert not finds(engine, "NL415", tmp_path)
    seen = f"dns {server}, and INPUT refuses what is not accepted: no name resolves in a container, and all do once "
    proof(rule="NL415", engine=version, observed=seen + "port 53 is accepted from docker0")


def test_appended_behind_the_last_word(proof: Record, tmp_path: Path) -> None:
    """The example's rules as they are, and with the last one before the refusal. No engine has a part in it."""
    rules = firewall_rules("NL410", "appended behind the last word", "INPUT")
    with machine() as (host, others):
        host.serve(image.website(), 9100)
        for order, reached in ((rules, False), ([*rules[:-2], rules[-1], rules[-2]], True)):
            with host.rules(order):
                assert (others.asks(ADDRESS, 9100) is not None) is reached
                (tmp_path / "iptables-save.txt").write_text(host.run("iptables-save"), encoding="utf-8")
                assert ("NL410" in reported(tmp_path)) is not reached
    seen = f"{shlex.join(rules[-1])} behind a REJECT for everything: the port is closed; before it: open"
    proof(rule="NL410", engine=KERNEL, observed=seen)


def test_rule_before_all_of_docker(version: str, lab: Lab, proof: Record, tmp_path: Path) -> None:
    host, others, engine = lab
    engine.container("web", "-p", "8080:80")
    drop = "-A DOCKER-USER -i eth0 -j DROP".split()
    with host.rules([drop]):
        assert others.asks(ADDRESS, 8080) is None
        assert not finds(engine, "NL410", tmp_path)
        with host.rules(["-A FORWARD -j ACCEPT".split()]):
            assert others.asks(ADDRESS, 8080) == NEIGHBOUR
            assert finds(engine, "NL410", tmp_path)
    seen = "-A FORWARD -j ACCEPT before the engine's rules: a DROP in DOCKER-USER has no effect"
    proof(rule="NL410", engine=version, observed=seen)


def test_bridged_traffic_passes_by(version: str, proof: Record, tmp_path: Path) -> None:
    with machine() as (host, _), Engine(host, version, config={"icc": False}) as engine:
        for name in ("one", "two"):
            engine.container(name)
        two = engine.address("two")
        host.sysctl("net.bridge.bridge-nf-call-iptables", "1")
        assert engine.asks("one", two) is None
        assert not finds(engine, "NL507", tmp_path)
        host.sysctl("net.bridge.bridge-nf-call-iptables", "0")
        assert engine.asks("one", two) is not None
        assert finds(engine, "NL507", tmp_path)
    seen = "icc false: containers do not reach each other with bridge-nf-call-iptables 1, and do with 0"
    proof(rule="NL507", engine=version, observed=seen)
