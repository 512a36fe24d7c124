"""systemd-networkd of the machine's own systemd, on a host of the lab: `networkd(host, files)`."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.lab.net import Host, make_folder, remove_folder, run, wait_until

PROGRAM = Path("/lib/systemd/systemd-networkd")
# It sees a /run and a configuration of its own, no udev (/sys cannot be written) and no D-Bus.
_START = """
mount -t tmpfs none /run
mkdir -p /run/systemd/netif/links /run/systemd/netif/leases
chown -R systemd-network: /run/systemd/netif
mount -o remount,bind,ro /sys
mount -t tmpfs none /etc/systemd
cp -r "$1" /etc/systemd/network
export SYSTEMD_LOG_TARGET=console SYSTEMD_LOG_LEVEL=info
exec "$2" 2>"$3"
"""


def version() -> str:
    """As "systemd 252"."""
    return " ".join(run(str(PROGRAM), "--version").split()[:2])


@contextlib.contextmanager
def networkd(host: Host, files: Mapping[str, str]) -> Iterator[Path]:
    """networkd with `files` by their names in /etc/systemd/network, which knows the links; the path of its log."""
    if not PROGRAM.exists() or shutil.which("systemctl") is None:
        pytest.skip("the test needs systemd-networkd")
    folder = make_folder("networkd")
    try:
        (folder / "network").mkdir()
        for name, text in files.items():
            (folder / "network" / name).write_text(text, encoding="utf-8")
        log = folder / "log"
        inside = ("sh", "-e", "-c", _START, "start", str(folder / "network"), str(PROGRAM), str(log))
        process = host.background("unshare", "--mount", *inside)
        wait_until(lambda: log.exists() and "Enumeration completed" in log.read_text(encoding="utf-8"), 10, "networkd")
        yield log
        process.terminate()
        process.wait(5)
    finally:
        remove_folder(folder)
