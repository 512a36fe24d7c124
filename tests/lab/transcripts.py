"""The page docs/clusters.md: what an overlay shows when it is set up wrong, run in the lab as it stands there.

    sudo .venv/bin/python -m tests.lab.transcripts

It needs what the lab needs, and writes the page anew with what the engines and netlint have said.
"""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

from tests.lab import image
from tests.lab.dump import dump
from tests.lab.engine import Engine, KvStore
from tests.lab.machine import ADDRESS, NEIGHBOUR, pair
from tests.lab.net import lock, make_folder, remove_folder, wait_until

PAGE = Path(__file__).resolve().parents[2] / "docs" / "clusters.md"
HEAD = f"""\
# Overlays that are set up wrong, and look right

Every session below was run as it stands, on two hosts of the lab with Docker 20.10 ({ADDRESS} and {NEIGHBOUR} on one
LAN, network namespaces of one machine); `sudo .venv/bin/python -m tests.lab.transcripts` runs them again and writes
this page. `node-a/` and `node-b/` hold the listings that `netlint collect` takes on each host.
"""
CHECK = ("check", "node-a", "node-b", "--severity", "error", "--quiet", "--no-config")


class Page:
    """The text so far, with the folder that the hosts are listed into."""

    def __init__(self, folder: Path) -> None:
        self.parts, self.folder = [HEAD], folder

    def say(self, text: str) -> None:
        self.parts.append(text.strip() + "\n")

    def file(self, language: str, title: str, text: str) -> None:
        self.parts.append(f'```{language} title="{title}"\n{text.strip()}\n```\n')

    def session(self, *shown: tuple[str, str]) -> None:
        """Commands, each with the prompt of its host, and what they print."""
        lines = [f"{command}\n{output.strip()}".strip() for command, output in shown]
        self.parts.append("```text\n" + "\n".join(lines) + "\n```\n")

    def netlint(self, *engines: Engine) -> tuple[str, str]:
        """What netlint says of the hosts as they are now."""
        for engine in engines:
            dump(engine, self.folder / engine.host.name)
        found = subprocess.run(
            [sys.executable, "-m", "netlint", *CHECK], cwd=self.folder, capture_output=True, text=True, check=False
        )
        return "$ netlint check node-a node-b --severity error --quiet", found.stdout or "(nothing)"


def typed(engine: Engine, *words: str, only: str = "") -> tuple[str, str]:
    """A docker command and its output, of which `only` names the lines to show."""
    output = engine.docker(*words, check=False, timeout=30)
    lines = [line for line in output.splitlines() if only in line]
    return f"{engine.host.name}# docker {' '.join(words)}", "\n".join(lines)


def ping(engine: Engine, container: str, address: str) -> tuple[str, str]:
    return typed(engine, "exec", container, "ping", "-c", "2", "-W", "1", address, only=" packets ")


def store(page: Page) -> None:
    """Two engines with etcd, the second with and without cluster-advertise."""
    page.say("## A key-value store, and one engine that does not say where it is")
    config = {"cluster-store": f"etcd://{ADDRESS}:2379", "cluster-advertise": "eth0:2376"}
    without = {"cluster-store": config["cluster-store"]}
    page.say("`node-a` runs etcd and has in its `daemon.json`:")
    page.file("json", "node-a/daemon.json", json.dumps(config, indent=2))
    for number, options in enumerate((without, config)):
        if number:
            page.say("With `cluster-advertise` on both, the same commands:")
        else:
            page.say("`node-b` has the store alone. The engine starts, and every command succeeds:")
        page.file("json", "node-b/daemon.json", json.dumps(options, indent=2))
        with pair() as (a, b), KvStore(a, ADDRESS), ExitStack() as stack:
            one = stack.enter_context(Engine(a, "20.10", config=json.dumps(config, indent=2)))
            two = stack.enter_context(Engine(b, "20.10", config=json.dumps(options, indent=2)))
            made = typed(one, "network", "create", "-d", "overlay", "--subnet", "10.9.0.0/24", "wide")
            one.container("left", "--net", "wide")
            two.container("right", "--net", "wide")
            address = two.address("right", "wide")
            page.session(
                (made[0], ""),
                (f"node-a# docker run -d --name left --net wide {image.IMAGE}", ""),
                (f"node-b# docker run -d --name right --net wide {image.IMAGE}", ""),
                typed(two, "network", "ls", only="wide"),
                ping(one, "left", address),
                ping(two, "right", one.address("left", "wide")),
                page.netlint(one, two),
            )


def swarm(page: Page) -> None:
    """A swarm with VXLAN and then the gossip closed on one node."""
    page.say("## A swarm whose nodes are Ready, and whose containers are alone")
    with pair() as (a, b), ExitStack() as stack:
        one, two = stack.enter_context(Engine(a, "20.10")), stack.enter_context(Engine(b, "20.10"))
        one.docker("swarm", "init", "--advertise-addr", ADDRESS)
        token = one.docker("swarm", "join-token", "-q", "worker")
        two.docker("swarm", "join", "--token", token, "--advertise-addr", NEIGHBOUR, f"{ADDRESS}:2377")
        one.docker("network", "create", "-d", "overlay", "--attachable", "wide")
        one.container("left", "--network", "wide")
        two.container("right", "--network", "wide")
        address = two.address("right", "wide")
        wait_until(lambda: one.pings("left", address), 30, "the overlay")
        page.say("Two nodes, an attachable overlay `wide`, a container on each, and no firewall:")
        page.session(nodes(one), ping(one, "left", address), page.netlint(one, two))
        page.say("`node-a` drops udp 4789, which carries the containers' packets:")
        rule = ("INPUT", "-p", "udp", "--dport", "4789", "-j", "DROP")
        a.run("iptables", "-I", *rule)
        page.session(
            (f"node-a# iptables -I {' '.join(rule)}", ""),
            nodes(one), ping(one, "left", address), page.netlint(one, two),
        )  # fmt: skip
        a.run("iptables", "-D", *rule)
        page.say("It drops 7946 instead, by which the nodes tell each other of their containers. One that starts now:")
        for protocol in ("tcp", "udp"):
            a.run("iptables", "-I", "INPUT", "-p", protocol, "--dport", "7946", "-j", "DROP")
        two.container("late", "--network", "wide")
        page.session(
            ("node-a# iptables -I INPUT -p tcp --dport 7946 -j DROP", ""),
            ("node-a# iptables -I INPUT -p udp --dport 7946 -j DROP", ""),
            (f"node-b# docker run -d --name late --network wide {image.IMAGE}", ""),
            nodes(one),
            typed(one, "exec", "left", "ping", "-c", "2", "-W", "1", "late"),
            page.netlint(one, two),
        )


def nodes(manager: Engine) -> tuple[str, str]:
    form = "table {{.Hostname}}\t{{.Status}}\t{{.ManagerStatus}}"
    output = manager.docker("node", "ls", "--format", form)
    return "node-a# docker node ls --format 'table {{.Hostname}} {{.Status}} {{.ManagerStatus}}'", output


def main() -> int:
    folder = make_folder("transcripts")
    try:
        with lock():
            page = Page(folder)
            store(page)
            swarm(page)
    finally:
        remove_folder(folder)
    PAGE.write_text("\n".join(page.parts), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
