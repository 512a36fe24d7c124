"""`netlint collect`: it runs in every shell, leaves no trace, tells no secret, and netlint reads what it gives."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from netlint.collect import SCRIPT
from netlint.config import Config
from netlint.discover import discover
from netlint.engine import check
from netlint.rule import load_rules, rules_folder

SHELLS = [shell for shell in (["dash"], ["busybox", "sh"], ["bash", "--posix"]) if shutil.which(shell[0])]
FILES = {
    "etc/docker/daemon.json": '{"bip": "10.9.9.1/24", "log-opts": {"splunk-token": "SECRET01", "tag": "x"},\n'
    ' "http-proxy": "http://user:SECRET02@proxy:3128"}\n',
    "etc/default/docker": '# OPTIONS="--password SECRET03"\nDOCKER_OPTS="--mtu 1400 --log-opt x-secret=SECRET04"\n',
    "etc/systemd/system/docker.service.d/o.conf": '[Service]\nEnvironment="HTTPS_PROXY=http://u:SECRET05@p" '
    '"API_TOKEN=SECRET06"\nExecStart=\nExecStart=/usr/bin/dockerd\n',
    "etc/wireguard/wg0.conf": "[Interface]\nAddress = 10.9.0.1/24\nPrivateKey = SECRET07\n[Peer]\n"
    "PresharedKey=SECRET08\n"
    "AllowedIPs = 172.20.0.0/16\n",
    "etc/openvpn/server.conf": "dev tun0\nserver 10.8.0.0 255.255.255.0\n<key>\n-----BEGIN PRIVATE KEY-----\nSECRET09\n"
    "-----END PRIVATE KEY-----\n</key>\nroute 172.21.0.0 255.255.0.0\n<tls-auth>\nSECRET10\n</tls-auth>\n",
    "etc/NetworkManager/system-connections/lan.nmconnection": "[connection]\nid=lan\n[wifi-security]\npsk=SECRET11\n"
    "[ipv4]\naddress1=10.0.0.5/24\n",
    "etc/netplan/50.yaml": "network:\n  wifis:\n    wlan0:\n      access-points:\n        home:\n"
    "          password: SECRET12\n",
    "etc/ufw/ufw.conf": "ENABLED=yes\n",
    "etc/sysctl.d/60-cis.conf": "net.ipv4.ip_forward = 0\n",
    "etc/shadow": "root:SECRET13:1\n",
}


def plant(root: Path) -> None:
    for name, text in FILES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def gather(shell: list[str], folder: Path, *, stdout: bool = False) -> Path:
    """The archive that the script makes of planted files and of what this machine lists."""
    plant(folder / "root")
    (folder / "tmp").mkdir()
    archive = folder / "host.tar.gz"
    environment = os.environ | {"NETLINT_COLLECT_ROOT": str(folder / "root"), "TMPDIR": str(folder / "tmp")}
    command = [*shell, str(SCRIPT), *([] if stdout else [str(archive)])]
    done = subprocess.run(command, env=environment, capture_output=True, timeout=120, check=True)
    if stdout:
        archive.write_bytes(done.stdout)
    assert not list((folder / "tmp").iterdir())
    return archive


@pytest.mark.parametrize("shell", SHELLS, ids=lambda shell: shell[0])
def test_shells(shell: list[str], tmp_path: Path) -> None:
    archive = gather(shell, tmp_path, stdout=shell == SHELLS[0])
    with tarfile.open(archive) as opened:
        texts = {
            name.partition("/")[2]: file.read().decode()
            for name in opened.getnames()
            if (file := opened.extractfile(name)) is not None
        }
    assert not [name for name, text in texts.items() if "SECRET" in text]
    assert not [name for name in texts if "shadow" in name]
    assert set(FILES) - {"etc/shadow"} <= set(texts)
    assert "AllowedIPs = 172.20.0.0/16" in texts["etc/wireguard/wg0.conf"]
    assert "route 172.21.0.0 255.255.0.0" in texts["etc/openvpn/server.conf"]
    assert '"tag": "x"' in texts["etc/docker/daemon.json"]
    assert "--mtu 1400" in texts["etc/default/docker"]
    assert re.search(r"^0  ip-addr\.txt  = ip addr show$|^0  ifconfig\.txt", texts["manifest.txt"], re.MULTILINE)


def test_netlint_reads_all_of_it(tmp_path: Path) -> None:
    run = check(discover([str(gather(SHELLS[0], tmp_path))]), load_rules([rules_folder()]), Config())
    (host,) = run.site.hosts
    assert host.interfaces is not None
    assert not host.implied
    assert not run.site.unreadable
    unread = [file.path for file in run.coverage.files if file.status == "unread"]
    assert not unread
    assert {one.origin for one in host.configured} >= {"WireGuard", "OpenVPN", "NetworkManager"}
    assert host.daemon is not None
    bip = host.daemon.text("bip")
    assert bip is not None
    assert bip.value == "10.9.9.1/24"
    assert any(finding.rule == "forwarding-disabled" for finding in run.findings)


def test_the_command(tmp_path: Path) -> None:
    printed = subprocess.run([sys.executable, "-m", "netlint", "collect"], capture_output=True, text=True, check=True)
    assert printed.stdout == SCRIPT.read_text(encoding="utf-8")
    archive = tmp_path / "here.tar.gz"
    subprocess.run([sys.executable, "-m", "netlint", "collect", "--output", str(archive)], check=True, timeout=120)
    assert tarfile.is_tarfile(archive)
    assert archive.stat().st_mode & 0o077 == 0
    nowhere = tmp_path / "nowhere" / "x.tar.gz"
    done = subprocess.run(
        [sys.executable, "-m", "netlint", "collect", "--output", str(nowhere)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.startswith("netlint: collect: the script failed")
