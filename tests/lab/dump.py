"""Everything that netlint reads of a host, listed on a host of the lab: `dump(engine, folder)`.

`python -m tests.lab.dump 28.5 FOLDER` starts an engine with the daemon.json in FOLDER and the project of its
compose.yaml, and lists that host into FOLDER. What would tell of the machine that the lab runs on is left out.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

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
SYSCTLS = (
    "net/ipv4/ip_forward",
    *(f"net/ipv[46]/conf/*/{key}" for key in ("forwarding", "rp_filter", "route_localnet")),
    "net/ipv6/conf/*/accept_ra",
    "net/bridge/*tables",
)
# What the client prints, and where the engine's API has what it is made of.
DOCKER = {
    "docker-version.txt": ("version", "/version"),
    "docker-info.txt": ("info", "/info"),
    "docker-network-ls.txt": ("network ls", "/networks"),
    "docker-ps.txt": ("ps --no-trunc", "/containers/json"),
}
# What is another thing at every look.
_FLEETING = {"SystemTime", "NFd", "NGoroutines", "NEventsListener", "Status"}
# Lines of docker info that are about the machine and not about its network.
_MACHINE = re.compile(
    r"^ (?:Kernel Version|Operating System|OSType|Architecture|CPUs|Total Memory|Cgroup \w+|ID|Debug Mode"
    r"|Security Options|  (?:seccomp|apparmor|cgroupns).*|   Profile|Product License|WARNING): .*\n|^WARNING: .*\n",
    re.MULTILINE,
)


def dump(engine: Engine, folder: Path) -> Path:
    """List the host of `engine` into `folder`, and give `folder` back."""
    folder.mkdir(parents=True, exist_ok=True)
    script = "".join(f"{command} >{name}\n" for name, command in LISTINGS.items())
    engine.host.run("env", "-C", str(folder), "sh", "-e", "-c", script)
    texts = {name: (folder / name).read_text(encoding="utf-8") for name in LISTINGS}
    texts["sysctl-net.txt"] = "".join(
        f"{key} = {value}\n" for key, value in sorted(engine.host.sysctls(*SYSCTLS).items())
    )
    for name, (command, path) in DOCKER.items():
        texts[name] = _printed(engine, command, path)
    networks = [engine.api.get(f"/networks/{network['Id']}") for network in engine.api.get("/networks")]
    texts["docker-network-inspect.json"] = _inspected(networks)
    containers = [engine.api.get(f"/containers/{one['Id']}/json") for one in engine.api.get("/containers/json?all=1")]
    if containers:
        texts["docker-inspect.json"] = _inspected(containers)
    for name in ("daemon.json", "resolv.conf"):
        texts[name] = (engine.folder / name).read_text(encoding="utf-8")
    for name, text in texts.items():
        (folder / name).write_text(_neutral(text, engine), encoding="utf-8")
    return folder


def _inspected(found: list[dict[str, Any]]) -> str:
    """As the client's `inspect` prints what the API says."""
    return json.dumps(found, indent=4, ensure_ascii=False) + "\n"


_said: dict[tuple[str, str, str], str] = {}


def _printed(engine: Engine, command: str, path: str) -> str:
    """What the client prints, which is made of what the API says: it is asked anew where that differs."""
    state = json.dumps(_lasting(engine.api.get(path)))
    key = (engine.version, command, state)
    if key not in _said:
        _said[key] = engine.docker(*command.split()) + "\n"
    return _said[key]


def _lasting(found: Any) -> Any:
    """What the API says without what differs at every look."""
    if isinstance(found, dict):
        return {key: _lasting(value) for key, value in found.items() if key not in _FLEETING}
    return [_lasting(one) for one in found] if isinstance(found, list) else found


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
