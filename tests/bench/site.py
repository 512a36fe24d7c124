"""Measure audits of whole sites: `python tests/bench/site.py [HOSTS] [RULES] [ROUTES] [CONTAINERS] [-- OPTION…]`.

Each host has a firewall of an engine, that many routes of a BGP router, and containers with networks, neighbours and
veth interfaces that agree with each other. Printed are the time of `netlint check`, the CPU time that it took and the
most memory it had. Words behind `--` are options of `netlint check`. Without numbers: one host of 5,000 rules, 10,000
routes and 300 containers, then 500 hosts of 500 rules.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.bench.generate import _address, _hash, docker_items
from tests.bench.routes import table


def main(words: list[str]) -> None:
    end = words.index("--") if "--" in words else len(words)
    numbers, options = [int(word) for word in words[:end]], words[end + 1 :]
    for hosts, rules, routes, containers in [numbers] if numbers else [[1, 5000, 10_000, 300], [500, 500, 100, 30]]:
        with tempfile.TemporaryDirectory() as folder:
            for number in range(hosts):
                write(Path(folder) / f"host{number}", number, rules, routes, containers)
            command = [
                sys.executable,
                "-m",
                "netlint",
                "check",
                "--exit-zero",
                "--no-config",
                "--quiet",
                *options,
                folder,
            ]
            start = time.perf_counter()
            done = subprocess.run([*command, folder], capture_output=True, text=True, check=True)
            seconds = time.perf_counter() - start
            used = resource.getrusage(resource.RUSAGE_CHILDREN)
            what = f"{hosts:,} hosts, each {rules:,} rules, {routes:,} routes, {containers:,} containers"
            cpu = used.ru_utime + used.ru_stime
            findings = done.stdout.count("-->")
            print(f"{what}: {seconds:.2f} s, CPU {cpu:.2f} s, {used.ru_maxrss >> 10} MiB, {findings:,} findings")


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
