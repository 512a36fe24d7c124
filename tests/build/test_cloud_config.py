"""User data of cloud-init: commands and files have their effects, at the places where they are written."""

from __future__ import annotations

import base64
import gzip
from pathlib import Path

import pytest
from msgspec import Struct

from netlint.build.provisioned import _READ
from netlint.config import Config
from netlint.discover import discover
from netlint.engine import build, check
from netlint.formats import FORMATS
from netlint.guard.texts import guarded, masked_text
from netlint.model.action import ContainerRun, FirewallChange, FirewallFlush, RouteChange
from netlint.model.host import Host, Site
from netlint.parse.cloud_config import parse
from netlint.rule import load_rules, rules_folder
from netlint.source import Source, Span

TEXT = """\
#cloud-config
users:
  - name: admin
    passwd: planted
write_files:
  - path: /etc/docker/daemon.json
    content: |
      {
        "bip": "10.9.9.1/24"
      }
  - path: /etc/sysctl.d/60-net.conf
    content: "net.ipv4.ip_forward = 1"
  - path: /etc/sysctl.d/70-net.conf
    encoding: b64
    content: bmV0LmlwdjQuaXBfZm9yd2FyZCA9IDAK
bootcmd:
  - ip route add 10.1.0.0/16 via 10.0.0.1
runcmd:
  - [iptables, -A, FORWARD, -s, 10.2.0.0/16, -j, DROP]
  - |
    docker run -d --name web \\
      -p 8080:80 nginx
    if true; then iptables -F; fi
  - 'ip route add 10.3.0.0/16 via 10.0.0.1'
  - ip route add {{ range }} via 10.0.0.1
  - >
    ip route add
    10.4.0.0/16 via 10.0.0.1
  - - ip
    - route
    - add
    - 10.5.0.0/16
    - via
    - 10.0.0.1
  - [sh, -c, "ip route add 10.6.0.0/16 via '10.0.0.1'"]
  - |
    cat > /etc/sysctl.d/80.conf <<EOF
    net.ipv4.conf.all.rp_filter = 1
    EOF
"""


def site(folder: Path, text: str, name: str = "user-data") -> Site:
    (folder / name).write_text(text, encoding="utf-8")
    return build(discover([str(folder)]), Config())[0]


def host_with(folder: Path, path: str, content: str, more: str = "") -> tuple[Host, Site, Source]:
    """The host of user data that writes the file."""
    lines = "".join(f"      {line}\n" if line else "\n" for line in content.splitlines())
    text = f"#cloud-config\n# docker\nwrite_files:\n  - path: {path}\n{more}    content: |\n{lines}"
    whole = site(folder, text)
    (host,) = whole.hosts
    return host, whole, Source("user-data", text)


def test_effects_and_places(tmp_path: Path) -> None:
    whole = site(tmp_path, TEXT)
    (host,) = whole.hosts
    source = Source("user-data", TEXT)
    routes = [one for one in host.actions if isinstance(one, RouteChange)]
    assert [(str(one.prefix.value), source.slice(one.prefix.span)) for one in routes] == [
        ("10.1.0.0/16", "10.1.0.0/16"),
        ("10.3.0.0/16", "10.3.0.0/16"),
        ("10.4.0.0/16", ">\n    ip route add\n    10.4.0.0/16 via 10.0.0.1"),
        ("10.5.0.0/16", "10.5.0.0/16"),
        ("10.6.0.0/16", "\"ip route add 10.6.0.0/16 via '10.0.0.1'\""),
    ]
    (rule,) = (one for one in host.actions if isinstance(one, FirewallChange))
    assert (rule.chain, rule.rule.target, source.slice(rule.span)[:8]) == ("FORWARD", "DROP", "iptables")
    (container,) = (one for one in host.actions if isinstance(one, ContainerRun))
    (port,) = container.ports
    assert (source.slice(port.span), container.certain) == ("8080:80", True)
    (flush,) = (one for one in host.actions if isinstance(one, FirewallFlush))
    assert source.slice(flush.span) == "iptables -F"
    assert host.daemon is not None
    bip = host.daemon.text("bip")
    assert bip is not None
    assert source.slice(bip.span) == "10.9.9.1/24"
    settings = [(key, value.value, source.slice(value.span)) for key, value in host.sysctls or ()]
    assert settings == [
        ("net.ipv4.ip_forward", "1", "1"),
        ("net.ipv4.ip_forward", "0", "bmV0LmlwdjQuaXBfZm9yd2FyZCA9IDAK"),
        ("net.ipv4.conf.all.rp_filter", "1", "1"),
    ]
    assert [item.message for item in whole.not_understood].count("a command of cloud-init that is no literal") == 1
    assert not whole.unreadable


