"""Measure audits of whole sites: `python tests/bench/site.py [HOSTS] [RULES] [ROUTES] [CONTAINERS] [-- OPTION…]`.

Each host has a firewall of an engine, that many routes of a BGP router, and containers with networks, neighbours and
veth interfaces that agree with each other. Printed are the time of `netlint check`, the CPU time that it took and the
most memory that one of its processes had. Words behind `--` are options of `netlint check`. Without numbers: one host
of 5,000 rules, 10,000 routes and 300 containers, then 500 hosts of 500 rules. With `growth`: 100, 200, 400 and 800 such
hosts, to see what a host adds.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.bench.generate import _address, _hash, docker_items
from tests.bench.routes import table

LARGE, USUAL = (5000, 10_000, 300), (500, 100, 30)  # rules, routes and containers of a host


def main(words: list[str]) -> None:
    end = words.index("--") if "--" in words else len(words)
    given, options = words[:end], words[end + 1 :]
    sites = [(1, *LARGE), (500, *USUAL)]
    if given == ["growth"]:
        sites = [(hosts, *USUAL) for hosts in (100, 200, 400, 800)]
    elif given:
        hosts, rules, routes, containers = map(int, given)
        sites = [(hosts, rules, routes, containers)]
    print(
        f"{'hosts':>6} {'rules':>6} {'routes':>7} {'containers':>11} {'s':>8} {'CPU s':>8} {'MiB':>6} {'findings':>9}"
    )
    for hosts, *sizes in sites:
        with tempfile.TemporaryDirectory() as folder:
            for number in range(hosts):
                write(Path(folder) / f"host{number}", number, *sizes)
            seconds, cpu, memory, findings = measured([*options, folder])
            size = f"{hosts:6,} {sizes[0]:6,} {sizes[1]:7,} {sizes[2]:11,}"
            print(f"{size} {seconds:8.2f} {cpu:8.2f} {memory:6,} {findings:9,}")


def measured(words: list[str]) -> tuple[float, float, int, int]:
    """Seconds, CPU seconds, MiB and findings of one `netlint check`."""
    command = [sys.executable, "-m", "netlint", "check", "--exit-zero", "--no-config", "--quiet", *words]
    with tempfile.TemporaryFile("w+") as output:
        start = time.perf_counter()
        process = subprocess.Popen(command, stdout=output)
        _, status, used = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            raise SystemExit(f"{' '.join(command)}: status {process.returncode}")
        output.seek(0)
        return seconds, used.ru_utime + used.ru_stime, used.ru_maxrss >> 10, output.read().count("-->")


def write(folder: Path, number: int, rules: int, routes: int, containers: int) -> None:
    """The listings of one host."""
    folder.mkdir(parents=True)
    for name, text in listings(number, rules, routes, containers):
        (folder / name).write_text(text, encoding="utf-8")


def firewall(rules: int, containers: int) -> str:
    """What an engine writes for the containers; the rest is a list of banned addresses, as fail2ban keeps it."""
    chosen = [item for item, number in zip(docker_items(), range(2, containers), strict=False) if 2 <= number & 15 < 15]
    nat = [line for item in chosen for line in item.nat]
    rest = [line for item in chosen for line in item.filter]
    banned = [
        f"-A f2b-sshd -s 203.{at >> 16 & 255}.{at >> 8 & 255}.{at & 255}/32 -j DROP"
        for at in range(max(0, rules - len(nat) - len(rest)))
    ]
    return "\n".join(
        [
            "*nat", ":PREROUTING ACCEPT [0:0]", ":INPUT ACCEPT [0:0]", ":OUTPUT ACCEPT [0:0]",
            ":POSTROUTING ACCEPT [0:0]", ":DOCKER - [0:0]",
            "-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER",
            "-A OUTPUT ! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -j DOCKER",
            *nat, "COMMIT", "*filter", ":INPUT ACCEPT [0:0]", ":FORWARD DROP [0:0]", ":OUTPUT ACCEPT [0:0]",
            ":DOCKER - [0:0]", ":DOCKER-ISOLATION-STAGE-1 - [0:0]", ":DOCKER-ISOLATION-STAGE-2 - [0:0]",
            ":DOCKER-USER - [0:0]", ":f2b-sshd - [0:0]",
            "-A INPUT -p tcp -m multiport --dports 22 -j f2b-sshd", *banned, "-A f2b-sshd -j RETURN",
            "-A FORWARD -j DOCKER-USER", "-A FORWARD -j DOCKER-ISOLATION-STAGE-1",
            *rest, "-A DOCKER-ISOLATION-STAGE-1 -j RETURN", "-A DOCKER-ISOLATION-STAGE-2 -j RETURN",
            "-A DOCKER-USER -j RETURN", "COMMIT", "",
        ]
    )  # fmt: skip


def listings(number: int, rules: int, routes: int, containers: int) -> Iterator[tuple[str, str]]:
    own = f"10.{number >> 8}.{number & 255}"
    yield "iptables-save.txt", firewall(rules, containers)
    far = [line for line in table(max(routes, 2), shuffled=False).splitlines() if line.startswith(tuple("1234589"))]
    spans = range((containers + 15) // 16)
    names = [f"br-{_hash(str(at), 12).lower()}" for at in spans]
    links = [
        "1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN",
        "    inet 127.0.0.1/8 scope host lo",
        "2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP",
        f"    inet {own}.5/24 scope global eth0",
    ]
    local = [f"{own}.0/24 dev eth0 proto kernel scope link src {own}.5"]
    networks, inspected, neighbours, learned = [], [], [], []
    for at in spans:
        base, bridge = at * 16, names[at]
        links.append(f"{10 + at}: {bridge}: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP")
        links.append(f"    inet {_address(base + 1)}/28 scope global {bridge}")
        local.append(f"{_address(base)}/28 dev {bridge} proto kernel scope link src {_address(base + 1)}")
        inside = {}
        for one in range(max(base, 2), min(base + 15, containers)):
            if one & 15 < 2:
                continue
            mac, name, identity = (
                f"02:42:0a:40:{one >> 8 & 255:02x}:{one & 255:02x}",
                f"app-{one}",
                _hash(f"c{one}", 64).lower(),
            )
            inside[identity] = {"Name": name, "MacAddress": mac, "IPv4Address": f"{_address(one)}/28"}
            links.append(
                f"{1000 + one}: veth{one:07x}@if{9000 + one}: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue "
                f"master {bridge} state UP"
            )
            neighbours.append(f"{_address(one)} dev {bridge} lladdr {mac} REACHABLE")
            learned.append(f"{mac} dev veth{one:07x} master {bridge}")
            inspected.append(
                {
                    "Id": identity,
                    "Name": f"/{name}",
                    "State": {"Running": True},
                    "HostConfig": {"NetworkMode": f"net-{at}"},
                    "NetworkSettings": {
                        "Ports": {"80/tcp": [{"HostIp": "0.0.0.0", "HostPort": str(1024 + one % 60000)}]},
                        "Networks": {f"net-{at}": {"IPAddress": _address(one), "MacAddress": mac}},
                    },
                }
            )
        networks.append(
            {
                "Name": f"net-{at}",
                "Id": bridge[3:] + "0" * 52,
                "Scope": "local",
                "Driver": "bridge",
                "IPAM": {"Config": [{"Subnet": f"{_address(base)}/28", "Gateway": _address(base + 1)}]},
                "Containers": inside,
                "Options": {},
            }
        )
    yield "ip-addr.txt", "\n".join([*links, ""])
    gateway = [f"default via {own}.1 dev eth0", *local]
    yield "ip-route.txt", "\n".join([*gateway, *(f"{line.split()[0]} via {own}.2 dev eth0" for line in far), ""])
    yield "docker-network-inspect.json", json.dumps(networks, indent=1)
    yield "docker-inspect.json", json.dumps(inspected, indent=1)
    yield "ip-neigh.txt", "\n".join([*neighbours, ""])
    yield "bridge-fdb.txt", "\n".join([*learned, ""])
    yield "sysctl.txt", "net.ipv4.ip_forward = 1\n"


if __name__ == "__main__":
    main(sys.argv[1:])
