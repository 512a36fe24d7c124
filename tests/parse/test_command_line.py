"""Command lines of dockerd as people quote them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netlint.parse.command_line import CommandLines, parse
from netlint.parse.tree import Problem
from netlint.source import Source


def read(text: str) -> tuple[Source, CommandLines, list[Problem]]:
    source = Source("commands.txt", text)
    tree, problems = parse(source)
    return source, tree, problems


@pytest.mark.parametrize(
    ("text", "arguments"),
    [
        ("dockerd --bip=10.0.0.1/24", ["--bip=10.0.0.1/24"]),
        ("dockerd", []),
        ("$ sudo dockerd --dns 9.9.9.9 &", ["--dns", "9.9.9.9"]),
        ("# dockerd -D", ["-D"]),
        ("root@host:~# /usr/bin/dockerd -D >/var/log/d 2>&1", ["-D"]),
        ("docker -d --bip 10.0.0.1/24", ["--bip", "10.0.0.1/24"]),
        ("docker -H fd:// -d -D", ["-H", "fd://", "-D"]),
        ("docker daemon --icc=false", ["--icc=false"]),
        ("    ExecStart=/usr/bin/dockerd -H fd://", ["-H", "fd://"]),
        ("root  1205  0.1 ? Ssl 1:26 /usr/bin/dockerd-current --selinux-enabled", ["--selinux-enabled"]),
        ("env A=b dockerd $OPTS", ["$OPTS"]),
        ('sh -c "exec dockerd --mtu=1400 2>&1 | logger"', ["--mtu=1400"]),
        ("dockerd \\\n  --label 'a b' \\\n  -D", ["--label", "a b", "-D"]),
        ("-H fd:// \\\n--cluster-store=consul://<ip>:8500", ["-H", "fd://", "--cluster-store=consul://<ip>:8500"]),
    ],
)
def test_arguments(text: str, arguments: list[str]) -> None:
    source, tree, problems = read(text)
    assert problems == []
    (command,) = tree.commands
    assert [word.text for word in command.arguments] == arguments
    for word in command.arguments:
        assert not word.verbatim or source.slice(word.span) == word.text


@pytest.mark.parametrize(
    "text",
    [
        "docker run -d --name web nginx",
        "docker -H tcp://10.0.0.1:2375 run -d nginx",
        "# so that dockerd starts",
        "the docker daemon with --dns flags",
        "so dockerd connects without --insecure-registry",
        "systemctl restart docker",
    ],
)
def test_what_does_not_start_dockerd(text: str) -> None:
    _, tree, problems = read(text)
    assert tree.commands == ()
    assert [problem.fatal for problem in problems] == [True]


def test_other_lines_are_left_to_the_coverage_report() -> None:
    source, tree, problems = read("# first\nsource /run/flannel/subnet.env\nsudo dockerd -D\n")
    assert problems == []
    assert len(tree.commands) == 1
    assert [source.slice(item.span) for item in tree.unsupported] == ["source /run/flannel/subnet.env"]


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="docker- \\\n\"'#;&|>$={}", max_size=40), st.booleans())
def test_never_raises_and_words_slice_to_their_text(text: str, prefixed: bool) -> None:
    source, tree, problems = read("dockerd --x=" + text if prefixed else text)
    for command in tree.commands:
        for word in command.arguments:
            assert not word.verbatim or source.slice(word.span) == word.text
            assert command.span.start <= word.span.start <= word.span.end <= command.span.end
    assert tree.commands or any(problem.fatal for problem in problems)
