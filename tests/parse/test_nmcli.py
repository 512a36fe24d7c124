"""`nmcli device show` and `resolvectl status`: interfaces, routes and name servers that they tell."""

from __future__ import annotations

from pathlib import Path

import pytest

from netlint.config import Config
from netlint.discover import discover
from netlint.engine import build, check
from netlint.parse import nmcli, resolvectl
from netlint.rule import load_rules, rules_folder
from netlint.sniff import sniff
from netlint.source import Source

NMCLI = """\
GENERAL.DEVICE:                         eth0
GENERAL.TYPE:                           ethernet
GENERAL.HWADDR:                         52:54:00:12:34:56
GENERAL.MTU:                            1500
GENERAL.STATE:                          100 (connected)
GENERAL.CONNECTION:                     eth0
IP4.ADDRESS[1]:                         172.17.3.4/24
IP4.GATEWAY:                            172.17.3.1
IP4.ROUTE[1]:                           dst = 172.17.3.0/24, nh = 0.0.0.0, mt = 100
IP4.ROUTE[2]:                           dst = 0.0.0.0/0, nh = 172.17.3.1, mt = 100
IP4.ROUTE[3]:                           dst = 10.9.0.0/16, nh = 172.17.3.2, mt = 100
IP4.DNS[1]:                             172.17.3.1
IP6.GATEWAY:                            --

GENERAL.DEVICE:                         docker0
GENERAL.TYPE:                           bridge
GENERAL.HWADDR:                         02:42:9B:11:22:33
GENERAL.MTU:                            1500
GENERAL.STATE:                          20 (unavailable)
IP4.ADDRESS[1]:                         172.17.0.1/16

GENERAL.DEVICE:                         lo
GENERAL.TYPE:                           loopback
IP4.ADDRESS[1]:                         127.0.0.1/8
"""
CONNECTION = """\
connection.id:                          eth0
ipv4.addresses:                         10.8.0.1/24
GENERAL.NAME:                           eth0
GENERAL.DEVICES:                        eth0
IP4.ADDRESS[1]:                         10.0.0.5/24
"""
RESOLVED = """\
Global
         Protocols: -LLMNR -mDNS -DNSOverTLS DNSSEC=no/unsupported
  resolv.conf mode: stub
Fallback DNS Servers: 9.9.9.9

Link 2 (eth0)
    Current Scopes: DNS
         Protocols: +DefaultRoute -LLMNR -mDNS -DNSOverTLS DNSSEC=no/unsupported
Current DNS Server: 172.17.0.53
       DNS Servers: 172.17.0.53 1.1.1.1:53#cloudflare-dns.com
                    2606:4700::1111%eth0
        DNS Domain: example.org
"""


def test_devices(tmp_path: Path) -> None:
    (tmp_path / "nmcli_dev_show").write_text(NMCLI, encoding="utf-8")
    whole, files = build(discover([str(tmp_path)]), Config())
    assert [(file.format, file.status) for file in files] == [("nmcli", "read")]
    (host,) = whole.hosts
    assert [
        (one.name, one.kind, one.mtu, one.up, [f"{at.address}/{at.prefix.length}" for at in one.addresses])
        for one in host.interfaces or ()
    ] == [
        ("eth0", None, 1500, True, ["172.17.3.4/24"]),
        ("docker0", "bridge", 1500, None, ["172.17.0.1/16"]),
        ("lo", None, None, None, ["127.0.0.1/8"]),
    ]
    assert [(str(one.prefix), str(one.via), one.device) for one in host.configured] == [
        ("10.9.0.0/16", "172.17.3.2", "eth0")
    ]
    assert host.routes is None
    found = check(discover([str(tmp_path)]), load_rules([rules_folder()]), Config()).findings
    assert "NL102" in {one.code for one in found}


def test_one_device_is_no_list_of_interfaces(tmp_path: Path) -> None:
    (tmp_path / "nmcli.txt").write_text(CONNECTION, encoding="utf-8")
    (host,) = build(discover([str(tmp_path)]), Config())[0].hosts
    assert host.interfaces is None
    assert [(str(one.prefix), one.routed, one.device) for one in host.configured] == [("10.0.0.0/24", False, "eth0")]


def test_an_active_connection() -> None:
    (device,), problems = nmcli.parse(Source("x", CONNECTION))
    assert not problems
    assert [word.text for word in device.addresses] == ["10.0.0.5/24"]
    span = device.addresses[0].span
    assert CONNECTION[span.start : span.end] == "10.0.0.5/24"


def test_name_servers(tmp_path: Path) -> None:
    found, problems = resolvectl.parse(Source("x", RESOLVED))
    assert not problems
    words = [one.values[0] for one in found]
    assert [word.text for word in words] == ["172.17.0.53", "172.17.0.53", "1.1.1.1", "2606:4700::1111"]
    assert [RESOLVED[word.span.start : word.span.end] for word in words] == [word.text for word in words]
    (tmp_path / "resolvectl.txt").write_text(RESOLVED, encoding="utf-8")
    (tmp_path / "resolv.conf").write_text("nameserver 127.0.0.53\n", encoding="utf-8")
    (tmp_path / "daemon.json").write_text('{"bip": "172.17.0.1/16"}', encoding="utf-8")
    run = check(discover([str(tmp_path)]), load_rules([rules_folder()]), Config())
    (host,) = run.site.hosts
    assert host.resolver is not None
    assert [str(one.value) for one in host.resolver.nameservers] == [
        "127.0.0.53",
        "172.17.0.53",
        "1.1.1.1",
        "2606:4700::1111",
    ]
    assert "NL104" in {one.code for one in run.findings}


@pytest.mark.parametrize(
    ("text", "servers"),
    [
        ("Global: 10.0.0.1\nLink 2 (eth0): 10.0.0.53 10.0.0.54\nLink 3 (docker0):\n", 3),
        ("         DNS Servers: 10.0.0.1\n                      10.0.0.2\n          DNSSEC NTA: 10.in-addr.arpa\n", 2),
        ("nothing of the kind", 0),
    ],
)
def test_other_forms(text: str, servers: int) -> None:
    found, problems = resolvectl.parse(Source("x", text))
    assert len(found) == servers
    assert bool(problems) == (not servers)


def test_recognised() -> None:
    assert sniff(NMCLI, "a.txt") == sniff(CONNECTION, "b.txt") == "nmcli"
    assert sniff(RESOLVED, "c.txt") == "resolvectl"
    assert sniff("$ nmcli -f all dev show\n" + NMCLI, "d.txt") == "nmcli"
