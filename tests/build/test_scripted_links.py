"""Interfaces that scripts make and change: what is there afterwards, what may be, and which rules look at it."""

from __future__ import annotations

from pathlib import Path

import pytest

from netlint.config import Config
from netlint.discover import discover
from netlint.engine import build, check
from netlint.model.host import Host
from netlint.model.interface import Interface
from netlint.rule import load_rules, rules_folder

STARTS = "systemctl restart docker\n"  # so that it is the host's own script, and not perhaps a container's


def host_of(folder: Path, **files: str) -> Host:
    for name, text in files.items():
        (folder / name.replace("_", ".", 1)).write_text(text, encoding="utf-8")
    (host,) = build(discover([str(folder)]), Config())[0].hosts
    return host


def links_of(folder: Path, text: str) -> dict[str, Interface]:
    return {link.name: link for link in host_of(folder, setup_sh=STARTS + text).links}


def shown(link: Interface) -> str:
    parts = [
        f"{name}={value}"
        for name in ("kind", "mtu", "master", "up", "link", "mac")
        if (value := getattr(link, name)) is not None
    ]
    parts += [f"{name}:{value.value}" for name, value in link.options]
    return " ".join([link.name, *parts, *(f"{one.address}/{one.prefix.length}" for one in link.addresses)])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ip link add br0 type bridge", ["br0 kind=bridge up=False"]),
        (
            "ip link add name br0 mtu 1400 address 02:00:00:00:00:01 up type bridge stp_state 0",
            ["br0 kind=bridge mtu=1400 up=True mac=02:00:00:00:00:01"],
        ),
        (
            "ip l a dev br0 type bridge; ip l s br0 up; ip a a 10.0.0.1/24 dev br0",
            ["br0 kind=bridge up=True 10.0.0.1/24"],
        ),
        (
            "B=br0; ip link add $B type bridge; for p in eth1 eth2; do ip link set dev $p master $B up; done",
            ["br0 kind=bridge up=False", "eth1 master=br0 up=True", "eth2 master=br0 up=True"],
        ),
        (
            "brctl addbr br0; brctl addif br0 eth1 eth2; brctl delif br0 eth2; ifconfig br0 mtu 1450 up",
            ["br0 kind=bridge mtu=1450 up=True", "eth1 master=br0", "eth2"],
        ),
        ("ip link set eth0 master br0; ip link set eth0 nomaster", ["eth0", "br0"]),
        (
            "ip link add v0 type veth peer name v1 mtu 1400",
            ["v1 kind=veth mtu=1400 up=False link=v0", "v0 kind=veth up=False link=v1"],
        ),
        ("ip link add v0 type veth peer name v1; ip link set v1 netns 5", ["v0 kind=veth up=False link=v1"]),
        ("ip link add v0 type veth peer name v1; ip link del v1", []),
        ("ip link add link eth0 name eth0.5 type vlan id 5", ["eth0.5 kind=vlan up=False link=eth0 id:5"]),
        (
            "ip link add vx type vxlan id 7 dev eth0 local 10.0.0.1",
            ["vx kind=vxlan up=False id:7 dev:eth0 local:10.0.0.1 dstport:8472"],
        ),
        ("ip link add vx type vxlan id 7 dstport 4789", ["vx kind=vxlan up=False id:7 dstport:4789"]),
        ("ip link add shim link eth0 type macvlan mode bridge", ["shim kind=macvlan up=False link=eth0 mode:bridge"]),
        ("ip tuntap add dev tap0 mode tap", ["tap0 kind=tun up=False"]),
        ("ip link set eth0 mtu 9000", ["eth0 mtu=9000"]),
        ("ip link set eth0 name lan0; ip link set lan0 up", ["lan0 up=True"]),
        ("ip link add br0 type bridge; ip link del br0", []),
        ("ip link set eth1 master br0; brctl delbr br0", ["eth1"]),
        ("ip addr add 10.0.0.1/24 dev eth1; ip addr flush dev eth1", ["eth1"]),
        ("ifconfig eth1 10.0.0.1/24; ifconfig eth1 0.0.0.0", ["eth1 up=True"]),
        # what only may run
        ("if a; then ip link add br0 type bridge; fi", []),
        ("a || ip link add br0 type bridge; ip link set br0 up", ["br0 up=True"]),
        ("ip link set eth0 mtu 1400; if a; then ip link set eth0 mtu 9000; fi", ["eth0"]),
        ("ip link add br0 type bridge; if a; then ip link del br0; fi", []),
        ("ip link add br0 type bridge; a || ip link add br0 type bridge", ["br0 kind=bridge up=False"]),
        ("ip link set eth0 mtu $MTU; ip link set $IF up", ["eth0"]),
    ],
)
def test_links(tmp_path: Path, text: str, expected: list[str]) -> None:
    assert sorted(shown(link) for link in links_of(tmp_path, text).values()) == sorted(expected)


