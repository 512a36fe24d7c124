"""ufw and firewalld on hosts of the lab: the programs themselves, unpacked by fetch-engines.sh."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.lab.engine import CACHE
from tests.lab.net import Host, make_folder, remove_folder, run, wait_until

ROOT = CACHE / "firewalls"
NEWER = CACHE / "firewalld-2.3"
_BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <listen>{address}</listen>
  <policy context="default">
    <allow send_destination="*"/>
    <allow receive_sender="*"/>
    <allow own="*"/>
    <allow user="*"/>
  </policy>
</busconfig>
"""


def _python(root: Path) -> tuple[str, ...]:
    """How the Python begins that runs the programs unpacked in `root`."""
    return ("env", f"PYTHONPATH={root}/usr/lib/python3/dist-packages", "/usr/bin/python3", "-W", "ignore")


def _wanted(root: Path) -> None:
    """Skip the test where the programs are not there."""
    modules = run("/usr/bin/python3", "-c", "import dbus, gi", check=False)
    if not root.is_dir() or modules or shutil.which("dbus-daemon") is None:
        fetch = f"tests/lab/fetch-engines.sh {root.name}"
        pytest.skip(f"the test needs dbus-daemon, python3-dbus, python3-gi and {fetch}")


class Ufw:
    """ufw of a host, with a configuration of its own."""

    def __init__(self, host: Host) -> None:
        _wanted(ROOT)
        self.host = host

    def __enter__(self) -> Ufw:
        self.folder = make_folder("ufw")
        for name in ("etc", "lib", "usr/share/ufw"):
            shutil.copytree(ROOT / name, self.folder / name)
        share = self.folder / "usr" / "share" / "ufw"
        for path in (*share.glob("iptables/*.rules"), *share.glob("*.init"), share / "ufw.conf"):
            shutil.copy(path, self.folder / "etc" / "ufw")
        return self

    def __exit__(self, *_: object) -> None:
        remove_folder(self.folder)

    def __call__(self, *words: str) -> str:
        """Output of `ufw WORDS`."""
        place = (f"--rootdir={self.folder}", f"--datadir={self.folder}")
        said = self.host.run(*_python(ROOT), f"{ROOT}/usr/sbin/ufw", *place, *words)
        return "\n".join(line for line in said.splitlines() if not line.startswith("WARN: "))


class Firewalld:
    """firewalld of a host, as it is unpacked in `root`, on a bus of its own."""

    def __init__(self, host: Host, root: Path) -> None:
        self.host, self.root = host, root

    def __call__(self, *words: str) -> str:
        """Output of `firewall-cmd WORDS`."""
        return self.host.run(*_python(self.root), f"{self.root}/usr/bin/firewall-cmd", *words, check=False)


@contextlib.contextmanager
def firewalld(
    host: Host, zones: Mapping[str, str], settings: Mapping[str, str] | None = None, root: Path = ROOT
) -> Iterator[Firewalld]:
    """firewalld of the distribution's configuration with `zones`, by file name, and `settings` of firewalld.conf.

    An engine that starts meanwhile finds it.
    """
    _wanted(root)
    folder, patch = make_folder("firewalld"), pytest.MonkeyPatch()
    address = f"unix:path={folder}/bus"
    try:
        (folder / "bus.conf").write_text(_BUS.format(address=address), encoding="utf-8")
        shutil.copytree(root / "etc" / "firewalld", folder / "etc")
        config = folder / "etc" / "firewalld.conf"
        kept = [one for one in config.read_text().splitlines() if one.partition("=")[0] not in (settings or {})]
        lines = [*kept, *(f"{key}={value}" for key, value in (settings or {}).items())]  # of two the first holds
        config.write_text("".join(f"{one}\n" for one in lines), encoding="utf-8")
        (folder / "etc" / "zones").mkdir(exist_ok=True)
        for name, text in zones.items():
            (folder / "etc" / "zones" / name).write_text(text, encoding="utf-8")
        patch.setenv("DBUS_SYSTEM_BUS_ADDRESS", address)
        host.background("dbus-daemon", f"--config-file={folder}/bus.conf", "--nofork", "--nopidfile")
        wait_until((folder / "bus").exists, 5, "the bus")
        places = ("--system-config", f"{folder}/etc", "--default-config", f"{root}/usr/lib/firewalld")
        host.background(*_python(root), f"{root}/usr/sbin/firewalld", "--nofork", "--nopid", *places)
        one = Firewalld(host, root)
        wait_until(lambda: one("--state").strip() == "running", 30, "firewalld")
        yield one
    finally:
        patch.undo()
        remove_folder(folder)
