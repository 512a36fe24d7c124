"""Interfaces of one host from one or several listings; resolvers; kernel settings."""

from __future__ import annotations

from importlib import import_module

import pytest

from netlint.build.facts import HostFacts, Parsed
from netlint.build.interfaces import build_interfaces
from netlint.formats import FORMATS
from netlint.model.interface import Interface
from netlint.source import Source, Span


def build(*files: tuple[str, str, str]) -> HostFacts:
    """The facts from files given as name, format and text, each format by its own builder."""
    facts = HostFacts("host")
    by_builder: dict[str, list[Parsed]] = {}
    for name, kind, text in files:
        source = Source(name, text)
        tree, problems = import_module(f"netlint.parse.{FORMATS[kind].parser}").parse(source)
        facts.problems(problems)
        by_builder.setdefault(FORMATS[kind].builder, []).append(Parsed(source, kind, tree))
    for builder, parsed in by_builder.items():
        module, _, function = builder.partition(":")
        getattr(import_module(f"netlint.build.{module}"), function)(parsed, facts)
    return facts


def interfaces(facts: HostFacts) -> list[Interface]:
    assert facts.interfaces is not None
    return facts.interfaces


def short(interface: Interface) -> list[str]:
    return [
        f"{one.address} in {one.prefix}{f' peer {one.peer}' if one.peer is not None else ''} {one.scope}"
        for one in interface.addresses
    ]


IP_ADDR = """\
2: eth0: <BROADCAST,UP,LOWER_UP> mtu 1500 qdisc mq state UP
    link/ether 02:42:0a:00:00:02 brd ff:ff:ff:ff:ff:ff
    inet 10.0.0.5/24 scope global eth0
    inet 10.8.0.6 peer 10.8.0.5/32 scope global eth0
9: vxlan1: <NO-CARRIER,BROADCAST,UP> mtu 1450 master br0 state DOWN
    vxlan id 42 local 10.0.0.5 dev eth0 srcport 0 0 dstport 4789 nolearning
"""


def test_ip_addr() -> None:
    facts = build(("ip-addr.txt", "ip-addr", IP_ADDR))
    eth0, vxlan = interfaces(facts)
    assert short(eth0) == ["10.0.0.5 in 10.0.0.0/24 global", "10.8.0.6 in 10.8.0.5/32 peer 10.8.0.5 global"]
    assert (eth0.index, eth0.mtu, eth0.mac, eth0.up, eth0.carrier) == (2, 1500, "02:42:0a:00:00:02", True, True)
    assert (vxlan.kind, vxlan.master, vxlan.up, vxlan.carrier) == ("vxlan", "br0", True, False)
    port = vxlan.option("dstport")
    assert port is not None
    assert (port.value, IP_ADDR[port.span.start : port.span.end]) == ("4789", "4789")
    assert vxlan.option("remote") is None


IFCONFIG = """\
eth0: flags=1<UP,RUNNING>  mtu 1400
  inet 10.0.0.5  netmask 255.255.255.0
eth0:1: flags=1<UP>  mtu 1400
  inet 10.0.9.5  netmask 255.255.255.0
tun0: flags=1<UP>  mtu 1300
"""


def test_listings_are_merged_by_name() -> None:
    facts = build(
        ("ifconfig.txt", "ifconfig", IFCONFIG),
        ("ip-br-addr.txt", "ip-addr-brief", "eth0@if4 UP 10.0.0.5/24 fd00::5/64\ntun0 UNKNOWN fe80::1/64\n"),
        ("ip-link.txt", "ip-addr", "3: eth0@if4: <UP> mtu 1500 qdisc mq state UP\n    veth\n"),
        ("ip-o-addr.txt", "ip-addr", "3: eth0    inet 10.0.0.5/24 scope global eth0\\   valid_lft forever\n"),
    )  # fmt: skip
    eth0, tun0 = interfaces(facts)
    assert (eth0.name, eth0.kind, eth0.mtu, eth0.link, eth0.span.source) == ("eth0", "veth", 1500, "if4", "ip-link.txt")
    assert [(str(one.address), one.span.source) for one in eth0.addresses] == [
        ("10.0.0.5", "ip-o-addr.txt"),
        ("fd00::5", "ip-br-addr.txt"),
        ("10.0.9.5", "ifconfig.txt"),
    ]
    assert (tun0.mtu, tun0.up, tun0.carrier, tun0.addresses[0].scope) == (1300, True, False, "link")


