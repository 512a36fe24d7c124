"""`iptables -S`, which prints rules as iptables-save does but names no table."""

from __future__ import annotations

import pytest

from netlint.parse.iptables_save import TableBlock, parse
from netlint.source import Source
from tests.parse.by_words import lines

FILTER = "-P INPUT ACCEPT\n-P FORWARD DROP\n-P OUTPUT ACCEPT\n-N DOCKER\n-A FORWARD -j DOCKER\n"
NAT = "-P PREROUTING ACCEPT\n-P POSTROUTING ACCEPT\n-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE\n"


def blocks(text: str) -> tuple[TableBlock, ...]:
    tree, problems = parse(Source("S", text))
    assert problems == []
    return tree.tables


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (FILTER, [(None, None, 5)]),
        (FILTER + NAT, [(None, None, 5), (None, None, 3)]),
        (f"$ iptables -S\n{FILTER}$ sudo iptables -t nat -S\n{NAT}",
         [("filter", "iptables", 5), ("nat", "iptables", 3)]),
        (f"# ip6tables -S -t nat\n{NAT}", [("nat", "ip6tables", 3)]),
        (f"root@a:~# iptables --table=mangle -S\n{FILTER}", [("mangle", "iptables", 5)]),
        (f"# a note\n{FILTER}", [(None, None, 5)]),
        ("-N A\n-t nat -A POSTROUTING -o eth0 -j MASQUERADE\n-A A\n",
         [(None, None, 1), ("nat", None, 1), (None, None, 1)]),
    ],
)  # fmt: skip
def test_listings(text: str, expected: list[tuple[str | None, str | None, int]]) -> None:
    found = blocks(text)
    assert [(one.name, one.header.tool if one.header else None, len(lines(one))) for one in found] == expected
    assert all(one.listed and not one.committed for one in found)


def test_a_dump_is_no_listing() -> None:
    (block,) = blocks("*filter\n:INPUT DROP [0:0]\n# iptables -A INPUT -j DROP\n-A INPUT -j DROP\nCOMMIT\n")
    assert (block.name, block.listed, len(lines(block))) == ("filter", False, 1)


def test_a_policy_has_its_own_proto_option() -> None:
    (block,) = blocks("-N X\n-A X -m policy --dir in --pol ipsec --strict --proto esp -j ACCEPT\n")
    _, rule = lines(block)[-1]
    assert rule.protocol is None
    assert [(match.option, match.values) for match in rule.matches][-1] == ("proto", ("esp",))
