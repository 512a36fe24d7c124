"""`ss` and `netstat`: which sockets wait, where, and whose they are."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netlint.build.facts import HostFacts, Parsed
from netlint.build.listeners import build_listeners
from netlint.model.host import Listener
from netlint.parse.listeners import parse
from netlint.source import Source

ENGINES = Path(__file__).resolve().parents[2] / "../shared/dumps/engine"

SS = """\
Netid State  Recv-Q Send-Q Local Address:Port Peer Address:PortProcess
udp   UNCONN 0      0            0.0.0.0:4789      0.0.0.0:*
udp   UNCONN 0      0      127.0.0.53%lo:53        0.0.0.0:*    users:(("systemd-resolve",pid=512,fd=16))
tcp   ESTAB  0      0      192.0.2.10:22     192.0.2.99:51234 users:(("sshd",pid=77,fd=4))
tcp   LISTEN 0      4096               *:7946            *:*    users:(("dockerd",pid=20272,fd=144))
tcp   LISTEN 0      4096           [::1]:8046         [::]:*    users:(("docker-proxy",pid=22051,fd=7))
u_str LISTEN 0      4096   /run/docker.sock 12345            * 0
"""
NETSTAT = """\
Active Internet connections (servers and established)
Proto Recv-Q Send-Q Local Address           Foreign Address         State       PID/Program name
tcp        0      0 127.0.0.1:25            0.0.0.0:*               LISTEN      1469/master
tcp        0      0 192.0.2.10:22           192.0.2.99:51234        ESTABLISHED 6492/sshd: user
tcp6       0      0 :::22                   :::*                    LISTEN      1206/sshd
udp        0      0 0.0.0.0:4789            0.0.0.0:*                           -
raw6       0      0 :::58                   :::*                    7           865/NetworkManager
Active UNIX domain sockets (only servers)
unix  2      [ ACC ]     STREAM     LISTENING     13851    1/systemd            /run/lvm/lvmpolld.socket
"""
NAMES = """\
Proto Recv-Q Send-Q Local Address           Foreign Address         State       User       Inode      PID/Program name
tcp        0      0 localhost:smtp          0.0.0.0:*               LISTEN      root       22606      1489/master
tcp        0      0 0.0.0.0:80              0.0.0.0:*               LISTEN      root       22607      1490/nginx
"""
NO_ROOT = """\
State  Recv-Q Send-Q Local Address:Port  Peer Address:Port
LISTEN 0      128          0.0.0.0:22         0.0.0.0:*
UNCONN 0      0            0.0.0.0:68         0.0.0.0:*
"""


def listeners(text: str) -> list[tuple[str, int, str, str | None]]:
    source = Source("x", text)
    tree, problems = parse(source)
    assert problems == []
    facts = HostFacts("h")
    build_listeners([Parsed(source, "listeners", tree)], facts)
    assert facts.listeners is not None
    return [_plain(one) for one in facts.listeners]


def _plain(one: Listener) -> tuple[str, int, str, str | None]:
    return (str(one.address or "*"), one.port, one.protocol, one.process)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (
            SS,
            [
                ("0.0.0.0", 4789, "udp", ""),
                ("127.0.0.53", 53, "udp", "systemd-resolve"),
                ("*", 7946, "tcp", "dockerd"),
                ("::1", 8046, "tcp", "docker-proxy"),
            ],
        ),
        (NETSTAT, [("127.0.0.1", 25, "tcp", "master"), ("::", 22, "tcp", "sshd"), ("0.0.0.0", 4789, "udp", "")]),
        (NAMES, [("0.0.0.0", 80, "tcp", "nginx")]),
        (NO_ROOT, [("0.0.0.0", 22, "tcp", None), ("0.0.0.0", 68, "udp", None)]),
        ("Netid State  Recv-Q Send-Q Local Address:Port Peer Address:Port\n", []),
    ],
)
def test_listeners(text: str, wanted: list[tuple[str, int, str, str | None]]) -> None:
    assert listeners(text) == wanted


def test_what_is_no_listing() -> None:
    _, problems = parse(Source("x", "hello\nworld\n"))
    assert [problem.fatal for problem in problems] == [True]


@pytest.mark.skipif(not ENGINES.is_dir(), reason="the engine dumps are not beside the project")
@pytest.mark.parametrize("host", ["rich-20", "rich-28", "noproxy-iccoff-20", "noproxy-iccoff-28"])
def test_both_tools_see_the_same(host: str) -> None:
    # netstat cannot tell a socket for both IP versions from one for IPv6 alone
    def sockets(name: str) -> list[tuple[str, int, str, str | None]]:
        text = (ENGINES / host / name).read_text()
        return sorted((a.replace("*", "::"), port, protocol, who) for a, port, protocol, who in listeners(text))

    assert sockets("ss-ltnup.txt") == sockets("netstat-ltnup.txt")


PIECES = st.sampled_from(
    'tcp udp tcp6 LISTEN UNCONN 0 128 0.0.0.0:22 [::]:80 :::22 *:1 127.0.0.53%lo:53 users:(("a",pid=1,fd=2)) 1/x - \n '
    "Proto Recv-Q State Netid unix".split(" ")
) | st.text(max_size=5)


@settings(max_examples=150)
@given(text=st.lists(PIECES, max_size=25).map(" ".join))
def test_never_raises_and_words_are_what_they_say(text: str) -> None:
    source = Source("x", text)
    tree, problems = parse(source)
    for row in tree:
        assert source.slice(row.local.span) == row.local.text
        assert row.process is None or source.slice(row.process.span) == row.process.text
        assert 0 <= row.span.start <= row.span.end <= len(text)
    facts = HostFacts("h")
    build_listeners([Parsed(source, "listeners", tree)], facts)
    assert all(0 <= problem.span.end <= len(text) for problem in problems)
