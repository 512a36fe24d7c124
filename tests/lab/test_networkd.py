"""NL515: systemd-networkd beside an engine."""

from pathlib import Path

import pytest

from tests.lab import networkd
from tests.lab.compose import Record
from tests.lab.dump import dump
from tests.lab.engine import Engine
from tests.lab.examples import files, reported, write
from tests.lab.machine import ADDRESS, NEIGHBOUR, machine
from tests.lab.net import wait_until

PLACE = "etc/systemd/network/"
# By the rule's examples: whether networkd takes a container's link out of its bridge, and a link that the file is for.
# The lab's eth0 is one of a pair itself.
PARTS = {
    "every link": (True, "eth0"),
    "every link of the type": (True, "eth0"),
    "the bridges alone": (False, "docker0"),
    "the card": (False, "eth0"),
    "no virtual link": (False, None),
    "in the bridges that they are in": (False, "eth0"),
    "the engine's links are left alone": (False, "eth0"),
}


@pytest.mark.parametrize("title", PARTS)
def test_container_links(version: str, title: str, proof: Record, tmp_path: Path) -> None:
    texts = {name: text for name, text in files("NL515", title).items() if name.startswith(PLACE)}
    parts, link = PARTS[title]
    bad = parts or link == "docker0"
    with machine() as (host, others), Engine(host, version) as engine:
        engine.container("web", "-p", "8080:80")
        assert engine.asks("web", NEIGHBOUR) == ADDRESS
        with networkd.networkd(host, {Path(name).name: text for name, text in texts.items()}) as log:
            taken = f"Configuring with /{PLACE}20-wired.network"
            if link is not None:
                wait_until(lambda: f"{link}: {taken}" in log.read_text(encoding="utf-8"), 10, "networkd's files")

            def bridged() -> bool:
                return "veth" in host.ip("link", "show", "master", "docker0")

            if parts:
                wait_until(lambda: not bridged(), 10, "the end of the container's link in the bridge")
            assert (engine.asks("web", NEIGHBOUR) is None) is parts
            assert (others.asks(ADDRESS, 8080) is None) is parts
            assert bridged() is not parts
            assert "172.17.0.1/16" in host.ip("addr", "show", "docker0")
            assert (f"docker0: {taken}" in log.read_text(encoding="utf-8")) is (bad or "bridges" in title)
            dump(engine, write(texts, tmp_path))
            assert ("NL515" in reported(tmp_path)) is bad
            if parts:
                engine.docker("restart", "-t", "0", "web")
                engine.settle()
                wait_until(lambda: engine.asks("web", NEIGHBOUR) == ADDRESS, 5, "the container's network")
    if bad:
        match = texts[f"{PLACE}20-wired.network"].splitlines()[1].strip()
        effect = (
            "the link of the running container leaves docker0, and the container its network, until it is restarted"
        )
        seen = effect if parts else "docker0 keeps its address, containers their network; networkd asks for an address"
        proof(rule="NL515", engine=version, observed=f"{networkd.version()} with {match} starts: {seen}")
