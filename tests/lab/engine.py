"""Docker engines and a key-value store on the lab's hosts."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Self, TypeVar

from tests.lab import image
from tests.lab.api import Api
from tests.lab.net import (
    CGROUPS,
    PING,
    PREFIX,
    Host,
    LabError,
    answered,
    asked,
    make_folder,
    remove_cgroups,
    remove_folder,
    run,
    wait_until,
)

T = TypeVar("T")
CACHE = Path(os.environ.get("NETLINT_LAB_CACHE", "/var/cache/netlint-lab"))
_PREDEFINED = ("bridge", "host", "none")
INSTALLED = "20.10"  # the engine of Debian 12; the others are unpacked into the cache
# The engine gets a /run and a resolv.conf of its own. The link of a resolv.conf may lead into /run.
_START = """
hostname "$1"
mount --bind "$2/run" /run
resolv=$(readlink -m /etc/resolv.conf)
[ -e "$resolv" ] || { mkdir -p "${resolv%/*}" && touch "$resolv"; }
mount --bind "$2/resolv.conf" "$resolv"
shift 2
exec "$@"
"""


@cache
def programs(version: str) -> dict[str, Path] | None:
    """Where `dockerd` and `docker` of an engine's version are; None where they are not."""
    if version == INSTALLED:
        found = {"dockerd": Path("/usr/sbin/dockerd"), "docker": Path("/usr/bin/docker")}
    else:
        found = {name: CACHE / version / "bin" / name for name in ("dockerd", "docker")}
    there = all(path.exists() for path in found.values())
    return found if there and f"version {version}." in run(str(found["dockerd"]), "--version") else None


def first_with(version: str, seen: Mapping[str, T]) -> T:
    """What was seen on `version`: `seen` has it by the first engine of the lab that does so.

    KeyError where `version` is older than each of them.
    """
    numbers = {tuple(map(int, first.split("."))): first for first in seen}
    older = [number for number in numbers if number <= tuple(map(int, version.split(".")))]
    if not older:
        raise KeyError(version)
    return seen[numbers[max(older)]]


class StartRefused(LabError):  # noqa: N818 - what happened, not an error of the lab
    """dockerd ended at start; the text is the last line of its log."""


