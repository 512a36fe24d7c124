"""What each way to a container costs on this machine, next to what others have published.

    sudo .venv/bin/python -m tests.bench.overlay [--rounds 5] [--seconds 3] [--newer 28.5]

Two hosts of the lab (network namespaces, one LAN) run real engines, 20.10 and a newer one. A round measures every way:
TCP throughput of one flow, connections opened and closed in a second, one after the other, and the CPU time of both
ends per gigabyte; just before each it measures host mode on the same hosts and engines. Shown are the median over the
rounds with the lowest and highest value, and the median of the ratios to the host mode of just before, which a load
that comes and goes moves least. The figures of two namespaces on one machine have no network card in them: compare the
ratios, not the rates. It needs what the lab needs, iperf3 and Python in /usr.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import NamedTuple, TypeAlias

from netlint.evidence import measured
from tests.lab import image
from tests.lab.engine import Engine, programs
from tests.lab.net import Host, Lan, lock, make_folder, remove_folder, wait_until

A, B = "192.168.10.1", "192.168.10.2"
IPERF, COUNTER = 5201, 5300
OUTER = 10000  # added for published ports
_SERVER = """
import socket, subprocess, sys
subprocess.Popen(["/usr/bin/iperf3", "-s", "-p", "5201"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
listener = socket.create_server(("", 5300), backlog=512)
while True:
    listener.accept()[0].close()
"""
_COUNT = """
import socket, struct, sys, time
address, port, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
count, end = 0, time.monotonic() + seconds
while time.monotonic() < end:
    one = socket.create_connection((address, port), timeout=5)
    one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # no socket waits after its end
    one.close()
    count += 1
print(count / seconds)
"""
# What the engine's containers need of the machine: iperf3, Python and their libraries.
_MOUNTS = ("/usr", "/lib", "/lib64")


class Figures(NamedTuple):
    """Gbit/s, connections a second, and seconds of CPU per gigabyte."""

    throughput: float
    connections: float
    cpu: float


Pair: TypeAlias = tuple[Figures, Figures]  # of a way, and of host mode
Round: TypeAlias = dict[str, Pair]


class Way(NamedTuple):
    """One way to a container, and the measurements of others (ids of rules/evidence.json)."""

    name: str
    published: tuple[str, ...] = ()


WAYS = (
    Way("host mode"),
    Way("published port, from another host", ("bridge-moby33115-2017", "uproxy-moby11911-remote-2015")),
    Way("macvlan", ("daocloud-2023",)),
    Way("routed containers", ("hostgw-softlayer",)),
    Way("overlay of 20.10", ("overlay-sammyliu-2016", "vxlan-ib20-mtu1450")),
    Way("overlay of the newer engine", ("vxlan-ib24-single", "vxlan-ib24-multi")),
    Way("host mode, same host"),
    Way("bridge, same host"),
    Way("published port by docker-proxy, same host", ("uproxy-moby11911-2015",)),
    Way("published port without docker-proxy, same host"),
)


class Bench:
    """The two hosts with engines of one version."""

    def __init__(self, a: Host, b: Host, version: str, seconds: float, **config: object) -> None:
        self.hosts, self.version, self.seconds, self.config = (a, b), version, seconds, config

    def __enter__(self) -> Bench:
        self.stack = contextlib.ExitStack()
        self.folder = make_folder("bench")
        self.stack.callback(remove_folder, self.folder)
        for name, text in (("server.py", _SERVER), ("count.py", _COUNT)):
            (self.folder / name).write_text(text, encoding="utf-8")
        options = dict(self.config)
        self.engines = [self.stack.enter_context(Engine(host, self.version, config=options)) for host in self.hosts]
        for host in self.hosts:
            host.sysctl("net.ipv4.ip_forward", "1")
        self.run(0, "host", "--network", "host")
        return self

    def __exit__(self, *_: object) -> None:
        self.stack.close()

    def run(self, side: int, name: str, *options: str, serve: bool = True) -> None:
        """A container that serves, or one that only has what a client needs."""
        mounts = [word for path in _MOUNTS if Path(path).exists() for word in ("-v", f"{path}:{path}:ro")]
        command = ("/bench/server.py",) if serve else ("-c", "import time; time.sleep(3600)")
        self.engines[side].docker(
            "run", "-d", "--name", name, *options, *mounts, "-v", f"{self.folder}:/bench:ro",
            "--entrypoint", "/usr/bin/python3", image.IMAGE, *command,
        )  # fmt: skip

    def compare(self, address: str, *, client: int | str, outer: int = 0) -> Pair:
        """A way, and just before it host mode: from the other host, or for a client on the first host on that alone."""
        base = self.measure("127.0.0.1", client=0) if client == 0 else self.measure(A, client=1)
        return self.measure(address, client=client, outer=outer), base

    def measure(self, address: str, *, client: int | str, outer: int = 0) -> Figures:
        """From a host (0 or 1), or from the container `client` on the second one, to `address`."""
        seconds = str(self.seconds)
        iperf = ["/usr/bin/iperf3", "-c", address, "-p", str(IPERF + outer), "-J", "--connect-timeout", "2000"]
        wait_until(lambda: self._answers(client, [*iperf, "-n", "64K"]), 30, address)
        before = self._proxies()
        found = json.loads(self._on(client, [*iperf, "-t", str(round(self.seconds))]))
        proxies = self._proxies() - before
        counted = self._on(client, ["/usr/bin/python3", self._count(client), address, str(COUNTER + outer), seconds])
        sent, used = found["end"]["sum_received"], found["end"]["cpu_utilization_percent"]
        process = (used["host_total"] + used["remote_total"]) / 100 * sent["seconds"]
        return Figures(
            sent["bits_per_second"] / 1e9, float(counted.split()[-1]), (process + proxies) / (sent["bytes"] / 1e9)
        )

    def _answers(self, client: int | str, words: list[str]) -> bool:
        """Whether the server is there and takes some bytes."""
        with contextlib.suppress(ValueError):
            return "error" not in json.loads(self._on(client, words))
        return False

    def _count(self, client: int | str) -> str:
        return "/bench/count.py" if isinstance(client, str) else str(self.folder / "count.py")

    def _on(self, client: int | str, words: list[str]) -> str:
        if isinstance(client, str):
            return self.engines[1].docker("exec", client, *words, check=False, timeout=30)
        return self.hosts[client].run(*words, check=False, timeout=30)

    def _proxies(self) -> float:
        """CPU seconds that docker-proxy processes of the first host have used."""
        ticks = 0
        for pid in self.hosts[0].ip("netns", "pids", self.hosts[0].namespace).split():
            with contextlib.suppress(OSError):
                stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
                if "(docker-proxy)" in stat:
                    ticks += sum(map(int, stat.rpartition(")")[2].split()[11:13]))
        return ticks / os.sysconf("SC_CLK_TCK")


def older(bench: Bench) -> Iterator[tuple[str, Pair]]:
    """Every way of 20.10 that needs docker-proxy on, or does not care."""
    one, two = bench.engines
    yield "host mode", (bench.measure(A, client=1),) * 2
    yield "host mode, same host", (bench.measure("127.0.0.1", client=0),) * 2
    ports = [word for port in (IPERF, COUNTER) for word in ("-p", f"{port + OUTER}:{port}")]
    bench.run(0, "published", *ports)
    yield "published port, from another host", bench.compare(A, client=1, outer=OUTER)
    yield "bridge, same host", bench.compare(one.address("published"), client=0)
    yield "published port by docker-proxy, same host", bench.compare("127.0.0.1", client=0, outer=OUTER)
    one.docker("rm", "-f", "published")
    lan = ("--subnet", "192.168.10.0/24", "--ip-range", "192.168.10.128/28", "-o", "parent=eth0")
    one.docker("network", "create", "-d", "macvlan", *lan, "lan")
    bench.run(0, "macvlan", "--network", "lan")
    yield "macvlan", bench.compare(one.address("macvlan", "lan"), client=1)
    one.docker("rm", "-f", "macvlan")
    for side, (engine, peer) in enumerate(((one, B), (two, A))):
        plain = ("-o", "com.docker.network.bridge.enable_ip_masquerade=false")
        engine.docker("network", "create", "--subnet", f"172.30.{side + 1}.0/24", *plain, "routed")
        engine.host.route(f"172.30.{2 - side}.0/24", "via", peer)
        engine.host.run("iptables", "-I", "DOCKER-USER", "-j", "ACCEPT")
    bench.run(0, "routed", "--network", "routed")
    bench.run(1, "asking", "--network", "routed", serve=False)
    yield "routed containers", bench.compare(one.address("routed", "routed"), client="asking")
    one.docker("rm", "-f", "routed")
    two.docker("rm", "-f", "asking")
    yield "overlay of 20.10", overlay(bench)


def overlay(bench: Bench) -> Pair:
    """Container to container by an overlay network of a swarm."""
    one, two = bench.engines
    one.docker("swarm", "init", "--advertise-addr", A)
    token = one.docker("swarm", "join-token", "-q", "worker")
    two.docker("swarm", "join", "--token", token, "--advertise-addr", B, f"{A}:2377")
    one.docker("network", "create", "-d", "overlay", "--attachable", "wide")
    bench.run(0, "wide", "--network", "wide")
    bench.run(1, "asking", "--network", "wide", serve=False)
    return bench.compare(one.address("wide", "wide"), client="asking")


def measure(seconds: float, newer: str) -> Iterator[tuple[str, Pair]]:
    """Every way with its figures, as it is measured."""
    with contextlib.ExitStack() as stack:
        lan = stack.enter_context(Lan())
        a, b = stack.enter_context(Host("bench-a")), stack.enter_context(Host("bench-b"))
        lan.join(a, f"{A}/24")
        lan.join(b, f"{B}/24")
        with Bench(a, b, "20.10", seconds) as bench:
            yield from older(bench)
        with Bench(a, b, "20.10", seconds, **{"userland-proxy": False}) as bench:
            ports = [word for port in (IPERF, COUNTER) for word in ("-p", f"{port + OUTER}:{port}")]
            bench.run(0, "published", *ports)
            figures = bench.compare("127.0.0.1", client=0, outer=OUTER)
            yield "published port without docker-proxy, same host", figures
        if programs(newer) is not None:
            with Bench(a, b, newer, seconds) as bench:
                yield "overlay of the newer engine", overlay(bench)


def render(rounds: list[Round]) -> str:
    """The table: of each way the median, lowest and highest value of the rounds and the median of its ratios to the
    host mode of just before, and below it what others have published."""
    lines = [f"median of {len(rounds)} rounds (lowest to highest), and of the ratios to host mode just before"]
    lines.append(f"{'':48}{'Gbit/s':>8}{'':24}{'conn/s':>8}{'':24}{'CPU s/GB':>8}")
    for way in WAYS:
        pairs = [found[way.name] for found in rounds if way.name in found]
        if not pairs:
            lines.append(f"{way.name:48}not measured")
            continue
        columns = zip(("8.2f", "8.0f", "8.2f"), *(zip(*pair, strict=True) for pair in pairs), strict=True)
        lines.append(f"{way.name:48}" + "".join(_column(form, values) for form, *values in columns))
        lines += [f"    published: {measured(one)}" for one in way.published]
    return "\n".join(lines) + "\n"


def _column(form: str, pairs: list[tuple[float, float]]) -> str:
    """Median and spread of one figure in every round, and the median of its ratio to the base."""
    own = [value for value, _ in pairs]
    low, high = format(min(own), form).strip(), format(max(own), form).strip()
    spread = f"({low} to {high})"
    return f"{median(own):{form}} {spread:16}{median(value / base for value, base in pairs):5.0%}  "


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5, help="how often everything is measured (default 5)")
    parser.add_argument("--seconds", type=float, default=3, help="of each measurement (default 3)")
    parser.add_argument("--newer", default="28.5", help="the newer engine (default 28.5)")
    arguments = parser.parse_args()
    rounds: list[Round] = []
    with lock():
        for number in range(max(1, arguments.rounds)):
            rounds.append(dict(measure(arguments.seconds, arguments.newer)))
            load = f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors"
            print(f"round {number + 1} of {arguments.rounds}: {load}", file=sys.stderr, flush=True)
    print(render(rounds), end="")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
