"""User data of cloud-init in several parts: MIME messages and archives, each part read at its place in the file."""

from __future__ import annotations

import base64
import gzip
from email.mime.application import MIMEApplication
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from pathlib import Path

import pytest

from netlint.config import Config
from netlint.discover import discover
from netlint.engine import build
from netlint.guard.texts import guarded, masked_text
from netlint.model.action import FirewallFlush, RouteChange
from netlint.model.host import Site
from netlint.parse.user_data import parse
from netlint.source import Source

CONFIG = """\
#cloud-config
write_files:
  - path: /etc/docker/daemon.json
    content: |
      {"bip": "10.9.9.1/24"}
runcmd:
  - ip route add 10.1.0.0/16 via 10.0.0.1
"""
SCRIPT = """\
#!/bin/bash
ip route add 10.2.0.0/16 via 10.0.0.1
cat > /etc/sysctl.d/9.conf <<'X'
net.ipv4.ip_forward = 0
X
cat > /etc/netplan/60-x.yaml <<'X'
network:
  version: 2
  ethernets:
    eth1:
      addresses: [10.9.4.1/24]
X
docker run -e TOKEN=planted nginx
"""


def message(*parts: tuple[str, str, str], encoding: str = "7bit", name: str = "") -> str:
    """A message with parts of a kind, a text, and a file name."""
    whole = MIMEMultipart()
    for kind, text, filename in parts:
        one = MIMEText(text, kind, "us-ascii")
        if encoding == "base64":
            one.set_payload(base64.encodebytes(text.encode()).decode())
            one.replace_header("Content-Transfer-Encoding", "base64")
        elif encoding == "quoted-printable":
            one.set_payload(text.replace("=", "=3D").replace("docker run", "docker =\nrun"))
            one.replace_header("Content-Transfer-Encoding", "quoted-printable")
        if filename:
            one.add_header("Content-Disposition", "attachment", filename=filename)
        whole.attach(one)
    return whole.as_string(unixfrom=encoding == "7bit")


def site(folder: Path, text: str) -> Site:
    (folder / "user-data").write_bytes(text.encode())
    return build(discover([str(folder)]), Config())[0]


def routes(whole: Site) -> list[str]:
    return [str(one.prefix.value) for host in whole.hosts for one in host.actions if isinstance(one, RouteChange)]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_parts_at_their_places(tmp_path: Path, end: str) -> None:
    text = message(("x-shellscript", SCRIPT, "zz.sh"), ("cloud-config", CONFIG, "x")).replace("\n", end)
    whole = site(tmp_path, text)
    (host,) = whole.hosts
    source = Source("user-data", text)
    found = [source.slice(one.prefix.span) for one in host.actions if isinstance(one, RouteChange)]
    assert found == ["10.1.0.0/16", "10.2.0.0/16"]  # "runcmd" runs before "zz.sh"
    assert host.daemon is not None
    bip = host.daemon.text("bip")
    assert bip is not None
    assert source.slice(bip.span) == "10.9.9.1/24"
    assert [source.slice(value.span) for _, value in host.sysctls or ()] == ["0"]
    assert [str(one.prefix) for one in host.configured] == ["10.9.4.0/24"]
    assert source.slice(host.configured[0].span) == "10.9.4.1/24"
    assert not whole.unreadable
    assert not whole.not_understood


@pytest.mark.parametrize("encoding", ["base64", "quoted-printable"])
def test_encoded_parts(tmp_path: Path, encoding: str) -> None:
    text = message(("cloud-config", CONFIG, ""), ("x-shellscript", SCRIPT, ""), encoding=encoding)
    whole = site(tmp_path, text)
    (host,) = whole.hosts
    assert routes(whole) == ["10.2.0.0/16", "10.1.0.0/16"]  # "part-002" runs before "runcmd"
    assert not whole.unreadable
    spans = [one.span for one in host.actions if isinstance(one, RouteChange)]
    source = Source("user-data", text)
    kept = [source.slice(span) for span in spans]
    assert [one[:8] for one in kept] == (["IyEvYmlu", "I2Nsb3Vk"] if encoding == "base64" else ["#!/bin/b", "#cloud-c"])
    shown = masked_text(text, guarded(source, "cloud-config"))
    assert "planted" not in shown
    assert not any(one in shown for one in kept)


def test_packed_part(tmp_path: Path) -> None:
    whole = MIMEMultipart()
    whole.attach(MIMEApplication(gzip.compress(SCRIPT.encode()), "x-gzip"))
    whole.attach(MIMEText(CONFIG, "cloud-config"))
    assert routes(site(tmp_path, whole.as_string())) == ["10.2.0.0/16", "10.1.0.0/16"]


def test_nested_messages_and_plain_texts(tmp_path: Path) -> None:
    inner = MIMEMultipart()
    inner.attach(MIMEText(CONFIG, "plain", "us-ascii"))
    inner.attach(MIMEText("notes: ip route add 10.7.0.0/16 via 10.0.0.1", "plain", "us-ascii"))
    outer = MIMEMultipart()
    outer.attach(inner)
    outer.attach(MIMEText("#cloud-boothook\n#!/bin/sh\niptables -F\n", "cloud-boothook", "us-ascii"))
    whole = site(tmp_path, outer.as_string())
    assert [type(one) for one in whole.hosts[0].actions] == [FirewallFlush, RouteChange]


