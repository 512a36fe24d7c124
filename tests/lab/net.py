"""Hosts and links of the lab: network namespaces that look like machines on a LAN.

Everything carries the prefix `nltlab-`, lives in namespaces of its own and is removed on the way out; what an earlier
run left behind is recognised by the prefix. The root namespace is never changed.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Self

PREFIX = "nltlab-"
_SYSCTLS = {"net.ipv4.ip_forward": "0", "net.ipv4.conf.all.rp_filter": "0", "net.ipv4.conf.default.rp_filter": "0"}


class LabError(Exception):
    """A command of the lab failed; the text holds what it printed."""


def run(*command: str, check: bool = True, stdin: str | None = None, timeout: float = 60) -> str:
    """Standard output and error of `command` together; LabError where it fails and `check` is set."""
    done = subprocess.run(
        command, input=stdin, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=timeout, check=False
    )
    if check and done.returncode:
        raise LabError(f"{' '.join(command)}: status {done.returncode}\n{done.stdout.strip()}")
    return done.stdout


def wait_until(condition: Callable[[], bool], seconds: float, what: str) -> None:
    """Return when `condition` holds; LabError when it does not within `seconds`."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise LabError(f"{what}: not within {seconds:g} s")
        time.sleep(0.1)


class Host:
    """A machine: a network namespace named `nltlab-NAME`, with loopback up."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.namespace = PREFIX + name

    def __enter__(self) -> Self:
        remove_namespace(self.namespace)
        run("ip", "netns", "add", self.namespace)
        self.ip("link", "set", "lo", "up")
        for key, value in _SYSCTLS.items():
            self.sysctl(key, value)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        remove_namespace(self.namespace)

    def command(self, *words: str) -> list[str]:
        """`words` as a command that runs in this host's network.

        nsenter and not `ip netns exec`, which mounts another /sys and hides the control groups from an engine.
        """
        return ["nsenter", f"--net=/run/netns/{self.namespace}", *words]

    def run(self, *words: str, check: bool = True, stdin: str | None = None, timeout: float = 60) -> str:
        return run(*self.command(*words), check=check, stdin=stdin, timeout=timeout)

    def ip(self, *words: str) -> str:
        return run("ip", "-n", self.namespace, *words)

    def sysctl(self, key: str, value: str) -> None:
        self.run("sysctl", "-qw", f"{key}={value}")

    def route(self, *words: str) -> None:
        """`ip route add WORDS`."""
        self.ip("route", "add", *words)

    def reaches(self, address: str, *, source: str | None = None) -> bool:
        """Whether one of two pings to `address` is answered."""
        words = ["ping", "-n", "-c", "2", "-i", "0.2", "-W", "1", *(["-I", source] if source else []), address]
        return " 0 received" not in self.run(*words, check=False, timeout=10) and self._pinged(words)

    def _pinged(self, words: list[str]) -> bool:
        return subprocess.run(self.command(*words), capture_output=True, check=False, timeout=10).returncode == 0

    def background(self, *words: str) -> subprocess.Popen[bytes]:
        """Start a program on this host; it ends with the host at the latest."""
        return subprocess.Popen(self.command(*words), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


class Lan:
    """A switch: a bridge in a namespace of its own, to which hosts are joined."""

    def __init__(self, name: str = "lan") -> None:
        self.namespace = f"{PREFIX}{name}-switch"
        self.ports = 0

    def __enter__(self) -> Self:
        remove_namespace(self.namespace)
        run("ip", "netns", "add", self.namespace)
        run("ip", "-n", self.namespace, "link", "add", "switch", "type", "bridge")
        run("ip", "-n", self.namespace, "link", "set", "switch", "up")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        remove_namespace(self.namespace)

    def join(self, host: Host, address: str, *, interface: str = "eth0", gateway: str | None = None) -> None:
        """Give `host` an interface on this LAN with `address` (`192.168.10.1/24`), and a default route."""
        self.ports += 1
        port = f"port{self.ports}"
        run(
            "ip",
            "-n",
            host.namespace,
            "link",
            "add",
            interface,
            "type",
            "veth",
            "peer",
            "name",
            port,
            "netns",
            self.namespace,
        )
        run("ip", "-n", self.namespace, "link", "set", port, "master", "switch", "up")
        host.ip("addr", "add", address, "dev", interface)
        host.ip("link", "set", interface, "up")
        if gateway is not None:
            host.route("default", "via", gateway)


def namespaces() -> Iterator[str]:
    """The lab's namespaces that exist now."""
    for line in run("ip", "netns", "list").splitlines():
        name = line.split()[0] if line.split() else ""
        if name.startswith(PREFIX):
            yield name


def remove_namespace(name: str) -> None:
    """Stop what runs in the namespace and remove it; nothing happens where there is none."""
    if name not in set(namespaces()):
        return
    for _ in range(20):
        processes = [int(word) for word in run("ip", "netns", "pids", name, check=False).split() if word.isdigit()]
        if not processes:
            break
        for process in processes:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        time.sleep(0.1)
    run("ip", "netns", "del", name, check=False)


def remove_leftovers() -> None:
    """Remove what an interrupted run left behind."""
    for name in list(namespaces()):
        remove_namespace(name)
