"""`nft -j list ruleset` gives the tree of the text."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netlint.parse.nft_json import parse
from netlint.parse.nft_tree import Action, Base, NftFile, Statement, Text, Unknown
from netlint.parse.tree import Problem
from netlint.source import Source
from tests.parse.test_nft import said, shown

TABLE = {"table": {"family": "ip", "name": "x", "handle": 1}}
CHAIN = {"chain": {"family": "ip", "table": "x", "name": "c", "handle": 2}}


def read(*members: object) -> tuple[NftFile, list[Problem]]:
    return parse(Source("nft.json", json.dumps({"nftables": list(members)})))


def statement(expr: object) -> Statement:
    rule = {"rule": {"family": "ip", "table": "x", "chain": "c", "expr": [expr]}}
    tree, problems = read(TABLE, CHAIN, rule)
    assert problems == []
    return tree.tables[0].chains[0].rules[0].statements[0]


def match(left: object, right: object, op: str = "==") -> object:
    return {"match": {"op": op, "left": left, "right": right}}


def payload(protocol: str, field: str) -> object:
    return {"payload": {"protocol": protocol, "field": field}}


@pytest.mark.parametrize(
    ("expr", "expected"),
    [
        ({"accept": None}, "accept"),
        ({"jump": {"target": "DOCKER"}}, "jump DOCKER"),
        (match({"meta": {"key": "iifname"}}, "docker0", "!="), "meta iifname != docker0"),
        (match(payload("ip", "saddr"), {"prefix": {"addr": "10.0.0.0", "len": 8}}), "ip saddr == 10.0.0.0/8"),
        (match(payload("tcp", "dport"), {"set": [22, {"range": [80, 90]}]}), "tcp dport == {22, 80-90}"),
        (match({"ct": {"key": "state"}}, ["established", "related"], "in"), "ct state == (established , related)"),
        (match({"ct": {"dir": "original", "family": "ip", "key": "saddr"}}, "10.0.0.1"),
         "ct original ip saddr == 10.0.0.1"),
        (match({"&": [{"meta": {"key": "mark"}}, 255]}, 1), "meta mark == 1 mask 255"),
        (match({"fib": {"result": "type", "flags": ["daddr", "iif"]}}, "local"), "fib daddr iif type == local"),
        (match({"concat": [payload("ip", "saddr"), payload("tcp", "dport")]}, "@s"), "ip saddr . tcp dport == @s"),
        ({"vmap": {"key": {"meta": {"key": "iifname"}}, "data": "@jumps"}}, "meta iifname vmap @jumps"),
        ({"vmap": {"key": payload("tcp", "dport"), "data": {"set": [[80, {"drop": None}]]}}},
         "tcp dport vmap {80: drop}"),
        ({"counter": {"packets": 1, "bytes": 2}}, "counter packets=1 bytes=2"),
        ({"dnat": {"addr": "172.17.0.2", "port": 80}}, "dnat -> 172.17.0.2:80"),
        ({"dnat": {"addr": "fd00::2", "port": 80, "flags": "random"}}, "dnat random= -> [fd00::2]:80"),
        ({"masquerade": None}, "masquerade"),
        ({"redirect": {"port": 8080}}, "redirect -> :8080"),
        ({"reject": {"type": "icmp", "expr": "port-unreachable"}}, "reject icmp=port-unreachable"),
        ({"log": {"prefix": "x", "flags": ["all"]}}, "log prefix=x all="),
        ({"limit": {"rate": 5, "per": "minute", "burst": 7}}, "limit rate=5/minute burst=7"),
        ({"xt": {"type": "target", "name": "DNAT"}}, "xt target target=DNAT"),
        ({"mangle": {"key": {"meta": {"key": "mark"}}, "value": 1}}, "meta mark set =1"),
        ({"notrack": None}, "notrack"),
        ({"quantum": 7}, "? quantum"),
    ],
)  # fmt: skip
def test_statements(expr: object, expected: str) -> None:
    assert said(statement(expr)) == expected


def test_tables_sets_and_spans() -> None:
    chain = {"chain": {"family": "inet", "table": "f", "name": "in", "type": "filter", "hook": "input", "prio": -5,
                       "policy": "drop"}}  # fmt: skip
    jumps = {"map": {"family": "inet", "name": "m", "table": "f", "type": "ifname", "map": "verdict",
                     "elem": [["br-0", {"goto": {"target": "c"}}]]}}  # fmt: skip
    element = {"elem": {"val": {"concat": ["10.0.0.1", 80]}, "timeout": 5}}
    blocked = {"set": {"family": "inet", "name": "s", "table": "f", "type": ["ipv4_addr", "inet_service"],
                       "flags": ["timeout"], "elem": [element]}}  # fmt: skip
    tree, problems = read(
        {"metainfo": {}}, {"table": {"family": "inet", "name": "f"}}, chain, jumps, blocked, {"flowtable": {}}, {"x": 1}
    )
    (table,) = tree.tables
    assert (table.family, table.name, table.chains[0].base) == ("inet", "f", Base("filter", "input", "-5"))
    assert [(one.name, one.key, one.value, one.flags) for one in table.sets] == [
        ("m", ("ifname",), ("verdict",), ()),
        ("s", ("ipv4_addr", ".", "inet_service"), (), ("timeout",)),
    ]
    assert [shown(one.key) for one in table.sets[1].elements] == ["(10.0.0.1 . 80)"]
    assert table.sets[1].elements[0].options == ("timeout",)
    assert [item.what for item in tree.unsupported] == ["flowtable of a table"]
    assert [problem.message for problem in problems] == ["this is no part of nft -j list ruleset"]


def test_other_documents() -> None:
    assert [problem.fatal for problem in parse(Source("x", "[]"))[1]] == [True]
    assert parse(Source("x", ""))[1] == []


def test_a_condition_is_told_from_an_action() -> None:
    asked, done = statement({"xt": {"type": "match", "name": "recent"}}), statement({"counter": None})
    assert isinstance(asked, Action)
    assert isinstance(done, Action)
    assert (asked.condition, done.condition) == (True, False)
    assert isinstance(statement({"match": {}}), Unknown)
    assert isinstance(statement({"snat": {"addr": {"map": {}}}}), Unknown)


KEYS = """match op left right set elem val vmap key data dnat addr fib flags result ct concat jump target & table family
name type map""".split()
ANY = st.recursive(
    st.sampled_from([None, True, 1, "x", "@s"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=200)
@given(ANY, ANY)
def test_never_raises(expr: object, member: object) -> None:
    rule = {"rule": {"family": "ip", "table": "x", "chain": "c", "expr": [expr]}}
    tree, problems = read(TABLE, CHAIN, rule, {"set": {"table": "x", "elem": expr}}, member)
    size = tree.span.end
    assert all(0 <= problem.span.start <= problem.span.end <= size for problem in problems)
    assert len(tree.tables[0].chains[0].rules) == 1
    assert Text(tree.span, "x") != expr
