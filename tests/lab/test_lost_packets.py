"""NL419, NL421, NL423, NL514: rules and routes that send packets where nobody takes them."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.lab import image, walks
from tests.lab.compose import Lab, Record, finds, up
from tests.lab.examples import files, firewall_rules, reported
from tests.lab.machine import ADDRESS, KERNEL, machine
from tests.lab.net import Host, Lan


@contextmanager
def box(host: Host, name: str, address: str, gateway: str) -> Iterator[Host]:
    """A container without an engine: a network on a bridge docker0 of the host, which has the address `gateway`."""
    with Host(name) as one:
        host.ip_all("link add docker0 type bridge", f"addr add {gateway}/16 dev docker0", "link set docker0 up")
        one.ip("link", "add", "eth0", "type", "veth", "peer", "name", "veth0", "netns", host.namespace)
        host.ip("link", "set", "veth0", "master", "docker0", "up")
        one.ip_all(f"addr add {address}/16 dev eth0", "link set eth0 up", f"route add default via {gateway}")
        host.sysctl("net.ipv4.ip_forward", "1")
        one.serve(image.website())
        yield one


def listed(rule: str, folder: Path, *hosts: Host) -> bool:
    """Whether netlint reports the rule on the hosts' own listings."""
    for host in hosts:
        (folder / host.name).mkdir(parents=True, exist_ok=True)
        walks.described(host, folder / host.name)
    return rule in reported(folder)


@pytest.mark.parametrize(
    ("title", "seen_as"),
    [
        ("the address of the machine before", None),
        ("an address of the host", "192.0.2.10"),
        ("an address that a router leads here", "198.51.100.7"),
    ],
)
def test_source_of_nobody(title: str, seen_as: str | None, proof: Record, tmp_path: Path) -> None:
    texts, peer = files("NL419", title), "192.0.2.1"
    with machine(texts, others=(peer,)) as (host, others), box(host, "web", "172.17.0.2", "172.17.0.1") as web:
        others.route("198.51.100.7", "via", "192.0.2.10")
        host.run("iptables-restore", stdin=texts["iptables-save.txt"])
        assert web.asks(peer) == seen_as
        assert host.asks(peer) == "192.0.2.10"
        assert listed("NL419", tmp_path, host) is (seen_as is None)
        if seen_as is None:
            # an address that is local by a route alone: the kernel answers for it
            host.ip("route", "add", "local", "192.0.2.99", "dev", "eth0")
            assert web.asks(peer) == "192.0.2.99"
            assert not listed("NL419", tmp_path, host)
    answer = (
        f"a neighbour of the host sees {seen_as}" if seen_as else "no answer; once it is local by a route, there is one"
    )
    proof(rule="NL419", engine=KERNEL, observed=f"SNAT of what a container sends, {title}: {answer}")


def test_next_hop(proof: Record, tmp_path: Path) -> None:
    """Hosts A and B of the example, and a third machine at 192.168.10.3, which is not B."""
    with Lan() as lan, ExitStack() as stack:
        a, b, third = (stack.enter_context(Host(name)) for name in ("hostA", "hostB", "third"))
        for number, host in ((1, a), (2, b), (3, third)):
            lan.join(host, f"192.168.10.{number}/24")
        app = stack.enter_context(box(a, "app", "172.17.0.2", "172.17.0.1"))
        stack.enter_context(box(b, "db", "172.18.0.2", "172.18.0.1"))
        b.route("172.17.0.0/16", "via", "192.168.10.1")
        for title, good in (("another neighbour", False), ("the host that has the network", True)):
            (line,) = (one for one in files("NL514", title)["hostA/ip-route.txt"].splitlines() if "172.18" in one)
            a.ip("route", "replace", *line.split("#")[0].split())
            assert app.asks("172.18.0.2") == ("172.17.0.2" if good else None)
            assert listed("NL514", tmp_path, a, b) is not good
            if not good:  # a router on the link, for which the finding is to be suppressed
                third.sysctl("net.ipv4.ip_forward", "1")
                third.route("172.18.0.0/16", "via", "192.168.10.2")
                assert app.asks("172.18.0.2") == "172.17.0.2"
                third.ip("route", "del", "172.18.0.0/16")
    seen = (
        "the network of B by a neighbour that is not B: no answer; by a router there that knows the way, or by B: it "
    )
    proof(rule="NL514", engine=KERNEL, observed=seen + "answers")


SETTING = "net.ipv4.conf.eth0.route_localnet"


def test_translation_to_loopback(version: str, lab: Lab, proof: Record, tmp_path: Path) -> None:
    host, others, engine = lab
    texts, good_texts = files("NL421", "a port of the loopback"), files("NL421", "the kernel is told to")
    assert f"{SETTING} = 1" in good_texts["sysctl-a.txt"]
    rule = firewall_rules("NL421", "a port of the loopback")
    texts["compose.yaml"] = texts["compose.yaml"].replace("8443:8443", "8443:80")
    up(engine, texts, tmp_path / "shop")
    with host.rules(rule, "nat"):
        for value, good in (("0", False), ("1", True)):
            host.sysctl(SETTING, value)
            assert host.asks("127.0.0.1", 8443) is not None
            assert (others.asks(ADDRESS, 8443) is not None) is good
            assert finds(engine, "NL421", tmp_path / "shop") is not good
        host.sysctl(SETTING, "0")
    seen = "PREROUTING translates to 127.0.0.1:8443, which answers the host: other machines get no answer with "
    proof(rule="NL421", engine=version, observed=seen + "route_localnet 0, and with 1 they do")


SOURCES = ("10.1.0.9", "10.2.0.9")
PASSING = {
    "two ranges": {80: "", 5432: ""},
    "a rule each, and the rest": {80: "12", 5432: "12"},
    "one passes before the other is asked": {80: "1", 5432: "1"},
    "for two ports": {80: "1", 5432: "2"},
}


@pytest.mark.parametrize("title", PASSING)
def test_negations(version: str, lab: Lab, title: str, proof: Record, tmp_path: Path) -> None:
    """The rules of each example in DOCKER-USER, and clients of both ranges."""
    host, others, engine = lab
    engine.container("web", "-p", "8080:80", "-p", "5432:5432")
    others.ip_all(*(f"addr replace {source}/32 dev lo" for source in SOURCES))
    with host.rules(firewall_rules("NL423", title, "DOCKER-USER")):
        passed = {
            port: "".join(str(1 + SOURCES.index(one)) for one in SOURCES if others.asks(ADDRESS, outer, one) == one)
            for port, outer in ((80, 8080), (5432, 5432))
        }
        assert passed == PASSING[title]
        assert finds(engine, "NL423", tmp_path) is (title == "two ranges")
    if title == "two ranges":
        seen = "all but 10.1.0.0/16 dropped, then all but 10.2.0.0/16: clients of neither range get an answer of the "
        proof(
            rule="NL423",
            engine=version,
            observed=seen + "published port; with a rule for each and one for the rest both do",
        )
