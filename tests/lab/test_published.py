"""NL240, NL241, NL242: ports that lead to nobody, and containers that share a MAC address."""

import socket
from pathlib import Path

import pytest

from tests.lab.compose import Compose, Lab, Record, container, finds, refused, up
from tests.lab.examples import files
from tests.lab.machine import ADDRESS, NEIGHBOUR
from tests.lab.net import Host, inside, wait_until

BUSY = "address already in use"


def hears(lab: Lab, name: str, port: int) -> bool:
    """Whether a question by UDP of the neighbour to the host's port comes to the program in the container."""
    with inside(lab.engine.network(name)):
        program = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with inside(lab.others):
        client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with program, client:
        program.bind(("", port))
        program.settimeout(0.5)
        client.sendto(b"question", (ADDRESS, port))
        try:
            return program.recv(100) == b"question"
        except TimeoutError:
            return False


@pytest.mark.parametrize(("title", "port"), [("WireGuard", 51820), ("DNS for TCP alone", 53)])
def test_udp_published_for_tcp(version: str, lab: Lab, title: str, port: int, proof: Record, tmp_path: Path) -> None:
    engine = lab.engine
    service = {51820: "vpn", 53: "dns"}[port]
    for example, good in ((title, False), ("both", True)):
        shop = tmp_path / str(good).lower()
        up(engine, files("NL240", example), shop)
        assert hears(lab, container(shop, service), port) is good
        assert finds(engine, "NL240", shop) is not good
        Compose(engine).run(shop, "down", "-t", "0")
    seen = f"{port}:{port}: no packet of UDP comes to the container; with {port}:{port}/udp it does"
    proof(rule="NL240", engine=version, observed=seen)


def test_mac_address_on_macvlan(version: str, lab: Lab, proof: Record, tmp_path: Path) -> None:
    engine = lab.engine
    said = refused(engine, files("NL241", "copied from the service above"), tmp_path / "bad")
    assert BUSY in said
    assert len(engine.docker("ps", "-q").split()) == 1
    assert finds(engine, "NL241", tmp_path / "bad")
    Compose(engine).run(tmp_path / "bad", "down", "-t", "0")
    up(engine, files("NL241", "one each"), tmp_path / "good")
    assert len(engine.docker("ps", "-q").split()) == 2
    assert not finds(engine, "NL241", tmp_path / "good")
    seen = f"macvlan, two containers with one MAC address: one starts, the other does not: {BUSY}; with one each both"
    proof(rule="NL241", engine=version, observed=seen)


def test_mac_address_on_bridge(version: str, lab: Lab, proof: Record, tmp_path: Path) -> None:
    """The services of the example on a bridge network."""
    host, _, engine = lab
    for title, good in (("copied from the service above", False), ("one each", True)):
        shop = tmp_path / str(good).lower()
        services, _, _ = files("NL241", title)["compose.yaml"].partition("networks:\n  lan:")
        up(engine, {"compose.yaml": services + "networks: {lan: {}}\n"}, shop)
        names = [container(shop, service) for service in ("cam1", "cam2")]
        addresses = [engine.address(name, f"{shop.name}_lan") for name in names]

        def answers() -> list[tuple[bool, ...]]:
            """Which of the two answer the host after each has spoken."""
            found = []
            for name in names:  # noqa: B023 - at once
                assert engine.asks(name, NEIGHBOUR) == ADDRESS
                found.append(tuple(host.asks(address) is not None for address in addresses))  # noqa: B023 - at once
            return found

        expected = [(True, True), (True, True)] if good else [(True, False), (False, True)]
        # the engine still makes its containers known on the bridge for some seconds
        wait_until(lambda: answers() == expected, 20, "answers of the one that spoke last")  # noqa: B023 - at once
        assert (engine.asks(names[0], addresses[1]) is not None) is good
        assert finds(engine, "NL241", shop) is not good
        Compose(engine).run(shop, "down", "-t", "0")
    seen = "bridge, two containers with one MAC address: both start, only the one that spoke last answers the host, "
    proof(rule="NL241", engine=version, observed=seen + "and neither reaches the other; with one each all do")


def listen(lab: Lab, name: str, place: str) -> None:
    """A server in the container, on an address and port."""
    lab.engine.docker("exec", "-d", name, "/bin/httpd", "-f", "-p", place, "-h", "/www")
    address, _, port = place.partition(":")
    own = "127.0.0.1" if address == "0.0.0.0" else address
    wait_until(lambda: lab.engine.asks(name, own, int(port)) is not None, 5, f"server on {place}")


def outcome(host: Host, address: str, port: int) -> str:
    """What a client at `host` meets."""
    with inside(host):
        client = socket.socket()
    with client:
        client.settimeout(2)
        try:
            client.connect((address, port))
            client.sendall(b"GET /cgi-bin/client HTTP/1.0\r\n\r\n")
            return "answer" if client.recv(100) else "closed"
        except ConnectionRefusedError:
            return "refused"
        except ConnectionResetError:  # as an end without data, by how far docker-proxy has come
            return "closed"


def test_listens_on_loopback(version: str, lab: Lab, proof: Record, tmp_path: Path) -> None:
    """A server of the image stands for those of the examples, on the address that these are told."""
    host, others, engine = lab
    up(engine, files("NL242", "told to"), tmp_path / "bad")
    listen(lab, container(tmp_path / "bad", "api"), "127.0.0.1:8000")
    assert outcome(others, ADDRESS, 8000) == "refused"
    assert outcome(host, "127.0.0.1", 8000) == "closed"
    assert finds(engine, "NL242", tmp_path / "bad")
    Compose(engine).run(tmp_path / "bad", "down", "-t", "0")
    up(engine, files("NL242", "on every address"), tmp_path / "good")
    listen(lab, container(tmp_path / "good", "api"), "0.0.0.0:8000")
    listen(lab, container(tmp_path / "good", "web"), "0.0.0.0:9000")
    assert outcome(host, "127.0.0.1", 8000) == "answer"
    assert outcome(others, ADDRESS, 8000) == "refused"
    assert outcome(others, ADDRESS, 9000) == "answer"
    assert not finds(engine, "NL242", tmp_path / "good")
    seen = "a server on 127.0.0.1 of its container: other machines are refused, on the host's loopback connections end "
    proof(rule="NL242", engine=version, observed=seen + "without an answer; on 0.0.0.0 it answers")


def test_loopback_of_a_sidecar(version: str, lab: Lab, proof: Record, tmp_path: Path) -> None:
    engine, shop = lab.engine, tmp_path / "shop"
    up(engine, files("NL242", "for its own sidecar"), shop)
    listen(lab, container(shop, "api"), "127.0.0.1:8000")
    assert engine.asks(container(shop, "proxy"), "127.0.0.1", 8000) == "127.0.0.1"
    assert outcome(lab.others, ADDRESS, 80) == "answer"
    assert not finds(engine, "NL242", shop)
    seen = "a container with network_mode: service:api reaches what listens on the loopback there"
    proof(rule="NL242", engine=version, observed=seen)
