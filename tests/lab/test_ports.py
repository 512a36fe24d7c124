"""NL205, NL801: published ports."""

import re
from pathlib import Path

import pytest

from tests.lab.compose import Compose, Lab, Record, finds, refused, up
from tests.lab.examples import files
from tests.lab.machine import ADDRESS
from tests.lab.net import wait_until
from tests.lab.resolver import serve_names

IN_USE = "port is already allocated|address already in use"
V6, NEIGHBOUR_V6 = "fd10::1", "fd10::2"


@pytest.mark.parametrize(
    ("title", "port"),
    [
        ("a database for everybody", 5432),
        ("an application on every address", 8080),
        ("for this host only", 5432),
    ],
)
def test_on_every_address(version: str, lab: Lab, title: str, port: int, proof: Record, tmp_path: Path) -> None:
    host, others, engine = lab
    shop, bad = tmp_path / "shop", title != "for this host only"
    for side, address in ((host, V6), (others, NEIGHBOUR_V6)):
        side.ip("addr", "replace", f"{address}/64", "dev", "eth0", "nodad")
    up(engine, files("NL801", title), shop)
    assert (others.asks(ADDRESS, port) is not None) is bad
    assert (others.asks(V6, port) is not None) is bad
    assert host.asks("127.0.0.1", port) is not None
    assert finds(engine, "NL801", shop) is bad
    host.run("iptables", "-I", "INPUT", "-j", "DROP")
    assert (others.asks(ADDRESS, port) is not None) is bad
    host.run("iptables", "-F", "INPUT")
    Compose(engine).run(shop, "down", "-t", "0")
    if bad:
        seen = (
            f"{title}: the LAN gets an answer from {ADDRESS} and {V6}, from {ADDRESS} even with DROP for all of INPUT"
        )
        proof(rule="NL801", engine=version, observed=seen)
    else:
        proof(rule="NL801", engine=version, observed="bound to 127.0.0.1: answers the host and nobody else")


def test_started_by_hand(version: str, lab: Lab, proof: Record) -> None:
    _, others, engine = lab
    (command,) = files("NL801", "a key-value store started by hand")["setup.sh"].splitlines()
    engine.provide("progrium/consul")
    engine.docker(*command.split()[1:])
    engine.settle()
    assert others.asks(ADDRESS, 8500) is not None
    proof(rule="NL801", engine=version, observed="docker run -p 8500:8500: the LAN gets an answer")


def test_port_taken(version: str, lab: Lab, proof: Record, tmp_path: Path) -> None:
    shop, engine = tmp_path / "shop", lab.engine
    said = refused(engine, files("NL205", "one port, two services"), shop)
    assert re.search(IN_USE, said)  # by who of the two starts first
    assert finds(engine, "NL205", shop)
    Compose(engine).run(shop, "down", "-t", "0")
    lab.host.ip("addr", "replace", "10.0.0.5/32", "dev", "lo")
    up(engine, files("NL205", "an address each"), shop)
    assert not finds(engine, "NL205", shop)
    proof(rule="NL205", engine=version, observed="one port, two services: config accepts it, up fails: port in use")


def test_port_of_a_program(version: str, lab: Lab, proof: Record, tmp_path: Path) -> None:
    """A name server of the host listens on its loopback, and the container of the example wants all addresses."""
    shop, engine = tmp_path / "shop", lab.engine
    texts = files("NL205", "the resolver of the host has port 53")
    program = serve_names(lab.host, "127.0.0.53")
    wait_until(lambda: "127.0.0.53:53" in lab.host.run("ss", "-lnu"), 5, "the name server")
    assert "address already in use" in refused(engine, texts, shop)
    assert finds(engine, "NL205", shop)
    Compose(engine).run(shop, "down", "-t", "0")
    program.kill()
    program.wait(5)
    up(engine, texts, shop)
    assert not finds(engine, "NL205", shop)
    seen = (
        "a server of the host on 127.0.0.53:53, and a container that wants 53 on every address: address already in use"
    )
    proof(rule="NL205", engine=version, observed=seen)


def test_override_adds(version: str, lab: Lab, proof: Record, tmp_path: Path) -> None:
    shop, engine = tmp_path / "shop", lab.engine
    assert re.search(IN_USE, refused(engine, files("NL205", "an override file adds a port"), shop))
    Compose(engine).run(shop, "down", "-t", "0")
    up(engine, files("NL205", "the override replaces"), shop)
    proof(rule="NL205", engine=version, observed="an override file adds the port once more: up fails: port in use")
