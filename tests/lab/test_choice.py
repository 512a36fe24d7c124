"""NL105, NL107, NL116, NL118: what the engine chooses, and routes that come later."""

from functools import partial
from pathlib import Path

from tests.lab.compose import Compose, Lab, Record, container, finds, refused, up
from tests.lab.engine import Engine, first_with
from tests.lab.examples import files, images, write
from tests.lab.image import IMAGE
from tests.lab.machine import ROUTER, machine
from tests.lab.net import failure, wait_until

EXHAUSTED = {  # by the first engine that says so
    "20.10": "could not find an available, non-overlapping IPv4 address pool among the defaults",
    "28.5": "all predefined address pools have been fully subnetted",
}


def test_route_inside_network(version: str, proof: Record, tmp_path: Path) -> None:
    """The routes of both examples point elsewhere; the bad one into the network."""
    neighbour = "10.0.0.9"
    for title, reaches in (("the first addresses of a Compose network", False), ("the route is elsewhere", True)):
        texts, shop = files("NL105", title), tmp_path / str(reaches).lower()
        with machine(texts, others=(neighbour,)) as (host, _), Engine(host, version) as engine:
            up(engine, texts, shop)
            own = engine.address(container(shop), f"{shop.name}_front")
            assert own == "172.20.0.2"
            assert host.pings(own) is reaches
            assert engine.pings(container(shop), neighbour) is reaches
            assert finds(engine, "NL105", shop) is not reaches
    seen = (
        "route 172.20.0.0/24 via a gateway, network 172.20.0.0/16 accepted: neither does the host reach the container "
    )
    proof(
        rule="NL105", engine=version, observed=seen + "nor the container the LAN; both do where the route is elsewhere"
    )


def test_route_in_another_table(version: str, lab: Lab, proof: Record, tmp_path: Path) -> None:
    """The table of a mesh VPN, which is asked before the main one."""
    host, _, engine = lab
    engine.container("web")
    assert host.pings("172.17.0.2")
    host.ip("rule", "add", "pref", "5270", "table", "52")
    host.route("172.17.0.0/24", "via", ROUTER, "dev", "eth0", "table", "52")
    assert not host.pings("172.17.0.2")
    assert finds(engine, "NL105", tmp_path)
    host.ip("route", "del", "172.17.0.0/24", "table", "52")
    host.ip("rule", "del", "pref", "5270")
    assert host.pings("172.17.0.2")
    assert not finds(engine, "NL105", tmp_path)
    seen = "172.17.0.0/24 in a table that is asked before main: the host loses the container on docker0"
    proof(rule="NL105", engine=version, observed=seen)


def test_pool_exhausted(version: str, proof: Record, tmp_path: Path) -> None:
    texts, text = files("NL107", "two subnets, and docker0 has one of them"), first_with(version, EXHAUSTED)
    with machine() as (host, _), Engine(host, version, config=texts["daemon.json"]) as engine:
        assert text in refused(engine, texts, tmp_path / "bad")
        assert finds(engine, "NL107", tmp_path / "bad")
        Compose(engine).run(tmp_path / "bad", "down", "-t", "0")
        good = files("NL107", "the same VPN, and a subnet of the network's own")
        up(engine, good, tmp_path / "good")
        assert not finds(engine, "NL107", tmp_path / "good")
    proof(
        rule="NL107",
        engine=version,
        observed=f"a pool of two subnets, docker0 and one network have them: up fails: {text}",
    )


def test_built_in_pools_exhausted(version: str, proof: Record) -> None:
    text = first_with(version, EXHAUSTED)
    with machine() as (host, _), Engine(host, version) as engine:
        for number in range(29):
            engine.docker("network", "create", f"net{number}")
        assert text in failure(lambda: engine.docker("network", "create", "another"))
    seen = f"beside docker0 and the LAN the built-in pools hold 29 networks; for another one: {text}"
    proof(rule="NL107", engine=version, observed=seen)


def test_address_is_given_away(version: str, lab: Lab, proof: Record, tmp_path: Path) -> None:
    """The order of the start decides; with a range for the others it does not."""
    engine = lab.engine
    for title, late in (("the first address that anyone gets", False), ("a range for those without an address", True)):
        texts, shop = files("NL116", title), tmp_path / str(late).lower()
        engine.provide(*images(texts))
        compose = Compose(engine)
        write(texts, shop)
        compose.run(shop, "up", "-d", "db")
        compose.run(shop, "up", "-d", "app")
        assert engine.address(container(shop, "db"), f"{shop.name}_back") == "172.28.0.2"
        compose.run(shop, "down", "-t", "0")
        compose.run(shop, "up", "-d", "app")
        said = failure(partial(compose.run, shop, "up", "-d", "db"))
        assert said == "" if late else "Address already in use" in said
        assert finds(engine, "NL116", shop) is not late
        compose.run(shop, "down", "-t", "0")
    seen = "started after app, db fails: Address already in use; started before it, or with an ip_range, it does not"
    proof(rule="NL116", engine=version, observed=seen)


def test_overlay_over_bridge(version: str, proof: Record, tmp_path: Path) -> None:
    """An overlay with the subnet of a bridge network of the node, and then with another."""
    with machine() as (host, _), Engine(host, version) as engine:
        engine.docker("swarm", "init", "--advertise-addr", "eth0")
        engine.docker("network", "create", "--subnet", "10.0.9.0/24", "build")
        for subnet, runs in (("10.0.9.0/24", False), ("10.0.10.0/24", True)):
            engine.docker("network", "create", "-d", "overlay", "--subnet", subnet, "front")
            engine.docker("service", "create", "-d", "--no-resolve-image", "--name", "web", "--network", "front", IMAGE)
            tasks = ("service", "ps", "--no-trunc", "--format", "{{.CurrentState}} {{.Error}}", "web")
            expected = "Running" if runs else "Pool overlaps with other one on this address space"
            wait_until(lambda: expected in engine.docker(*tasks), 30, f"{expected}")  # noqa: B023 - at once
            assert finds(engine, "NL118", tmp_path) is not runs
            engine.docker("service", "rm", "web")
            wait_until(
                lambda: not failure(lambda: engine.docker("network", "rm", "front")), 30, "the end of its network"
            )
    seen = "an overlay with the subnet of the node's bridge, and a service on it, are created; its tasks end: Pool "
    proof(rule="NL118", engine=version, observed=seen + "overlaps with other one on this address space")