TIMED = """2: eth0: <UP> mtu 1500
    inet6 2001:db8::5/64 scope global dynamic mngtmpaddr
    inet6 fd00::5/64 scope global
"""
TIMED_JSON = """[{"ifindex": 2, "ifname": "eth0", "flags": ["UP"], "mtu": 1500, "addr_info": [
  {"family": "inet6", "local": "2001:db8::5", "prefixlen": 64, "scope": "global", "dynamic": true, "mngtmpaddr": true},
  {"family": "inet6", "local": "fd00::5", "prefixlen": 64, "scope": "global"}]}]"""


@pytest.mark.parametrize(("kind", "text"), [("ip-addr", TIMED), ("ip-addr-json", TIMED_JSON)])
def test_addresses_for_a_time(kind: str, text: str) -> None:
    (eth0,) = interfaces(build(("listing", kind, text)))
    assert [(str(one.address), one.dynamic) for one in eth0.addresses] == [("2001:db8::5", True), ("fd00::5", False)]


def test_json() -> None:
    text = """[{"ifindex": 2, "ifname": "vx", "flags": ["UP", "LOWER_UP"], "mtu": 1450, "master": "br0",
      "link_index": 7,
      "address": "02:42:0a:00:00:02", "linkinfo": {"info_kind": "vxlan", "info_data": {"id": 42, "port": 4789}},
      "addr_info": [{"family": "inet", "local": "10.0.0.5", "prefixlen": 24, "scope": "global"},
                    {"family": "inet", "local": "10.8.0.6", "address": "10.8.0.5", "prefixlen": 32, "scope": "global"},
                    {"family": "inet", "local": "banana", "prefixlen": 32}, {}]}, {}, {"ifindex": 3}]"""
    facts = build(("ip-j-addr.json", "ip-addr-json", text))
    (vx,) = interfaces(facts)
    assert short(vx) == ["10.0.0.5 in 10.0.0.0/24 global", "10.8.0.6 in 10.8.0.5/32 peer 10.8.0.5 global"]
    assert (vx.index, vx.mtu, vx.kind, vx.master, vx.link, vx.up) == (2, 1450, "vxlan", "br0", "if7", True)
    assert [(name, value.value) for name, value in vx.options] == [("id", "42"), ("dstport", "4789")]
    assert text[vx.addresses[0].span.start : vx.addresses[0].span.end] == "10.0.0.5"
    assert [problem.message for problem in facts.unreadable] == [
        "'banana' is no interface address",
        "an interface without a name",
    ]


def test_ifconfig_point_to_point_and_hexadecimal_mask() -> None:
    text = (
        "tun0  Link encap:UNSPEC\n  inet addr:10.8.0.6  P-t-P:10.8.0.5  Mask:255.255.255.255\n"
        "en0: flags=8863<UP> mtu 1500\n\tinet 10.0.0.5 netmask 0xffffff00\n"
        "\tinet6 fe80::1%en0 prefixlen 64 scopeid 0x4\n"
        "bad: flags=1<UP> mtu 1500\n\tinet 10.0.0.5 netmask 255.0.255.0\n"
    )
    facts = build(("ifconfig.txt", "ifconfig", text))
    tun0, en0, bad = interfaces(facts)
    assert short(tun0) == ["10.8.0.6 in 10.8.0.5/32 peer 10.8.0.5 global"]
    assert short(en0) == ["10.0.0.5 in 10.0.0.0/24 global", "fe80::1 in fe80::/64 link"]
    assert bad.addresses == ()
    assert len(facts.unreadable) == 1


def test_nothing_readable_is_not_an_empty_list() -> None:
    assert build(("ip-addr.txt", "ip-addr", "banana\n")).interfaces is None
    facts = HostFacts("host")
    build_interfaces([], facts)
    assert facts.interfaces is None


