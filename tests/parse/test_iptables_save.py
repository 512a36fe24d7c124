"""iptables-save and single commands: tables of text to record, problems, and what holds for any text."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netlint.firewall_rule import FirewallRule
from netlint.parse.iptables_rule import Addresses, Jump, MatchOption, Name, RuleRecord
from netlint.parse.iptables_save import SaveFile, parse, parse_rule_words
from netlint.parse.tree import Problem, Word
from netlint.prefix import Prefix, parse_prefix
from netlint.source import Source, Span
from tests.parse.by_words import lines, records


def read(text: str) -> tuple[SaveFile, list[Problem]]:
    return parse(Source("dump", text))


def rule(line: str) -> RuleRecord:
    """The record of one line of a table, which must be without problems."""
    text = f"*filter\n{line}\nCOMMIT\n"
    assert not read(text)[1]
    (found,) = records(text)
    return found


def prefix(text: str) -> Prefix:
    found = parse_prefix(text)
    assert found is not None
    return found


TCP80 = MatchOption("tcp", "dport", ("80",))


def comment(text: str) -> MatchOption:
    return MatchOption("comment", "comment", (text,))


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("-A INPUT", {}),
        ("-A INPUT -s 10.1.2.3/255.255.0.0", {"source": Addresses((prefix("10.1.0.0/16"),))}),
        ("-A INPUT -s 0.0.0.0/255.255.255.255", {"source": Addresses((prefix("0.0.0.0/32"),))}),
        ("-A INPUT ! -s 10.0.0.1", {"source": Addresses((prefix("10.0.0.1/32"),), True)}),
        ("-A INPUT -s ! 10.0.0.1", {"source": Addresses((prefix("10.0.0.1/32"),), True)}),
        ("-A INPUT -s 10/8,1.2.3.4", {"source": Addresses((prefix("10.0.0.0/8"), prefix("1.2.3.4")))}),
        ("-A INPUT -s 10.0.0.0/255.0.255.0", {"source": Addresses(("10.0.0.0/255.0.255.0",))}),
        ("-A INPUT --destination fd00::1/64", {"destination": Addresses((prefix("fd00::/64"),))}),
        ("-A INPUT -i eth+ ! -o lo", {"in_interface": Name("eth+"), "out_interface": Name("lo", True)}),
        ("-A INPUT -i ! eth0", {"in_interface": Name("eth0", True)}),
        ("-A INPUT -p ! tcp", {"protocol": Name("tcp", True)}),
        ("-A INPUT ! -f", {"fragment": False}),
        ("-A INPUT -p tcp -m tcp --dport 80", {"protocol": Name("tcp"), "matches": (TCP80,)}),
        ("-A INPUT -p tcp --destination-port=80", {"protocol": Name("tcp"), "matches": (TCP80,)}),
        ("-A INPUT -ptcp -jACCEPT", {"protocol": Name("tcp"), "jump": Jump("ACCEPT")}),
        (
            "-A INPUT -p 6 -m comment --comment x --dport 80",
            {"protocol": Name("6"), "matches": (comment("x"), TCP80)},
        ),
        (
            "-A INPUT -p tcp -m tcp --dport ! 80 -m state --state ! NEW",
            {
                "protocol": Name("tcp"),
                "matches": (
                    MatchOption("tcp", "dport", ("80",), True),
                    MatchOption("state", "state", ("NEW",), True),
                ),
            },
        ),
        (
            "-A INPUT -p tcp -m tcp ! --tcp-flags SYN,ACK SYN",
            {"protocol": Name("tcp"), "matches": (MatchOption("tcp", "tcp-flags", ("SYN,ACK", "SYN"), True),)},
        ),
        ("-A INPUT -m socket", {"matches": (MatchOption("socket", ""),)}),
        ("-A INPUT -m set ! --match-set b src", {"matches": (MatchOption("set", "match-set", ("b", "src"), True),)}),
        ('-A INPUT -m comment --comment "a \\"b\\" c\\\\d"', {"matches": (comment('a "b" c\\d'),)}),
        ("-A INPUT -m comment --comment -j", {"matches": (comment("-j"),)}),
        ('-A INPUT -m comment --comment "!"', {"matches": (comment("!"),)}),
        ('-A INPUT -m comment --comment ""', {"matches": (comment(""),)}),
        (
            '-A INPUT -m comment --comment "a -j b -m c" -j DROP',
            {"matches": (comment("a -j b -m c"),), "jump": Jump("DROP")},
        ),
        (
            '-A INPUT -m rocket --thrust 1 2 ! --fuel low --dry "-x" -j DROP',
            {
                "matches": (
                    MatchOption("rocket", "thrust", ("1", "2")),
                    MatchOption("rocket", "fuel", ("low",), True),
                    MatchOption("rocket", "dry", ("-x",)),
                ),
                "jump": Jump("DROP"),
            },
        ),
        ("-A INPUT -g NEXT", {"jump": Jump("NEXT", True)}),
        ("-A INPUT -j DNAT --to 10.0.0.1:80", {"jump": Jump("DNAT", False, (("to-destination", ("10.0.0.1:80",)),))}),
        (
            '-A INPUT -j LOG --log-prefix "-A x: " --log-uid',
            {"jump": Jump("LOG", False, (("log-prefix", ("-A x: ",)), ("log-uid", ())))},
        ),
        (
            "-A INPUT -j ACCEPT -p tcp --dport 80",
            {"protocol": Name("tcp"), "matches": (TCP80,), "jump": Jump("ACCEPT")},
        ),
        ("[12:34] -A INPUT -j DROP", {"counters": (12, 34), "jump": Jump("DROP")}),
        ("[12K:3M] -A INPUT -j DROP", {"counters": (12_000, 3_000_000), "jump": Jump("DROP")}),
        ("-A INPUT -c 1 2 -j DROP", {"counters": (1, 2), "jump": Jump("DROP")}),
        ("-I INPUT 3 -j DROP", {"operation": "I", "number": 3, "jump": Jump("DROP")}),
        ("-P INPUT DROP", {"operation": "P", "jump": Jump("DROP")}),
        ("-N INPUT", {"operation": "N"}),
    ],
)
def test_a_line(line: str, expected: dict[str, object]) -> None:
    found = rule(line)
    defaults = {"chain": "INPUT", "operation": "A", **expected}
    shown = {name: getattr(found, name) for name in found.__struct_fields__ if name != "span"}
    assert {name: value for name, value in shown.items() if value not in {None, ()}} == defaults
    assert found.span == Span("dump", 8, 8 + len(line))


@pytest.mark.parametrize(
    "start",
    [
        "-p tcp -m tcp --dport",
        "-p tcp -m tcp ! --dport",
        "-p tcp -m tcp --tcp-flags SYN,ACK",
        "-p tcp -m tcp",
        "-p",
        "-m set --match-set office",
        "-m state --state NEW -m comment --comment",
        "-m comment --comment 80 -p",
        '-m comment --comment "a b',
        "-m physdev --physdev-is-in",
        "-m rateest --rateest-bps1 5",
        "-m unknown --option",
        "-m tcp --dport 80 -s",
        "-c 1",
        "-j",
        "-g",
        "-j ACCEPT -j",
        "-j ACCEPT -g",
        "-j DNAT --to-destination",
        "-j DNAT --random --to-destination",
        "-j LOG --log-level 4 --log-prefix",
        "-j SET --add-set banned",
        "-j MASQUERADE --random",
        "-j UNKNOWN --option",
        "-j DNAT -p",
    ],
)
def test_last_words(start: str) -> None:
    """What stands before the last word of a part is read once for all that begin so; each line means what it did."""
    words = ["80", "443", "tcp", "-1", "!", '"a b"', 'a"b', "a\\b", "\x7f", "x\x7f", "x\xa0y", "x\ty", "\x1c", "DROP"]
    text = "".join(f"-A INPUT {start} {word}\n" for word in words)
    assert records(f"*filter\n{text}COMMIT\n")


def test_a_pasted_session() -> None:
    text = (
        "root@h:~# iptables-save\n"
        "# Warning: iptables-legacy tables present, use iptables-legacy-save to see them\n"
        "# Generated by iptables-save v1.8.9 (nf_tables) on Mon Nov 23 21:22:53 2026\n"
        "*filter\r\n:INPUT DROP [1:2]\r\n:OUTPUT ACCEPT\n:MINE - [0:0]\n# a remark\n-A INPUT -j MINE  \r\nCOMMIT\n"
        "# Completed on Mon Nov 23 21:22:53 2026\n"
        "-- between, -A 3\n"
        "*nat\n-A POSTROUTING -j MASQUERADE\n-A OUTPUT -j ACCEPT"
    )
    tree, problems = read(text)
    source = Source("dump", text)
    first, second = tree.tables
    assert first.header is not None
    assert first.header[1:] == ("iptables-save", "1.8.9", "nf_tables")
    assert [(chain.name, chain.policy, chain.counters) for chain in first.chains] == [
        ("INPUT", "DROP", (1, 2)),
        ("OUTPUT", "ACCEPT", None),
        ("MINE", None, (0, 0)),
    ]
    assert [source.slice(chain.span) for chain in first.chains] == [
        ":INPUT DROP [1:2]",
        ":OUTPUT ACCEPT",
        ":MINE - [0:0]",
    ]
    assert [source.slice(rule.span) for _, rule in lines(first)] == ["-A INPUT -j MINE"]
    assert (first.committed, second.committed, second.header) == (True, False, None)
    assert [chain for chain, _ in lines(second)] == ["POSTROUTING", "OUTPUT"]
    assert tree.other_backend is not None
    assert source.slice(tree.other_backend).startswith("# Warning")
    assert [(source.slice(p.span), p.message) for p in problems] == [("*nat", "table nat has no COMMIT")]


@pytest.mark.parametrize(
    ("header", "backend"),
    [
        ("iptables-save v1.4.21 on Tue", "legacy"),
        ("xtables-save v1.8.2 on Tue", "nf_tables"),
        ("iptables-save v1.8.4 on Tue", None),
        ("iptables-save v1.8.9 on Tue", "legacy"),
        ("ip6tables-save v1.8.10 (nf_tables) on Tue", "nf_tables"),
    ],
)
def test_back_end(header: str, backend: str | None) -> None:
    found = read(f"# Generated by {header}\n*raw\nCOMMIT\n")[0].tables[0].header
    assert found is not None
    assert found.backend == backend


@pytest.mark.parametrize(
    ("line", "place", "message"),
    [
        ("-A INPUT -s web.example -j DROP", "web.example", "web.example is not an address"),
        ("-A INPUT -s cafe -j DROP", "cafe", "cafe is not an address"),
        ("-A INPUT -p tcp --dport 80 zz", "zz", "'zz' belongs to no option"),
        ("-A INPUT -m tcp --dport", "--dport", "--dport lacks a value"),
        ("-A INPUT -j", "-j", "-j lacks a value"),
        ("-A", "-A", "-A lacks a chain"),
        ("-j DROP", "-j DROP", "a rule without -A and a chain"),
        ('-A INPUT -m comment --comment "x', '"x', "a quotation mark without its second"),
        ("-A INPUT ! -s 1.2.3.4,5.6.7.8", "1.2.3.4,5.6.7.8", "iptables takes no negation of several addresses"),
        ("rubbish\nmore", "rubbish", "not a line of iptables-save"),
    ],
)
def test_a_problem_is_told_once_and_the_rest_is_read(line: str, place: str, message: str) -> None:
    text = f"*filter\n{line}\n-A INPUT -j ACCEPT\nCOMMIT\n"
    tree, problems = read(text)
    assert [(Source("dump", text).slice(p.span), p.message) for p in problems] == [(place, message)]
    span = Span("dump", text.rindex("-A"), len(text) - len("\nCOMMIT\n"))
    assert lines(tree.tables[0])[-1] == ("INPUT", FirewallRule(span, target="ACCEPT"))


def test_text_without_a_table() -> None:
    assert [p.fatal for p in read("hello\n")[1]] == [True]
    assert read("") == (SaveFile(span=Span("dump", 0, 0), tables=()), [])


def test_rules_as_iptables_lists_them() -> None:
    tree, problems = read("-P INPUT ACCEPT\n-P FORWARD DROP\n-P OUTPUT ACCEPT\n-N MINE\n-A FORWARD -j MINE\n")
    assert not problems
    assert [table.name for table in tree.tables] == [None]
    assert [p.message for p in read("-A FORWARD -j DROP\n")[1]] == ["rules outside of a table"]


def command(text: str, version: int = 4) -> tuple[RuleRecord, str, str, str, list[Problem]]:
    found = [Word(m.group(), Span("setup.sh", m.start(), m.end())) for m in re.finditer(r"\S+", text)]
    return parse_rule_words(found, version)


@pytest.mark.parametrize(
    ("text", "table", "operation", "chain"),
    [
        ("-t nat -A POSTROUTING -s 10.0.0.0/8 -j MASQUERADE", "nat", "A", "POSTROUTING"),
        ("--table=nat --append POSTROUTING --jump MASQUERADE", "nat", "A", "POSTROUTING"),
        ("-w 5 -I FORWARD 2 -j DROP", "filter", "I", "FORWARD"),
        ("--wait -D FORWARD 1", "filter", "D", "FORWARD"),
        ("-R INPUT 1 -j DROP -w", "filter", "R", "INPUT"),
        ("-F", "filter", "F", ""),
        ("-t nat -F", "nat", "F", ""),
        ("-X DOCKER -t nat", "nat", "X", "DOCKER"),
        ("-P FORWARD ACCEPT", "filter", "P", "FORWARD"),
        ("-N MINE", "filter", "N", "MINE"),
        ("-C INPUT -p tcp --dport 22 -j ACCEPT", "filter", "C", "INPUT"),
    ],
)
def test_a_command(text: str, table: str, operation: str, chain: str) -> None:
    found = command(text)
    assert found[1:] == (table, operation, chain, [])
    assert found[0].span == Span("setup.sh", 0, len(text))


def test_commands_with_problems() -> None:
    assert [p.message for p in command("-A INPUT -s 10.0.0.1 -j DROP", 6)[4]] == ["10.0.0.1/32 is no IPv6 address"]
    assert [p.message for p in command("-A INPUT -s $LAN -j DROP")[4]] == ["$LAN is not an address"]
    unknown = [Word(text, Span("s", at, at), exact=text != "$LAN") for at, text in enumerate("-A I -s $LAN".split())]
    assert not parse_rule_words(unknown, 4).problems


PIECES = """*filter :INPUT ACCEPT [1:2] -A -I -P -s -d ! -j -m --x -c " \\ COMMIT -m%comment 10/8 9999999999999999999999
= -4 -- --dport=1 -i -t -p%tcp -m%tcp -s%0/0 -s%1.2.3.4 !%-i%+ --dport%1 -g
#%Generated%by%x-save%v1%(a) root@h:~# x,y 1.2.3.4,"""
WORDS = [*(piece.replace("%", " ") for piece in PIECES.split()), "\n", "\r", "\t", "\n-A INPUT"]
TEXTS = st.builds(
    str.__add__,
    st.sampled_from(["", "*filter\n", "*filter\n-A INPUT "]),
    st.text() | st.lists(st.sampled_from(WORDS), max_size=30).map(" ".join),
)


@settings(max_examples=300)
@given(TEXTS)
def test_never_raises_and_spans_hold(text: str) -> None:
    """Nor do the two ways of reading differ, which is for `records` to say."""
    tree, problems = read(text)
    assert len(records(text)) == sum(len(lines(table)) for table in tree.tables)
    source = Source("dump", text)
    for table in tree.tables:
        for span in (table.span, *(chain.span for chain in table.chains), *(rule.span for _, rule in lines(table))):
            shown = source.slice(span)
            assert shown == shown.strip() != ""
            assert "\n" not in shown
        assert all(source.slice(line.span)[0] == ":" for line in table.chains)
    assert all(0 <= problem.span.start <= problem.span.end <= len(text) for problem in problems)