def test_a_script_that_may_be_a_containers_makes_no_link_of_the_host(tmp_path: Path) -> None:
    compose = "services:\n  upf:\n    build: .\n"
    host = host_of(
        tmp_path,
        compose_yaml=compose,
        init_sh="#!/bin/sh\nip link add ogstun type dummy\nip addr add 10.45.0.1/16 dev ogstun\n",
    )
    assert host.links == ()
    assert host.may_get("ogstun")


def test_files_that_disagree(tmp_path: Path) -> None:
    up = STARTS + "ip link add br0 type bridge\nip link set br0 mtu 1400 up\n"
    down = STARTS + "ip link set br0 down\nip link del br0\n"
    other = STARTS + "ip link set br0 mtu 9000\n"
    host = host_of(tmp_path, up_sh=up, down_sh=down, jumbo_sh=other)
    assert [shown(link) for link in host.links] == ["br0 kind=bridge up=True"]


def test_a_listing_tells_what_is_there(tmp_path: Path) -> None:
    listing = "2: eth0: <BROADCAST,UP,LOWER_UP> mtu 1500 state UP\n    inet 10.0.0.2/24 scope global eth0\n"
    host = host_of(tmp_path, **{"ip-addr_txt": listing, "setup_sh": STARTS + "ip link add br0 type bridge\n"})
    assert [link.name for link in host.links] == ["eth0"]
    assert [link.name for link in host.scripted] == ["br0"]


def found(folder: Path, text: str) -> list[tuple[str, str]]:
    (folder / "setup.sh").write_text(text, encoding="utf-8")
    run = check(discover([str(folder)]), load_rules([rules_folder()]), Config())
    source = run.sources["setup.sh"]
    return [(one.code, source.slice(one.at)) for one in run.findings]


def test_rules_see_what_a_script_makes(tmp_path: Path) -> None:
    vxlan = "docker swarm init --advertise-addr 192.0.2.1\nip link add vx0 type vxlan id 5 dev eth0"
    assert ("NL610", "vx0") in found(tmp_path, f"{vxlan} dstport 4789\n")
    assert "NL610" not in dict(found(tmp_path, f"{vxlan} dstport 4790\n"))
    assert "NL610" not in dict(found(tmp_path, vxlan + "\n"))
    network = "docker network create --subnet 10.20.5.0/24 web\n"
    address = "ip link add br0 type bridge\nip addr add 10.20.0.1/16 dev br0\n"
    assert ("NL102", "10.20.5.0/24") in found(tmp_path, address + network)
    assert "NL102" not in dict(found(tmp_path, address + "ip addr flush dev br0\n" + network))
    named = "docker network create --subnet 10.20.0.0/16 -o com.docker.network.bridge.name=br0 web\n"
    assert found(tmp_path, address + named) == []


def test_what_a_script_may_make_is_not_missed(tmp_path: Path) -> None:
    """The usual remedies for macvlan: a VLAN made before, and an interface of the host beside the containers."""
    listing = "2: eth0: <BROADCAST,UP,LOWER_UP> mtu 1500 state UP\n    inet 10.0.0.2/24 scope global eth0\n"
    (tmp_path / "ip-addr.txt").write_text(listing, encoding="utf-8")
    network = "docker network create -d macvlan -o parent=lan0 --subnet 10.0.9.0/24 lan\n"
    assert ("NL219", "lan0") in found(tmp_path, network)
    made = "ip link add lan0 link eth0 type vlan id 9\n"
    assert "NL219" not in dict(found(tmp_path, f"[ -e x ] || {made}{network}"))
    assert "NL219" not in dict(found(tmp_path, f"for i in $ALL; do ip link add $i type dummy; done\n{network}"))


REACH = """\
ip link add br0 type bridge vlan_filtering 1 stp_state 0
ip link set dev br0 type bridge vlan_filtering 0
ip link set veth0 type bridge_slave isolated on hairpin off learning off
ip link set br0 type bridge nf_call_iptables 1
bridge link set dev veth0 isolated on
bridge vlan add dev veth0 vid 10
brctl stp br0 on
brctl hairpin br0 veth0 on
"""


def test_settings_that_decide_who_reaches_whom(tmp_path: Path) -> None:
    (tmp_path / "setup.sh").write_text(STARTS + REACH, encoding="utf-8")
    told = [one.message for one in build(discover([str(tmp_path)]), Config())[0].not_understood]
    assert told == [
        "ip link add … vlan_filtering 1",
        "ip link set … isolated on",
        "ip link set … learning off",
        "ip link set … nf_call_iptables 1",
        "bridge link set",
        "bridge vlan add",
        "brctl hairpin",
    ]
