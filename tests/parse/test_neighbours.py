"""Who is connected: `brctl show`, `bridge link` and `fdb`, `arp`, `ip neigh`, `ethtool -S`."""

from __future__ import annotations

from importlib import import_module

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netlint.parse import brctl, bridge, ethtool, neighbours
from netlint.source import Source

BRCTL = """\
[root@web1 ~]# brctl show
bridge name\tbridge id\t\tSTP enabled\tinterfaces
br-54bef593d492\t\t8000.02428d84c527\tno
docker0\t\t8000.0242d28aa9c9\tno\t\tveth2a129e8
\t\t\t\t\t\t\tvethf00@if7
virbr0\t\tcan't get info Operation not supported
[root@web1 ~]#
"""


def test_brctl() -> None:
    rows, problems = brctl.parse(Source("b.txt", BRCTL))
    assert not problems
    assert [(row.name.text, row.stp, [port.text for port in row.ports]) for row in rows] == [
        ("br-54bef593d492", False, []),
        ("docker0", False, ["veth2a129e8", "vethf00@if7"]),
    ]


def test_brctl_with_squeezed_columns() -> None:
    text = "bridge name bridge id STP enabled interfaces\nvirbr0 8000.525400a48be1 yes virbr0-nic\n"
    rows, problems = brctl.parse(Source("b.txt", text))
    assert not problems
    assert [port.text for port in rows[0].ports] == ["virbr0-nic"]


def test_brctl_goes_on_after_an_error() -> None:
    rows, problems = brctl.parse(
        Source("b.txt", BRCTL.replace("can't get info Operation not supported", "what is this"))
    )
    assert [problem.message for problem in problems] == ["not a line of a bridge"]
    assert len(rows) == 2


@pytest.mark.parametrize(
    ("text", "ports"),
    [
        (
            (
                "5: veth1@if4: <BROADCAST,UP,LOWER_UP> mtu 1500 master docker0 state forwarding priority 32 cost 2 \n"
                "    hairpin off guard off\n"
            ),
            [("veth1", "docker0", "forwarding")],
        ),
        (
            "5: veth1 state UP @(null): <BROADCAST,UP> mtu 1500 master br0 state disabled priority 32 cost 2\n",
            [("veth1", "br0", "disabled")],
        ),
        (
            '[{"ifindex":5,"link":"eth0","ifname":"veth1","mtu":1500,"master":"br0","state":"forwarding"}]',
            [("veth1", "br0", "forwarding")],
        ),
        ("port    vlan ids\nveth1    1 PVID Egress Untagged\n", []),
    ],
)
def test_bridge_link(text: str, ports: list[tuple[str, str, str]]) -> None:
    listing, problems = bridge.parse(Source("b.txt", text))
    assert not problems
    assert [(port.name.text, port.bridge.text, port.state) for port in listing.ports] == ports


def test_bridge_fdb() -> None:
    text = (
        "33:33:00:00:00:01 dev veth1 self permanent\n"
        "02:42:ac:11:00:02 dev veth1 master docker0 \n"
        "0a:05:68:0f:90:95 dev veth1 master docker0 permanent\n"
    )
    listing, _ = bridge.parse(Source("f.txt", text))
    assert [(one.mac.text, one.port.text, one.own) for one in listing.learned] == [
        ("33:33:00:00:00:01", "veth1", True),
        ("02:42:ac:11:00:02", "veth1", False),
        ("0a:05:68:0f:90:95", "veth1", True),
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            (
                "Address                  HWtype  HWaddress           Flags Mask            Iface\n"
                "172.18.176.53                    (incomplete)                              br-1\n"
                "172.17.0.2               ether   02:42:ac:11:00:02   C                     docker0\n"
            ),
            [("172.18.176.53", None, "br-1", "incomplete"), ("172.17.0.2", "02:42:ac:11:00:02", "docker0", "known")],
        ),
        (
            "? (172.17.0.2) at 02:42:ac:11:00:02 [ether] on docker0\n? (172.17.0.9) at <incomplete> on docker0\n",
            [("172.17.0.2", "02:42:ac:11:00:02", "docker0", "known"), ("172.17.0.9", None, "docker0", "incomplete")],
        ),
        (
            (
                "172.17.0.2 dev docker0 lladdr 02:42:ac:11:00:02 STALE\n"
                "172.17.0.9 dev docker0  FAILED\n"
                "fe80::1 dev eth0 lladdr 52:54:00:00:00:01 router REACHABLE\n"
                "10.0.0.7 dev eth0 proxy\n"
            ),
            [
                ("172.17.0.2", "02:42:ac:11:00:02", "docker0", "stale"),
                ("172.17.0.9", None, "docker0", "failed"),
                ("fe80::1", "52:54:00:00:00:01", "eth0", "reachable"),
            ],
        ),
        (
            '[{"dst":"172.17.0.9","dev":"docker0","state":["INCOMPLETE"]}]',
            [("172.17.0.9", None, "docker0", "incomplete")],
        ),
        (
            (
                "IP address       HW type     Flags       HW address            Mask     Device\n"
                "172.17.0.9       0x1         0x0         00:00:00:00:00:00     *        docker0\n"
            ),
            [("172.17.0.9", None, "docker0", "incomplete")],
        ),
    ],
)
def test_neighbours(text: str, expected: list[tuple[str, str | None, str, str]]) -> None:
    rows, problems = neighbours.parse(Source("n.txt", text))
    assert not problems
    found = [(row.address.text, row.mac and row.mac.text, row.device and row.device.text, row.state) for row in rows]
    assert found == expected


@pytest.mark.parametrize(
    ("path", "text", "name"),
    [
        ("a.txt", "[root@h ~]# ethtool -S veth2a129e8\nNIC statistics:\n     peer_ifindex: 395\n", "veth2a129e8"),
        ("ethtool_-S_veth2a129e8", "NIC statistics:\n     peer_ifindex: 395\n", "veth2a129e8"),
        ("a.txt", "NIC statistics:\n     peer_ifindex: 395\n", None),
    ],
)
def test_ethtool(path: str, text: str, name: str | None) -> None:
    source = Source(path, text)
    (peer,), _ = ethtool.parse(source)
    assert (peer.name and peer.name.text, peer.number.text) == (name, "395")
    assert source.slice(peer.number.span) == "395"


@given(module=st.sampled_from(["brctl", "bridge", "neighbours", "ethtool", "docker_ps"]), text=st.text(max_size=300))
def test_never_raises(module: str, text: str) -> None:
    import_module(f"netlint.parse.{module}").parse(Source("x", text))