WRITTEN = {
    "daemon-json": ("/etc/docker/daemon.json", '{\n  "bip": "10.9.9.1/24"\n}', "10.9.9.1/24"),
    "systemd-unit": (
        "/etc/systemd/system/docker.service.d/10.conf",
        "[Service]\nExecStart=\nExecStart=/usr/bin/dockerd \\\n  --bip=10.9.8.1/24",
        "10.9.8.1/24",
    ),
    "docker-defaults": ("/etc/default/docker", 'DOCKER_OPTS="--bip=10.9.7.1/24"', "10.9.7.1/24"),
    "iptables-save": (
        "/etc/iptables/rules.v4",
        "*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -s 10.9.6.0/24 -j DROP\nCOMMIT",
        "-A INPUT -s 10.9.6.0/24 -j DROP",
    ),
    "resolv-conf": ("/etc/resolv.conf", "nameserver 10.9.5.1", "10.9.5.1"),
    "sysctl": ("/etc/sysctl.d/9.conf", "net.ipv4.ip_forward = 0", "0"),
    "netplan": (
        "/etc/netplan/60-x.yaml",
        "network:\n  version: 2\n  ethernets:\n    eth1:\n      addresses: [10.9.4.1/24]",
        "10.9.4.1/24",
    ),
    "network-config": (
        "/etc/systemd/network/x.network",
        "[Match]\nName=eth1\n\n[Network]\nAddress=10.9.3.1/24",
        "10.9.3.1/24",
    ),
    "wireguard": ("/etc/wireguard/wg0.conf", "[Interface]\nAddress = 10.9.2.1/24\nPrivateKey = planted", "10.9.2.1/24"),
    "shell-script": ("/usr/local/bin/net.sh", "#!/bin/sh\nip route add 10.9.1.0/24 via 10.0.0.1", "10.9.1.0/24"),
    "compose": (
        "/opt/app/compose.yaml",
        "services:\n  web:\n    image: nginx\n    ports:\n      - 10.9.0.1:80:80",
        "10.9.0.1",
    ),
    "kubernetes": (
        "/root/kubeadm.yaml",
        "apiVersion: kubeadm.k8s.io/v1beta3\nkind: ClusterConfiguration\nnetworking:\n  podSubnet: 10.8.0.0/16",
        "10.8.0.0/16",
    ),
}


@pytest.mark.parametrize("name", WRITTEN)
def test_files_are_read_as_if_they_lay_there(tmp_path: Path, name: str) -> None:
    path, content, value = WRITTEN[name]
    host, whole, source = host_with(tmp_path, path, content)
    assert not whole.unreadable
    assert not whole.not_understood
    assert all(one.source == "user-data" for one in _spans(host))
    assert value in [source.slice(span) for span in _spans(host)]


def _spans(value: object) -> list[Span]:
    if isinstance(value, Span):
        return [value]
    if isinstance(value, Struct):
        return [one for name in value.__struct_fields__ for one in _spans(getattr(value, name))]
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, tuple) else ()
    return [one for part in parts for one in _spans(part)]


def test_all_formats_that_are_read_are_known() -> None:
    assert FORMATS.keys() >= _READ


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


@pytest.mark.parametrize(
    ("encoding", "content"),
    [
        ("b64", encoded(b"net.ipv4.ip_forward = 0\n")),
        ("base64", encoded(b"net.ipv4.ip_forward = 0\n")),
        ("gz+b64", encoded(gzip.compress(b"net.ipv4.ip_forward = 0\n"))),
        ("gzip+base64", encoded(gzip.compress(b"net.ipv4.ip_forward = 0\n"))),
        ("gzip", "!!binary " + encoded(gzip.compress(b"net.ipv4.ip_forward = 0\n"))),
        ("text/plain", "net.ipv4.ip_forward = 0"),
    ],
)
def test_packed_files(tmp_path: Path, encoding: str, content: str) -> None:
    text = f"#cloud-config\nwrite_files:\n- path: /etc/sysctl.conf\n  encoding: {encoding}\n  content: {content}\n"
    (host,) = site(tmp_path, text).hosts
    setting = host.sysctl("net.ipv4.ip_forward")
    assert setting is not None
    assert setting.value == "0"
    shown = masked_text(text, guarded(Source("user-data", text), "cloud-config"))
    assert (content.rpartition(" ")[2] in shown) == (encoding == "text/plain")


