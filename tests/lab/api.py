"""An engine's API over its UNIX socket: what the `docker` command asks for, without a process for each question.

The paths carry no version, so that each engine takes its own newest: https://docs.docker.com/reference/api/engine/.
"""

from __future__ import annotations

import argparse
import http.client
import json
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from tests.lab.net import LabError


class _Unix(http.client.HTTPConnection):
    """HTTP on a socket in the file system."""

    def __init__(self, path: Path, timeout: float) -> None:
        super().__init__("engine", timeout=timeout)
        self.path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self.path))


class Api:
    def __init__(self, path: Path) -> None:
        self.path = path

    def ask(self, method: str, path: str, body: bytes | None = None, kind: str = "application/json") -> bytes:
        """What the engine answers; LabError with its own words where it refuses, OSError where there is no engine."""
        one = _Unix(self.path, 60)
        try:
            one.request(method, path, body, {"Content-Type": kind})
            answer = one.getresponse()
            text = answer.read()
        except http.client.HTTPException as error:  # the engine ended meanwhile
            raise ConnectionError(str(error)) from error
        finally:
            one.close()
        if answer.status >= 400:
            raise LabError(f"{method} {path}: status {answer.status}\n{_message(text)}")
        return text

    def get(self, path: str) -> Any:
        """The JSON that is at `path`."""
        return json.loads(self.ask("GET", path))

    def post(self, path: str, content: object = None, **query: str) -> Any:
        """Make or do what is at `path`; the JSON that comes back, None for none."""
        body = None if content is None else json.dumps(content).encode()
        text = self.ask("POST", path + (f"?{urlencode(query)}" if query else ""), body)
        return json.loads(text) if text else None

    def run(self, image: str, name: str, options: Sequence[str]) -> None:
        """`docker run -d --name NAME OPTIONS IMAGE`, for the options that _RUN knows.

        As there, a container that cannot start stays.
        """
        made = self.post("/containers/create", {"Image": image} | _container(options), name=name)
        self.post(f"/containers/{made['Id']}/start")

    def load(self, archive: Path, image: str, change: str) -> None:
        """`docker import -c CHANGE ARCHIVE IMAGE`."""
        repository, _, tag = image.partition(":")
        query = urlencode({"fromSrc": "-", "repo": repository, "tag": tag, "changes": change})
        self.ask("POST", f"/images/create?{query}", archive.read_bytes(), "application/x-tar")

    def tag(self, image: str, name: str) -> None:
        """`docker tag IMAGE NAME`."""
        repository, _, tag = name.rpartition(":") if ":" in name.rpartition("/")[2] else (name, "", "latest")
        self.post(f"/images/{image}/tag", repo=repository, tag=tag)

    def remove(self, container: str) -> None:
        """`docker rm -f CONTAINER`."""
        self.ask("DELETE", f"/containers/{container}?force=1")


def _message(text: bytes) -> str:
    """The engine's words in the body of a refusal."""
    try:
        return str(json.loads(text)["message"])
    except (ValueError, KeyError, TypeError):
        return text.decode(errors="replace")


_RUN = argparse.ArgumentParser(exit_on_error=False, allow_abbrev=False)
_RUN.add_argument("--network", "--net", default="default")
_RUN.add_argument("--ip")
_RUN.add_argument("--restart", default="no")
for _option in ("-p", "-e", "-l", "--dns"):
    _RUN.add_argument(_option, action="append", default=[])


def _container(options: Sequence[str]) -> dict[str, Any]:
    """The options of `docker run` as the body of a request."""
    asked = _RUN.parse_args(options)
    ports: dict[str, list[dict[str, str]]] = {}
    for mapping in asked.p:
        *address, outer, inner = mapping.split(":")
        ports.setdefault(f"{inner}/tcp", []).append({"HostIp": ":".join(address), "HostPort": outer})
    return {
        "Env": asked.e,
        "Labels": dict(label.split("=", 1) for label in asked.l),
        "ExposedPorts": {port: {} for port in ports},
        "HostConfig": {
            "NetworkMode": asked.network,
            "PortBindings": ports,
            "RestartPolicy": {"Name": asked.restart},
            "Dns": asked.dns,
        },
        "NetworkingConfig": {
            "EndpointsConfig": {asked.network: {"IPAMConfig": {"IPv4Address": asked.ip}}} if asked.ip else {}
        },
    }
