"""nftables rulesets: statements, tables, configuration files, errors."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netlint.parse.nft import parse
from netlint.parse.nft_tree import (
    Action,
    Base,
    Braces,
    Comparison,
    NftFile,
    Parts,
    Reference,
    Removal,
    Statement,
    Text,
    Unknown,
    Value,
    Verdict,
    VerdictMap,
)
from netlint.parse.tree import Problem
from netlint.source import Source

SHARED = Path(__file__).resolve().parents[2] / "../shared"


def read(text: str) -> tuple[NftFile, list[Problem]]:
    return parse(Source("nft", text))


def shown(value: Value | None) -> str:
    """A value on one line."""
    match value:
        case None:
            return ""
        case Text(text=text):
            return text
        case Reference(kind=kind, name=name):
            return kind + name
        case Parts(kind=kind, parts=parts):
            return f"({f' {kind} '.join(map(shown, parts))})"
        case Braces(elements=elements):
            keys = [
                shown(one.key)
                + (f": {one.verdict.kind} {one.verdict.chain or ''}".rstrip() if one.verdict else "")
                + (f": {shown(one.value)}" if one.value else "")
                for one in elements
            ]
            return "{" + ", ".join(keys) + "}"


def said(statement: Statement) -> str:
    """A statement on one line."""
    match statement:
        case Comparison(left=left, operator=operator, right=right, mask=mask):
            behind = f" mask {shown(mask)}" if mask is not None else ""
            return f"{' . '.join(' '.join(one) for one in left)} {operator} {shown(right)}{behind}"
        case VerdictMap(left=left, map=value):
            return f"{' . '.join(' '.join(one) for one in left)} vmap {shown(value)}"
        case Verdict(kind=kind, chain=chain):
            return f"{kind} {chain or ''}".rstrip()
        case Action(name=name, arguments=arguments, value=value):
            words = [f"{key}={argument}" for key, argument in arguments]
            return " ".join([name, *words, *([f"-> {shown(value)}"] if value is not None else [])])
        case Unknown(text=text):
            return f"? {text}"


RULES = [
    ("accept", ["accept"]),
    ("jump DOCKER-USER", ["jump DOCKER-USER"]),
    ('iifname "docker0" oifname != "docker0" drop', ["meta iifname == docker0", "meta oifname != docker0", "drop"]),
    ("ip saddr 10.0.0.0/8 ip daddr != 10.1.0.1 return",
     ["ip saddr == 10.0.0.0/8", "ip daddr != 10.1.0.1", "return"]),
    ("ip6 saddr fe80::/10", ["ip6 saddr == fe80::/10"]),
    ("tcp dport { 22, 80-90 } accept", ["tcp dport == {22, 80-90}", "accept"]),
    ("tcp dport > 1023", ["tcp dport > 1023"]),
    ("ct state established,related accept", ["ct state == (established , related)", "accept"]),
    ("ct state ! new", ["ct state ! new"]),
    ("ct original ip saddr 10.0.0.1", ["ct original ip saddr == 10.0.0.1"]),
    ("meta l4proto { tcp, udp } th dport 53", ["meta l4proto == {tcp, udp}", "th dport == 53"]),
    ("meta mark & 0x4000 == 0x4000", ["meta mark == 0x4000 mask 0x4000"]),
    ("ct mark and 0xffff0000 == 0x0", ["ct mark == 0x0 mask 0xffff0000"]),
    ("tcp flags syn / fin,syn,rst,ack", ["tcp flags == syn mask (fin , syn , rst , ack)"]),
    ("tcp flags & (fin | syn) == syn", ["tcp flags == syn mask (fin , syn)"]),
    ("tcp option maxseg size != 500", ["tcp option maxseg size != 500"]),
    ("fib daddr . iif type local", ["fib daddr iif type == local"]),
    ("ip saddr . tcp dport { 10.0.0.1 . 80 } drop", ["ip saddr . tcp dport == {(10.0.0.1 . 80)}", "drop"]),
    ("ip saddr @blocked drop", ["ip saddr == @blocked", "drop"]),
    ("ip saddr $lan", ["ip saddr == $lan"]),
    ("iifname vmap @jumps", ["meta iifname vmap @jumps"]),
    ('iifname vmap { "eth0" : jump wan, "lo" : accept }', ["meta iifname vmap {eth0: jump wan, lo: accept}"]),
    ("counter packets 5 bytes 6 drop", ["counter packets=5 bytes=6", "drop"]),
    ('log prefix "a b" level info drop', ["log prefix=a b level=info", "drop"]),
    ("limit rate 5/minute burst 7 packets accept", ["limit rate=5/minute burst=7", "accept"]),
    ("limit rate over 10 mbytes/second drop", ["limit rate= over=10", "drop"]),
    ("dnat to 172.17.0.2:80", ["dnat -> 172.17.0.2:80"]),
    ("dnat to [fd00::1]:80", ["dnat -> [fd00::1]:80"]),
    ("dnat ip to $web : $port", ["dnat ip= -> ($web : $port)"]),
    ("snat to 10.0.0.1-10.0.0.9 random,persistent", ["snat random= persistent= -> 10.0.0.1-10.0.0.9"]),
    ("masquerade to :1000-2000 fully-random", ["masquerade fully-random= -> :1000-2000"]),
    ("redirect to :8080", ["redirect -> :8080"]),
    ("reject with icmpx type admin-prohibited", ["reject icmpx=admin-prohibited"]),
    ("reject with tcp reset", ["reject tcp=reset"]),
    ("queue num 1-3 bypass,fanout", ["queue num=1-3 bypass= fanout="]),
    ("meta mark set mark or 0x4000 accept", ["meta mark set =mark or 0x4000", "accept"]),
    ("update @recent { ip saddr limit rate 5/second } accept", ["update set name=recent", "accept"]),
    ("meter flood { tcp dport . ip saddr limit rate 5/second }", ["meter set name=flood"]),
    ('xt match "addrtype" counter', ["xt match match=addrtype", "counter"]),
    ("counter XT target DNAT not found", ["counter", "xt target target=DNAT"]),
    ("numgen inc mod 2 0 drop", ["numgen inc mod 2 == 0", "drop"]),
    ('meta hour "08:00"-"18:00" accept', ["meta hour == 08:00-18:00", "accept"]),
    ("dnat to numgen random mod 2 map { 0 : 10.0.0.1 }", ["? dnat to numgen random mod 2 map { 0 : 10.0.0.1 }"]),
    ("quantum lucky { 7, 8 } drop", ["? quantum lucky { 7, 8 } drop"]),
    ('accept comment "why" # handle 5', ["accept"]),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "expected"), RULES, ids=[rule for rule, _ in RULES])
def test_rules(rule: str, expected: list[str]) -> None:
    source = Source("nft", f"table ip x {{\n\tchain c {{\n\t\t{rule}\n\t}}\n}}\n")
    tree, problems = parse(source)
    assert problems == []
    (found,) = tree.tables[0].chains[0].rules
    assert [said(statement) for statement in found.statements] == expected
    assert source.slice(found.span) in rule
    assert all(source.slice(one.span) in rule for one in found.statements)


def test_a_table() -> None:
    text = """table inet filter {
  comment "ours"
  set blocked { type ipv4_addr . inet_service; flags interval,timeout
    elements = { 10.0.0.0/8 . 80 timeout 5m comment "x",
                 $web . 1-2 }
  }
  map jumps { type ifname : verdict; elements = { "br-0" comment "c" : jump in0, * : drop } }
  chain input { type filter hook input priority filter - 5; policy drop; iif "lo" accept; drop comment "no" }
  chain empty {
  }
  ct helper ftp { type "ftp" protocol tcp; }
}
"""
    tree, problems = read(text)
    assert problems == []
    (table,) = tree.tables
    assert (table.family, table.name, table.closed) == ("inet", "filter", True)
    assert [(one.name, one.key, one.value, one.flags) for one in table.sets] == [
        ("blocked", ("ipv4_addr", ".", "inet_service"), (), ("interval", "timeout")),
        ("jumps", ("ifname",), ("verdict",), ()),
    ]
    assert [shown(one.key) for one in table.sets[0].elements] == ["(10.0.0.0/8 . 80)", "($web . 1-2)"]
    assert table.sets[0].elements[0].options == ("timeout", "5m", "comment", "x")
    assert [one.verdict and one.verdict.kind for one in table.sets[1].elements] == ["jump", "drop"]
    first = table.chains[0]
    assert (first.base, first.policy) == (Base("filter", "input", "filter - 5"), "drop")
    assert [[said(one) for one in rule.statements] for rule in first.rules] == [
        ["meta iif == lo", "accept"],
        ["drop"],
    ]
    assert first.rules[1].comment == "no"
    assert [item.what for item in tree.unsupported] == ["ct of a table"]
    assert not tree.configuration


def test_a_configuration() -> None:
    text = """#!/usr/sbin/nft -f