def test_later_keys_replace_unless_they_say_how_to_merge(tmp_path: Path) -> None:
    later = CONFIG.replace("10.1.0.0/16", "10.5.0.0/16")
    assert routes(site(tmp_path, message(("cloud-config", CONFIG, ""), ("cloud-config", later, "")))) == ["10.5.0.0/16"]
    merging = later + "merge_how: 'list(append)+dict(recurse_array)+str()'\n"
    both = message(("cloud-config", CONFIG, ""), ("cloud-config", merging, ""))
    assert sorted(routes(site(tmp_path, both))) == ["10.1.0.0/16", "10.5.0.0/16"]
    header = message(("cloud-config", CONFIG, ""), ("cloud-config", later, ""))
    at = header.rindex("MIME-Version")
    header = header[:at] + "X-Merge-Type: list(append)\n" + header[at:]
    assert sorted(routes(site(tmp_path, header))) == ["10.1.0.0/16", "10.5.0.0/16"]


def test_archive(tmp_path: Path) -> None:
    text = """\
#cloud-config-archive
- type: "text/cloud-boothook"
  content: |
    #!/bin/sh
    sysctl -w net.ipv4.ip_forward=0
- |
  #cloud-config
  write_files:
    - path: /etc/docker/daemon.json
      content: |
        {"bip": "10.9.9.1/24"}
- type: text/x-shellscript
  filename: a.sh
  content: |
    #!/bin/sh
    ip route add 10.2.0.0/16 via 10.0.0.1
- type: text/x-include-url
  content: http://example.org/x
- "#!/usr/bin/env python3\\nip route add"
"""
    whole = site(tmp_path, text)
    (host,) = whole.hosts
    source = Source("user-data", text)
    assert host.daemon is not None
    bip = host.daemon.text("bip")
    assert bip is not None
    assert source.slice(bip.span) == "10.9.9.1/24"
    assert [source.slice(one.prefix.span) for one in host.actions if isinstance(one, RouteChange)] == ["10.2.0.0/16"]
    assert [source.slice(value.span) for _, value in host.sysctls or ()] == ["0"]
    told = [(one.message, source.slice(one.span)) for one in whole.not_understood]
    assert told == [("what is included from elsewhere", "http://example.org/x")]
    in_message = message(("cloud-config-archive", text, ""))
    (host,) = site(tmp_path, in_message).hosts
    assert host.daemon is not None
    bip = host.daemon.text("bip")
    assert bip is not None
    assert Source("user-data", in_message).slice(bip.span) == "10.9.9.1/24"


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    text = message(("x-shellscript", "## template: jinja\n#!/bin/sh\nip route add {{ x }} via 10.0.0.1\n", ""))
    assert [one.message for one in site(tmp_path, text).not_understood] == ["a script that a template completes"]
    broken = message(("x-shellscript", SCRIPT, "a.sh"), encoding="base64").replace("IyEv", "!!!!")
    assert [one.message for one in site(tmp_path, broken).not_understood] == ["the packed part a.sh"]
    bomb = base64.encodebytes(gzip.compress(b"#" * (64 << 20))).decode()
    large = message(("cloud-config", CONFIG, ""), ("x-shellscript", "x", "")).replace("\nx\n", "\n" + bomb)
    large = large.replace('text/x-shellscript; charset="us-ascii"', "application/gzip")
    at = large.rindex("7bit")
    large = large[:at] + "base64" + large[at + 4 :]
    assert [one.message for one in site(tmp_path, large).not_understood] == ["the packed part"]


def test_hostile_sizes() -> None:
    parts = 'Content-Type: multipart/mixed; boundary="a"\n\n' + "--a\n\n#!/bin/sh\nip link\n" * 50_000
    found, _ = parse(Source("x", parts))
    assert any(one.what == "parts that are too many" for one in found.unsupported)
    deep = "".join(f'Content-Type: multipart/mixed; boundary="{n}"\n\n--{n}\n' for n in range(1000))
    found, _ = parse(Source("x", deep))
    assert [one.what for one in found.unsupported] == ["parts that are too many"]
    many = "#cloud-config-archive\n- &a |\n  #!/bin/sh\n" + "  ip link\n" * 100_000 + "- *a\n" * 900
    found, _ = parse(Source("x", many))
    assert any(one.what == "parts that are too many" for one in found.unsupported)


def test_cut_anywhere(tmp_path: Path) -> None:
    text = message(("cloud-config", CONFIG, ""), ("x-shellscript", SCRIPT, ""), encoding="base64")
    for end in range(0, len(text), 3):
        parse(Source("x", text[:end]))
    for end in range(0, len(text), 97):
        site(tmp_path, text[:end])


def test_mail_is_no_user_data(tmp_path: Path) -> None:
    text = message(("plain", "Run\n\nip route add 10.0.0.0/8 via 10.0.0.1\n", ""))
    assert not site(tmp_path, text).hosts
