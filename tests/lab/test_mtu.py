"""NL312: containers that announce more than the way out carries, where nobody tells the other side."""

import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.lab import image
from tests.lab.compose import Record, container, finds, up
from tests.lab.engine import Engine
from tests.lab.examples import files
from tests.lab.net import CONNECT, Host, Lan

ADDRESS, SERVER = "10.0.5.11", "203.0.113.7"
LARGE = 200_000  # bytes: many segments of full size


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    """A host behind a link of 1450 bytes. The server's network has 1500, and drops what says that this is too much."""
    with ExitStack() as stack:
        near, far = stack.enter_context(Lan("near")), stack.enter_context(Lan("far"))
        host, router, server = (stack.enter_context(Host(name)) for name in ("engine", "router", "server"))
        near.join(host, f"{ADDRESS}/24")
        near.join(router, "10.0.5.1/24")
        far.join(router, "203.0.113.1/24", interface="eth1")
        far.join(server, f"{SERVER}/24")
        for one in (host, router):
            one.ip("link", "set", "eth0", "mtu", "1450")
        host.route("default", "via", "10.0.5.1")
        server.route("default", "via", "203.0.113.1")
        router.sysctl("net.ipv4.ip_forward", "1")
        server.run("iptables", "-A", "INPUT", "-p", "icmp", "-j", "DROP")
        website = Path(shutil.copytree(image.website(), tmp_path / "website"))
        (website / "large").write_text("x" * LARGE, encoding="ascii")
        server.serve(website)
        yield host


def loads(engine: Engine, name: str) -> bool:
    """Whether the container gets the large answer; the small one it must get."""
    assert engine.asks(name, SERVER) == ADDRESS
    said = engine.execute(name, *CONNECT, SERVER, "80", stdin="GET /large HTTP/1.0\r\n\r\n", check=False)
    return said.count("x") >= LARGE


def test_larger_than_the_way_out(version: str, host: Host, proof: Record, tmp_path: Path) -> None:
    bad, good = files("NL312", "a Compose network on the same host"), files("NL312", "both are told")
    for config, texts, name in (("{}", bad, "bad"), (good["daemon.json"], good, "good")):
        with Engine(host, version, config=config) as engine:
            engine.container("plain")
            up(engine, texts, tmp_path / name)
            assert loads(engine, "plain") is (name == "good")
            assert loads(engine, container(tmp_path / name, "api")) is (name == "good")
            assert finds(engine, "NL312", tmp_path / name) is (name == "bad")
    seen = "behind a link of 1450 whose router's messages are filtered a container gets small answers, and large ones "
    proof(
        rule="NL312",
        engine=version,
        observed=seen + 'never; with "mtu": 1450 and the network\'s option it gets both',
    )