class Engine:
    """A Docker engine on a host. `config` becomes its daemon.json, `flags` its command line.

    It runs in UTS, mount and PID namespaces of its own: engines that share a host name never form an overlay, its
    mounts end with it, and so do its containers, even where dockerd is killed.
    """

    def __init__(
        self,
        host: Host,
        version: str,
        *flags: str,
        config: dict[str, Any] | str | None = None,
        resolver: str = "192.168.10.254",
    ) -> None:
        found = programs(version)
        if found is None:
            raise LabError(f"engine {version} is not here")
        self.host, self.version, self.flags = host, version, flags
        self.config = config if isinstance(config, str) else json.dumps(config or {})
        self.resolver = resolver
        self.programs = found
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.folder = make_folder(self.host.name, memory=True)
        self.socket = self.folder / "run" / "docker.sock"
        self.api = Api(self.socket)
        self.client = [str(self.programs["docker"]), "-H", f"unix://{self.socket}"]
        try:
            (self.folder / "run").mkdir()
            (self.folder / "daemon.json").write_text(self.config, encoding="utf-8")
            (self.folder / "resolv.conf").write_text(f"nameserver {self.resolver}\n", encoding="utf-8")
            given = image.place(self.version, self.folder / "data")
            self.start()
            if not given:
                self.api.load(image.archive(), image.IMAGE, image.CHANGE)
                image.keep(self.version, self.folder / "data")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._signal(signal.SIGKILL)  # the first process of a PID namespace takes all others with it
        remove_folder(self.folder)
        name = PREFIX + self.host.name
        remove_cgroups(path for path in (CGROUPS / name, *CGROUPS.glob(f"*/{name}")) if path.is_dir())

    def _signal(self, number: int) -> None:
        """Send dockerd a signal that ends it, and wait for the end."""
        if self._process is None or self._process.poll() is not None:
            return
        os.kill(self._first(), number)
        self._process.wait(30)

    def _first(self) -> int:
        """The first process of the engine's PID namespace, or what is about to start it."""
        pid = self._process.pid if self._process is not None else 0
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
        return int(children[0]) if children else pid

    @property
    def path(self) -> str:
        """PATH with the engine's programs first: containerd and the shim are found by it."""
        return f"{self.programs['dockerd'].parent}:{os.environ['PATH']}"

    def inside(self) -> list[str]:
        """How a command begins that runs where the engine does, with its network, files, processes and host name."""
        return ["nsenter", "-t", str(self._first()), "--net", "--mount", "--pid", "--uts"]

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text(encoding="utf-8", errors="replace")

    def start(self) -> None:
        """Start dockerd and wait until it answers; StartRefused where it ends first."""
        dockerd = [
            str(self.programs["dockerd"]),
            *("--data-root", f"{self.folder}/data"),
            *("--storage-driver", "vfs"),
            *("--cgroup-parent", f"/{PREFIX}{self.host.name}"),
            *("--config-file", f"{self.folder}/daemon.json"),
            *self.flags,
        ]
        inside = ["sh", "-c", _START, "start", self.host.name, str(self.folder), *dockerd]
        unshare = ["unshare", "--uts", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
        with (self.folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                self.host.command(*unshare, *inside), stdout=log, stderr=log, env=os.environ | {"PATH": self.path}
            )
        wait_until(self._answers, 40, f"engine {self.version} on {self.host.name}")

    def _answers(self) -> bool:
        if self._process is None or self._process.poll() is not None:
            # its connection to containerd may log that it ends after the reason is given
            lines = [line for line in self.log.splitlines() if line.strip() and " level=info " not in line]
            raise StartRefused(lines[-1] if lines else "")
        try:
            return self.api.ask("GET", "/_ping") == b"OK"
        except (OSError, LabError):  # it does not listen, or is not ready
            return False

    def restart(self) -> None:
        """Stop dockerd as systemd would, and start it again; its data stays."""
        self._signal(signal.SIGTERM)
        self.start()
        self.settle()

    def upgrade(self, version: str) -> None:
        """Stop dockerd and go on with another version of it on the same data."""
        found = programs(version)
        if found is None:
            raise LabError(f"engine {version} is not here")
        self.version, self.programs = version, found
        self.client[0] = str(found["docker"])
        self.restart()

    def docker(self, *words: str, check: bool = True, stdin: str | None = None, timeout: float = 60) -> str:
        """Output of `docker WORDS` against this engine."""
        return run(*self.client, *words, check=check, stdin=stdin, timeout=timeout).strip()

    def container(self, name: str, *options: str) -> None:
        """Run a container in the background, which serves on image.PORTS; LabError where docker refuses."""
        self.api.run(image.IMAGE, name, options)
        self.settle()

    def settle(self) -> None:
        """Wait until every container that runs serves."""
        wait_until(lambda: all(map(self._serves, self._running())), 20, "the containers")

    def _running(self) -> list[str]:
        return [str(container["Id"]) for container in self.api.get("/containers/json")]

    def _serves(self, container: str) -> bool:
        """Whether the container has written READY: looked for in its file system, without a program in it."""
        mount = self.folder / "data" / "image" / "vfs" / "layerdb" / "mounts" / container / "mount-id"
        if not mount.exists():  # it has ended since
            return True
        layer = self.folder / "data" / "vfs" / "dir" / mount.read_text(encoding="ascii")
        return (layer / image.READY.lstrip("/")).exists()

    def provide(self, *names: str) -> None:
        """Let the lab's image stand for images of other names."""
        for name in names:
            self.api.tag(image.IMAGE, name)

    def within(self, container: str) -> list[str]:
        """How a command begins that runs in a container's network and files.

        A tenth of what `docker exec` takes. LabError where the container does not run.
        """
        own = self._namespaces(container)
        return ["nsenter", f"--net={own}/net", f"--mount={own}/mnt", f"--uts={own}/uts"]

    def _namespaces(self, container: str) -> Path:
        """The folder of the kernel's with the container's namespaces."""
        process = self.api.get(f"/containers/{container}/json")["State"]["Pid"]  # its number where the engine is
        if not process:
            raise LabError(f"container {container} does not run")
        return Path(f"/proc/{self._first()}/root/proc/{process}/ns")

    def execute(self, container: str, *words: str, check: bool = True, stdin: str | None = None) -> str:
        """Output of a program of the container, which runs in its network and files."""
        return run(*self.within(container), *words, check=check, stdin=stdin, timeout=30).strip()

    def pings(self, container: str, address: str, *options: str) -> bool:
        """Whether one of three pings from `container` to `address` is answered."""
        return answered(*self.within(container), *PING, *options, address)

    def asks(self, container: str, address: str, port: int = 80) -> str | None:
        """The container's address as the server at `address` sees it; None where no server answers."""
        return asked(self.network(container), address, port)

    def network(self, container: str) -> Path:
        """The container's network, for net.inside."""
        return self._namespaces(container) / "net"

    def clear(self) -> None:
        """Remove every container and every network that was created."""
        for container in self.api.get("/containers/json?all=1"):
            self.api.remove(container["Id"])
        if any(network["Name"] not in _PREDEFINED for network in self.api.get("/networks")):
            self.api.post("/networks/prune")

    def address(self, container: str, network: str = "bridge") -> str:
        """The IPv4 address of `container` on `network`."""
        networks = self.api.get(f"/containers/{container}/json")["NetworkSettings"]["Networks"]
        if network not in networks:
            raise LabError(f"container {container} is not on network {network}")
        return str(networks[network]["IPAddress"])


def refusal(host: Host, version: str, *flags: str, config: dict[str, Any] | str | None = None) -> str | None:
    """What dockerd says when it refuses to start; None where it starts."""
    try:
        with Engine(host, version, *flags, config=config):
            return None
    except StartRefused as refused:
        return str(refused)


class KvStore:
    """etcd with the old API, which the key-value overlay of engines up to 20.10 speaks."""

    def __init__(self, host: Host, address: str) -> None:
        self.host, self.address = host, address

    @property
    def url(self) -> str:
        return f"etcd://{self.address}:2379"

    def __enter__(self) -> Self:
        self.folder = make_folder("etcd")
        listen = ("--listen-client-urls", "http://0.0.0.0:2379", "--listen-peer-urls", "http://127.0.0.1:2380")
        advertise = ("--advertise-client-urls", f"http://{self.address}:2379")
        self._process = self.host.background("etcd", "--data-dir", str(self.folder), "--enable-v2", *listen, *advertise)
        health = ("env", "ETCDCTL_API=3", "etcdctl", "--endpoints", "http://127.0.0.1:2379", "endpoint", "health")
        try:
            wait_until(lambda: "is healthy" in self.host.run(*health, check=False), 20, "etcd")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait(5)
        remove_folder(self.folder)
