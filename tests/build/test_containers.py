"""Containers of a host, their namespaces, and which veth interface leads to which."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from netlint.config import Config
from netlint.discover import discover
from netlint.engine import build, check
from netlint.model.host import Host
from netlint.rule import load_rules, rules_folder

ENGINES = Path(__file__).resolve().parents[2] / "../shared/dumps/engine"
INSPECT = """\
[{"Id": "59e246cbf2b7aaaaaaaaaaaa", "Name": "/web", "State": {"Running": true},
  "Config": {"Image": "nginx", "Env": ["DB_PASSWORD=hunter2-very-secret"]},
  "HostConfig": {"NetworkMode": "shop", "PortBindings": {"80/tcp": [{"HostIp": "", "HostPort": "8080"}]}},
  "NetworkSettings": {
    "Ports": {"80/tcp": [{"HostIp": "0.0.0.0", "HostPort": "8080"}, {"HostIp": "::", "HostPort": "8080"}]},
    "Networks": {"shop": {"IPAddress": "172.18.0.2", "MacAddress": "02:42:ac:12:00:02", "GlobalIPv6Address": ""}}}}]
"""


def host(folder: Path, **files: str) -> Host:
    for name, text in files.items():
        path = folder / name.replace("__", "/").replace("_", "-")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    site, _ = build(discover([str(folder)]), Config())
    assert len(site.hosts) == 1
    return site.hosts[0]


def test_inspect_and_ps_are_one_container(tmp_path: Path) -> None:
    ps = (
        "CONTAINER ID   IMAGE   COMMAND   CREATED   STATUS   PORTS   NAMES\n59e246cbf2b7   nginx   x   1h   Up 1h   "
        "        web\n"
    )
    one = host(tmp_path, inspect=INSPECT, docker_ps=ps)
    assert one.containers is not None
    (web,) = one.containers
    assert (web.name, web.running, web.mode and web.mode.value) == ("web", True, "shop")
    assert [(str(port.published), str(port.target), port.address) for port in web.ports] == [("8080", "80", None)]
    assert [(place.network, str(place.address), place.mac) for place in web.networks] == [
        ("shop", "172.18.0.2", "02:42:ac:12:00:02")
    ]
    assert web.is_called("59e246cbf2b7")
    assert not web.is_called("59e2")


def test_environment_values_never_reach_the_model() -> None:
    site, _ = build(discover(["-"], stdin=io.BytesIO(INSPECT.encode()), stdin_filename="inspect.json"), Config())
    assert site.hosts[0].containers
    assert "hunter2" not in repr(site)


LINK = """\
396: veth2a129e8@if395: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue master docker0 state UP
    link/ether 26:70:3e:47:29:e8 brd ff:ff:ff:ff:ff:ff link-netnsid 0
397: vethother@if395: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue master br-1 state UP
    link/ether 26:70:3e:47:29:e9 brd ff:ff:ff:ff:ff:ff link-netnsid 1
"""
INSIDE = """\
1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN
    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00
395: eth0@if396: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP
    link/ether 02:42:ac:11:00:02 brd ff:ff:ff:ff:ff:ff link-netnsid 0
"""
IFCONFIG = "veth2a129e8: flags=4163<UP,BROADCAST,RUNNING,MULTICAST> mtu 1500\n"
ETHTOOL = "$ ethtool -S veth2a129e8\nNIC statistics:\n     peer_ifindex: 395\n"
FDB = "02:42:ac:12:00:02 dev veth77 master br-1\n"


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        # both ends name each other; an equal index in another container is not enough
        ({"ip_link": LINK, "containers__web__ip_link": INSIDE}, [("veth2a129e8", "web", "eth0", "interface index")]),
        # without the names of ip link: ethtool, as in the seed
        (
            {"ifconfig": IFCONFIG, "ethtool": ETHTOOL, "containers__web__ip_link": INSIDE},
            [("veth2a129e8", "web", "eth0", "peer_ifindex")],
        ),
        # what the bridge learned, and what the engine says of its containers
        (
            {"ifconfig": IFCONFIG.replace("veth2a129e8", "veth77"), "bridge_fdb": FDB, "inspect": INSPECT},
            [("veth77", "web", None, "hardware address")],
        ),
        ({"ip_link": LINK}, []),
    ],
)
def test_veth_pairs(tmp_path: Path, files: dict[str, str], expected: list[tuple[object, ...]]) -> None:
    veths = host(tmp_path, **files).veths
    assert [(pair.name, pair.inside, pair.interface, pair.how) for pair in veths] == expected


def test_listings_of_a_container_do_not_reach_the_host(tmp_path: Path) -> None:
    one = host(tmp_path, ip_link=LINK, containers__web__ip_link=INSIDE)
    assert one.interfaces is not None
    assert [link.name for link in one.interfaces] == ["veth2a129e8", "vethother"]
    (space,) = one.namespaces
    assert space.interfaces is not None
    assert [link.name for link in space.interfaces] == ["lo", "eth0"]


@pytest.mark.skipif(not ENGINES.is_dir(), reason="the dumps of real engines are not beside the project")
def test_a_real_engine() -> None:
    """Every container on a bridge is found behind its veth interface; nothing is wrong with the host."""
    run = check(discover([str(ENGINES / "rich-28")]), load_rules([rules_folder()]), Config())
    one = run.site.hosts[0]
    assert one.containers is not None
    assert {finding.rule for finding in run.findings if finding.severity and finding.severity > 1} == set()
    found = {pair.inside for pair in one.veths}
    attached = {
        container.name
        for container in one.containers
        for place in container.networks
        if container.running
        and place.address is not None
        and any(network.name == place.network and network.driver == "bridge" for network in one.networks)
    }
    assert attached
    assert attached <= found
    assert len({pair.name for pair in one.veths}) == len(one.veths)
