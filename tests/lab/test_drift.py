"""NL508, NL510, NL512: a host whose state is not what its engine made it."""

import re
import socket
from pathlib import Path

import pytest

from tests.lab.compose import Lab, Record, finds
from tests.lab.engine import Engine
from tests.lab.examples import files, reported, write
from tests.lab.machine import ADDRESS, KERNEL, NEIGHBOUR, machine, pair
from tests.lab.net import Host, inside, wait_until

ENTRIES = ("net.netfilter.nf_conntrack_count", "net.netfilter.nf_conntrack_max")


def test_veth_taken_off(version: str, lab: Lab, proof: Record, tmp_path: Path) -> None:
    """What a network manager or a script does to the bridge's port."""
    engine, host = lab.engine, lab.host
    engine.docker("network", "create", "--subnet", "10.30.0.0/24", "test")
    engine.container("web", "--net", "test", "-p", "8080:80")
    (port,) = re.findall(r"^\d+: (veth\w+)@", host.ip("link", "show", "type", "veth"), re.MULTILINE)
    (bridge,) = re.findall(r"10\.30\.0\.0/24 dev (\S+)", host.ip("route"))
    for master, reaches in (("nomaster", False), (f"master {bridge}", True)):
        host.ip("link", "set", port, *master.split())
        shows(host, bridge, "LOWER_UP" if reaches else "NO-CARRIER")
        assert engine.pings("web", "10.30.0.1") is reaches
        assert (lab.others.asks(ADDRESS, 8080) is not None) is reaches
        assert '"Name": "web"' in engine.docker("network", "inspect", "test")
        assert "Up" in engine.docker("ps", "--format", "{{.Status}}")
        assert finds(engine, "NL510", tmp_path) is not reaches
    seen = "the container's veth interface taken off its bridge: docker ps and network inspect show it as before, it "
    proof(
        rule="NL510",
        engine=version,
        observed=seen + "reaches nobody and its published port is dead; put back both work",
    )


def shows(host: Host, link: str, flag: str) -> None:
    """Wait until `link` has the flag: a bridge hears of its port's carrier a moment after the command."""
    wait_until(lambda: flag in host.ip("link", "show", link), 10, f"{flag} on {link}")


def test_bridge_set_by_hand(version: str, proof: Record, tmp_path: Path) -> None:
    """The first command of the example's script, and the good example's bip."""
    texts, good = (
        files("NL512", "the seed of many trials"),
        files("NL512", "the engine's own configuration, and routes that last"),
    )
    address, _, _ = texts["hostA/setup.sh"].splitlines()[1:]
    with machine() as (host, _):
        with Engine(host, version) as engine:
            host.run("busybox", *address.partition("  #")[0].split())
            assert "inet 172.17.1.1/24" in host.ip("addr", "show", "docker0")
            engine.container("web")
            given = engine.address("web")
            reached = engine.pings("web", NEIGHBOUR)
            engine.docker("rm", "-f", "web")
            engine.restart()
            after = host.ip("addr", "show", "docker0")
            assert "inet 172.17.0.1/16" in after
            assert "172.17.1.1" not in after
            assert given.startswith("172.17.0.")
            assert not reached
        with Engine(host, version, config=good["daemon.json"]) as engine:
            engine.container("web")
            assert engine.address("web") == "172.17.1.2"
            assert engine.pings("web", NEIGHBOUR)
    write(texts, tmp_path)
    assert "NL512" in reported(tmp_path)
    seen = f"ifconfig docker0 172.17.1.1: a container started then has {given}, which reaches nothing; after a restart "
    proof(rule="NL512", engine=version, observed=seen + "docker0 has 172.17.0.1/16 again; with bip all is as written")


def test_route_by_command(proof: Record) -> None:
    """The second command of the example's script."""
    words = files("NL512", "the seed of many trials")["hostA/setup.sh"].splitlines()[2].partition("  #")[0].split()
    with pair("192.168.124.51/24", "192.168.124.52/24") as (host, _):
        host.run("busybox", *words)
        assert "172.17.2.0/24 via 192.168.124.52" in host.ip("route")
        host.ip("link", "set", "eth0", "down")
        host.ip("link", "set", "eth0", "up")
        assert "192.168.124.0/24" in host.ip("route")
        assert "172.17.2.0/24" not in host.ip("route")
    seen = "the link of a route set by command goes down and up: the link's own route is there again, the other is not"
    proof(rule="NL512", engine=KERNEL, observed=seen)


@pytest.mark.long
def test_table_of_connections(proof: Record) -> None:
    """More connections than the table holds, all without an answer. The limit is the machine's: it stays as it is."""
    with Host("engine") as host:
        host.ip("link", "add", "lan", "type", "bridge")
        host.ip("addr", "add", "10.99.0.1/16", "dev", "lan")
        host.ip("link", "set", "lan", "up", "arp", "off")
        with host.rules([["-A", "OUTPUT", "-m", "conntrack", "--ctstate", "INVALID"]]), inside(host):
            limit = int(host.run("sysctl", "-n", ENTRIES[1]))
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
                for number in range(limit + 20_000):
                    one.sendto(b"", (f"10.99.1.{1 + number // 60_000}", 1 + number % 60_000))  # raises where refused
            used = int(host.run("sysctl", "-n", ENTRIES[0]))
    assert limit * 0.99 < used <= limit + 1
    seen = "more connections than nf_conntrack_max, none of them answered: each new one takes the place of an old one"
    proof(rule="NL508", engine=KERNEL, observed=seen)
