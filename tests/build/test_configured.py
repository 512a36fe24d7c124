"""Ranges that files give to interfaces and routes, and what the address plan makes of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from netlint.addresses.claims import claims
from netlint.config import Config
from netlint.discover import discover
from netlint.engine import build, check
from netlint.model.action import FirewallChange
from netlint.model.host import Host, Site
from netlint.rule import load_rules, rules_folder

ADDR = "2: eth0: <BROADCAST,UP,LOWER_UP> mtu 1500 state UP\n    inet 10.0.0.5/24 scope global eth0\n"


def site(folder: Path, files: dict[str, str]) -> Site:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return build(discover([str(folder)]), Config())[0]


def short(host: Host) -> list[str]:
    return [
        f"{one.origin} {'route' if one.routed else 'link'} {one.prefix}"
        f"{f' via {one.via}' if one.via is not None else ''} {one.device}"
        for one in host.configured
    ]


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        (
            "etc/wireguard/wg0.conf",
            (
                "[Interface]\nAddress = 10.9.0.1/24, fd00:9::1/64\nPrivateKey = c2VjcmV0\n[Peer]\nPublicKey = x\n"
                "AllowedIPs = 10.9.0.2/32, 172.20.0.0/16\n[Peer]\nAllowedIPs = 0.0.0.0/0\n"
            ),
            [
                "WireGuard link 10.9.0.0/24 wg0",
                "WireGuard link fd00:9::/64 wg0",
                "WireGuard route 10.9.0.2/32 wg0",
                "WireGuard route 172.20.0.0/16 wg0",
            ],
        ),
        (
            "etc/wireguard/wg1.conf",
            "[Interface]\nAddress = 10.9.0.1/24\nTable = off\n[Peer]\nAllowedIPs = 172.20.0.0/16\n",
            ["WireGuard link 10.9.0.0/24 wg1"],
        ),
        (
            "etc/openvpn/server.conf",
            (
                "dev tun0\nserver 10.8.0.0 255.255.255.0\nroute 172.21.0.0 255.255.0.0 10.8.0.2 # site\n"
                'push "route 192.168.5.0 255.255.255.0"\n<ca>\nroute 1.2.3.0 255.255.255.0\n</ca>\n'
            ),
            ["OpenVPN link 10.8.0.0/24 tun0", "OpenVPN route 172.21.0.0/16 via 10.8.0.2 tun0"],
        ),
        (
            "etc/netplan/50-cloud.yaml",
            (
                "network:\n  ethernets:\n    ens3:\n      addresses: [10.0.0.5/24, {10.1.0.5/24: {label: a}}]\n"
                "      routes:\n        - {to: default, via: 10.0.0.1}\n        - {to: 172.22.0.0/16, via: 10.0.0.2}\n"
            ),
            [
                "netplan link 10.0.0.0/24 ens3",
                "netplan link 10.1.0.0/24 ens3",
                "netplan route 172.22.0.0/16 via 10.0.0.2 ens3",
            ],
        ),
        (
            "etc/network/interfaces",
            (
                "iface lo inet loopback\niface eth0 inet static\n  address 10.0.0.5\n  netmask 255.255.255.0\n"
                "  gateway 10.0.0.1\n  post-up ip route add 172.23.0.0/16 via 10.0.0.2 dev eth0\n"
                "  up route add -net 172.24.0.0 netmask 255.255.0.0 gw 10.0.0.3\n"
            ),
            [
                "ifupdown link 10.0.0.0/24 eth0",
                "ifupdown route 172.23.0.0/16 via 10.0.0.2 eth0",
                "ifupdown route 172.24.0.0/16 via 10.0.0.3 eth0",
            ],
        ),
        (
            "etc/systemd/network/10-lan.network",
            (
                "[Match]\nName=eth0\n[Network]\nAddress=10.0.0.5/24\nGateway=10.0.0.1\n[Route]\nDestination=172.25.0.0/16\n"
                "Gateway=10.0.0.2\n[Route]\nGateway=10.0.0.1\n"
            ),
            ["networkd link 10.0.0.0/24 eth0", "networkd route 172.25.0.0/16 via 10.0.0.2 eth0"],
        ),
        (
            "etc/NetworkManager/system-connections/lan.nmconnection",
            (
                "[connection]\nid=lan\ninterface-name=eth0\n[ipv4]\naddress1=10.0.0.5/24,10.0.0.1\n"
                "route1=172.26.0.0/16,10.0.0.2,100\nmethod=manual\n"
            ),
            ["NetworkManager link 10.0.0.0/24 eth0", "NetworkManager route 172.26.0.0/16 via 10.0.0.2 eth0"],
        ),
        (
            "etc/sysconfig/network-scripts/ifcfg-eth0",
            "DEVICE=eth0\nBOOTPROTO=static\nIPADDR=10.0.0.5\nNETMASK=255.255.255.0\nGATEWAY=10.0.0.1\n",
            ["ifcfg link 10.0.0.0/24 eth0"],
        ),
        (
            "etc/sysconfig/network-scripts/route-eth0",
            "172.27.0.0/16 via 10.0.0.2 dev eth0\ndefault via 10.0.0.1\n",
            ["route file route 172.27.0.0/16 via 10.0.0.2 eth0"],
        ),
        (
            "etc/sysconfig/network-scripts/route-eth0",
            "ADDRESS0=172.28.0.0\nNETMASK0=255.255.0.0\nGATEWAY0=10.0.0.2\n",
            ["ifcfg route 172.28.0.0/16 via 10.0.0.2 eth0"],
        ),
        (
            "etc/wireguard/clients/phone.conf",
            "[Interface]\nAddress = 10.9.0.7/32\n[Peer]\nAllowedIPs = 172.20.0.0/16\n",
            [],
        ),
        # in a repository of Compose files it is a container's
        ("vpn/wg0.conf", "[Interface]\nAddress = 10.9.0.1/24\n[Peer]\nAllowedIPs = 172.20.0.0/16\n", []),
    ],
)
def test_configured(tmp_path: Path, path: str, text: str, expected: list[str]) -> None:
    found = site(tmp_path, {path: text})
    assert [line for host in found.hosts for line in short(host)] == expected
    assert not found.unreadable
    for host in found.hosts:
        for one in host.configured:
            assert 0 <= one.span.start < one.span.end <= len(text)


def test_what_a_listing_shows_is_claimed_once(tmp_path: Path) -> None:
    netplan = "network:\n  version: 2\n  ethernets:\n    eth0:\n      addresses: [10.0.0.5/24]\n"
    found = site(tmp_path, {"etc/netplan/50.yaml": netplan, "ip-addr.txt": ADDR})
    plan = claims(found.hosts[0], found)
    assert [(str(claim.prefix), claim.what) for claim in plan] == [("10.0.0.0/24", "interface eth0")]


def test_a_vpn_that_is_down_still_claims_its_routes(tmp_path: Path) -> None:
    files = {
        "etc/wireguard/wg0.conf": "[Interface]\nAddress = 10.9.0.1/24\nPrivateKey = c2VjcmV0a2V5\n[Peer]\n"
        "AllowedIPs = 172.20.0.0/16\n",
        "ip-addr.txt": ADDR,
        "compose.yaml": "services:\n  web:\n    image: nginx\n    networks: [front]\nnetworks:\n  front:\n    ipam:\n"
        "      config:\n        - subnet: 172.20.0.0/16\n",
    }
    site(tmp_path, files)
    run = check(discover([str(tmp_path)]), load_rules([rules_folder()]), Config())
    (finding,) = [one for one in run.findings if one.rule == "subnet-overlaps-route"]
    assert "WireGuard route of wg0" in finding.message
    assert "c2VjcmV0a2V5" not in repr(run.findings)


PROXMOX = """\
auto vmbr1
iface vmbr1
\taddress 172.17.5.1/16
\tbridge_ports none
\tpost-up   echo 1 > /proc/sys/net/ipv4/ip_forward
\tpost-up   iptables -t nat -A POSTROUTING -s '172.17.0.0/16' -o vmbr0 -j MASQUERADE
\tpost-down iptables -t nat -D POSTROUTING -s '172.17.0.0/16' -o vmbr0 -j MASQUERADE
\tpre-up    iptables-restore < /etc/iptables.rules
\tpost-up   iptables -t nat -F
"""


def test_hooks_of_an_interface(tmp_path: Path) -> None:
    """Rules that it adds and settings count; a restore or a flush at boot comes before the engine's start."""
    whole = site(tmp_path, {"etc/network/interfaces.d/sdn": PROXMOX})
    (host,) = whole.hosts
    assert short(host) == ["ifupdown link 172.17.0.0/16 vmbr1"]
    (rule,) = host.actions
    assert isinstance(rule, FirewallChange)
    assert (rule.table, rule.chain, rule.operation, rule.rule.target) == ("nat", "POSTROUTING", "A", "MASQUERADE")
    assert PROXMOX[rule.span.start : rule.span.end].startswith("iptables -t nat -A POSTROUTING -s '172")
    assert [(key, value.value) for key, value in host.sysctls or ()] == [("net.ipv4.ip_forward", "1")]
    assert [one.message for one in whole.not_understood] == [
        "the iptables-restore command of an interface",
        "the iptables command of an interface",
    ]


