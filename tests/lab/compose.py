"""Compose projects of examples on an engine, and what netlint says of the running host."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.lab.dump import dump
from tests.lab.engine import CACHE, Engine
from tests.lab.examples import findings, images, write
from tests.lab.net import Host, LabError, run

COMPOSE = {"2.26": "26.1", "2.40": "28.5"}  # and the engine that is unpacked with each
Record = Callable[..., None]  # the fixture `proof`


class Lab(NamedTuple):
    """A machine on a plain LAN, everybody else there, and the machine's engine."""

    host: Host
    others: Host
    engine: Engine


class Compose:
    """docker-compose of a version, as a client of an engine."""

    def __init__(self, engine: Engine, version: str = "2.40") -> None:
        self.binary = CACHE / COMPOSE[version] / "bin" / "docker-compose"
        if not self.binary.exists():
            pytest.skip(f"Compose {version} is not here; run tests/lab/fetch-engines.sh")
        self.engine = engine

    def run(self, folder: Path, *words: str) -> str:
        """Output of `docker compose WORDS` in `folder`; LabError with it where Compose fails."""
        socket = f"DOCKER_HOST=unix://{self.engine.socket}"
        return run("env", "-C", str(folder), socket, str(self.binary), *words, timeout=120)


def _project(texts: dict[str, str], folder: Path) -> Path:
    """The Compose files of an example in `folder`, without the listings beside them."""
    return write({name: text for name, text in texts.items() if name.startswith("compose")}, folder)


def up(engine: Engine, texts: dict[str, str], folder: Path) -> str:
    """Start the Compose project of an example in `folder`; what Compose printed, which a LabError holds if it fails."""
    engine.provide(*images(texts))
    said = Compose(engine).run(_project(texts, folder), "up", "-d")
    engine.settle()
    return said


def refused(engine: Engine, texts: dict[str, str], folder: Path) -> str:
    """What Compose says when the project of an example does not start, though `config` accepts its file."""
    Compose(engine).run(_project(texts, folder), "config", "-q")
    with pytest.raises(LabError) as error:
        up(engine, texts, folder)
    return str(error.value)


def container(folder: Path, service: str = "web") -> str:
    """The container of a service of the project in `folder`."""
    return f"{folder.name}-{service}-1"


def finds(engine: Engine, rule: str, folder: Path, about: str = "") -> bool:
    """Whether netlint reports `rule`, with `about` in the message, on a dump of the running host.

    The Compose project in `folder`, if any, is part of the dump.
    """
    return any(finding.code == rule and about in finding.message for finding in findings(dump(engine, folder)))
