"""`route -n`, `ip address`, `ip -br`, `ifconfig`, resolv.conf, sysctl: tables of texts and what they hold."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netlint.parse import ifconfig, ip_addr, ip_addr_brief, resolv_conf, route_n, sysctl
from netlint.parse.tree import Word
from netlint.source import Source, Span

FORMATS = ("ip_addr", "ip_addr_brief", "ifconfig", "route_n", "resolv_conf", "sysctl")


def words(tree: Any) -> list[Word]:
    """All words of a tree."""
    if isinstance(tree, Word):
        return [tree]
    if isinstance(tree, msgspec.Struct):
        return [word for name in tree.__struct_fields__ for word in words(getattr(tree, name))]
    if isinstance(tree, (list, tuple)):
        return [word for item in tree for word in words(item)]
    return []


def spans(tree: Any) -> list[Span]:
    if isinstance(tree, Span):
        return [tree]
    if isinstance(tree, msgspec.Struct):
        return [span for name in tree.__struct_fields__ for span in spans(getattr(tree, name))]
    if isinstance(tree, (list, tuple)):
        return [span for item in tree for span in spans(item)]
    return []


PIECES = st.sampled_from(
    "1: eth0: <UP> lo inet inet6 10.0.0.1/24 peer scope fe80::1 link/ether veth vxlan id \\ \n \n\t mtu 1500 UP DOWN"
    " flags=1<UP> Link encap: addr:1.2.3.4 Mask:255.0.0.0 netmask Destination Gateway Genmask Flags Iface 0.0.0.0"
    " default nameserver # ; = - net/ipv4/x a.b = $ ip eth0@if3: metric".split(" ")
) | st.text(max_size=5)


@pytest.mark.parametrize("module", FORMATS)
@settings(max_examples=150)
@given(text=st.lists(PIECES, max_size=25).map(" ".join))
def test_never_raises_and_words_are_what_they_say(module: str, text: str) -> None:
    source = Source("x", text)
    tree, problems = import_module(f"netlint.parse.{module}").parse(source)
    assert all(source.slice(word.span) == word.text for word in words(tree))
    assert all(0 <= span.start <= span.end <= len(text) for span in spans([tree, problems]))


IP_ADDR = """\
1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN group default qlen 1000
    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00
    inet 127.0.0.1/8 scope host lo
       valid_lft forever preferred_lft forever
7: eth0.5@eth0: <NO-CARRIER,BROADCAST,UP> mtu 1450 qdisc mq master br0 state DOWN mode DEFAULT group default
    link/ether 02:42:0a:00:00:02 brd ff:ff:ff:ff:ff:ff promiscuity 1
    vlan protocol 802.1Q id 5 <REORDER_HDR> addrgenmode eui64
    bridge_slave state forwarding priority 32
    inet 10.0.0.5/24 metric 100 brd 10.0.0.255 scope global secondary dynamic eth0.5:1
    inet 172.30.0.1 peer 172.30.0.2/32 scope global eth0.5
    RX: bytes  packets  errors
    1113685    2244     0
"""


def test_ip_addr() -> None:
    tree, problems = ip_addr.parse(Source("x", IP_ADDR))
    assert (problems, tree.unsupported) == ([], [])
    lo, vlan = tree.links
    assert (lo.index, lo.name, lo.flags, lo.type) == (1, "lo", ("LOOPBACK", "UP", "LOWER_UP"), "loopback")
    assert (vlan.name, vlan.peer) == ("eth0.5", "eth0")
    assert [word.text for word in (vlan.mtu, vlan.master, vlan.state, vlan.kind, vlan.mac) if word is not None] == [
        "1450", "br0", "DOWN", "vlan", "02:42:0a:00:00:02",
    ]  # fmt: skip
    assert [(name, word.text) for name, word in vlan.options] == [("protocol", "802.1Q"), ("id", "5")]
    first, second = vlan.addresses
    assert (first.address.text, first.scope, first.flags, first.label) == (
        "10.0.0.5/24", "global", ("secondary", "dynamic"), "eth0.5:1",
    )  # fmt: skip
    assert second.peer is not None
    assert second.peer.text == "172.30.0.2/32"


def test_ip_addr_one_line_forms() -> None:
    text = (
        "2: eth0    inet 10.0.0.5/24 brd 10.0.0.255 scope global eth0\\       valid_lft forever preferred_lft forever\n"
        "2: eth0    inet6 fe80::1/64 scope link \\       valid_lft forever preferred_lft forever\n"
        "3: veth0@if9: <BROADCAST,UP> mtu 1500 master br0 state UP \\    link/ether 02:42:0a:00:00:02\n"
    )
    tree, problems = ip_addr.parse(Source("x", text))
    assert (problems, tree.unsupported) == ([], [])
    assert [(link.name, link.peer, [line.address.text for line in link.addresses]) for link in tree.links] == [
        ("eth0", None, ["10.0.0.5/24"]),
        ("eth0", None, ["fe80::1/64"]),
        ("veth0", "if9", []),
    ]
    assert tree.links[2].mac is not None


def test_ip_addr_of_pasted_text() -> None:
    text = (
        "# ip a show dev eth0\n    eth0@if3: <UP> mtu 1500 qdisc mq state\nUP group default qlen 9\ninet 10.0.0.1/8\n"
        "$ ip r\n10.0.0.0/8\n"
    )
    tree, problems = ip_addr.parse(Source("x", text))
    assert problems == []
    assert [(link.name, link.index, link.flags, len(link.addresses)) for link in tree.links] == [
        ("eth0", None, ("UP",), 1)
    ]


def test_ip_addr_brief() -> None:
    text = (
        "lo UNKNOWN 127.0.0.1/8 ::1/128\ntun0 UNKNOWN 10.8.0.6 peer 10.8.0.5/32\n"
        "eth0@if4 UP 02:42:0a:00:00:02 <UP,LOWER_UP>\n?\n"
    )
    links, problems = ip_addr_brief.parse(Source("x", text))
    assert [(one.name, one.peer, one.state, len(one.addresses)) for one in links] == [
        ("lo", None, "UNKNOWN", 2),
        ("tun0", None, "UNKNOWN", 1),
        ("eth0", "if4", "UP", 0),
    ]
    assert links[1].addresses[0][1] is not None
    assert links[2].flags == ("UP", "LOWER_UP")
    assert [problem.message for problem in problems] == ["not a line of an interface"]


IFCONFIG = """\
eth0      Link encap:Ethernet  HWaddr 00:0c:29:c2:c8:63
          inet addr:192.168.248.129  Bcast:192.168.248.255  Mask:255.255.255.0
          inet6 addr: fe80::1/64 Scope:Link
          UP BROADCAST RUNNING MULTICAST  MTU:1500  Metric:1
          RX packets:36 errors:0 dropped:0 overruns:0 frame:0