@pytest.mark.parametrize(
    ("encoding", "content"),
    [
        ("b64", "no base64!"),
        ("gz+b64", encoded(b"no gzip")),
        ("gz+b64", encoded(gzip.compress(b"\n" * (5 << 20)))),  # a bomb of 7 KB
        ("b64", encoded(b"\x00\x01binary")),
        ("rot13", "arg.vcsbejneq = 1"),
    ],
)
def test_what_cannot_be_unpacked_is_said(tmp_path: Path, encoding: str, content: str) -> None:
    text = f"#cloud-config\nwrite_files:\n- path: /etc/sysctl.conf\n  encoding: {encoding}\n  content: {content}\n"
    whole = site(tmp_path, text)
    assert [one.message for one in whole.not_understood] == ["the packed text of /etc/sysctl.conf"]
    assert whole.hosts[0].sysctls is None


def test_aliases_stand_for_no_more_than_can_be_read(tmp_path: Path) -> None:
    big = "x" * 50_000
    text = f"#cloud-config\nx: &a docker {big}\nruncmd:\n" + "  - *a\n" * 2000
    assert "commands that are too long to follow" in {one.message for one in site(tmp_path, text).not_understood}
    packed = encoded(gzip.compress(b"\n" * (3 << 20)))
    text = f"#cloud-config\nx: &a\n  path: /etc/sysctl.conf\n  encoding: gz+b64\n  content: {packed}\nwrite_files:\n"
    found = parse(Source("x", text + "  - *a\n" * 200))[0]
    assert len(found.files) == 5
    assert len(found.unsupported) == 195


def test_appended_text(tmp_path: Path) -> None:
    host, whole, _ = host_with(tmp_path, "/etc/sysctl.conf", "net.ipv4.ip_forward = 0", "    append: true\n")
    assert host.sysctl("net.ipv4.ip_forward") is not None
    assert not whole.not_understood
    host, whole, source = host_with(tmp_path, "/etc/docker/daemon.json", '{"bip": "10.0.0.1/24"}', "    append: true\n")
    assert host.daemon is None
    (said,) = whole.not_understood
    assert (said.message, source.slice(said.span)) == (
        "what is appended to /etc/docker/daemon.json",
        "/etc/docker/daemon.json",
    )


def test_what_is_appended_to_a_file_that_is_written(tmp_path: Path) -> None:
    text = """\
#cloud-config
write_files:
  - path: /etc/netplan/1.yaml
    content: "network:\\n  version: 2\\n  ethernets:\\n    eth0: {addresses: [10.0.0.2/24]}\\n"
  - path: /etc/netplan/1.yaml
    append: true
    content: |
      #
          eth1: {addresses: [10.0.1.2/24]}
  - {path: /etc/sysctl.conf, content: net.ipv4.ip_forward=1}
  - {path: /etc/sysctl.conf, content: net.ipv4.ip_forward=0}
"""
    whole = site(tmp_path, text)
    (host,) = whole.hosts
    assert [(one.device, Source("x", text).slice(one.span)[:11]) for one in host.configured] == [
        ("eth0", '"network:\\n'),
        ("eth1", "10.0.1.2/24"),
    ]
    assert [value.value for _, value in host.sysctls or ()] == ["0"]


def test_problems_stand_where_they_are_written(tmp_path: Path) -> None:
    _, whole, source = host_with(tmp_path, "/etc/docker/daemon.json", '{\n  "bip": "10.0.0.1/24",,\n}')
    assert whole.unreadable
    assert all(one.span.source == "user-data" for one in whole.unreadable)
    assert source.text.index('"bip"') < whole.unreadable[0].span.start < source.text.rindex("}")


def test_findings_point_into_the_user_data(tmp_path: Path) -> None:
    text = TEXT + "  - docker network create --subnet 10.9.9.0/25 web\n"
    (tmp_path / "user-data").write_text(text, encoding="utf-8")
    run = check(discover([str(tmp_path)]), load_rules([rules_folder()]), Config())
    (overlap,) = (one for one in run.findings if one.code == "NL101")
    source = run.sources["user-data"]
    places = {source.slice(overlap.at), *(source.slice(label.span) for label in overlap.related)}
    assert {"10.9.9.0/25", "10.9.9.1/24"} <= places
    assert all(one.at.source == "user-data" for one in run.findings)


