"""Texts with the output of several commands."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netlint.config import Config
from netlint.discover import discover
from netlint.engine import build, check
from netlint.rule import load_rules, rules_folder
from netlint.transcript import may_show_outputs, parts

ROUTE = "default via 10.0.0.1 dev eth0\n10.0.0.0/24 dev eth0 proto kernel scope link src 10.0.0.5\n"
ADDR = "2: eth0: <BROADCAST,UP,LOWER_UP> mtu 1500 state UP\n    inet 10.0.0.5/24 scope global eth0\n"
INSIDE = "8: eth0@if9: <BROADCAST,UP,LOWER_UP> mtu 1500 state UP\n    inet 172.17.0.2/16 scope global eth0\n"
BRCTL = "bridge name\tbridge id\t\tSTP enabled\tinterfaces\ndocker0\t\t8000.0242d28aa9c9\tno\t\tveth1\n"
ARP = "Address      HWtype  HWaddress      Flags Mask  Iface\n10.0.0.1  ether  54:ab:3a:ca:93:b5  C  eth0\n"


def found(text: str, path: str = "session.txt", whole: str | None = None) -> list[tuple[object, ...]]:
    return [(part.format, part.namespace, part.host) for part in parts(text, path, whole)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # prompts of several kinds, and a command of no interest between
        (
            f"[root@web1 ~]# ip route\n{ROUTE}[root@web1 ~]# ls\na b\n[root@web1 ~]# ip addr\n{ADDR}[root@web1 ~]#\n",
            [("ip-route", None, "web1"), ("ip-addr", None, "web1")],
        ),
        (
            f"me@web1:~$ sudo ip route\n{ROUTE}\nme@web1:/etc$ arp -n\n{ARP}",
            [("ip-route", None, "web1"), ("arp", None, "web1")],
        ),
        (f"$ brctl show\n{BRCTL}$ ip r\n{ROUTE}", [("brctl", None, None), ("ip-route", None, None)]),
        # headings of scripts
        (f"=== ip route ===\n{ROUTE}\n=== ip addr ===\n{ADDR}", [("ip-route", None, None), ("ip-addr", None, None)]),
        (f"+ ip route\n{ROUTE}+ ip addr show\n{ADDR}", [("ip-route", None, None), ("ip-addr", None, None)]),
        (f"# ip route\n{ROUTE}\n# brctl show\n{BRCTL}", [("ip-route", None, None), ("brctl", None, None)]),
        (f"ip route\n{ROUTE}\nip addr\n{ADDR}", [("ip-route", None, None), ("ip-addr", None, None)]),
        # nothing but the outputs
        (f"{BRCTL}\n{ARP}", [("brctl", None, None), ("arp", None, None)]),
        # a container's shell, by its id at the prompt or by the command that enters it
        (
            (
                f"[root@web1 ~]# ip addr\n{ADDR}[root@web1 ~]# docker exec -it web sh\n[root@59e246cbf2b7 /]# ip a\n"
                f"{INSIDE}"
            ),
            [("ip-addr", None, "web1"), ("ip-addr", "59e246cbf2b7", None)],
        ),
        (
            f"$ ip addr\n{ADDR}$ docker exec web ip addr\n{INSIDE}",
            [("ip-addr", None, None), ("ip-addr", "web", None)],
        ),
        # one output is one file, whatever stands above it
        (f"$ ip route\n{ROUTE}", []),
        ("just a note\n", []),
    ],
)
def test_sessions(text: str, expected: list[tuple[object, ...]]) -> None:
    assert found(text) == expected


def test_a_file_that_the_session_shows() -> None:
    text = f'$ cat /etc/docker/daemon.json\n{{"bip": "10.9.0.1/24"}}\n$ ip route\n{ROUTE}'
    assert found(text) == [("daemon-json", None, None), ("ip-route", None, None)]


def test_markdown() -> None:
    text = f"""\
# Notes
Run ip route first; docker ps is of no use.
```
[root@web1 ~]# ip route
{ROUTE}```
Then:
~~~sh
docker network create --subnet 10.9.0.0/24 shop
iptables -t nat -F
~~~
```yaml
services:
  web: {{image: nginx}}
```
"""
    assert found(text, "notes.md") == [("ip-route", None, "web1"), ("shell-script", None, None)]


def test_supportconfig() -> None:
    text = f"""\
#==[ Command ]======================================#
# /sbin/ip route
{ROUTE}
#==[ Command ]======================================#
# /usr/bin/uptime
 10:00 up 1 day

#==[ Configuration File ]===========================#
# /etc/resolv.conf
nameserver 10.0.0.2

