"""NL244, NL424, NL425: ways that the firewall closes to containers, or leaves open to others."""

import shlex
from pathlib import Path

from tests.lab.compose import Compose, Lab, Record, container, finds, up
from tests.lab.engine import Engine
from tests.lab.examples import files, firewall_rules
from tests.lab.machine import ADDRESS, NEIGHBOUR, machine
from tests.lab.resolver import EMBEDDED, resolves, serve_names

PORT = 5432
RESOLVER = "192.168.10.53"


def test_card_of_another_name(version: str, lab: Lab, proof: Record, tmp_path: Path) -> None:
    """The rule of the example for a card that the host does not have, and for the one that it has."""
    host, others, engine = lab
    engine.container("db", "-p", f"{PORT}:{PORT}")
    (rule,) = firewall_rules("NL424", "the card has another name")
    absent = ["ens3" if word == "eth0" else word for word in rule]
    with host.rules([absent]):
        assert others.asks(ADDRESS, PORT) == NEIGHBOUR
        assert finds(engine, "NL424", tmp_path)
    with host.rules([rule]):
        assert others.asks(ADDRESS, PORT) is None
        assert not finds(engine, "NL424", tmp_path)
    seen = f"{shlex.join(absent)} on a host with eth0: taken, and the port answers; with -i eth0 it is closed"
    proof(rule="NL424", engine=version, observed=seen)


def test_resolver_in_a_closed_range(version: str, proof: Record, tmp_path: Path) -> None:
    """The rules of the example on a host whose name server is on the closed LAN."""
    with (
        machine(others=(NEIGHBOUR, RESOLVER)) as (host, others),
        Engine(host, version, resolver=RESOLVER) as engine,
    ):
        serve_names(others, RESOLVER)
        engine.docker("network", "create", "own")
        engine.container("app")
        engine.container("other", "--network", "own")
        closed = firewall_rules("NL425", "the LAN is closed, and the resolver is in there")
        spared = [
            words for words in firewall_rules("NL425", "the resolver is let through", "DOCKER-USER") if "-i" in words
        ]
        assert resolves(engine, "app", RESOLVER)
        with host.rules(closed):
            assert not resolves(engine, "app", RESOLVER)
            assert resolves(engine, "other", EMBEDDED)  # on a bridge that the rule is not for
            assert finds(engine, "NL425", tmp_path)
        with host.rules(spared):
            assert resolves(engine, "app", RESOLVER)
            assert engine.asks("app", NEIGHBOUR) is None
            assert not finds(engine, "NL425", tmp_path)
    seen = (
        "the LAN closed to docker0: no name resolves there; with the resolver let through it does, the LAN stays closed"
    )
    proof(rule="NL425", engine=version, observed=seen)


def test_only_way_out(version: str, lab: Lab, proof: Record, tmp_path: Path) -> None:
    """The neighbour has no route to the containers."""
    engine, bad, good = lab.engine, tmp_path / "bad", tmp_path / "good"
    up(engine, files("NL244", "no other way out"), bad)
    assert engine.asks(container(bad, "app"), NEIGHBOUR) is None
    assert finds(engine, "NL244", bad)
    Compose(engine).run(bad, "down", "-t", "0")
    up(engine, files("NL244", "another network, or ports alone"), good)
    assert engine.asks(container(good, "app"), NEIGHBOUR) == ADDRESS
    assert not finds(engine, "NL244", good)
    seen = "with this network alone a container gets no answer from the LAN, with a second one that translates it does"
    proof(rule="NL244", engine=version, observed=seen)
