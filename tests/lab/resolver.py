"""A name server that knows one name, and a question to it from inside a container."""

from __future__ import annotations

from tests.lab.engine import Engine
from tests.lab.net import Host

NAME, ADDRESS = "shop.example", "203.0.113.80"
# Answers every question with one address: header of the question with the answer bit, the question, one record.
_SERVER = """
import socket, sys
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind((sys.argv[1], 53))
while True:
    question, client = server.recvfrom(512)
    end = question.index(0, 12) + 5
    header = question[:2] + bytes.fromhex("8180 0001 0001 0000 0000")
    record = bytes.fromhex("c00c 0001 0001 0000003c 0004") + socket.inet_aton(sys.argv[2])
    server.sendto(header + question[12:end] + record, client)
"""


def serve_names(host: Host, address: str) -> None:
    """Answer DNS questions on `address` of `host` with ADDRESS."""
    host.background("python3", "-c", _SERVER, address, ADDRESS)


def resolves(engine: Engine, container: str) -> bool:
    """Whether the engine's resolver in `container` knows NAME."""
    answer = engine.docker("exec", container, "/bin/nslookup", NAME, "127.0.0.11", check=False, timeout=30)
    return ADDRESS in answer