def test_secrets_of_what_is_written(tmp_path: Path) -> None:
    text = """\
#cloud-config
write_files:
  - path: /opt/compose.yaml
    content: |
      services:
        web:
          image: nginx
          environment:
            TOKEN: planted-1
runcmd:
  - docker run -e TOKEN=planted-2 -p 80:80 nginx
  - [docker, run, -e, "TOKEN=planted-3 ", nginx]
"""
    shown = masked_text(text, guarded(Source("x", text), "cloud-config"))
    assert "planted" not in shown
    assert "-p 80:80 nginx" in shown


def test_user_data_of_several_machines(tmp_path: Path) -> None:
    run = "#cloud-config\nruncmd:\n  - docker run -d -p 80:80 nginx\n  - docker swarm init --advertise-addr {}\n"
    site(tmp_path, run.format("10.0.0.1"), "one.yaml")
    assert len(site(tmp_path, run.format("10.0.0.2"), "two.yaml").hosts) == 2


def test_heads(tmp_path: Path) -> None:
    body = "runcmd:\n  - ip route add 10.3.0.0/16 via 10.0.0.1\n"
    assert site(tmp_path, f"## template: jinja\n#cloud-config\n{body}").hosts[0].actions
    assert not site(tmp_path, f"#cloud-config-archive\n{body}").hosts[0].actions


@pytest.mark.parametrize(
    "text",
    [
        (
            "version: 2\nethernets:\n  eth0:\n    addresses: [10.0.0.5/24]\n"
            "    routes: [{to: 10.1.0.0/16, via: 10.0.0.1}]\n"
        ),
        (
            "network:\n  version: 2\n  ethernets:\n    eth0:\n      addresses: [10.0.0.5/24]\n"
            "      routes: [{to: 10.1.0.0/16, via: 10.0.0.1}]\n"
        ),
        (
            "version: 1\nconfig:\n  - type: physical\n    name: eth0\n    subnets:\n      - type: static\n"
            "        address: 10.0.0.5\n        netmask: 255.255.255.0\n        gateway: 10.0.0.1\n        routes:\n"
            "          - {network: 10.1.0.0, netmask: 255.255.0.0, gateway: 10.0.0.1}\n"
        ),
    ],
)
def test_network_config(tmp_path: Path, text: str) -> None:
    (host,) = site(tmp_path, text, "network-config").hosts
    assert [(str(one.prefix), one.routed, str(one.via), one.device) for one in host.configured] == [
        ("10.0.0.0/24", False, "None", "eth0"),
        ("10.1.0.0/16", True, "10.0.0.1", "eth0"),
    ]


def test_of_other_programs(tmp_path: Path) -> None:
    """Without the first line it is anything else; without a word on networks it is of no account."""
    assert not site(tmp_path, TEXT.removeprefix("#cloud-config\n"), "x.yaml").hosts
    (tmp_path / "x.yaml").unlink()
    assert not site(tmp_path, "#cloud-config\nruncmd:\n  - apt-get update\n", "y.yaml").hosts


def test_cut_anywhere(tmp_path: Path) -> None:
    for end in range(0, len(TEXT), 3):
        parse(Source("x", TEXT[:end]))
    for end in range(0, len(TEXT), 97):
        site(tmp_path, TEXT[:end])


@pytest.mark.parametrize(
    ("path", "content", "told"),
    [
        ("/etc/motd", "docker: see the notes", None),
        ("/opt/app/.env", "A=1", None),
        ("/opt/k8s/x.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}", None),
        ("/etc/cni/net.d/10-x.conf", '{"cniVersion": "0.4.0", "name": "x"}', None),
        ("/root/ip-addr.txt", "2: eth0: <UP> mtu 1500\n    inet 10.0.0.5/24 scope global eth0", None),
        ("/opt/daemon.json", '{"bip": "10.0.0.1/24"}', "/opt/daemon.json, which dockerd does not read there"),
        (
            "/etc/wireguard/clients/a.conf",
            "[Interface]\nPrivateKey = x\n[Peer]\nAllowedIPs = 0.0.0.0/0",
            "/etc/wireguard/clients/a.conf: the other side's configuration",
        ),
    ],
)
def test_written_files_are_covered_by_their_writer(tmp_path: Path, path: str, content: str, told: str | None) -> None:
    host_with(tmp_path, path, content)
    whole, files = build(discover([str(tmp_path)]), Config())
    assert [one.message for one in whole.not_understood] == ([told] if told is not None else [])
    assert [(file.path, file.status) for file in files] == [("user-data", "partial" if told is not None else "read")]
