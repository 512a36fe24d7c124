"""Two hosts that route to each other's containers, listed by the collect script and checked together."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product
from pathlib import Path
from typing import NamedTuple

from netlint.config import Config
from netlint.discover import discover
from netlint.engine import check
from netlint.finding import Confidence, Severity
from netlint.run import Run
from tests.lab import image
from tests.lab.engine import Engine
from tests.lab.examples import rules
from tests.lab.gather import gather
from tests.lab.machine import pair
from tests.lab.net import Host, wait_until

A, B = "192.168.124.51", "192.168.124.52"
# The bridge docker0 and the networks of both hosts. One route of A's is for all networks of B.
WEB, OWN_APP = "172.17.1.0/24", "172.27.1.0/24"
BRIDGE, DATA, QUEUE, APP = "172.17.2.0/24", "172.28.2.0/24", "172.29.2.0/24", "172.30.0.0/24"
ALL_OF_B = "172.28.0.0/14"
SHELLS = {"sh": ("sh",), "busybox": ("busybox", "sh")}
SECRETS = ("-e", "TOKEN=planted-one", "-l", "com.example.password=planted-two")
STALE = "! -i docker0 -p tcp -m tcp --dport 8081 -j DNAT --to-destination 172.17.1.99:80"


class Pair(NamedTuple):
    """The two hosts with an engine each."""

    one: Engine
    two: Engine

    def gather(self, folder: Path, *shell: str) -> list[Path]:
        folder.mkdir()
        return [gather(engine, folder, *shell) for engine in self]


@contextmanager
def hosts(version: str, *, sound: bool) -> Iterator[Pair]:
    """Both hosts with containers that speak with their own addresses, or with a fault of each kind."""
    # engines from 28 on drop in the raw table what comes to a container's address from elsewhere
    direct = {"allow-direct-routing": True} if version == "28.5" else {}
    own_app = OWN_APP if sound else APP
    with (
        pair(f"{A}/24", f"{B}/24") as (a, b),
        Engine(a, version, config={"bip": "172.17.1.1/24", "dns": [A if sound else "127.0.0.1"]} | direct) as one,
        Engine(b, version, config={"bip": "172.17.2.1/24"} | direct) as two,
    ):
        for engine, name, subnet in (
            (one, "app", own_app), (two, "data", DATA), (two, "queue", QUEUE), (two, "app", APP)
        ):  # fmt: skip
            engine.docker("network", "create", "--subnet", subnet, name)
            engine.container(name, "--net", name, *SECRETS)
        one.container("web", "-p", "8080:80", *SECRETS)
        a.route(ALL_OF_B, "via", B)
        if sound:
            a.route(BRIDGE, "via", B)
            b.route(OWN_APP, "via", A)
        b.route(WEB, "via", A)
        for own, other in product((WEB, own_app), (BRIDGE, DATA, QUEUE, APP)):
            if own != other:
                open_to_each_other(a, own, other, hidden=not sound and (own, other) == (WEB, DATA))
                open_to_each_other(b, other, own, closed=not sound and (own, other) == (WEB, QUEUE))
        b.run("iptables", "-I", "DOCKER-USER", "-s", A, "-d", DATA, "-j", "ACCEPT")
        if not sound:
            a.run("iptables", "-t", "nat", "-A", "DOCKER", *STALE.split())
        yield Pair(one, two)


def open_to_each_other(host: Host, own: str, other: str, *, hidden: bool = False, closed: bool = False) -> None:
    """Let containers of `host` and of the other one speak without translation, but for what is left out."""
    if not hidden:
        host.run("iptables", "-t", "nat", "-I", "POSTROUTING", "-s", own, "-d", other, "-j", "RETURN")
    if not closed:
        host.run("iptables", "-I", "DOCKER-USER", "-s", other, "-d", own, "-j", "ACCEPT")


def check_all(archives: list[Path]) -> Run:
    """What netlint finds in the archives, all of which it has to read."""
    run = check(discover([str(archive) for archive in archives]), list(rules().values()), Config())
    assert not [file.path for file in run.coverage.files if file.status != "read"]
    return run


def warnings(run: Run) -> set[tuple[str, str, str]]:
    """The warnings and errors: code, file in the archive, and the line."""
    reported = set()
    for finding in run.findings:
        if (finding.severity or Severity.NOTE) >= Severity.WARNING and finding.confidence != Confidence.LOW:
            source = run.sources[finding.at.source]
            line = source.text.splitlines()[source.position(finding.at.start).line - 1]
            reported.add((finding.code, finding.at.source.partition(".tar.gz/")[2], line.strip()))
    return reported


def secrets_in(archive: Path) -> list[str]:
    """The files of the archive that hold what was planted in containers."""
    with tarfile.open(archive) as opened:
        files = [(name, opened.extractfile(name)) for name in opened.getnames()]
        return [name for name, file in files if file is not None and b"planted" in file.read()]


def test_swarm(version: str, tmp_path: Path) -> None:
    """The manager lists services and nodes; the worker has another address than the one that it joined with."""
    with (
        pair(f"{A}/24", f"{B}/24") as (a, b),
        Engine(a, version) as one,
        Engine(b, version) as two,
    ):
        one.docker("swarm", "init", "--advertise-addr", A)
        two.docker("swarm", "join", "--token", one.docker("swarm", "join-token", "-q", "worker"), f"{A}:2377")
        one.docker("network", "create", "-d", "overlay", "--subnet", "10.20.0.0/24", "wide")
        options = ("-p", "8080:80", "--network", "wide", *SECRETS)
        one.docker("service", "create", "-d", "--no-resolve-image", "--name", "web", *options, image.IMAGE)
        # until then the engine takes the jump to DOCKER-USER out and in again, for each bridge that it makes
        tasks = ("service", "ps", "--format", "{{.CurrentState}}", "web")
        wait_until(lambda: one.docker(*tasks).startswith("Running"), 30, "the service")
        run = check_all(Pair(one, two).gather(tmp_path / "sound", "busybox", "sh"))
        (manager,) = (host for host in run.site.hosts if host.name == "node-a")
        assert {(node.hostname, str(node.address.value)) for node in manager.swarm_nodes if node.address} == {
            ("node-a", A), ("node-b", B)
        }  # fmt: skip
        (service,) = manager.swarm_services
        assert (service.name, service.mode, service.endpoint_mode) == ("web", "replicated", "vip")
        assert [(str(port.published), port.mode) for port in service.ports] == [("8080", "ingress")]
        assert {str(one.prefix) for one in service.addresses} >= {"10.20.0.0/24"}
        assert not warnings(run)
        b.ip("addr", "del", f"{B}/24", "dev", "eth0")
        b.ip("addr", "add", "192.168.124.99/24", "dev", "eth0")
        a.serve(image.website(), 8080)
        archives = Pair(one, two).gather(tmp_path / "moved")
        assert not [file for archive in archives for file in secrets_in(archive)]
        assert {(code, file) for code, file, _ in warnings(check_all(archives))} == {
            ("NL609", "node-a/docker-node-inspect.json"), ("NL205", "node-a/docker-service-inspect.json")
        }  # fmt: skip


def test_planted_faults(version: str, tmp_path: Path) -> None:
    faults = {
        ("NL103", "node-a/docker-network-inspect.json", '"Subnet": "172.30.0.0/24"'),  # the host's own route leads to B
        ("NL119", "node-b/docker-network-inspect.json", '"Subnet": "172.30.0.0/24"'),
        ("NL310", "node-a/etc/docker/daemon.json", "127.0.0.1"),
        ("NL402", "node-a/iptables-save.txt", "-A POSTROUTING -s 172.17.1.0/24 ! -o docker0 -j MASQUERADE"),
        ("NL407", "node-b/iptables-save.txt", "{closed}"),
        ("NL412", "node-a/iptables-save.txt", f"-A DOCKER {STALE}"),
        ("NL502", "node-a/ip-route.txt", ""),
    }
    with hosts(version, sound=False) as both:
        queue = both.two.docker("network", "inspect", "-f", "{{.Id}}", "queue")[:12]
        closed = f"-A DOCKER ! -i br-{queue} -o br-{queue} -j DROP" if version == "28.5" else ":FORWARD DROP "
        assert both.one.asks("web", both.two.address("data", "data")) == A
        assert both.one.asks("web", both.two.address("queue", "queue")) is None
        for name, shell in SHELLS.items():
            archives = both.gather(tmp_path / name, *shell)
            assert not [file for archive in archives for file in secrets_in(archive)]
            reported = warnings(check_all(archives))
            for code, file, text in faults:
                hits = {one for one in reported if one[:2] == (code, file) and text.format(closed=closed) in one[2]}
                assert len(hits) == 1, (name, code, reported)
                reported -= hits
            assert not reported, name


def test_sound_hosts(version: str, tmp_path: Path) -> None:
    with hosts(version, sound=True) as both:
        for network in ("data", "queue", "app"):
            web = both.one.address("web")
            assert both.one.asks("web", both.two.address(network, network)) == web
            assert both.two.asks(network, web) == both.two.address(network, network)
        for name, shell in SHELLS.items():
            assert not warnings(check_all(both.gather(tmp_path / name, *shell))), name
