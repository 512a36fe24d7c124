"""NL208 to NL212, NL214, NL310: by which names and ports containers find each other and their host."""

import json
from pathlib import Path

import pytest

from tests.lab import image
from tests.lab.compose import Compose, Lab, Record, container, finds, up
from tests.lab.engine import Engine
from tests.lab.examples import files, images, reported, write
from tests.lab.machine import NEIGHBOUR, machine
from tests.lab.resolver import EMBEDDED, lookup, resolves, serve_names


def test_no_shared_network(version: str, lab: Lab, proof: Record, tmp_path: Path) -> None:
    engine = lab.engine
    bad, good = tmp_path / "bad", tmp_path / "good"
    up(engine, files("NL208", "the default network and another"), bad)
    database = engine.address(container(bad, "db"), "bad_back")
    assert lookup(engine, container(bad), "db") == set()
    assert engine.asks(container(bad), database, 5432) is None
    assert finds(engine, "NL208", bad)
    Compose(engine).run(bad, "down", "-t", "0")

    up(engine, files("NL208", "a network for both"), good)
    assert lookup(engine, container(good), "db") == {engine.address(container(good, "db"), "good_back")}
    assert lookup(engine, container(good), "vpn") == {engine.address(container(good, "vpn"), "good_back")}
    assert lookup(engine, container(good), "indexer") == set()  # in the network of vpn, under the name of vpn alone
    assert not finds(engine, "NL208", good)
    seen = "the project starts; on different networks neither name nor address of the database is reached, on one both"
    proof(rule="NL208", engine=version, observed=seen)


def test_behind_another_container(version: str, lab: Lab, proof: Record, tmp_path: Path) -> None:
    engine, shop = lab.engine, tmp_path / "shop"
    up(engine, files("NL208", "behind a VPN"), shop)
    assert lookup(engine, container(shop), "indexer") == set()
    assert len(lookup(engine, container(shop), "vpn")) == 1
    assert finds(engine, "NL208", shop)
    seen = "a service in the network of another (network_mode: service:vpn): its name does not resolve, vpn does"
    proof(rule="NL208", engine=version, observed=seen)


def test_localhost(version: str, lab: Lab, proof: Record, tmp_path: Path) -> None:
    """The lab's image serves on the port of the database in every container; the client's address tells which."""
    engine, shop = lab.engine, tmp_path / "shop"
    up(engine, files("NL209", "the database of another service"), shop)
    own = engine.address(container(shop, "app"), "shop_default")
    assert engine.asks(container(shop, "app"), "127.0.0.1", 5432) == "127.0.0.1"
    engine.docker("exec", container(shop, "app"), "killall", "httpd")
    assert engine.asks(container(shop, "app"), "127.0.0.1", 5432) is None
    (database,) = lookup(engine, container(shop, "app"), "db")
    assert engine.asks(container(shop, "app"), database, 5432) == own
    assert finds(engine, "NL209", shop)
    seen = "127.0.0.1:5432 in a container is the container itself, and nobody where it does not listen; db:5432 answers"
    proof(rule="NL209", engine=version, observed=seen)


def test_published_port_inside(version: str, lab: Lab, proof: Record, tmp_path: Path) -> None:
    engine, host, shop = lab.engine, lab.host, tmp_path / "shop"
    texts = files("NL210", "the host's port")
    published = {
        name: text.replace("8080", "8123") for name, text in texts.items()
    }  # the lab's containers serve on 8080
    up(engine, published, shop)
    (api,) = lookup(engine, container(shop), "api")
    assert engine.asks(container(shop), api, 8123) is None
    assert host.asks("127.0.0.1", 8123) is not None
    assert engine.asks(container(shop), api, 80) == engine.address(container(shop), "shop_default")
    assert finds(engine, "NL210", shop)
    seen = "the published port of another service is refused inside the network; its container's port answers"
    proof(rule="NL210", engine=version, observed=seen)


def test_name_of_the_host(version: str, lab: Lab, proof: Record, tmp_path: Path) -> None:
    engine, host = lab.engine, lab.host
    host.serve(image.website(), 11434)
    for title, known in (("without a definition", False), ("with host-gateway", True)):
        shop = tmp_path / str(known).lower()
        up(engine, files("NL211", title), shop)
        app = container(shop, "app")
        hosts = engine.execute(app, "cat", "/etc/hosts")
        assert ("host.docker.internal" in hosts) is known
        assert lookup(engine, app, "host.docker.internal") == set()
        assert finds(engine, "NL211", shop) is not known
        Compose(engine).run(shop, "down", "-t", "0")
    seen = "without extra_hosts neither the hosts file nor the engine's resolver knows the name; with it the hosts file"
    proof(rule="NL211", engine=version, observed=seen)


@pytest.mark.parametrize("title", ["two databases on the proxy's network", "the databases stay at home"])
def test_one_name_twice(version: str, lab: Lab, title: str, proof: Record, tmp_path: Path) -> None:
    engine, bad = lab.engine, title.startswith("two")
    texts = files("NL212", title)
    engine.provide(*images(texts))
    engine.docker("network", "create", "proxy")
    write(texts, tmp_path)
    for project in ("blog", "shop"):
        Compose(engine).run(tmp_path / project, "up", "-d")
    engine.settle()
    names = {f"{project}-db-1" for project in ("blog", "shop")}
    network = "proxy" if bad else "shop_default"
    wanted = {engine.address(name, network) for name in names if bad or name.startswith("shop")}
    found = lookup(engine, "shop-app-1", "db")
    assert found == wanted
    assert ("NL212" in reported(tmp_path)) is bad
    if bad:
        seen = (
            "the name db gives the addresses of both projects' databases; with databases on networks of their own one"
        )
        proof(rule="NL212", engine=version, observed=seen)


def test_default_bridge(version: str, lab: Lab, proof: Record, tmp_path: Path) -> None:
    engine = lab.engine
    for title, resolved in (("the database by name", False), ("the project's own network", True)):
        shop = tmp_path / str(resolved).lower()
        up(engine, files("NL214", title), shop)
        app = container(shop, "app")
        assert (f"nameserver {EMBEDDED}" in engine.execute(app, "cat", "/etc/resolv.conf")) is resolved
        assert bool(lookup(engine, app, "db")) is resolved
        database = engine.address(container(shop, "db"), f"{shop.name}_default" if resolved else "bridge")
        assert engine.asks(app, database, 5432) is not None
        assert finds(engine, "NL214", shop) is not resolved
        Compose(engine).run(shop, "down", "-t", "0")
    seen = (
        "on the default bridge there is no resolver of the engine and the name is unknown, though the address answers"
    )
    proof(rule="NL214", engine=version, observed=seen)


def test_resolver_on_loopback(version: str, proof: Record, tmp_path: Path) -> None:
    bad = files("NL310", "the host's stub")["daemon.json"]
    for config, resolved in ((bad, False), (json.dumps({"dns": [NEIGHBOUR]}), True)):
        with machine() as (host, others), Engine(host, version, config=config) as engine:
            serve_names(others, NEIGHBOUR)
            serve_names(host, "127.0.0.53")
            engine.docker("network", "create", "front")
            engine.container("web", "--net", "front")
            assert resolves(engine, "web") is resolved
            assert finds(engine, "NL310", tmp_path) is not resolved
    seen = (
        "dns 127.0.0.53, where a server of the host answers: no name resolves in a container; with one on the LAN all"
    )
    proof(rule="NL310", engine=version, observed=seen)