PODMAN = """\
[
     {
          "name": "podman",
          "id": "2f259bab93aaaaa2542ba43ef33eb990d0999ee1b9924b557b7be53c0b7a1bb9",
          "driver": "bridge",
          "network_interface": "podman0",
          "created": "2024-05-15T10:45:21.123456789+02:00",
          "subnets": [{"subnet": "172.17.0.0/20", "gateway": "172.17.0.1"}, {"subnet": "fd00::/64"}],
          "ipv6_enabled": true,
          "internal": false,
          "dns_enabled": true,
          "ipam_options": {"driver": "host-local"},
          "containers": {"a5f2c": {"name": "web"}}
     }
]
"""


def test_networks_of_podman(tmp_path: Path) -> None:
    """They take addresses of the host as its links do; the engine's rules are not asked of them."""
    whole = site(
        tmp_path, {"podman-network-inspect.txt": PODMAN, "ip-addr.txt": ADDR, "daemon.json": '{"bip": "172.17.1.1/24"}'}
    )
    (host,) = whole.hosts
    assert short(host) == ["podman link 172.17.0.0/20 podman0", "podman link fd00::/64 podman0"]
    assert [str(one.address) for one in host.configured] == ["172.17.0.1", "None"]
    assert not any(network.name == "podman" for network in host.networks)
    rules = load_rules([rules_folder()])
    found = check(discover([str(tmp_path)]), rules, Config()).findings
    assert "NL102" in {one.code for one in found}


