"""What the words of a flow mean on hosts: containers, the host, the LAN, and the way from host to host."""

from __future__ import annotations

import json

import pytest

from netlint.dataplane.flow import FlowError, parse_flow
from netlint.dataplane.journey import Journey, Walker
from netlint.dataplane.trip import Trip, plan_trip
from netlint.model.host import Site
from tests.dataplane.hosts import ADDRESSES, DOCKER, ROUTES, site

INSPECT = json.dumps(
    [
        {
            "Name": "bridge",
            "Driver": "bridge",
            "Scope": "local",
            "IPAM": {"Config": [{"Subnet": "172.17.0.0/16", "Gateway": "172.17.0.1"}]},
            "Containers": {"c0ffee": {"Name": "shop-web-1", "IPv4Address": "172.17.0.2/16"}},
            "Options": {"com.docker.network.bridge.name": "docker0"},
        }
    ]
)
COMPOSE = "name: shop\nservices:\n  web:\n    image: example/web\n    ports: ['8080:80']\n"
LISTINGS = {"ip-addr.txt": ADDRESSES, "ip-route.txt": ROUTES, "iptables-save.txt": DOCKER}


def walked(there: Site, flow: str) -> tuple[Trip, Journey]:
    walker = Walker(there.hosts)
    trip = plan_trip(walker, parse_flow(flow))
    return trip, walker.journey(trip.host, trip.packet)


@pytest.mark.parametrize("name", ["shop-web-1", "web", "172.17.0.2"])
@pytest.mark.parametrize("files", [{"inspect.json": INSPECT, "compose.yaml": COMPOSE}])
def test_a_container_goes_by_its_name_its_service_and_its_address(name: str, files: dict[str, str]) -> None:
    trip, journey = walked(site(LISTINGS | files), f"tcp from container {name} to internet:443")
    assert str(trip.packet) == "tcp 172.17.0.2:40000 > 198.51.100.7:443"
    assert str(journey.arrives) == "tcp 192.168.10.1:40000 > 198.51.100.7:443"
    assert (journey.accepted, journey.answered, journey.keeps_source) == (True, True, False)


def test_a_service_without_a_listing_is_known_by_its_published_port() -> None:
    trip, _ = walked(site(LISTINGS | {"compose.yaml": COMPOSE}), "tcp from container web to host:22")
    assert str(trip.packet.source) == "172.17.0.2"
    assert str(trip.packet.destination) == "172.17.0.1"  # the host as the container knows it


def test_a_container_of_a_script() -> None:
    script = "docker network create --subnet 172.20.0.0/16 -o com.docker.network.bridge.name=br-shop shop\n"
    script += "docker run -d --name db --network shop --ip 172.20.0.9 example/db\n"
    addresses = ADDRESSES + "5: br-shop: <BROADCAST,UP> mtu 1500\n    inet 172.20.0.1/16 scope global br-shop\n"
    there = site(LISTINGS | {"ip-addr.txt": addresses, "setup.sh": script})
    trip, _ = walked(there, "tcp from container db to internet")
    assert (str(trip.packet.source), trip.packet.in_interface) == ("172.20.0.9", "br-shop")


def test_a_published_port_is_asked_for_on_the_host() -> None:
    trip, journey = walked(site(LISTINGS | {"inspect.json": INSPECT}), "tcp from internet to container shop-web-1:80")
    assert str(trip.packet) == "tcp 198.51.100.7:40000 > 192.168.10.1:8080"
    assert str(journey.arrives) == "tcp 198.51.100.7:40000 > 172.17.0.2:80"
    assert trip.reaches(journey)
    closed, lost = walked(site(LISTINGS | {"inspect.json": INSPECT}), "tcp from internet to container shop-web-1:81")
    assert not closed.reaches(lost)


