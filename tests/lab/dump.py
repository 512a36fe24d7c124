"""Everything that netlint reads of a host, listed on a host of the lab: `dump(engine, folder)`.

`python -m tests.lab.dump 28.5 FOLDER` starts an engine with the daemon.json in FOLDER and the project of its
compose.yaml, and lists that host into FOLDER. What would tell of the machine that the lab runs on is left out.
"""

from __future__ import annotations

import re
import sys
from functools import cache
from pathlib import Path

from tests.lab.engine import Engine
from tests.lab.net import PREFIX, lock, make_folder

LISTINGS = {
    "ip-addr.txt": "ip addr",
    "ip-d-link.txt": "ip -d link",
    "ip-route.txt": "ip route",
    "ip-route-table-all.txt": "ip -4 route show table all",
    "ip-6-route.txt": "ip -6 route",
    "ip-rule.txt": "ip rule",
    "ip-neigh.txt": "ip neigh",
    "bridge-link.txt": "bridge link",
    "iptables-save.txt": "iptables-save",
    "ip6tables-save.txt": "ip6tables-save",
    "ss-ltnup.txt": "ss -ltnup",
}
SYSCTLS = r"^net\.(ipv[46]\.(ip_forward|conf\..*\.(forwarding|rp_filter|route_localnet))|bridge\..*tables)$"
DOCKER = {
    "docker-version.txt": "version",
    "docker-info.txt": "info",
    "docker-network-ls.txt": "network ls",
    "docker-ps.txt": "ps --no-trunc",
}
# Lines of docker info that are about the machine and not about its network.
_MACHINE = re.compile(
    r"^ (?:Kernel Version|Operating System|OSType|Architecture|CPUs|Total Memory|Cgroup \w+|ID|Debug Mode"
    r"|Security Options|  (?:seccomp|apparmor|cgroupns).*|   Profile|Product License|WARNING): .*\n|^WARNING: .*\n",
    re.MULTILINE,
)


def dump(engine: Engine, folder: Path) -> Path:
    """List the host of `engine` into `folder`, and give `folder` back."""
    folder.mkdir(parents=True, exist_ok=True)
    texts = {name: engine.host.run(*command.split()) for name, command in LISTINGS.items()}
    texts["sysctl-net.txt"] = engine.host.run("sysctl", "-a", "-r", SYSCTLS, check=False)
    for name, command in DOCKER.items():
        texts[name] = _version(engine) if command == "version" else engine.docker(*command.split()) + "\n"
    networks = [network["Id"] for network in engine.listed("/networks")]
    texts["docker-network-inspect.json"] = engine.docker("network", "inspect", *networks) + "\n"
    containers = [container["Id"] for container in engine.listed("/containers/json?all=1")]
    if containers:
        texts["docker-inspect.json"] = engine.docker("inspect", *containers) + "\n"
    for name in ("daemon.json", "resolv.conf"):
        texts[name] = (engine.folder / name).read_text(encoding="utf-8")
    for name, text in texts.items():
        (folder / name).write_text(_neutral(text, engine), encoding="utf-8")
    return folder


@cache
def _version(engine: Engine) -> str:
    """What `docker version` says, which stays the same."""
    return engine.docker("version") + "\n"


def _neutral(text: str, engine: Engine) -> str:
    """`text` without what tells of this machine."""
    text = text.replace(f"{engine.folder}/data", "/var/lib/docker").replace(str(engine.folder), "/etc/docker")
    return _MACHINE.sub("", re.sub(rf"link-netns {PREFIX}\S+", "link-netnsid 0", text))


def main() -> int:
    """Make a fixture: arguments are the engine's version and the folder with what is to run there."""
    from tests.lab.compose import up  # noqa: PLC0415 - which needs the above
    from tests.lab.machine import machine  # noqa: PLC0415

    version, folder = sys.argv[1], Path(sys.argv[2])
    texts = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.*") if path.suffix != ".txt"}
    with (
        lock(),
        machine(name=folder.resolve().parent.name) as (host, _),
        Engine(host, version, config=texts.get("daemon.json")) as engine,
    ):
        project = make_folder("project")
        up(engine, {"compose.yaml": texts["compose.yaml"]}, project)
        dump(engine, folder)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
