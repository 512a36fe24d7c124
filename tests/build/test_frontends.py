"""firewalld, ufw and fail2ban: files, listings and commands in scripts."""

from __future__ import annotations

from pathlib import Path

import pytest

from netlint.config import Config
from netlint.discover import discover
from netlint.engine import build
from netlint.model.frontends import PortRule
from netlint.model.host import Host, Site


def site(folder: Path, files: dict[str, str]) -> Site:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    found, _ = build(discover([str(folder)]), Config())
    return found


def host(folder: Path, **files: str) -> Host:
    found = site(folder, files)
    assert len(found.hosts) == 1
    return found.hosts[0]


def short(rule: PortRule) -> tuple[object, ...]:
    ports = ",".join(map(str, rule.ports))
    return rule.action, ports, rule.protocol, str(rule.source) if rule.source else None


ZONE = """\
<?xml version="1.0" encoding="utf-8"?>
<zone target="DROP">
  <short>Öffentlich</short>
  <interface name="eth0"/>
  <source address="192.0.2.0/24"/>
  <service name="ssh"/>
  <port port="6000-6010" protocol="udp"/>
  <rule family="ipv4"><source address="203.0.113.0/24"/><port port="8080" protocol="tcp"/><reject/></rule>
  <rule><service name="http"/><log/><drop/></rule>
</zone>
"""


def test_firewalld_zone(tmp_path: Path) -> None:
    one = host(
        tmp_path,
        **{
            "etc/firewalld/zones/public.xml": ZONE,
            "usr/lib/firewalld/zones/public.xml": "<zone><service name='http'/></zone>",
            "etc/firewalld/firewalld.conf": "# x\nDefaultZone=public\nFirewallBackend=nftables\n",
        },
    )
    assert one.firewalld is not None
    (zone,) = one.firewalld.zones
    assert (zone.name, zone.target and zone.target.value) == ("public", "DROP")
    assert [interface.value for interface in zone.interfaces] == ["eth0"]
    assert ZONE[zone.interfaces[0].span.start : zone.interfaces[0].span.end] == "eth0"
    assert [source.value for source in zone.sources] == ["192.0.2.0/24"]
    assert list(map(short, zone.rules)) == [
        ("allow", "22", None, None),
        ("allow", "6000-6010", "udp", None),
        ("reject", "8080", "tcp", "203.0.113.0/24"),
        ("deny", "80", None, None),
    ]
    assert one.firewalld.zone_of("eth0") is zone
    assert one.firewalld.zone_of("eth9") is zone
    backend = one.firewalld.setting("FirewallBackend")
    assert backend is not None
    assert backend.value == "nftables"


LISTED = """\
# firewall-cmd --list-all-zones
public (default, active)
  target: default
  icmp-block-inversion: no
  interfaces: eth0 eth1
  sources:
  services: dhcpv6-client ssh
  ports: 8080/tcp 9000-9010/udp
  rich rules:
\trule family="ipv4" source address="10.0.0.0/8" port port="5432" protocol="tcp" accept
\trule family="ipv4" source NOT address="10.0.0.0/8" port port="5433" protocol="tcp" accept

trusted
  target: ACCEPT
  interfaces: docker0
"""


def test_firewall_cmd_listing(tmp_path: Path) -> None:
    one = host(tmp_path, **{"firewall-cmd.txt": LISTED, "etc/resolv.conf": "nameserver 10.0.0.1\n"})
    assert one.firewalld is not None
    public, trusted = one.firewalld.zones
    assert (public.active, public.target, [i.value for i in public.interfaces]) == (True, None, ["eth0", "eth1"])
    assert list(map(short, public.rules)) == [
        ("allow", "8080", "tcp", None),
        ("allow", "9000-9010", "udp", None),
        ("allow", "22", None, None),
        ("allow", "5432", "tcp", "10.0.0.0/8"),
    ]
    assert trusted.accepts_all
    span = trusted.interfaces[0].span
    assert LISTED[span.start : span.end] == "docker0"


def test_broken_and_hostile_xml(tmp_path: Path) -> None:
    bomb = '<!DOCTYPE z [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>\n<zone><short>&b;</short></zone>'
    found = site(tmp_path, {"etc/firewalld/zones/a.xml": "<zone><a></zone>", "etc/firewalld/zones/b.xml": bomb})
    assert [(problem.span.source[-5:], problem.message) for problem in found.unreadable] == [
        ("a.xml", "no XML: mismatched tag"),
        ("b.xml", "no XML: a document type, which is not read"),
    ]


