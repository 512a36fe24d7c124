"""`ipset save`, `ipset list` and `ip rule`."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netlint.parse import ip_rule, ipset
from netlint.source import Source

SAVE = """create bad hash:ip family inet hashsize 1024 maxelem 65536
add bad 10.0.0.1
add bad 10.0.0.2 timeout 60 comment "a b"
create nets hash:net,port family inet
add nets 10.0.0.0/8,tcp:80 nomatch
"""
LIST = """Name: bad
Type: hash:ip
Revision: 6
Header: family inet hashsize 1024 maxelem 65536
Size in memory: 216
References: 8
Number of entries: 1
Members:
10.0.0.1
10.0.0.2 timeout 60 comment "a b"

Name: nets
Type: hash:net,port
Header: family inet
Members:
10.0.0.0/8,tcp:80 nomatch
"""


@pytest.mark.parametrize("text", [SAVE, LIST, f"# ipset save\n{SAVE}", f"root@a:~# ipset list\n{LIST}"])
def test_sets(text: str) -> None:
    source = Source("ipset", text)
    found, problems = ipset.parse(source)
    assert problems == []
    assert [(one.name, one.type, [element.text for element in one.elements]) for one in found] == [
        ("bad", "hash:ip", ["10.0.0.1", "10.0.0.2"]),
        ("nets", "hash:net,port", ["10.0.0.0/8,tcp:80"]),
    ]
    assert found[0].elements[1].options == ("timeout", "60", "comment", '"a b"')
    assert found[1].elements[0].options == ("nomatch",)
    assert [source.slice(one.span) for one in found] == ["bad", "nets"]
    assert all(source.slice(element.span) == element.text for one in found for element in one.elements)


def test_other_lines_of_ipset() -> None:
    found, problems = ipset.parse(Source("ipset", "create a hash:ip\ndel a 10.0.0.1\nnonsense\n"))
    assert [one.name for one in found] == ["a"]
    assert [problem.message for problem in problems] == ["del is no line of ipset save", "not a line of ipset"]
    assert [problem.fatal for problem in ipset.parse(Source("ipset", "hello\n"))[1]] == [True]


def test_members_without_their_set() -> None:
    found, _ = ipset.parse(Source("ipset", "add a 10.0.0.1\n"))
    assert [(one.name, one.type) for one in found] == [("a", "")]


@pytest.mark.parametrize(
    ("line", "selectors", "action", "table"),
    [
        ("0:\tfrom all lookup local", [("from", "all")], "lookup", "local"),
        ("100: from 10.0.0.0/8 to 1.2.3.4 iif eth0 lookup 100 suppress_prefixlength 0",
         [("from", "10.0.0.0/8"), ("to", "1.2.3.4"), ("iif", "eth0"), ("suppress_prefixlength", "0")], "lookup", "100"),
        ("32765: from all fwmark 0x1/0xff [detached] unreachable", [("from", "all"), ("fwmark", "0x1/0xff")],
         "unreachable", None),
        ("9: from all goto 32766", [("from", "all")], "goto", "32766"),
    ],
)  # fmt: skip
def test_routing_rules(line: str, selectors: list[tuple[str, str]], action: str, table: str | None) -> None:
    source = Source("rule", f"{line}\n")
    (found,), problems = ip_rule.parse(source)
    assert problems == []
    assert [(name, word.text) for name, word in found.selectors] == selectors
    assert (found.action, found.table.text if found.table else None) == (action, table)
    assert source.slice(found.span) == line
    assert all(source.slice(word.span) == word.text for _, word in found.selectors)


def test_prompts_and_errors_of_ip_rule() -> None:
    text = "# ip -6 rule\n7:\tnot from all fwmark 0x1 lookup 5\n8: from all\nhello\n$ ip rule\n9: from all nop\n"
    found, problems = ip_rule.parse(Source("rule", text))
    assert [(one.priority, one.version, one.negated) for one in found] == [(7, 6, True), (9, 4, False)]
    assert [problem.message for problem in problems] == [
        "a routing rule that says not what to do",
        "not a line of ip rule",
    ]
    assert [problem.fatal for problem in ip_rule.parse(Source("rule", "hello"))[1]] == [True]


WORDS = st.sampled_from(
    'create|add|a|hash:ip|Name: x|Members:|Type: hash:net|\n|timeout|1:|from|lookup|not|fwmark|"'.split("|")
)


@settings(max_examples=150)
@given(st.lists(WORDS).map(" ".join))
def test_never_raises(text: str) -> None:
    for problems in (ipset.parse(Source("x", text))[1], ip_rule.parse(Source("x", text))[1]):
        assert all(0 <= problem.span.start <= problem.span.end <= len(text) for problem in problems)
    listings = ipset.parse(Source("x", text))[0]
    assert all(text[one.span.start : one.span.end] == one.name for one in listings)
