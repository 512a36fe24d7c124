"""NL215, NL217 to NL219, NL221 to NL223: what Compose and the drivers make of a network's description."""

import json
import shlex
from pathlib import Path

from tests.lab.compose import Compose, Lab, Record, container, finds, refused, up
from tests.lab.engine import Engine, first_with
from tests.lab.examples import files, write
from tests.lab.machine import ADDRESS, NEIGHBOUR, machine
from tests.lab.net import failure


def test_way_out(version: str, lab: Lab, proof: Record, tmp_path: Path) -> None:
    engine = lab.engine
    up(engine, files("NL215", "back comes before front"), tmp_path / "bad")
    assert engine.asks(container(tmp_path / "bad"), NEIGHBOUR) is None
    assert finds(engine, "NL215", tmp_path / "bad")
    Compose(engine).run(tmp_path / "bad", "down", "-t", "0")
    seen = "networks front, and back without translation: the default route leads through back, the LAN is not reached"
    if version == "28.5":
        up(engine, files("NL215", "a priority"), tmp_path / "good")
        assert engine.asks(container(tmp_path / "good"), NEIGHBOUR) == ADDRESS
        assert not finds(engine, "NL215", tmp_path / "good")
        seen += "; with gw_priority it is"
    proof(rule="NL215", engine=version, observed=seen)


def test_misplaced(version: str, lab: Lab, proof: Record, tmp_path: Path) -> None:
    engine = lab.engine
    said = refused(engine, files("NL217", "two entries for one subnet"), tmp_path / "entries")
    assert "invalid CIDR" in said
    proof(
        rule="NL217", engine=version, observed="subnet and gateway in two entries: config accepts it, up: invalid CIDR"
    )
    shop = write(files("NL217", "not in the list"), tmp_path / "list")
    said = failure(lambda: Compose(engine).run(shop, "config", "-q"))
    assert (
        "additional properties 'ipv4_address' not allowed" in said
        or "additional properties 'subnet' not allowed" in said
    )
    proof(rule="NL217", engine=version, observed="subnet directly under a network: docker compose refuses the file")


def test_ipv6_as_driver_option(version: str, lab: Lab, proof: Record, tmp_path: Path) -> None:
    engine, shop = lab.engine, tmp_path / "shop"
    up(engine, files("NL217", "IPv6 as an option of the driver"), shop)
    given = engine.docker("inspect", "-f", "{{.NetworkSettings.Networks.shop_back.GlobalIPv6Address}}", "shop-app-1")
    assert given == first_with(version, {"20.10": "", "28.5": "fd00:28::2"})
    how = f"the container has {given}" if given else "the container has no IPv6 address"
    proof(rule="NL217", engine=version, observed=f"driver option com.docker.network.enable_ipv6: accepted; {how}")
    Compose(engine).run(shop, "down", "-t", "0")
    up(engine, files("NL217", "where they belong"), shop)
    assert engine.address("shop-app-1", "shop_back") == "172.28.0.9"
    given = engine.docker("inspect", "-f", "{{.NetworkSettings.Networks.shop_back.GlobalIPv6Address}}", "shop-app-1")
    assert given.startswith("fd00:28::")


def test_macvlan_and_its_host(version: str, lab: Lab, proof: Record, tmp_path: Path) -> None:
    host, others, engine = lab
    target, shop = "192.168.10.150", tmp_path / "shop"
    up(engine, files("NL218", "a proxy on the host's network"), shop)
    assert others.asks(target) is not None
    assert not host.pings(target)
    assert engine.asks(container(shop, "proxy"), target) is None
    assert finds(engine, "NL218", shop)
    Compose(engine).run(shop, "down", "-t", "0")
    up(engine, files("NL218", "a network for the two"), shop)
    assert engine.asks(container(shop, "proxy"), engine.address(container(shop, "app"), "shop_inner")) is not None
    assert not finds(engine, "NL218", shop)
    seen = "the LAN reaches a macvlan container, its host and a container with the host's network do not; by a bridge "
    proof(rule="NL218", engine=version, observed=seen + "network for both the proxy reaches it")


def test_macvlan_parent(version: str, lab: Lab, proof: Record, tmp_path: Path) -> None:
    engine = lab.engine
    texts = files("NL219", "no such interface")
    absent = {name: text.replace("parent: eth0", "parent: enp3s0") for name, text in texts.items()}
    said = refused(engine, absent, tmp_path / "shop")
    assert "invalid subinterface vlan name enp3s0" in said
    assert finds(engine, "NL219", tmp_path / "shop")
    proof(rule="NL219", engine=version, observed="a parent that is not there: invalid subinterface vlan name enp3s0")
    first, second = files("NL219", "one parent, two networks")["setup.sh"].splitlines()
    engine.docker(*shlex.split(first)[1:])
    said = failure(lambda: engine.docker(*shlex.split(second)[1:]))
    assert ("is already using parent interface eth0" in said) is (version != "28.5")
    seen = "refused: already using parent interface eth0" if said else "accepted"
    proof(rule="NL219", engine=version, observed=f"two macvlan networks on one parent: the second is {seen}")