STATUS = """\
Status: active
Logging: on (low)
Default: deny (incoming), allow (outgoing), deny (routed)
New profiles: skip

To                         Action      From
--                         ------      ----
22/tcp                     LIMIT IN    Anywhere
[ 2] 9000                  DENY IN     Anywhere
5432/tcp                   ALLOW IN    10.0.0.0/8
10.0.0.5 80/tcp            ALLOW IN    Anywhere
443/tcp                    ALLOW OUT   Anywhere
9000 (v6)                  DENY IN     Anywhere (v6)
"""
USER_RULES = """\
*filter
:ufw-user-input - [0:0]
### RULES ###

### tuple ### allow tcp 22 0.0.0.0/0 any 0.0.0.0/0 in
-A ufw-user-input -p tcp --dport 22 -j ACCEPT

### tuple ### deny any 8080 0.0.0.0/0 any 0.0.0.0/0 in comment=6162
-A ufw-user-input -p tcp --dport 8080 -j DROP

### tuple ### route:allow tcp 80 0.0.0.0/0 any 192.0.2.0/24 in
COMMIT
"""


def test_ufw_status(tmp_path: Path) -> None:
    ufw = host(tmp_path, **{"ufw-status.txt": STATUS}).ufw
    assert ufw is not None
    assert ufw.enabled is not None
    assert ufw.incoming is not None
    assert (ufw.enabled.value, ufw.incoming.value) == (True, "deny")
    assert list(map(short, ufw.rules)) == [
        ("limit", "22", "tcp", None),
        ("deny", "9000", None, None),
        ("allow", "5432", "tcp", "10.0.0.0/8"),
        ("allow", "80", "tcp", None),
        ("deny", "9000", None, None),
    ]


VERBOSE = """\
Status: active
Logging: on (low)
Default: deny (incoming), allow (outgoing), deny (routed)

To                         Action      From
--                         ------      ----
22/tcp (OpenSSH)           LIMIT IN    Anywhere
80,443/tcp (Nginx Full)    ALLOW IN    Anywhere
Nginx Full                 ALLOW IN    10.0.0.0/8
4789/udp on bond0.100      ALLOW IN    10.20.100.0/24             # swarm
Anywhere on docker0        ALLOW IN    172.17.0.0/16
8080/tcp                   DENY IN     Anywhere                   (log)
172.18.0.0/16 81/tcp       ALLOW FWD   Anywhere on bond0.100
Anywhere/udp               DENY IN     192.0.2.1
22/tcp (OpenSSH (v6))      ALLOW IN    Anywhere (v6)
82/tcp (v6) on eth0        ALLOW IN    Anywhere (v6)
10.0.0.0/8                 ALLOW IN    Anywhere
"""


def test_what_ufw_status_adds_to_a_port(tmp_path: Path) -> None:
    ufw = host(tmp_path, **{"ufw-status.txt": VERBOSE}).ufw
    assert ufw is not None
    assert [(*short(rule), rule.routed) for rule in ufw.rules] == [
        ("limit", "22", "tcp", None, False),
        ("allow", "80,443", "tcp", None, False),
        ("allow", "80,443", None, "10.0.0.0/8", False),
        ("allow", "4789", "udp", "10.20.100.0/24", False),
        ("deny", "8080", "tcp", None, False),
        ("allow", "81", "tcp", None, True),
        ("deny", "", "udp", "192.0.2.1/32", False),
        ("allow", "22", "tcp", None, False),
        ("allow", "82", "tcp", None, False),
    ]