#==[ Configuration File ]===========================#
# /etc/sysctl.conf - File not found
"""
    assert found(text, "network.txt") == [("ip-route", None, None), ("resolv-conf", None, None)]


def test_two_hosts_in_one_text_are_two_hosts() -> None:
    other = ROUTE.replace("10.0.0.5", "10.0.0.6")
    text = f"[root@web1 ~]# ip route\n{ROUTE}[root@web2 ~]# ip route\n{other}[root@web2 ~]# brctl show\n{BRCTL}"
    site, files = build(discover(["-"], stdin=io.BytesIO(text.encode()), stdin_filename="notes.txt"), Config())
    assert [host.name for host in site.hosts] == ["web1", "web2"]
    assert [(file.format, file.host, file.status) for file in files] == [
        ("ip-route", "web1", "read"),
        ("ip-route", "web2", "read"),
        ("brctl", "web2", "read"),
    ]


def test_places_are_those_of_the_whole_file(tmp_path: Path) -> None:
    text = (
        f'# notes\n\n$ ip route\n{ROUTE}$ docker network inspect shop\n[{{"Name": "shop", "Driver": "bridge", "IPAM": '
        '{"Config": [{"Subnet": "10.0.0.0/16"}]}}]\n'
    )
    (tmp_path / "session.txt").write_text(text, encoding="utf-8")
    run = check(discover([str(tmp_path)]), load_rules([rules_folder()]), Config())
    (finding,) = [one for one in run.findings if one.rule == "subnet-overlaps-host-link"]
    assert run.sources["session.txt"].slice(finding.at) == "10.0.0.0/16"
    assert run.sources["session.txt"].position(finding.at.start).line == 7


@given(st.text(alphabet="#$= \n[]@`~iproutebctlshw1:", max_size=400))
def test_never_raises_and_parts_lie_in_order(text: str) -> None:
    for path in ("a.txt", "a.md"):
        last = 0
        for part in parts(text, path, None):
            assert last <= part.start < part.end <= len(text)
            last = part.end


TOOLS = """ip iptables ip6tables iptables-save nft ipset netstat route ss ifconfig brctl bridge arp ethtool sysctl
    systemctl cat docker podman nerdctl nsenter firewall-cmd ufw"""


@pytest.mark.parametrize(
    "line",
    [
        *(f"$ {tool} x" for tool in TOOLS.split()),
        "==ip route==",
        "Kernel IPv6 routing table",
        "bridge name\tbridge id",
        "Address      HWtype  HWaddress",
        "NETWORK ID   NAME   DRIVER",
        "ID   NAME   MODE   REPLICAS",
        "ID   HOSTNAME   STATUS   AVAILABILITY",
        "CONTAINER ID   IMAGE",
        "# Generated by ip6tables-save v1.8.9",
        "NIC statistics:",
        "Active Internet connections (only servers)",
        "1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536",
        "Chain INPUT (policy ACCEPT)",
        "eth0: flags=4163<UP,BROADCAST>",
        "[",
        "{  ",
    ],
)
def test_what_is_looked_through_for_outputs(line: str) -> None:
    assert may_show_outputs(f"{line}\nx\n")
    assert may_show_outputs(f"some words\n\n{line}\nx\n")


def test_what_is_not_looked_through() -> None:
    assert not may_show_outputs("Permission is hereby granted, free of charge, to any person\nflask==3.0\n")
    assert not may_show_outputs("all:\n\techo done\n\tls -l\n")


def test_sockets_without_their_heading(tmp_path: Path) -> None:
    """`grep LISTEN` takes it away."""
    ss = 'tcp   LISTEN 0      4096         0.0.0.0:2377        0.0.0.0:*    users:(("dockerd",pid=900,fd=28))\n'
    netstat = "tcp        0      0 0.0.0.0:2377            0.0.0.0:*               LISTEN      900/dockerd\n"
    bare = 'LISTEN 0      4096         0.0.0.0:2377        0.0.0.0:*    users:(("dockerd",pid=900,fd=28))\n'
    for text in (ss, netstat, bare):
        path = tmp_path / "session.txt"
        route = "$ ip route\ndefault via 10.0.0.1 dev eth0\n"
        path.write_text(
            f"{route}$ sudo ss -tulpn | grep LISTEN\n{text}$ nmcli dev status\nDEVICE  TYPE\n", encoding="utf-8"
        )
        (host,) = build(discover([str(path)]), Config())[0].hosts
        assert [(one.port, one.process) for one in host.listeners or ()] == [(2377, "dockerd")]
        path.write_text(text, encoding="utf-8")
        (host,) = build(discover([str(path)]), Config())[0].hosts
        assert [(one.port, one.process) for one in host.listeners or ()] == [(2377, "dockerd")]
