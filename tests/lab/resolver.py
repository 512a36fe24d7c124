"""A name server that knows one name, and a question to it from inside a container."""

from __future__ import annotations

import re
import subprocess

from tests.lab.engine import Engine
from tests.lab.net import Host

EMBEDDED = "127.0.0.11"  # the engine's resolver, in every container on a network that somebody made
NAME, ADDRESS = "shop.example", "203.0.113.80"
# Answers every question: header of the question with the answer bit, the question, one record. Without an address it
# says that there is no such name (3).
_SERVER = """
import socket, sys
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind((sys.argv[1], 53))
while True:
    question, client = server.recvfrom(512)
    end = question.index(0, 12) + 5
    if sys.argv[2]:
        header = question[:2] + bytes.fromhex("8180 0001 0001 0000 0000")
        record = bytes.fromhex("c00c 0001 0001 0000003c 0004") + socket.inet_aton(sys.argv[2])
    else:
        header, record = question[:2] + bytes.fromhex("8183 0001 0000 0000 0000"), b""
    server.sendto(header + question[12:end] + record, client)
"""


def serve_names(host: Host, address: str, answer: str = ADDRESS) -> subprocess.Popen[bytes]:
    """Answer DNS questions on `address` of `host` with the address `answer`; where that is empty, that nobody is it."""
    return host.background("python3", "-c", _SERVER, address, answer)


def resolves(engine: Engine, container: str, server: str = EMBEDDED) -> bool:
    """Whether `server`, else the engine's own resolver, tells `container` the address of NAME."""
    return ADDRESS in lookup(engine, container, NAME, server)


def lookup(engine: Engine, container: str, name: str, server: str = EMBEDDED) -> set[str]:
    """The IPv4 addresses that `server`, else the engine's own resolver, tells `container` for `name`."""
    answer = engine.execute(container, "nslookup", "-type=a", f"{name}.", server, check=False)
    return set(re.findall(r"^Address: ([\d.]+)$", answer, re.MULTILINE))
