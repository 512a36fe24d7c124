"""Hosts and links of the lab: network namespaces that look like machines on a LAN.

Everything carries the prefix `nltlab-`, in a run that has a name `nltlabNAME-`, lives in namespaces of its own and is
removed on the way out; what an interrupted run left behind is recognised by its name. The root namespace is never
changed.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO, Self

# Programs in Go start here by the thousand and end soon: let them collect no garbage before they are done.
os.environ.setdefault("GOGC", "400")
NAME = os.environ.get("NETLINT_LAB_NAME", "")  # runs with different names do not wait for each other
PREFIX = f"nltlab{NAME}-"
FOLDER_PREFIX = f"netlint-lab{NAME}-"
LOCK = Path(f"/run/netlint-lab{NAME}.lock")
CGROUPS = Path("/sys/fs/cgroup")
NAMESPACES = Path("/run/netns")
SYSCTLS = Path("/proc/sys")  # of net/ everybody sees that of his own namespace
REQUEST = "GET /cgi-bin/client HTTP/1.0\r\n\r\n"
PING = ("ping", "-c", "3", "-i", "0.3", "-W", "1")
CONNECT = ("timeout", "6", "nc", "-w", "2")  # a port that accepts and never answers holds nc for ever
_NEWNET = 0x40000000
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


def failure(action: Callable[[], object]) -> str:
    """What the command of the lab says that fails in `action`; empty where none does."""
    try:
        action()
    except LabError as error:
        return str(error)
    return ""


def wait_until(condition: Callable[[], bool], seconds: float, what: str) -> None:
    """Return when `condition` holds; LabError when it does not within `seconds`."""
    end, pause = time.monotonic() + seconds, 0.01
    while not condition():
        if time.monotonic() > end:
            raise LabError(f"{what}: not within {seconds:g} s")
        time.sleep(pause)
        pause = min(2 * pause, 0.2)


def answered(*ping: str) -> bool:
    """Whether a `ping` of several packets gets an answer; the first one ends it."""
    with subprocess.Popen(ping, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as program:
        found = program.stdout is not None and any("bytes from" in line for line in program.stdout)
        program.kill()
    return found


def make_folder(name: str, *, memory: bool = False) -> Path:
    """A temporary folder that the lab recognises as its own; in memory, where many files come and go."""
    folder = Path(tempfile.mkdtemp(prefix=f"{FOLDER_PREFIX}{name}-"))
    if memory:
        run("mount", "-t", "tmpfs", "-o", "mode=700", PREFIX + name, str(folder))
    return folder


def client_seen(answer: str) -> str | None:
    """The client's address in the answer of a server of the lab to REQUEST; None where there is no answer."""
    if "200 OK" not in answer:
        return None
    return answer.rsplit(maxsplit=1)[-1].strip("[]").removeprefix("::ffff:")