def test_unknown_option(version: str, lab: Lab, proof: Record, tmp_path: Path) -> None:
    engine, sizes = lab.engine, {}
    for title in ("almost the right name", "as the driver knows it"):
        shop = tmp_path / title.split()[0]
        up(engine, files("NL221", title), shop)
        sizes[title] = engine.execute(container(shop, "app"), "cat", "/sys/class/net/eth0/mtu")
        assert finds(engine, "NL221", shop) is (title == "almost the right name")
    assert list(sizes.values()) == ["1500", "1400"]
    seen = "com.docker.network.mtu 1400 accepted: the MTU is 1500; com.docker.network.driver.mtu 1400: it is 1400"
    proof(rule="NL221", engine=version, observed=seen)


def test_unset_variable(version: str, lab: Lab, proof: Record, tmp_path: Path) -> None:
    host, others, engine = lab
    shop = tmp_path / "shop"
    said = up(engine, files("NL222", "nothing but the environment tells"), shop)
    assert 'The \\"BIND_ADDRESS\\" variable is not set. Defaulting to a blank string' in said
    assert others.asks(ADDRESS, 8080) is not None
    Compose(engine).run(shop, "down", "-t", "0")
    texts = files("NL222", "with a default, or demanded")
    up(
        engine,
        texts | {"compose.yaml": texts["compose.yaml"].replace("${SUBNET:?set SUBNET in .env}", "172.28.5.0/24")},
        shop,
    )
    assert others.asks(ADDRESS, 8080) is None
    assert host.asks("127.0.0.1", 8080) is not None
    seen = "${BIND_ADDRESS} unset: a warning, and the port answers the LAN; with 127.0.0.1 as default the host alone"
    proof(rule="NL222", engine=version, observed=seen)
    demanded = write(texts, tmp_path / "demanded")
    assert "set SUBNET in .env" in failure(lambda: Compose(engine).run(demanded, "config", "-q"))


def test_empty_subnet_and_address(version: str, lab: Lab, proof: Record, tmp_path: Path) -> None:
    engine, shop = lab.engine, tmp_path / "shop"
    said = failure(lambda: up(engine, files("NL222", "a default in one place only"), shop))
    assert said
    shown = said.strip().splitlines()[-1].removeprefix("Error response from daemon: ")
    proof(rule="NL222", engine=version, observed=f"ipv4_address ${{NET}}.10 without a default: up fails: {shown}")


def test_key_twice(version: str, lab: Lab, proof: Record, tmp_path: Path) -> None:
    bad = write(files("NL223", "two lists of ports"), tmp_path / "bad")
    said = failure(lambda: Compose(lab.engine).run(bad, "config", "-q"))
    assert 'mapping key "ports" already defined' in said
    up(lab.engine, files("NL223", "once"), tmp_path / "good")
    proof(rule="NL223", engine=version, observed='Compose refuses the file: mapping key "ports" already defined')


def test_key_twice_in_daemon_json(version: str, proof: Record, tmp_path: Path) -> None:
    config = files("NL223", "the first resolver is lost")["daemon.json"]
    assert json.loads(config)["dns"] == ["10.0.0.3"]
    with machine() as (host, _), Engine(host, version, config=config) as engine:
        engine.container("web")
        assert "nameserver 10.0.0.3" in engine.execute("web", "cat", "/etc/resolv.conf")
        assert "10.0.0.2" not in engine.execute("web", "cat", "/etc/resolv.conf")
        assert finds(engine, "NL223", tmp_path)
    proof(rule="NL223", engine=version, observed="dns twice in daemon.json: dockerd starts and takes the second")


def test_bridge_called_docker0(version: str, proof: Record, tmp_path: Path) -> None:
    command = "network create -o com.docker.network.bridge.name=docker0 back"
    (tmp_path / "setup.sh").write_text(f"docker {command}\n", encoding="utf-8")
    with machine() as (host, _), Engine(host, version) as engine:
        said = failure(lambda: engine.docker(*command.split()))
        assert finds(engine, "NL220", tmp_path)
        assert ("networks have same bridge name" in said) is (version != "20.10")
        engine.docker("network", "prune", "-f")
        lost = failure(lambda: engine.container("web"))
        assert ("does not exist" in lost) is (version == "20.10")
    seen = "accepted; after docker network prune the default bridge is gone, and no container starts on it"
    seen = f"network create refuses it: {said.rpartition(': ')[2].strip()}" if said else seen
    proof(rule="NL220", engine=version, observed=f"a bridge called docker0: {seen}")
