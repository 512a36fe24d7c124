"""What the docker commands of setup scripts make."""

from __future__ import annotations

import pytest

from netlint.build.actions import build_actions
from netlint.build.facts import HostFacts, Parsed
from netlint.model.action import ContainerRun
from netlint.model.network import Network, Origin
from netlint.parse import shell
from netlint.source import Source


def script(text: str) -> tuple[HostFacts, Source]:
    source, facts = Source("setup.sh", text), HostFacts("host")
    tree, problems = shell.parse(source)
    facts.problems(problems)
    build_actions([Parsed(source, "shell-script", tree)], facts)
    return facts, source


def run(text: str) -> tuple[ContainerRun, Source]:
    facts, source = script(text)
    (action,) = facts.actions
    assert isinstance(action, ContainerRun)
    assert not facts.unreadable
    return action, source


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("80", [(None, None, "80", "tcp")]),
        ("8080:80", [(None, "8080", "80", "tcp")]),
        ("published=8443,target=443,protocol=udp", [(None, "8443", "443", "udp")]),
        ("target=443,published=8443", [(None, "8443", "443", "tcp")]),
        ("127.0.0.1:8080:80/UDP", [("127.0.0.1", "8080", "80", "udp")]),
        ("127.0.0.1::80", [("127.0.0.1", None, "80", "tcp")]),
        ("[::1]:53:53", [("::1", "53", "53", "tcp")]),
        ("9000-9005:9000-9005", [(None, "9000-9005", "9000-9005", "tcp")]),
        ("53:53/udp --publish 53:53", [(None, "53", "53", "udp"), (None, "53", "53", "tcp")]),
    ],
)
def test_published_ports(arguments: str, expected: list[tuple[str | None, str | None, str, str]]) -> None:
    action, _ = run(f"docker run -p {arguments} nginx")
    assert [
        (
            port.address.value if port.address else None,
            str(port.published) if port.published else None,
            str(port.target),
            port.protocol,
        )
        for port in action.ports
    ] == expected


@pytest.mark.parametrize(
    ("value", "place"),
    [("x:80", "x"), ("90-80:80", "90-80"), ("8080:99999", "99999")],
)
def test_wrong_port(value: str, place: str) -> None:
    facts, source = script(f"docker run -p {value} nginx")
    assert [source.slice(problem.span) for problem in facts.unreadable] == [place]


def test_port_left_open() -> None:
    facts, _ = script("docker run -p $PORT:80 -p <port>:80 nginx")
    assert facts.unreadable == []
    action, _ = run("docker run -p ${PORT:-8080}:80 nginx")
    assert [(port.published, port.exact) for port in action.ports if port.published] == [
        (action.ports[0].published, False)
    ]


def test_container() -> None:
    action, source = run(
        "docker -H tcp://h:1 container run -itd --name=web -dp 8080:80 --net back --ip 10.5.0.9 --dns 1.1.1.1 -e A=b "
        "--rm nginx:1 -p 1:1"
    )
    assert (action.name and action.name.value, action.image and action.image.value) == ("web", "nginx:1")
    assert (action.network and action.network.value, str(action.address and action.address.value)) == (
        "back",
        "10.5.0.9",
    )
    assert [word.value for word in action.command] == ["-p", "1:1"]
    assert [server.value for server in action.dns] == ["1.1.1.1"]
    (port,) = action.ports
    assert source.slice(port.span) == "8080:80"
    assert port.published_span is not None
    assert source.slice(port.published_span) == "8080"


def test_long_form_of_network() -> None:
    action, source = run("docker run --network name=back,ip=10.5.0.9 nginx")
    assert action.network is not None
    assert (action.network.value, source.slice(action.network.span)) == ("back", "back")
    assert action.address is not None
    assert source.slice(action.address.span) == "10.5.0.9"


def network(text: str) -> tuple[Network, Source]:
    facts, source = script(text)
    (found,) = facts.networks
    return found, source


def test_network() -> None:
    found, source = network(
        "docker network create --driver=bridge --subnet 10.5.0.0/16 --subnet=fd05::/64 --gateway 10.5.0.1 "
        "--gateway fd05::1 --ip-range 10.5.1.0/24 --aux-address nas=10.5.0.2 -o com.docker.network.bridge.name=br0 "
        "--internal --ipv6 --label a=b back"
    )
    assert (found.name, found.origin, found.driver, found.scope) == ("back", Origin.SCRIPT, "bridge", "local")
    assert source.slice(found.span) == "back"
    v4, v6 = found.subnets
    assert (str(v4.prefix), source.slice(v4.span)) == ("10.5.0.0/16", "10.5.0.0/16")
    assert [str(subnet.gateway and subnet.gateway.value) for subnet in (v4, v6)] == ["10.5.0.1", "fd05::1"]
    assert v4.ip_range is not None
    assert str(v4.ip_range.value) == "10.5.1.0/24"
    assert [(name, str(at.value)) for name, at in v4.reserved] == [("nas", "10.5.0.2")]
    assert (found.internal, found.ingress, found.ipv6 and found.ipv6.value, found.bridge) == (True, False, True, "br0")
    assert found.labels == (("a", "b"),)


def test_network_defaults_and_overlay() -> None:
    plain, _ = network("docker network inspect x || docker network create x")
    assert (plain.driver, plain.driver_span, plain.subnets, plain.subnets_open) == ("bridge", None, (), False)
    overlay, _ = network("docker network create -d overlay --attachable --opt encrypted x")
    assert (overlay.driver, overlay.scope) == ("overlay", "swarm")
    option = overlay.option("encrypted")
    assert option is not None
    assert option.value == ""


def test_network_subnet_open_or_wrong() -> None:
    found, _ = network("docker network create --subnet $NET x")
    assert (found.subnets, found.subnets_open) == ((), True)
    facts, source = script("docker network create --subnet 10.0.0.0.0/8 x\ndocker network create")
    assert [source.slice(problem.span) for problem in facts.unreadable] == ["10.0.0.0.0/8", "docker network create"]


def test_swarm() -> None:
    facts, source = script(
        "docker swarm init --advertise-addr eth0 --listen-addr 0.0.0.0:2377 --data-path-addr=10.0.0.1 "
        "--data-path-port 7789 --default-addr-pool 10.20.0.0/16 "
        "--default-addr-pool 10.21.0.0/16 --default-addr-pool-mask-length 26"
    )
    swarm = facts.swarm
    assert swarm is not None
    assert (swarm.active, swarm.data_path_port) == (True, 7789)
    assert swarm.data_path_port_span is not None
    assert source.slice(swarm.data_path_port_span) == "7789"
    assert [at and at.value for at in (swarm.advertise_addr, swarm.listen_addr, swarm.data_path_addr)] == [
        "eth0",
        "0.0.0.0:2377",
        "10.0.0.1",
    ]
    assert [str(pool.value) for pool in swarm.default_addr_pool] == ["10.20.0.0/16", "10.21.0.0/16"]
    assert swarm.pool_length is not None
    assert swarm.pool_length.value == 26
