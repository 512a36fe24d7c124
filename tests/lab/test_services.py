"""NL121, NL226 to NL229, NL232: where the addresses and names that services are told lead."""

import shlex
from pathlib import Path

import pytest

from tests.lab.compose import Compose, Lab, Record, container, finds, up
from tests.lab.engine import Engine
from tests.lab.examples import files, images, write
from tests.lab.machine import OWNER, machine
from tests.lab.net import failure


def test_port_of_nobody(version: str, lab: Lab, proof: Record, tmp_path: Path) -> None:
    """The lab's image serves on 5432 as the example's does, and not on 5433."""
    engine, host = lab.engine, lab.host
    for title, answers in (("another port on both sides", False), ("the host's port alone is another one", True)):
        shop = tmp_path / str(answers).lower()
        up(engine, files("NL226", title), shop)
        assert (host.asks("127.0.0.1", 5433) is not None) is answers
        assert finds(engine, "NL226", shop) is not answers
        Compose(engine).run(shop, "down", "-t", "0")
    seen = "5433:5433 for a program on 5432: the project starts, nobody answers; 5433:5432 answers"
    proof(rule="NL226", engine=version, observed=seen)


@pytest.mark.parametrize("title", ["the router has another address", "another subnet", "subnet and router of the LAN"])
def test_macvlan_on_a_lan(version: str, title: str, proof: Record, tmp_path: Path) -> None:
    texts, shop, neighbour = files("NL227", title), tmp_path / "shop", "192.168.1.20"
    good = title.startswith("subnet")
    lan = files("NL227", "subnet and router of the LAN")
    with machine(lan, others=(neighbour, OWNER)) as (host, _), Engine(host, version) as engine:
        up(engine, texts, shop)
        name = container(shop, "app")
        assert engine.pings(name, neighbour) is (title != "another subnet")
        assert engine.pings(name, OWNER) is good
        assert finds(engine, "NL227", shop) is not good
    near = "its neighbours and nothing beyond" if title == "the router has another address" else "nobody"
    if not good:
        proof(rule="NL227", engine=version, observed=f"{title}: the container starts and reaches {near}")


def test_address_of_a_neighbour(version: str, proof: Record, tmp_path: Path) -> None:
    """A machine of the LAN has the address that the engine gives first."""
    neighbour = "192.168.1.2"
    for title, good in (("the whole LAN", False), ("a range of its own", True)):
        texts, shop = files("NL228", title), tmp_path / str(good).lower()
        lan = {"ip-addr.txt": texts["ip-addr.txt"]}
        with machine(lan, others=(neighbour,)) as (host, _), Engine(host, version) as engine:
            assert host.pings(neighbour)
            up(engine, texts, shop)
            given = engine.address(container(shop, "app"), f"{shop.name}_lan")
            assert given == ("192.168.1.192" if good else neighbour)
            assert finds(engine, "NL228", shop) is not good
    seen = (
        f"{neighbour} belongs to a machine of the LAN: the container gets {neighbour} too, and {given} with an ip_range"
    )
    proof(rule="NL228", engine=version, observed=seen)


def test_not_attachable(version: str, proof: Record, tmp_path: Path) -> None:
    bad, good = files("NL229", "made for the swarm, used by Compose"), files("NL229", "attachable")
    with machine() as (host, _), Engine(host, version) as engine:
        engine.docker("swarm", "init", "--advertise-addr", "eth0")
        for texts, attachable in ((bad, False), (good, True)):
            shop = tmp_path / str(attachable).lower()
            engine.docker(*shlex.split(texts["setup.sh"].splitlines()[0])[1:])
            said = failure(lambda: up(engine, texts, shop))  # noqa: B023 - at once
            assert ("not manually attachable" in said) is not attachable, said
            assert finds(engine, "NL229", shop) is not attachable
            Compose(engine).run(shop, "down", "-t", "0")
            engine.docker("network", "rm", "mesh")
    seen = "an overlay made without --attachable: up fails: network mesh not manually attachable; with it it does not"
    proof(rule="NL229", engine=version, observed=seen)


def test_target_in_docker0(version: str, proof: Record, tmp_path: Path) -> None:
    """The server of the example is behind the router; the good example's docker0 is elsewhere."""
    target = "172.17.15.220"
    for config, reaches in (("{}", False), ('{"bip": "10.99.0.1/24"}', True)):
        shop = tmp_path / str(reaches).lower()
        with machine(others=(target,)) as (host, _):
            assert host.pings(target)
            with Engine(host, version, config=config) as engine:
                up(engine, files("NL121", "a database behind docker0's range"), shop)
                engine.container("web")
                assert host.pings(target) is reaches
                assert engine.pings("web", target) is reaches
                assert finds(engine, "NL121", shop) is not reaches
    seen = (
        "a server behind the router with an address of docker0's subnet: neither host nor container reaches it, with "
    )
    proof(rule="NL121", engine=version, observed=seen + "docker0 elsewhere both")


def test_order_of_addresses(version: str, lab: Lab, proof: Record, tmp_path: Path) -> None:
    engine, shop = lab.engine, tmp_path / "shop"
    texts = files("NL232", "whoever starts second")
    engine.provide(*images(texts))
    write(texts, shop)
    given = []
    for order in (("app", "db"), ("db", "app")):
        for service in order:
            Compose(engine).run(shop, "up", "-d", service)
        given.append(engine.address(container(shop, "db"), "shop_default"))
        assert finds(engine, "NL232", shop)
        Compose(engine).run(shop, "down", "-t", "0")
    assert given == ["172.20.0.3", "172.20.0.2"]
    good = files("NL232", "an address of its own, and the host's")
    write(good, shop)
    for service in ("db", "app"):
        Compose(engine).run(shop, "up", "-d", service)
    assert engine.address(container(shop, "db"), "shop_default") == "172.20.0.3"
    assert not finds(engine, "NL232", shop)
    seen = f"db started after app has {given[0]}, started before it {given[1]}; with ipv4_address always its own"
    proof(rule="NL232", engine=version, observed=seen)
