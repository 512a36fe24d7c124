"""NL601, NL602, NL604: the key-value overlay."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from engine import Engine, KvStore, StartRefused
from net import Host, Lan


@pytest.fixture
def hosts() -> Iterator[tuple[Host, Host]]:
    with ExitStack() as stack:
        lan = stack.enter_context(Lan())
        a, b = stack.enter_context(Host("a")), stack.enter_context(Host("b"))
        lan.join(a, "192.168.10.1/24")
        lan.join(b, "192.168.10.2/24")
        yield a, b


@pytest.mark.parametrize("advertised", [True, False], ids=["both advertise", "b does not advertise"])
def test_cluster_advertise(hosts: tuple[Host, Host], advertised: bool) -> None:
    """Without cluster-advertise everything is accepted, and no packet crosses the overlay."""
    a, b = hosts
    with KvStore(a, "192.168.10.1") as store, ExitStack() as stack:
        complete = {"cluster-store": store.url, "cluster-advertise": "eth0:2375"}
        one = stack.enter_context(Engine(a, "20.10", config=complete))
        two = stack.enter_context(Engine(b, "20.10", config=complete if advertised else {"cluster-store": store.url}))
        one.docker("network", "create", "-d", "overlay", "--subnet", "10.9.0.0/24", "ov")
        assert one.container("left", "--net", "ov")
        assert two.container("right", "--net", "ov")
        assert one.reaches("left", two.address("right", "ov")) is advertised
        assert two.reaches("right", one.address("left", "ov")) is advertised


def test_advertise_without_store(hosts: tuple[Host, Host]) -> None:
    with pytest.raises(StartRefused, match="--cluster-advertise must be accompanied by --cluster-store"):
        Engine(hosts[0], "20.10", config={"cluster-advertise": "eth0:2375"}).start()