tun0: flags=4305<UP,POINTOPOINT,RUNNING>  mtu 1400
        inet 10.8.0.6  netmask 255.255.255.255  destination 10.8.0.5
        inet6 fe80::2  prefixlen 64  scopeid 0x20<link>
lo0: flags=8049<UP,LOOPBACK> mtu 16384
\tinet 127.0.0.1 netmask 0xff000000
\tinet6 fe80::1%lo0 prefixlen 64 scopeid 0x1
"""


def test_ifconfig() -> None:
    blocks, problems = ifconfig.parse(Source("x", IFCONFIG))
    assert problems == []
    assert [(block.name, block.flags) for block in blocks] == [
        ("eth0", ("UP", "BROADCAST", "RUNNING", "MULTICAST")),
        ("tun0", ("UP", "POINTOPOINT", "RUNNING")),
        ("lo0", ("UP", "LOOPBACK")),
    ]
    assert [
        [(line.address.text, line.mask.text if line.mask else None, line.scope) for line in block.addresses]
        for block in blocks
    ] == [
        [("192.168.248.129", "255.255.255.0", None), ("fe80::1/64", None, "link")],
        [("10.8.0.6", "255.255.255.255", None), ("fe80::2", "64", "link")],
        [("127.0.0.1", "0xff000000", None), ("fe80::1%lo0", "64", None)],
    ]
    assert blocks[1].addresses[0].peer is not None


ROUTE_N = """\
Kernel IP routing table
Destination     Gateway         Genmask         Flags   MSS Window  irtt Iface
0.0.0.0         192.168.10.254  0.0.0.0         UG        0 0          0 lan0
10.1.0.0        -               255.255.0.0     !         0 -          0 -
short line
Kernel IPv6 routing table
Destination                    Next Hop                   Flag Met Ref Use If
fd00::/64                      ::                         U    256 0     0 eth0
"""


def test_route_n() -> None:
    source = Source("x", ROUTE_N)
    tables, problems = route_n.parse(source)
    assert [(table.version, table.has_metric, len(table.rows)) for table in tables] == [(4, False, 2), (6, True, 1)]
    first = tables[0].rows[0]
    assert [word.text for word in (first.gateway, first.genmask, first.flags, first.device) if word is not None] == [
        "192.168.10.254", "0.0.0.0", "UG", "lan0",
    ]  # fmt: skip
    last = tables[1].rows[0]
    assert last.device is not None
    assert (last.destination.text, last.device.text) == ("fd00::/64", "eth0")
    assert [source.slice(problem.span) for problem in problems] == ["short line"]


def test_resolv_conf() -> None:
    directives, problems = resolv_conf.parse(
        Source("x", "# a\n; b\nnameserver 10.0.0.2 # c\nsearch a b\nnameserver\nbanana 1\n")
    )
    assert [(one.keyword, [word.text for word in one.values]) for one in directives] == [
        ("nameserver", ["10.0.0.2"]),
        ("search", ["a", "b"]),
    ]
    assert [problem.message for problem in problems] == ["nameserver without a value", "unknown keyword 'banana'"]


def test_sysctl() -> None:
    text = (
        "# c\nnet.ipv4.ip_forward = 1\n-net/ipv4/conf/eth0.5/rp_filter=2\nkernel.x =\n"
        "sysctl: permission denied on key 'fs.protected'\n-net.ipv4.conf.all.rp_filter\nnonsense\n"
    )
    tree, problems = sysctl.parse(Source("x", text))
    assert [(one.key, one.value.text, one.optional) for one in tree.settings] == [
        ("net.ipv4.ip_forward", "1", False),
        ("net.ipv4.conf.eth0/5.rp_filter", "2", True),
        ("kernel.x", "", False),
    ]
    assert [item.what for item in tree.unsupported] == ["key excluded from patterns"]
    assert [problem.message for problem in problems] == ["not a setting"]
