"""netlint beside compose-lint, dclint and `docker compose config`, on seven faults and on pairs of ports:
`python tests/bench/compose_peers.py`.

Each fault lies in a folder of its own, with nothing else wrong in it. A tool finds it where its output says what the
fault is: the words that count stand beside the fault. Tools that are not installed are left out; `--compose-lint`,
`--dclint` and `--compose` tell where they are. Wall times are those of one run of each command, best of `--runs`.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple


class Fault(NamedTuple):
    """What is wrong, the words by which a tool shows that it knows, and the files."""

    name: str
    says: str
    files: dict[str, str]


DOCKER_LAN = "services:\n  web: {image: 'example/web:1', networks: [back]}\nnetworks:\n  back:\n"
FAULTS = [
    Fault(
        "a subnets overlap",
        r"overlap|contains|equals",
        {
            "compose.yaml": "services:\n  web: {image: 'example/web:1', networks: [one, two]}\nnetworks:\n"
            "  one: {ipam: {config: [{subnet: 172.28.0.0/16}]}}\n  two: {ipam: {config: [{subnet: 172.28.5.0/24}]}}\n"
        },
    ),
    Fault(
        "b subnet in bip and pools",
        r"overlap|docker0|\bpool",
        {
            "compose.yaml": DOCKER_LAN + "    ipam: {config: [{subnet: 172.30.4.0/24}]}\n",
            "daemon.json": '{"bip": "172.30.0.1/16",'
            ' "default-address-pools": [{"base": "172.30.4.0/22", "size": 24}]}\n',
        },
    ),
    Fault(
        "c address and gateway outside",
        r"outside (?:the|its) subnet|not (?:in|inside|within) .*subnet",
        {
            "compose.yaml": "services:\n  web: {image: 'example/web:1', networks: {back: {ipv4_address: 10.9.0.7}}}\n"
            "networks:\n  back: {ipam: {config: [{subnet: 172.28.5.0/24, gateway: 172.28.9.1}]}}\n"
        },
    ),
    Fault(
        "d one port twice",
        r"already|duplicate|also published|conflict",
        {
            "compose.yaml": "services:\n  web: {image: 'example/web:1', ports: ['127.0.0.1:8080:80']}\n"
            "  api: {image: 'example/api:1', ports: [{target: 80, published: '8080', host_ip: 127.0.0.1}]}\n"
        },
    ),
    Fault(
        "e API without TLS",
        r"tlsverify|certificate|unauthenticated|without TLS",
        {"daemon.json": '{"hosts": ["unix:///var/run/docker.sock", "tcp://0.0.0.0:2375"]}\n'},
    ),
    Fault(
        "f blanket masquerade",
        r"rewrite|translat|masquerad",
        {
            "iptables-save.txt": "*nat\n:PREROUTING ACCEPT [0:0]\n:INPUT ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n"
            ":POSTROUTING ACCEPT [0:0]\n:DOCKER - [0:0]\n-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER\n"
            "-A POSTROUTING -j MASQUERADE\n-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE\nCOMMIT\n",
            "ip-addr.txt": "1: lo: <LOOPBACK,UP> mtu 65536\n    inet 127.0.0.1/8 scope host lo\n"
            "2: eth0: <BROADCAST,MULTICAST,UP> mtu 1500\n    inet 10.0.0.5/24 scope global eth0\n"
            "3: docker0: <BROADCAST,MULTICAST,UP> mtu 1500\n    inet 172.17.0.1/16 scope global docker0\n",
        },
    ),
    Fault(
        "g host mode and ports",
        r"without effect|discard|ignored|no effect",
        {
            "compose.yaml": "services:\n  web: {image: 'example/web:1', network_mode: host, "
            "ports: ['127.0.0.1:8080:80']}\n"
        },
    ),
]

SHARED = r"also published|already|duplicate|twice"
PORTS = [  # two services, whether they take one port
    ("127.0.0.1:5432:5432", "10.0.0.5:5432:5432", False),
    ("[::]:9011:80", "10.0.0.5:9011:80", False),
    ("0.0.0.0:8080:80", "127.0.0.1:8080:81", True),
    ("8080:80", "[::1]:8080:80", True),
    ("53:53/tcp", "53:53/udp", False),
    ("9000-9010:9000-9010", "9005:9005", True),
    ("9000-9010:80", "9005:9005", False),
    ("${PORT:-5432}:5432", "5432:5432", True),
    ("${PORT:-5433}:5432", "5432:5432", False),
    ("5432", "5432", False),
    ("0.0.0.0:80:80", "[::]:80:80", False),
]


class Tool(NamedTuple):
    name: str
    command: list[str]
    whole_folder: bool


def tools(arguments: argparse.Namespace) -> list[Tool]:
    found = [Tool("netlint", [sys.executable, "-m", "netlint", "check", "--no-progress", "--exit-zero"], True)]
    for name, words in (("compose-lint", []), ("dclint", []), ("compose", ["config", "-q"])):
        path = shutil.which(getattr(arguments, name.replace("-", "_")))
        if path is not None:
            # without -f, so that .env and overrides count as they do for its users
            found.append(Tool("docker compose config" if name == "compose" else name, [path, *words], False))
        else:
            print(f"{name} is not installed, and left out", file=sys.stderr)
    return found


def said(tool: Tool, folder: Path, runs: int) -> tuple[str | None, float]:
    """What a tool prints of the folder, None where it reads no such files, and the seconds of its fastest run."""
    compose = folder / "compose.yaml"
    if not tool.whole_folder and not compose.exists():
        return None, 0.0
    if tool.name.startswith("docker compose"):
        command, best = tool.command, float("inf")
    else:
        command, best = [*tool.command, "." if tool.whole_folder else compose.name], float("inf")
    text = ""
    for _ in range(runs):
        start = time.perf_counter()
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=120)
        best = min(best, time.perf_counter() - start)
        text = done.stdout + done.stderr
    return text, best


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--compose-lint", default="compose-lint")
    options.add_argument("--dclint", default="dclint")
    options.add_argument("--compose", default="docker-compose")
    options.add_argument("--runs", type=int, default=3)
    arguments = options.parse_args()
    present = tools(arguments)
    rows: list[list[str]] = []
    seconds: dict[str, list[float]] = {tool.name: [] for tool in present}
    with tempfile.TemporaryDirectory() as parent:
        for fault in FAULTS:
            folder = write(Path(parent, fault.name[0]), fault.files)
            row = [fault.name]
            for tool in present:
                text, best = said(tool, folder, arguments.runs)
                row.append("-" if text is None else "yes" if re.search(fault.says, text, re.IGNORECASE) else "no")
                seconds[tool.name] += [best] if text is not None else []
            rows.append(row)
        rows.append(["seconds a run", *(f"{min(seconds[tool.name]):.2f}" for tool in present)])
        right = dict.fromkeys(seconds, 0)
        for number, (one, other, shared) in enumerate(PORTS):
            folder = write(Path(parent, f"ports{number}"), {"compose.yaml": pair(one, other)})
            row = [f"{one} and {other}: {'one port' if shared else 'two'}"]
            for tool in present:
                text, _ = said(tool, folder, 1)
                verdict = re.search(SHARED, text or "", re.IGNORECASE) is not None
                right[tool.name] += verdict is shared
                row.append("right" if verdict is shared else "wrong")
            rows.append(row)
        rows.append(["right of all pairs", *(f"{right[tool.name]}/{len(PORTS)}" for tool in present)])
    print(table(["", *(tool.name for tool in present)], rows))


def pair(one: str, other: str) -> str:
    return (
        f"services:\n  alpha:\n    image: example/alpha:1\n    ports:\n      - '{one}'\n"
        f"  beta:\n    image: example/beta:1\n    ports:\n      - '{other}'\n"
    )


def write(folder: Path, files: dict[str, str]) -> Path:
    folder.mkdir()
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def table(head: list[str], rows: list[list[str]]) -> str:
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    lines = [head, ["-" * width for width in widths], *rows]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in lines)


if __name__ == "__main__":
    main()
