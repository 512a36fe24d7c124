"""Docker engines, Compose and a key-value store on the lab's hosts."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from net import Host, LabError, run, wait_until

CACHE = Path(os.environ.get("NETLINT_LAB_CACHE", "/var/cache/netlint-lab"))
SUITES = {"26.1": "trixie", "28.5": "sid"}  # the Debian suite whose engine each version comes from; 20.10: installed
COMPOSE = {"2.26": "trixie", "2.40": "sid"}
IMAGE = "bb:1"


def programs(version: str) -> Path | None:
    """The folder with the programs of engine `version`; None where it is not there. 20.10 is the installed one."""
    if version == "20.10":
        return Path("/usr/sbin") if Path("/usr/sbin/dockerd").exists() else None
    folder = CACHE / SUITES[version] / "bin"
    return folder if (folder / "dockerd").exists() else None


class StartRefused(LabError):  # noqa: N818 - what happened, not an error of the lab
    """dockerd ended at start; the text is its log."""


class Engine:
    """A Docker engine on a host. `config` becomes its daemon.json, `flags` its command line."""

    def __init__(self, host: Host, version: str, *flags: str, config: dict[str, Any] | str | None = None) -> None:
        self.host, self.version, self.flags, self.config = host, version, flags, config
        self.folder = Path(tempfile.mkdtemp(prefix=f"netlint-lab-{host.name}-"))
        self.socket = self.folder / "docker.sock"
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        try:
            self.start()
            self._import_image()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def log(self) -> str:
        path = self.folder / "log"
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""

    def start(self) -> None:
        """Start dockerd and wait until it answers; StartRefused with its log where it ends first."""
        folder = programs(self.version)
        if folder is None:
            raise LabError(f"engine {self.version} is not here")
        arguments = [
            "--data-root",
            f"{self.folder}/data",
            "--exec-root",
            f"{self.folder}/exec",
            "--pidfile",
            f"{self.folder}/pid",
            "-H",
            f"unix://{self.socket}",
            "--storage-driver",
            "vfs",
        ]
        config = self.folder / "daemon.json"
        config.write_text(self.config if isinstance(self.config, str) else json.dumps(self.config or {}), "utf-8")
        arguments += ["--config-file", str(config), *self.flags]
        environment = os.environ | {"PATH": f"{folder}:{os.environ['PATH']}"}
        # a UTS namespace of its own: engines that share a host name never form an overlay
        inner = 'hostname "$1"; shift; exec "$@"'
        command = ["unshare", "-u", "sh", "-c", inner, "engine", self.host.name, *self.host.command("dockerd")]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen([*command, *arguments], stdout=log, stderr=log, env=environment)

        def answers() -> bool:
            if self._process is not None and self._process.poll() is not None:
                raise StartRefused(self.log)
            return self.socket.exists() and "Server:" in run(
                "docker", "-H", f"unix://{self.socket}", "version", check=False
            )

        wait_until(answers, 40, f"engine {self.version} on {self.host.name}")

    def stop(self) -> None:
        """Stop dockerd as systemd would; its data stays."""
        if self._process is None:
            return
        with contextlib.suppress(OSError, ValueError):
            os.kill(int((self.folder / "pid").read_text()), signal.SIGTERM)
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(5)
        self._process = None

    def restart(self) -> None:
        self.stop()
        self.start()

    def close(self) -> None:
        """Stop the engine with its containers and remove its folder."""
        if self._process is not None and self._process.poll() is None:
            names = run("docker", "-H", f"unix://{self.socket}", "ps", "-aq", check=False, timeout=20).split()
            if names and all(name.isalnum() for name in names):
                run("docker", "-H", f"unix://{self.socket}", "rm", "-f", *names, check=False)
        self.stop()
        mounts = [line.split()[1] for line in Path("/proc/mounts").read_text(encoding="utf-8").splitlines()]
        for mount in sorted((place for place in mounts if place.startswith(f"{self.folder}/")), reverse=True):
            run("umount", "-l", mount, check=False)
        shutil.rmtree(self.folder, ignore_errors=True)

    def docker(self, *words: str, check: bool = True, timeout: float = 60) -> str:
        """Output of `docker WORDS` against this engine."""
        return run("docker", "-H", f"unix://{self.socket}", *words, check=check, timeout=timeout).strip()

    def container(self, name: str, *options: str, command: tuple[str, ...] = ("/bin/sleep", "600")) -> str:
        """Run a container in the background; what docker printed."""
        return self.docker("run", "-d", "--name", name, *options, IMAGE, *command)

    def reaches(self, container: str, address: str) -> bool:
        """Whether a ping from `container` to `address` (or name) is answered."""
        answer = self.docker("exec", container, "/bin/ping", "-c", "2", "-W", "1", address, check=False, timeout=15)
        return "bytes from" in answer

    def address(self, container: str, network: str = "bridge") -> str:
        """The IPv4 address of `container` on `network`."""
        template = f'{{{{(index .NetworkSettings.Networks "{network}").IPAddress}}}}'
        return self.docker("inspect", "-f", template, container)

    def _import_image(self) -> None:
        """An image without a registry: busybox, with a link for every tool."""
        with tempfile.TemporaryDirectory() as root:
            binary = Path(root, "bin", "busybox")
            binary.parent.mkdir()
            shutil.copy("/bin/busybox", binary)
            for tool in run(str(binary), "--list").split():
                with contextlib.suppress(FileExistsError):
                    Path(root, "bin", tool).symlink_to("busybox")
            Path(root, "tmp").mkdir(mode=0o1777)
            archive = subprocess.Popen(["tar", "-C", root, "-c", "."], stdout=subprocess.PIPE)
            subprocess.run(
                ["docker", "-H", f"unix://{self.socket}", "import", "-", IMAGE],
                stdin=archive.stdout,
                check=True,
                capture_output=True,
                timeout=60,
            )
            archive.wait(10)


class Compose:
    """docker-compose of a version, as a client of an engine."""

    def __init__(self, version: str, engine: Engine) -> None:
        self.binary = CACHE / COMPOSE[version] / "bin" / "docker-compose"
        self.engine = engine

    def run(self, folder: Path, *words: str, check: bool = True) -> str:
        """Output of `docker compose WORDS` in `folder`."""
        done = subprocess.run(
            [str(self.binary), *words],
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=120,
            env=os.environ | {"DOCKER_HOST": f"unix://{self.engine.socket}"},
        )
        if check and done.returncode:
            raise LabError(f"docker compose {' '.join(words)}: status {done.returncode}\n{done.stdout.strip()}")
        return done.stdout


class KvStore:
    """etcd with the old API, which the key-value overlay of engines up to 20.10 speaks."""

    def __init__(self, host: Host, address: str) -> None:
        self.host, self.address = host, address
        self.folder = Path(tempfile.mkdtemp(prefix="netlint-lab-etcd-"))
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"etcd://{self.address}:2379"

    def __enter__(self) -> Self:
        self._process = self.host.background(
            "etcd",
            "--data-dir",
            str(self.folder),
            "--enable-v2",
            "--listen-client-urls",
            "http://0.0.0.0:2379",
            "--advertise-client-urls",
            f"http://{self.address}:2379",
            "--listen-peer-urls",
            "http://127.0.0.1:2380",
        )
        healthy = ("etcdctl", "--endpoints", "http://127.0.0.1:2379", "endpoint", "health")
        wait_until(lambda: "is healthy" in self.host.run("env", "ETCDCTL_API=3", *healthy, check=False), 20, "etcd")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(5)
        shutil.rmtree(self.folder, ignore_errors=True)