def test_resolver() -> None:
    facts = build(
        ("etc/resolv.conf", "resolv-conf", "nameserver 127.0.0.53\nnameserver banana\noptions edns0\n"),
        ("run/resolv.conf", "resolv-conf", "nameserver 10.0.0.2\nnameserver 127.0.0.53\n"),
    )
    assert facts.resolver is not None
    assert [(str(one.value), one.span) for one in facts.resolver.nameservers] == [
        ("127.0.0.53", Span("etc/resolv.conf", 11, 21)),
        ("10.0.0.2", Span("run/resolv.conf", 11, 19)),
    ]
    assert len(facts.unreadable) == 1
    empty = build(("etc/resolv.conf", "resolv-conf", "")).resolver
    assert empty is not None
    assert empty.nameservers == ()


def test_sysctls_in_the_order_in_which_they_hold() -> None:
    facts = build(
        ("a/sysctl-net.txt", "sysctl", "x = running\n"),
        ("etc/sysctl.conf", "sysctl", "x = sysctl.conf\n"),
        ("etc/sysctl.d/60-b.conf", "sysctl", "x=60\n-x.*\n"),
        ("usr/lib/sysctl.d/50-a.conf", "sysctl", "x=50\n"),
    )
    assert [value.value for _, value in facts.sysctls or ()] == ["50", "60", "sysctl.conf", "running"]
    assert len(facts.not_understood) == 1


DETAILS = """\
8: br-5f2c8e1d9a7b: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP mode DEFAULT group default
    link/ether 02:42:1d:77:88:99 brd ff:ff:ff:ff:ff:ff promiscuity 0 minmtu 68 maxmtu 65535
    bridge forward_delay 1500 hello_time 200 stp_state 0 priority 32768 vlan_filtering 1 vlan_protocol 802.1Q
10: veth3a1b2c3@if9: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue master br-5f2c8e1d9a7b state UP
    link/ether 6a:11:22:33:44:55 brd ff:ff:ff:ff:ff:ff link-netnsid 0 promiscuity 1
    veth
    bridge_slave state forwarding priority 32 hairpin on guard off learning on vlan_tunnel off isolated on locked off
11: vmbr0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP mode DEFAULT group default
    link/ether 02:42:1d:77:88:98 brd ff:ff:ff:ff:ff:ff
    bridge forward_delay 0 vlan_filtering 1
12: docker0: <BROADCAST,MULTICAST,UP> mtu 1500 qdisc noqueue state DOWN mode DEFAULT group default
    bridge forward_delay 1500 vlan_filtering 0 vlan_protocol 802.1Q
"""
DETAILS_JSON = """\
[{"ifname": "br-5f2c8e1d9a7b", "flags": ["UP"], "linkinfo": {"info_kind": "bridge",
  "info_data": {"vlan_filtering": 1}}},
 {"ifname": "veth3a1b2c3", "master": "br-5f2c8e1d9a7b", "flags": ["UP"], "linkinfo": {"info_kind": "veth",
  "info_slave_kind": "bridge", "info_slave_data": {"isolated": true, "locked": false}}},
 {"ifname": "vmbr0", "flags": ["UP"], "linkinfo": {"info_kind": "bridge", "info_data": {"vlan_filtering": 1}}}]
"""
BRIDGE_LINK = """\
10: veth3a1b2c3@if9: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 master br-5f2c8e1d9a7b state forwarding priority 32
    hairpin off guard off root_block off fastleave off learning on flood on isolated on locked off
11: vnet0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 master vmbr0 state forwarding priority 32
    hairpin off guard off isolated on
"""


@pytest.mark.parametrize(
    ("name", "kind", "text", "told"),
    [
        ("ip-d-link.txt", "ip-addr", DETAILS, ["vlan_filtering 1 of br-5f2c8e1d9a7b", "isolated on of veth3a1b2c3"]),
        (
            "ip-d-link.json",
            "ip-addr-json",
            DETAILS_JSON,
            ["vlan_filtering 1 of br-5f2c8e1d9a7b", "isolated true of veth3a1b2c3"],
        ),
        ("bridge-d-link.txt", "bridge", BRIDGE_LINK, ["isolated on of veth3a1b2c3"]),
    ],
)
def test_settings_that_keep_containers_apart(name: str, kind: str, text: str, told: list[str]) -> None:
    found = build((name, kind, text)).not_understood
    assert [one.message for one in found] == told
    assert {text[one.span.start : one.span.end] for one in found} <= {"1", "on", "true", "isolated on"}