define wan = { eth0, eth1 }
include "/etc/nftables.d/*.nft"
flush ruleset; table ip a
delete table ip a
flush chain ip6 nat POSTROUTING
add table ip b
add chain ip b fwd { type filter hook forward priority 0; policy drop; }
add rule ip b fwd iifname $wan accept
insert rule ip b fwd drop
add element ip b s { 1.2.3.4 }
"""
    tree, problems = read(text)
    assert problems == []
    assert tree.configuration
    assert [name for name, _ in tree.definitions] == ["wan"]
    assert [one[1:] for one in tree.removals] == [
        ("flush", "ruleset", None, None, None),
        ("delete", "table", "ip", "a", None),
        ("flush", "chain", "ip6", "nat", "POSTROUTING"),
    ]
    source = Source("nft", text)
    assert source.slice(tree.removals[0].span) == "flush ruleset"
    (chain,) = tree.tables[1].chains
    assert [[said(one) for one in rule.statements] for rule in chain.rules] == [
        ["drop"],
        ["meta iifname == $wan", "accept"],
    ]
    assert chain.policy == "drop"
    assert [item.what for item in tree.unsupported] == ["include, whose files are not followed", "nft add element"]


def test_the_name_of_a_file_tells_a_configuration() -> None:
    assert parse(Source("etc/nftables.conf", "table ip a {\n}\n"))[0].configuration
    assert not parse(Source("nft-list-ruleset.txt", "table ip a {\n}\n"))[0].configuration


def test_errors() -> None:
    tree, problems = read(
        "table ip a {\n nonsense here\n chain c {\n accept\n }\n}\n$ nft list ruleset\ntable ip b {\n chain d {\n"
    )
    assert [problem.message for problem in problems] == ["this is no part of a table", "table b has no end"]
    assert [table.closed for table in tree.tables] == [True, False]
    assert [len(table.chains) for table in tree.tables] == [1, 1]
    assert [(problem.message, problem.fatal) for problem in read("hello\n")[1]] == [
        ("no table of nftables in it", True)
    ]
    assert read("")[1] == []
    deep = read("table ip a { chain c { tcp dport " + "{" * 5000 + " } }")[0]
    assert not deep.tables[0].closed


TOKENS = """table ip x {|chain c {|}|;|\n|type filter hook input priority 0|policy drop|tcp dport|{|,|:|80|ip saddr|@|$
set s {|elements =|accept|jump|counter|"|log prefix|dnat to|vmap|!=|&|(|)|.|/|comment|flush ruleset|define a =
add rule ip x c|include|limit rate|ct|fib|meta mark set|#|\\|type ipv4_addr : verdict|flags|xt|reject with""".replace(
    "\n", "|"
)


@settings(max_examples=300)
@given(st.lists(st.sampled_from([*TOKENS.split("|"), "\n"])).map(" ".join))
def test_never_raises_and_spans_slice(text: str) -> None:
    source = Source("nft", text)
    tree, problems = parse(source)
    assert all(0 <= problem.span.start <= problem.span.end <= len(text) for problem in problems)
    for removal in tree.removals:
        assert source.slice(removal.span).startswith(removal.verb)
    for table in tree.tables:
        for chain in table.chains:
            for rule in chain.rules:
                for statement in rule.statements:
                    assert rule.span.start <= statement.span.start <= statement.span.end <= rule.span.end
                    if isinstance(statement, Unknown):
                        assert source.slice(statement.span) == statement.text
                    if isinstance(statement, Verdict):
                        assert source.slice(statement.span).startswith(statement.kind)


@pytest.mark.skipif(not SHARED.exists(), reason="../shared with the real rulesets is not there")
def test_real_rulesets() -> None:
    index = map(json.loads, (SHARED / "corpus/dumps.jsonl").read_text().splitlines())
    paths = [SHARED / "corpus" / entry["file"] for entry in index if entry["kind"] == "nft" and entry["whole"]]
    paths += (SHARED / "dumps/engine").glob("*/nft-list-ruleset.txt")
    assert len(paths) > 100
    for path in paths:
        tree, problems = parse(Source(path.name, path.read_text()))
        assert (problems, tree.unsupported) == ([], ()), path
        rules = [rule for table in tree.tables for chain in table.chains for rule in chain.rules]
        assert not any(isinstance(one, Unknown) for rule in rules for one in rule.statements), path


def test_removal_is_compared_by_value() -> None:
    tree, _ = read("flush ruleset\n")
    assert tree.removals == (Removal(Source("nft", "flush ruleset\n").span(0, 13), "flush", "ruleset"),)


def test_named_counters_decide_nothing() -> None:
    text = "table inet f {\n\tcounter c1 {\n\t\tpackets 5 bytes 300\n\t}\n\tlimit l1 {\n\t\trate 10/second\n\t}\n}\n"
    tree, problems = parse(Source("nft.txt", text))
    assert not problems
    assert [item.what for item in tree.unsupported] == ["limit of a table"]
