"""Hosts for tests of the walk, from the listings that netlint reads."""

from __future__ import annotations

import tempfile
from pathlib import Path

from netlint.config import Config
from netlint.dataplane.packet import Packet
from netlint.discover import discover
from netlint.engine import build
from netlint.model.host import Host, Site
from netlint.prefix import Address, parse_address

ADDRESSES = """1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN
    inet 127.0.0.1/8 scope host lo
    inet6 ::1/128 scope host
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP
    inet 192.168.10.1/24 brd 192.168.10.255 scope global eth0
    inet6 2001:db8:10::1/64 scope global
3: eth1: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP
    inet 192.168.11.1/24 brd 192.168.11.255 scope global eth1
4: docker0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP
    inet 172.17.0.1/16 brd 172.17.255.255 scope global docker0
    inet6 fd00:17::1/64 scope global
"""
ROUTES = """default via 192.168.10.254 dev eth0
172.17.0.0/16 dev docker0 proto kernel scope link src 172.17.0.1
192.168.10.0/24 dev eth0 proto kernel scope link src 192.168.10.1
192.168.11.0/24 dev eth1 proto kernel scope link src 192.168.11.1
blackhole 10.66.0.0/16
unreachable 10.67.0.0/16
prohibit 10.68.0.0/16
10.0.0.0/8 via 192.168.10.253 dev eth0
"""
ROUTES6 = """2001:db8:10::/64 dev eth0 proto kernel metric 256 pref medium
fd00:17::/64 dev docker0 proto kernel metric 256 pref medium
default via fe80::1 dev eth0 metric 1024 pref medium
"""
# What an engine writes for one published port: 8080 of the host is 80 of 172.17.0.2.
DOCKER = """*nat
:PREROUTING ACCEPT [0:0]
:INPUT ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
:DOCKER - [0:0]
-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
-A OUTPUT ! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -j DOCKER
-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE
-A DOCKER ! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80
COMMIT
*filter
:INPUT ACCEPT [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
:DOCKER - [0:0]
:DOCKER-USER - [0:0]
-A FORWARD -j DOCKER-USER
-A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -o docker0 -j DOCKER
-A FORWARD -i docker0 ! -o docker0 -j ACCEPT
-A FORWARD -i docker0 -o docker0 -j ACCEPT
-A DOCKER -d 172.17.0.2/32 ! -i docker0 -o docker0 -p tcp -m tcp --dport 80 -j ACCEPT
-A DOCKER-USER -j RETURN
COMMIT
"""
CONTAINER, OTHER, CLIENT, HOST = "172.17.0.2", "172.17.0.3", "198.51.100.7", "192.168.10.1"


def site(files: dict[str, str]) -> Site:
    """The site that these files tell of; a folder in a path is a host."""
    with tempfile.TemporaryDirectory() as folder:
        for name, text in files.items():
            path = Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return build(discover([folder]), Config())[0]


def host(firewall: str = "", *, sysctls: str = "", **more: str) -> Host:
    """One host with the listings above; `more` adds or replaces files: `ip_rule_txt="…"` is ip-rule.txt."""
    files = {"ip-addr.txt": ADDRESSES, "ip-route.txt": ROUTES, "ip-6-route.txt": ROUTES6}
    if firewall:
        files["iptables-save.txt"] = firewall
    if sysctls:
        files["sysctl-a.txt"] = sysctls
    files |= {
        name.replace("_", "-").replace("-txt", ".txt").replace("-json", ".json"): text for name, text in more.items()
    }
    (found,) = site({name: text for name, text in files.items() if text}).hosts
    return found


def table(name: str, *rules: str, policy: str = "ACCEPT") -> str:
    """A table of an iptables-save dump with these rules."""
    chains = {
        "raw": "PREROUTING OUTPUT",
        "mangle": "PREROUTING INPUT FORWARD OUTPUT POSTROUTING",
        "nat": "PREROUTING INPUT OUTPUT POSTROUTING",
        "filter": "INPUT FORWARD OUTPUT",
    }[name]
    declared = "".join(f":{chain} {policy if chain == 'FORWARD' else 'ACCEPT'} [0:0]\n" for chain in chains.split())
    return f"*{name}\n{declared}" + "".join(f"{rule}\n" for rule in rules) + "COMMIT\n"


def address(text: str) -> Address:
    found = parse_address(text)
    assert found is not None
    return found


def packet(source: str, destination: str, link: str | None, port: int | None = 80, protocol: str = "tcp") -> Packet:
    ported = protocol in ("tcp", "udp")
    return Packet(
        source=address(source),
        destination=address(destination),
        protocol=protocol,
        source_port=40000 if ported else None,
        destination_port=port if ported else None,
        in_interface=link,
    )
