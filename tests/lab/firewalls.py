"""ufw and firewalld on hosts of the lab: the programs themselves, unpacked by fetch-engines.sh."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator, Mapping

import pytest

from tests.lab.engine import CACHE
from tests.lab.net import Host, make_folder, remove_folder, run, wait_until

ROOT = CACHE / "firewalls"
_PYTHON = ("env", f"PYTHONPATH={ROOT}/usr/lib/python3/dist-packages", "/usr/bin/python3", "-W", "ignore")
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


def _wanted() -> None:
    """Skip the test where the programs are not there."""
    modules = run("/usr/bin/python3", "-c", "import dbus, gi", check=False)
    if not ROOT.is_dir() or modules or shutil.which("dbus-daemon") is None:
        pytest.skip("the test needs dbus-daemon, python3-dbus, python3-gi and tests/lab/fetch-engines.sh firewalls")


class Ufw:
    """ufw of a host, with a configuration of its own."""

    def __init__(self, host: Host) -> None:
        _wanted()
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
        said = self.host.run(*_PYTHON, f"{ROOT}/usr/sbin/ufw", *place, *words)
        return "\n".join(line for line in said.splitlines() if not line.startswith("WARN: "))


class Firewalld:
    """firewalld of a host on a bus of its own, with the zones that `zones` has by file name."""

    def __init__(self, host: Host, zones: Mapping[str, str]) -> None:
        self.host, self.zones = host, zones

    def __call__(self, *words: str) -> str:
        """Output of `firewall-cmd WORDS`."""
        return self.host.run(*_PYTHON, f"{ROOT}/usr/bin/firewall-cmd", *words, check=False)


@contextlib.contextmanager
def firewalld(host: Host, zones: Mapping[str, str]) -> Iterator[Firewalld]:
    """firewalld of the distribution's configuration with `zones`. An engine that starts meanwhile finds it."""
    _wanted()
    folder, patch = make_folder("firewalld"), pytest.MonkeyPatch()
    address = f"unix:path={folder}/bus"
    try:
        (folder / "bus.conf").write_text(_BUS.format(address=address), encoding="utf-8")
        shutil.copytree(ROOT / "etc" / "firewalld", folder / "etc")
        (folder / "etc" / "zones").mkdir(exist_ok=True)
        for name, text in zones.items():
            (folder / "etc" / "zones" / name).write_text(text, encoding="utf-8")
        patch.setenv("DBUS_SYSTEM_BUS_ADDRESS", address)
        host.background("dbus-daemon", f"--config-file={folder}/bus.conf", "--nofork", "--nopidfile")
        wait_until((folder / "bus").exists, 5, "the bus")
        places = ("--system-config", f"{folder}/etc", "--default-config", f"{ROOT}/usr/lib/firewalld")
        host.background(*_PYTHON, f"{ROOT}/usr/sbin/firewalld", "--nofork", "--nopid", *places)
        one = Firewalld(host, zones)
        wait_until(lambda: one("--state").strip() == "running", 30, "firewalld")
        yield one
    finally:
        patch.undo()
        remove_folder(folder)