def test_files_of_suse(tmp_path: Path) -> None:
    folder = "etc/sysconfig/network"
    ifcfg = "STARTMODE='auto'\nBOOTPROTO='static'\nIPADDR='172.18.3.10/24'\nIPADDR_1='10.3.0.1'\nPREFIXLEN_1='16'\n"
    ifroute = "172.19.0.0/16 172.18.3.1 - br0\n# 10.9.0.0/16 x\n172.20.0.0/16 172.18.3.2\ndefault 172.18.3.1 - -\n"
    routes = "default 172.18.3.1 - -\n10.0.0.0 172.18.3.2 255.0.0.0 eth1\n172.21.0.0/16 - - tun0\n"
    files = {f"{folder}/ifcfg-br0": ifcfg, f"{folder}/ifroute-br0": ifroute, f"{folder}/routes": routes}
    (host,) = site(tmp_path, files).hosts
    assert short(host) == [
        "ifcfg link 172.18.3.0/24 br0",
        "ifcfg link 10.3.0.0/16 br0",
        "SUSE route 172.19.0.0/16 via 172.18.3.1 br0",
        "SUSE route 172.20.0.0/16 via 172.18.3.2 br0",
        "SUSE route 10.0.0.0/8 via 172.18.3.2 eth1",
        "SUSE route 172.21.0.0/16 tun0",
    ]
    span = host.configured[2].span
    assert ifroute[span.start : span.end] == "172.19.0.0/16"


@pytest.mark.parametrize(
    "text",
    [
        "network: {version: 2, ethernets: {eth1: {addresses: [10.9.0.1/24]}}}\n",
        "network:\n  version: 2\n  tunnels:\n    eth1: {mode: gre, addresses: [10.9.0.1/24]}\n",
        "network:\n  dummy-devices:\n    eth1:\n      addresses: [10.9.0.1/24]\n",
    ],
)
def test_netplan_in_any_form(tmp_path: Path, text: str) -> None:
    (host,) = site(tmp_path, {"etc/netplan/60-x.yaml": text}).hosts
    assert short(host) == ["netplan link 10.9.0.0/24 eth1"]