class Namespace:
    """A network namespace `nltlab-NAME` with its loopback up; what runs in it ends with it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.namespace = PREFIX + name

    def __enter__(self) -> Self:
        remove_namespace(self.namespace)
        run("ip", "netns", "add", self.namespace)
        self.ip("link", "set", "lo", "up")
        return self

    def __exit__(self, *_: object) -> None:
        remove_namespace(self.namespace)

    def ip(self, *words: str) -> str:
        return run("ip", "-n", self.namespace, *words)

    def ip_all(self, *lines: str) -> None:
        """Several `ip` commands, a line each, in one process."""
        run("ip", "-n", self.namespace, "-batch", "-", stdin="\n".join(lines))


class Host(Namespace):
    """A machine. It does not forward packets until somebody says so."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self._programs: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Self:
        super().__enter__()
        for key, value in _SYSCTLS.items():
            self.sysctl(key, value)
        return self

    def __exit__(self, *_: object) -> None:
        super().__exit__()
        for program in self._programs:
            program.wait(5)

    def command(self, *words: str) -> list[str]:
        """`words` as a command that runs in this host's network.

        nsenter and not `ip netns exec`, which mounts another /sys and hides the control groups from an engine.
        """
        return ["nsenter", f"--net={NAMESPACES / self.namespace}", *words]

    def run(self, *words: str, check: bool = True, stdin: str | None = None, timeout: float = 60) -> str:
        return run(*self.command(*words), check=check, stdin=stdin, timeout=timeout)

    def sysctl(self, key: str, value: str) -> None:
        """Set `net.ipv4.ip_forward`; with slashes where the name of an interface holds a dot."""
        with inside(self):
            (SYSCTLS / (key if "/" in key else key.replace(".", "/"))).write_text(value, encoding="ascii")

    def sysctls(self, *patterns: str) -> dict[str, str]:
        """The keys that match patterns like `net/ipv4/conf/*/forwarding`, with their values."""
        with inside(self):
            paths = [path for pattern in patterns for path in SYSCTLS.glob(pattern)]
            found = {path.relative_to(SYSCTLS): path.read_text(encoding="ascii").strip() for path in paths}
        return {".".join(part.replace(".", "/") for part in path.parts): value for path, value in found.items()}

    def route(self, *words: str) -> None:
        """`ip route add WORDS`."""
        self.ip("route", "add", *words)

    @contextlib.contextmanager
    def rules(self, rules: Iterable[Sequence[str]], table: str = "filter") -> Iterator[None]:
        """With the firewall rules `-A CHAIN …` of IPv4 in front of their chains, in this order."""
        rules = list(rules)
        for _, chain, *words in reversed(rules):
            self.run("iptables", "-t", table, "-I", chain, *words)
        try:
            yield
        finally:
            for _, chain, *words in rules:
                self.run("iptables", "-t", table, "-D", chain, *words)

    def pings(self, address: str) -> bool:
        """Whether one of three pings to `address` is answered."""
        return answered(*self.command("busybox", *PING, address))

    def asks(self, address: str, port: int = 80, source: str = "") -> str | None:
        """The address of this host, or that of its own which `source` names, as the server at `address` sees it.

        None where no server answers.
        """
        return asked(self, address, port, source)

    def serve(self, website: Path, port: int = 80) -> None:
        """Answer on `port` of every address with the client's address."""
        self.background("busybox", "httpd", "-f", "-p", str(port), "-h", str(website))
        wait_until(lambda: self.asks("127.0.0.1", port) is not None, 5, f"server on {self.name}")

    def background(self, *words: str) -> subprocess.Popen[bytes]:
        """Start a program on this host; it ends with the host at the latest."""
        program = subprocess.Popen(self.command(*words), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self._programs.append(program)
        return program


@contextlib.contextmanager
def inside(network: Namespace | Path) -> Iterator[None]:
    """Run in a network, of a host or that of a file of the kernel's: a socket made there stays there."""
    libc = ctypes.CDLL(None, use_errno=True)
    before = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    path = NAMESPACES / network.namespace if isinstance(network, Namespace) else network
    after = os.open(path, os.O_RDONLY)
    try:
        if libc.setns(after, _NEWNET):
            raise OSError(ctypes.get_errno(), f"setns {path}")
        yield
    finally:
        libc.setns(before, _NEWNET)
        os.close(before)
        os.close(after)


def asked(network: Namespace | Path, address: str, port: int, source: str = "") -> str | None:
    """Who asks, from inside a network, as the server at `address` sees it; None where no server answers."""
    with inside(network):
        one = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
    with one, contextlib.suppress(OSError):
        one.settimeout(1.5)  # the kernel sends the first packet again after a second
        one.bind((source, 0))
        one.connect((address, port))
        one.settimeout(6)
        one.sendall(REQUEST.encode())
        return client_seen(b"".join(iter(lambda: one.recv(4096), b"")).decode())
    return None


class Lan(Namespace):
    """A switch: a bridge in a namespace of its own, to which hosts are joined."""

    def __init__(self, name: str = "lan") -> None:
        super().__init__(f"{name}-switch")
        self.ports = 0

    def __enter__(self) -> Self:
        super().__enter__()
        self.ip_all("link add switch type bridge", "link set switch up")
        return self

    def join(self, host: Host, *addresses: str, interface: str = "eth0") -> None:
        """Give `host` an interface on this LAN with `addresses` (`192.168.10.1/24`)."""
        self.ports += 1
        port = f"port{self.ports}"
        host.ip_all(
            f"link add {interface} type veth peer name {port} netns {self.namespace}",
            *(f"addr add {address} dev {interface}" for address in addresses),
            f"link set {interface} up",
        )
        self.ip("link", "set", port, "master", "switch", "up")


def remove_namespace(name: str) -> None:
    """Stop what runs in the namespace and remove it; nothing happens where there is none."""
    if not (NAMESPACES / name).exists():
        return
    with contextlib.suppress(LabError):
        wait_until(lambda: not _killed(name), 5, f"the end of what runs in {name}")
    run("ip", "netns", "del", name, check=False)


def _killed(name: str) -> bool:
    """Whether something still runs in the namespace, and is killed now."""
    processes = [int(word) for word in run("ip", "netns", "pids", name, check=False).split()]
    for process in processes:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
    return bool(processes)


def remove_folder(folder: Path) -> None:
    """Remove a folder of the lab with what is mounted in it and below."""
    mounts = (line.split()[1] for line in Path("/proc/mounts").read_text(encoding="utf-8").splitlines())
    for mount in sorted((place for place in mounts if Path(place).is_relative_to(folder)), reverse=True):
        run("umount", "-l", mount, check=False)
    shutil.rmtree(folder, ignore_errors=True)


def remove_cgroups(folders: Iterable[Path]) -> None:
    """Remove control groups whose processes have ended."""
    for folder in folders:
        remove_cgroups(path for path in folder.iterdir() if path.is_dir())
        with contextlib.suppress(OSError):
            folder.rmdir()


@contextlib.contextmanager
def lock() -> Iterator[None]:
    """One run of the lab at a time. It removes what an interrupted one left behind, and leaves nothing itself."""
    with LOCK.open("w") as file:
        wait_until(lambda: _locked(file), 900, "the end of another run of the lab")
        remove_leftovers()
        try:
            yield
        finally:
            remove_leftovers()


def _locked(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def remove_leftovers() -> None:
    """Remove what an interrupted run left behind."""
    for path in sorted(NAMESPACES.glob(f"{PREFIX}*")):
        remove_namespace(path.name)
    for folder in Path(tempfile.gettempdir()).glob(f"{FOLDER_PREFIX}*"):
        remove_folder(folder)
    remove_cgroups([*CGROUPS.glob(f"{PREFIX}*"), *CGROUPS.glob(f"*/{PREFIX}*")])