def test_ufw_files_are_no_firewall_dump(tmp_path: Path) -> None:
    one = host(
        tmp_path,
        **{
            "etc/ufw/user.rules": USER_RULES,
            "etc/ufw/ufw.conf": "ENABLED=yes\nLOGLEVEL=low\n",
            "etc/default/ufw": 'IPV6=yes\nDEFAULT_INPUT_POLICY="DROP"\n',
            "etc/ufw/after.rules": "*filter\n:DOCKER-USER - [0:0]\n-A DOCKER-USER -j ufw-user-forward\nCOMMIT\n",
        },
    )
    assert not one.rulesets
    assert one.ufw is not None
    assert one.ufw.for_docker
    assert one.ufw.incoming is not None
    assert one.ufw.incoming.value == "deny"
    assert [(*short(rule), rule.routed) for rule in one.ufw.rules] == [
        ("allow", "22", "tcp", None, False),
        ("deny", "8080", None, None, False),
        ("allow", "80", "tcp", "192.0.2.0/24", True),
    ]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("ufw allow 22/tcp", ("allow", "22", "tcp", None)),
        ("sudo ufw deny 8080", ("deny", "8080", None, None)),
        ("ufw allow OpenSSH", ("allow", "22", None, None)),
        (
            "ufw allow in on eth0 from 10.0.0.0/8 to any port 5432 proto tcp comment 'db'",
            ("allow", "5432", "tcp", "10.0.0.0/8"),
        ),
        ("ufw insert 1 reject from 192.0.2.7", ("reject", "", None, "192.0.2.7/32")),
        ("ufw allow out 53", None),
        ("ufw allow Unknown", None),
        ('[ -n "$X" ] && ufw allow 22', None),
    ],
)
def test_ufw_commands(tmp_path: Path, line: str, expected: tuple[object, ...] | None) -> None:
    script = f"#!/bin/sh\nufw default deny incoming\n{line}\nufw --force enable\ndocker run -d nginx\n"
    ufw = host(tmp_path, **{"setup.sh": script}).ufw
    assert ufw is not None
    assert ufw.enabled is not None
    assert ufw.enabled.value
    assert [short(rule) for rule in ufw.rules] == ([expected] if expected is not None else [])


def test_firewall_cmd_in_scripts(tmp_path: Path) -> None:
    script = """\
#!/bin/sh
firewall-cmd --permanent --zone=trusted --add-interface=docker0
firewall-cmd --permanent --zone trusted --change-interface br-0123456789ab
firewall-cmd --zone=public --add-port=8080/tcp --permanent
firewall-cmd --permanent --zone=trusted --remove-interface=docker0
firewall-cmd --reload
firewall-cmd --permanent --direct --add-rule ipv4 filter FORWARD 0 -j ACCEPT
"""
    found = site(tmp_path, {"setup.sh": script})
    one = found.hosts[0]
    assert one.firewalld is not None
    zones = {zone.name: zone for zone in one.firewalld.zones}
    assert [interface.value for interface in zones["trusted"].interfaces] == ["br-0123456789ab"]
    assert list(map(short, zones["public"].rules)) == [("allow", "8080", "tcp", None)]
    assert [item.message for item in found.not_understood] == ["the firewall-cmd command"]


def test_zone_of_the_engine_among_others(tmp_path: Path) -> None:
    """The heading of zone `docker` looks like a docker command."""
    listed = "dmz\n  services: ssh\n\ndocker (active)\n  target: ACCEPT\n  interfaces: br-0123456789ab docker0\n"
    one = host(tmp_path, **{"firewall-cmd.txt": listed})
    assert one.firewalld is not None
    found = {zone.name: [interface.value for interface in zone.interfaces] for zone in one.firewalld.zones}
    assert found == {"dmz": [], "docker": ["br-0123456789ab", "docker0"]}


JAILS = """\
[DEFAULT]
bantime = 1h
banaction = iptables-multiport
[sshd]
enabled = true
port = ssh
[web]
enabled = true
port = 8080,9000:9010
[hidden]
port = 1234
[user]
enabled = yes
chain = DOCKER-USER
port = 8081
[cloud]
enabled = true
banaction = cloudflare
[odd]
enabled = true
action = iptables-multiport[name=odd, port="7000,7001", chain="FORWARD"]
         sendmail[name=odd]
"""


def test_fail2ban(tmp_path: Path) -> None:
    one = host(
        tmp_path, **{"etc/fail2ban/jail.local": JAILS, "etc/fail2ban/jail.d/x.conf": "[hidden]\nenabled = false\n"}
    )
    assert [(jail.name, ",".join(map(str, jail.ports)), jail.chain and jail.chain.value) for jail in one.jails] == [
        ("sshd", "22", "INPUT"),
        ("web", "8080,9000-9010", "INPUT"),
        ("user", "8081", "DOCKER-USER"),
        ("odd", "7000,7001", "FORWARD"),
    ]
