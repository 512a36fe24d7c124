"""NL601 to NL606 and NL618: the key-value overlay."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.lab.dump import dump
from tests.lab.engine import Engine, KvStore, refusal
from tests.lab.examples import files, findings, reported
from tests.lab.machine import ADDRESS as STORE
from tests.lab.machine import pair
from tests.lab.net import Host, failure


@pytest.fixture
def hosts() -> Iterator[tuple[Host, Host]]:
    with pair() as two:
        yield two


def errors(engine: Engine) -> set[str]:
    """The messages that an engine logged as errors."""
    return set(re.findall(r'level=(?:error|fatal) msg="(.*?)"', engine.log))


@pytest.mark.parametrize(
    "title", ["only the store", "the store and the way to this host"], ids=["b does not advertise", "both advertise"]
)
def test_cluster_advertise(hosts: tuple[Host, Host], title: str, proof: Callable[..., None], tmp_path: Path) -> None:
    """Without cluster-advertise everything is accepted, and no packet crosses the overlay; with it all do."""
    a, b = hosts
    advertised = "cluster-advertise" in files("NL601", title)["daemon.json"]
    good = files("NL601", "the store and the way to this host")["daemon.json"]
    with KvStore(a, STORE) as store, ExitStack() as stack:
        assert json.loads(good)["cluster-store"] == store.url
        one = stack.enter_context(Engine(a, "20.10", config=good))
        two = stack.enter_context(Engine(b, "20.10", config=files("NL601", title)["daemon.json"]))
        at_start = errors(two)
        one.docker("network", "create", "-d", "overlay", "--subnet", "10.9.0.0/24", "wide")
        one.container("left", "--net", "wide")
        two.container("right", "--net", "wide")
        assert one.pings("left", two.address("right", "wide")) is advertised
        assert two.pings("right", one.address("left", "wide")) is advertised
        assert errors(two) - at_start <= errors(one)  # what the lab itself causes, both engines log
        assert ("NL601" in reported(dump(two, tmp_path))) is not advertised
    if not advertised:
        seen = "daemon, network and container start without an error; every ping between the hosts is lost"
        proof(rule="NL601", engine="20.10", observed=seen + ", and answered once both hosts advertise themselves")


def test_advertise_without_store(hosts: tuple[Host, Host], proof: Callable[..., None]) -> None:
    refused = refusal(hosts[0], "20.10", config=files("NL602", "nowhere to advertise")["daemon.json"])
    assert refused is not None
    assert "--cluster-advertise must be accompanied by --cluster-store" in refused
    proof(rule="NL602", engine="20.10", observed="dockerd ends: --cluster-advertise must be accompanied by …")


def test_options_removed(version: str, hosts: tuple[Host, Host], proof: Callable[..., None]) -> None:
    """Each option alone, and an engine of before with both."""
    options = json.loads(files("NL604", "the engine has no such option")["daemon.json"])
    if version == "20.10":
        with KvStore(hosts[0], STORE), Engine(hosts[0], version, config=options) as engine:
            assert "deprecated" in engine.log
        proof(rule="NL604", engine=version, observed="dockerd starts and logs that the options are deprecated")
        return
    for name, value in options.items():
        refused = refusal(hosts[0], version, config={name: value})
        assert refused is not None
        assert f"the following directives don't match any configuration option: {name}" in refused
    seen = "dockerd ends: the following directives don't match any configuration option"
    proof(rule="NL604", engine=version, observed=seen)


def options(store: KvStore, advertise: str = "eth0:2376") -> dict[str, str]:
    return {"cluster-store": store.url, "cluster-advertise": advertise}


def test_advertise_unusable(hosts: tuple[Host, Host], proof: Callable[..., None]) -> None:
    """The examples' options with the lab's store. Loopback is taken without a word, and no ping crosses the overlay."""
    absent, loopback = (
        json.loads(files("NL603", title)["daemon.json"])["cluster-advertise"]
        for title in ("an interface that is not there", "loopback")
    )
    a, b = hosts
    with KvStore(a, STORE) as store, ExitStack() as stack:
        refused = refusal(b, "20.10", config=options(store, absent))
        assert refused is not None
        assert "invalid cluster advertise IP address or interface name (eth1:2376)" in refused
        one = stack.enter_context(Engine(a, "20.10", config=options(store)))
        two = stack.enter_context(Engine(b, "20.10", config=options(store, loopback)))
        one.docker("network", "create", "-d", "overlay", "--subnet", "10.9.0.0/24", "wide")
        one.container("left", "--net", "wide")
        two.container("right", "--net", "wide")
        assert not one.pings("left", two.address("right", "wide"))
    proof(rule="NL603", engine="20.10", observed=f"{absent}: dockerd ends: invalid cluster advertise IP address or …")
    seen = f"{loopback}: daemon, network and container start; every ping between the hosts is lost"
    proof(rule="NL603", engine="20.10", observed=seen)


def test_host_without_store(hosts: tuple[Host, Host], proof: Callable[..., None]) -> None:
    """The second host of the example has a daemon.json without a store."""
    a, b = hosts
    with KvStore(a, STORE) as store, ExitStack() as stack:
        one = stack.enter_context(Engine(a, "20.10", config=options(store)))
        two = stack.enter_context(Engine(b, "20.10"))
        one.docker("network", "create", "-d", "overlay", "--subnet", "10.9.0.0/24", "wide")
        said = failure(lambda: two.container("right", "--net", "wide"))
        assert "network wide not found" in said
        absent = failure(lambda: two.docker("network", "create", "-d", "overlay", "other"))
        assert "This node is not a swarm manager" in absent
    seen = "the host without a store knows no overlay: network wide not found; docker network create -d overlay: This "
    proof(rule="NL605", engine="20.10", observed=seen + "node is not a swarm manager")


def test_store_and_swarm(hosts: tuple[Host, Host], proof: Callable[..., None]) -> None:
    text = "--cluster-store and --cluster-advertise daemon configurations are incompatible with swarm mode"
    with KvStore(hosts[0], STORE) as store, Engine(hosts[0], "20.10", config=options(store)) as engine:
        assert text in failure(lambda: engine.docker("swarm", "init", "--advertise-addr", "eth0"))
    with Engine(hosts[0], "20.10") as engine:
        engine.docker("swarm", "init", "--advertise-addr", "eth0")
    proof(rule="NL606", engine="20.10", observed=f"docker swarm init is refused: {text}")


def test_store_unreachable(hosts: tuple[Host, Host], proof: Callable[..., None], tmp_path: Path) -> None:
    """With the port of the store closed on its host, the engine starts and has no overlay; netlint names the rule."""
    a, b = hosts
    drop = ("INPUT", "-p", "tcp", "--dport", "2379", "-s", "192.168.10.2", "-j", "REJECT")
    with KvStore(a, STORE) as store, Engine(a, "20.10", config=options(store)) as one:
        one.docker("network", "create", "-d", "overlay", "--subnet", "10.9.0.0/24", "wide")
        with Engine(b, "20.10", config=options(store)) as two:
            two.container("right", "--net", "wide")
            both(one, two, tmp_path / "open")
        assert "NL618" not in reported(tmp_path / "open")
        a.run("iptables", "-I", *drop)
        with Engine(b, "20.10", config=options(store)) as two:
            said = failure(lambda: two.container("right", "--net", "wide"))
            assert "network wide not found" in said
            assert "etcd cluster is unavailable or misconfigured" in two.log
            both(one, two, tmp_path / "closed")
        (found,) = [one for one in findings(tmp_path / "closed") if one.code == "NL618"]
    text = (tmp_path / "closed" / found.at.source).read_text(encoding="utf-8")
    assert text[found.at.start : found.at.end].startswith("-A INPUT -s 192.168.10.2/32")
    assert "--dport 2379 -j REJECT" in text[found.at.start : found.at.end]
    seen = "2379 refused on the store's host: dockerd starts, with a discovery error in its log; network wide not found"
    proof(rule="NL618", engine="20.10", observed=seen)


def both(one: Engine, two: Engine, folder: Path) -> None:
    for engine in (one, two):
        dump(engine, folder / engine.host.name)
