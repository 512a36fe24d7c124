"""Everything that netlint reads of a host, listed on a host of the lab: `dump(engine, folder)`.

What would tell of the machine that the lab runs on is replaced: kernel and processor, names, folders.
"""

from __future__ import annotations

import re
from pathlib import Path

from tests.lab.engine import Engine
from tests.lab.net import PREFIX

LISTINGS = {
    "ip-addr.txt": "ip addr",
    "ip-d-link.txt": "ip -d link",
    "ip-route.txt": "ip route",
    "ip-6-route.txt": "ip -6 route",
    "ip-rule.txt": "ip rule",
    "ip-neigh.txt": "ip neigh",
    "iptables-save.txt": "iptables-save",
    "ip6tables-save.txt": "ip6tables-save",
    "ss-ltnup.txt": "ss -ltnup",
}
SYSCTLS = """net.ipv4.ip_forward net.ipv4.conf.all.forwarding net.ipv4.conf.all.rp_filter net.ipv4.conf.default.rp_filter
net.ipv4.conf.all.route_localnet net.ipv6.conf.all.forwarding net.bridge.bridge-nf-call-iptables
net.bridge.bridge-nf-call-ip6tables""".split()
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
    texts["sysctl-net.txt"] = engine.host.run("sysctl", *SYSCTLS, check=False)
    for name, command in DOCKER.items():
        texts[name] = engine.docker(*command.split()) + "\n"
    networks = engine.docker("network", "ls", "-q", "--no-trunc").split()
    texts["docker-network-inspect.json"] = engine.docker("network", "inspect", *networks) + "\n"
    for name in ("daemon.json", "resolv.conf"):
        texts[name] = (engine.folder / name).read_text(encoding="utf-8")
    for name, text in texts.items():
        (folder / name).write_text(_neutral(text, engine), encoding="utf-8")
    return folder


def _neutral(text: str, engine: Engine) -> str:
    """`text` without what tells of this machine."""
    text = text.replace(f"{engine.folder}/data", "/var/lib/docker").replace(str(engine.folder), "/etc/docker")
    text = text.replace(f"{PREFIX}others", "others").replace(f"{PREFIX}eth0-switch", "switch")
    return _MACHINE.sub("", text)
