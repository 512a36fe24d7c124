"""User data of cloud-init: literal commands and files have their effects, at their places; all else is left alone."""

from __future__ import annotations

from pathlib import Path

from netlint.config import Config
from netlint.discover import discover
from netlint.engine import build
from netlint.model.action import ContainerRun, FirewallChange, FirewallFlush, RouteChange
from netlint.model.host import Site
from netlint.parse.cloud_config import parse
from netlint.source import Source

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
"""


def site(folder: Path, text: str, name: str = "user-data") -> Site:
    (folder / name).write_text(text, encoding="utf-8")
    return build(discover([str(folder)]), Config())[0]


def test_effects_and_places(tmp_path: Path) -> None:
    whole = site(tmp_path, TEXT)
    (host,) = whole.hosts
    source = Source("user-data", TEXT)
    routes = [one for one in host.actions if isinstance(one, RouteChange)]
    assert [(str(one.prefix.value), source.slice(one.prefix.span)) for one in routes] == [
        (text, text) for text in ("10.1.0.0/16", "10.3.0.0/16", "10.5.0.0/16")
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
    forward = host.sysctl("net.ipv4.ip_forward")
    assert forward is not None
    assert (forward.value, source.slice(forward.span)) == ("1", "1")
    assert [item.message for item in whole.not_understood].count("a command of cloud-init that is no literal") == 2
    assert not whole.unreadable


def test_of_other_programs(tmp_path: Path) -> None:
    """Without the first line it is a playbook or anything else; without a word on networks it is of no account."""
    assert not site(tmp_path, TEXT.removeprefix("#cloud-config\n"), "x.yaml").hosts
    (tmp_path / "x.yaml").unlink()
    assert not site(tmp_path, "#cloud-config\nruncmd:\n  - apt-get update\n", "y.yaml").hosts


def test_cut_anywhere() -> None:
    for end in range(0, len(TEXT), 3):
        parse(Source("x", TEXT[:end]))