def test_of_several_networks_the_published_one_is_asked() -> None:
    networks = json.loads(INSPECT)
    networks.insert(0, networks[0] | {
        "Name": "apps",
        "IPAM": {"Config": [{"Subnet": "172.16.0.0/24", "Gateway": "172.16.0.1"}]},
        "Containers": {"c0ffee": {"Name": "shop-web-1", "IPv4Address": "172.16.0.2/24"}},
        "Options": {"com.docker.network.bridge.name": "br-apps"},
    })  # fmt: skip
    addresses = ADDRESSES + "5: br-apps: <BROADCAST,UP> mtu 1500\n    inet 172.16.0.1/24 scope global br-apps\n"
    there = site(LISTINGS | {"ip-addr.txt": addresses, "inspect.json": json.dumps(networks)})
    trip, journey = walked(there, "tcp from internet to container shop-web-1:80")
    assert str(trip.packet.destination) == "192.168.10.1"
    assert str(journey.arrives.destination) == "172.17.0.2"


def test_the_host_itself_and_docker_proxy() -> None:
    there = site(LISTINGS | {"inspect.json": INSPECT})
    _, journey = walked(there, "tcp from host to container shop-web-1:80")
    assert str(journey.arrives) == "tcp 172.17.0.1:40000 > 172.17.0.2:80"
    _, relayed = walked(there, "tcp from 127.0.0.1 to 127.0.0.1:8080")
    assert relayed.relay is not None
    assert str(relayed.arrives) == "tcp 172.17.0.1:40000 > 172.17.0.2:80"
    off = site(LISTINGS | {"inspect.json": INSPECT, "daemon.json": '{"userland-proxy": false}'})
    _, alone = walked(off, "tcp from 127.0.0.1 to 127.0.0.1:8080")
    assert alone.relay is None


def test_a_neighbour_and_an_interface() -> None:
    trip, _ = walked(site(LISTINGS), "tcp from lan to host:22 via eth1")
    assert trip.packet.in_interface == "eth1"
    assert str(trip.packet.source).startswith("192.168.11.")
    with pytest.raises(FlowError, match="no host has this interface; did you mean eth1"):
        walked(site(LISTINGS), "tcp from lan to host:22 via eth11")


NODES = {
    f"node{name}/{file}": text.replace("X", own).replace("Y", other)
    for name, own, other in (("A", "1", "2"), ("B", "2", "1"))
    for file, text in {
        "ip-addr.txt": "2: eth0: <UP> mtu 1500\n    inet 192.168.124.5X/24 scope global eth0\n"
        "3: docker0: <UP> mtu 1500\n    inet 172.17.X.1/24 scope global docker0\n",
        "ip-route.txt": "172.17.X.0/24 dev docker0 scope link\n172.17.Y.0/24 via 192.168.124.5Y dev eth0\n"
        "192.168.124.0/24 dev eth0 scope link\n",
        "iptables-save.txt": "*nat\n:POSTROUTING ACCEPT [0:0]\n"
        "-A POSTROUTING -s 172.17.X.0/24 ! -d 172.17.0.0/16 -j MASQUERADE\nCOMMIT\n"
        "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n",
    }.items()
}


def test_from_host_to_host() -> None:
    """Two hosts with routes to each other's containers, as in fixtures/seed."""
    _, journey = walked(site(NODES), "tcp from 172.17.1.2 to 172.17.2.2:80")
    assert [leg.host.name for leg in journey.legs] == ["nodeA", "nodeB"]
    assert (journey.keeps_source, journey.answered, journey.certain) == (True, True, True)
    hidden = {path: text.replace(" ! -d 172.17.0.0/16", "") for path, text in NODES.items()}
    _, other = walked(site(hidden), "tcp from 172.17.1.2 to 172.17.2.2:80")
    assert str(other.arrives.source) == "192.168.124.51"
    assert other.answered is True


@pytest.mark.parametrize(
    ("flow", "message"),
    [
        ("tcp from container wep to host", "no address of a container wep is known; did you mean web"),
        ("tcp from host nodeC to internet", "no host is called nodeC; did you mean node"),
        ("tcp from host to internet", "it may be on several hosts: host nodeA or host nodeB"),
    ],
)
def test_words_that_fit_nothing_or_several(flow: str, message: str) -> None:
    there = site(NODES | {"nodeA/inspect.json": INSPECT.replace("shop-web-1", "web").replace("172.17.0.", "172.17.1.")
                          .replace("172.17.1.0/16", "172.17.1.0/24")})  # fmt: skip
    with pytest.raises(FlowError, match=message):
        walked(there, flow)
