"""Every listing of one firewall gives the same rules."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest

from netlint.build.facts import HostFacts, Parsed
from netlint.build.netfilter import build_rulesets
from netlint.formats import FORMATS
from netlint.model.netfilter import HIDDEN_INTERFACES, FirewallRule, Ruleset
from netlint.source import Source

ENGINES = Path(__file__).resolve().parents[2] / "../shared/dumps/engine"
ADDED_SINCE = 3  # the last listings were made after two containers had started


def facts_of(*files: tuple[str, str, str]) -> HostFacts:
    """The facts after building files of a name, a format and a text, none with a problem."""
    facts = HostFacts("host")
    parsed = []
    for name, kind, text in files:
        source = Source(name, text)
        tree, problems = import_module(f"netlint.parse.{FORMATS[kind].parser}").parse(source)
        assert problems == []
        parsed.append(Parsed(source, kind, tree))
    build_rulesets(parsed, facts)
    assert facts.unreadable == []
    return facts


def one(*files: tuple[str, str, str]) -> Ruleset:
    return facts_of(*files).rulesets[0]


def host(name: str, *files: tuple[str, str]) -> Ruleset:
    return one(*((file, kind, (ENGINES / name / file).read_text()) for file, kind in files))


def core(rule: FirewallRule) -> tuple[object, ...]:
    ends = rule.source, rule.destination, rule.in_interface, rule.out_interface
    return (*ends, rule.protocol, rule.target, rule.goto)


def whole(rule: FirewallRule) -> tuple[object, ...]:
    return (*core(rule), rule.matches, rule.target_options)


SOURCES = {
    "iptables -S": ([("iptables-S.txt", "iptables-S"), ("iptables-nat-S.txt", "iptables-S")], whole),
    "iptables -L -n -v": ([("iptables-L-n-v.txt", "iptables-L"), ("iptables-nat-L-n-v.txt", "iptables-L")], whole),
    "iptables -L --line-numbers": ([("iptables-nat-L-n-v-line.txt", "iptables-L")], whole),
    "nft": ([("nft-list-ruleset.txt", "nft")], whole),
    "nft -j": ([("nft-j-list-ruleset.json", "nft-json")], core),
}


@pytest.mark.skipif(not ENGINES.is_dir(), reason="the engine dumps are not beside the project")
@pytest.mark.parametrize("name", ["rich-20", "rich-28"])
@pytest.mark.parametrize("source", SOURCES)
def test_agreement(name: str, source: str) -> None:
    files, key = SOURCES[source]
    found, saved = host(name, *files), host(name, ("iptables-save.txt", "iptables-save"))
    compared = 0
    for table_name, table in found.tables.items():
        wanted = saved.table(table_name)
        assert wanted is not None
        assert table.complete
        for chain_name, chain in table.chains.items():
            expected = [key(rule) for rule in wanted.chains[chain_name].rules]
            assert [one for one in map(key, chain.rules) if one in expected] == expected
            assert len(chain.rules) - len(expected) <= ADDED_SINCE
            assert chain.policy == wanted.chains[chain_name].policy
            compared += len(expected)
    assert compared > 30


@pytest.mark.skipif(not ENGINES.is_dir(), reason="the engine dumps are not beside the project")
def test_without_v_no_interface_is_concluded() -> None:
    found = host("rich-28", ("iptables-L.txt", "iptables-L"))
    rules = [rule for _, rule in found.tables["filter"].rules()]
    saved = [rule for _, rule in host("rich-28", ("iptables-save.txt", "iptables-save")).tables["filter"].rules()]
    assert len(rules) > 50
    assert all(HIDDEN_INTERFACES in rule.matches and not rule.unconditional for rule in rules)
    assert [(rule.destination, rule.protocol, rule.target) for rule in rules] == [
        (rule.destination, rule.protocol, rule.target) for rule in saved
    ]


SAVE = "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n-A FORWARD -j DROP\n{}"
LISTED = "-P INPUT ACCEPT\n-P FORWARD DROP\n-P OUTPUT ACCEPT\n-A FORWARD -j ACCEPT\n-A FORWARD -j ACCEPT\n"
TABLE = "Chain {} (policy ACCEPT{})\n"
HEADER = "target prot opt {}source destination\n"


def target(ruleset: Ruleset, table: str = "filter", chain: str = "FORWARD") -> str | None:
    return ruleset.tables[table].chains[chain].rules[0].target


def test_what_says_more_is_preferred() -> None:
    save = ("iptables-save.txt", "iptables-save", SAVE.format("COMMIT\n"))
    listed = ("iptables-S.txt", "iptables-S", LISTED)
    text = "".join(
        TABLE.format(name, "") + HEADER.format("in out ") + "REJECT all -- eth0 * 0.0.0.0/0 0.0.0.0/0\n"
        for name in ("INPUT", "FORWARD", "OUTPUT")
    )
    verbose = ("iptables-L.txt", "iptables-L", text)
    assert target(one(verbose, listed, save)) == "DROP"
    assert target(one(verbose, listed)) == "ACCEPT"
    assert target(one(verbose)) == "REJECT"
    cut = ("iptables-save.txt", "iptables-save", SAVE.format("COMMIT\n*nat\n:PREROUTING ACCEPT [0:0]\nCOMMIT\n"))
    assert list(one(cut, listed).tables) == ["filter", "nat"]


def test_a_whole_listing_is_preferred_to_a_part_of_a_better_one() -> None:
    part = ("a", "iptables-S", "-N MINE\n-A MINE -j DROP\n-A FORWARD -j DROP\n")
    found = one(part, ("b", "iptables-S", LISTED))
    assert target(found) == "ACCEPT"
    assert found.tables["filter"].complete


@pytest.mark.parametrize(
    ("name", "text", "table", "complete"),
    [
        ("x", LISTED, "filter", True),
        ("iptables-nat-S.txt", "-P PREROUTING ACCEPT\n-P POSTROUTING ACCEPT\n-P OUTPUT ACCEPT\n", "nat", True),
        ("x", "-P PREROUTING ACCEPT\n-P POSTROUTING ACCEPT\n-P OUTPUT ACCEPT\n-N A\n-A A -j DNAT\n", "nat", True),
        ("x", "-P PREROUTING ACCEPT\n-P INPUT ACCEPT\n-P FORWARD ACCEPT\n-P OUTPUT ACCEPT\n-P POSTROUTING ACCEPT\n",
         "mangle", True),
        ("x", "-P PREROUTING ACCEPT\n-P OUTPUT ACCEPT\n", "raw", True),
        ("iptables-nat-S.txt", LISTED, "filter", True),
        ("iptables-nat-S.txt", "-N DOCKER\n-A DOCKER -i docker0 -j RETURN\n", "nat", False),
        ("x", "-N DOCKER\n-A DOCKER -i docker0 -j RETURN\n", "filter", False),
        ("x", "-P FORWARD DROP\n-A FORWARD -j DROP\n", "filter", False),
        ("x", "-N A\n-A B -j DROP\n", "filter", False),
    ],
)  # fmt: skip
def test_the_table_of_a_listing(name: str, text: str, table: str, complete: bool) -> None:
    found = one((name, "iptables-S", text))
    assert [(one.name, one.complete) for one in found.tables.values()] == [(table, complete)]


def test_ip6tables_is_told_by_name_or_prompt() -> None:
    assert one(("ip6tables-S.txt", "iptables-S", LISTED)).version == 6
    assert one(("x", "iptables-S", f"# ip6tables -S\n{LISTED}")).version == 6
    assert one(("x", "iptables-S", LISTED)).version == 4


def test_sets_are_put_into_the_rules_that_ask_them() -> None:
    sets = "create bad hash:ip\nadd bad 10.0.0.1\ncreate all list:set\nadd all bad\nadd all gone\nadd lost 10.0.0.1\n"
    rules = "-A FORWARD -m set --match-set all src -j DROP\n-A FORWARD -m set ! --match-set other dst\nCOMMIT\n"
    facts = facts_of(("ipset.txt", "ipset", sets), ("save", "iptables-save", SAVE.format(rules)))
    first, second = facts.rulesets[0].tables["filter"].chains["FORWARD"].rules[1:]
    asked = first.matches[0].set
    assert asked is not None
    assert asked.type == "list:set"
    assert [inner and inner.members[0].parts for inner in asked.sets] == [("10.0.0.1",), None]
    assert second.matches[0].set is None
    assert [item.message for item in facts.not_understood] == ["members of set lost, whose type is not shown"]


def test_what_is_not_understood_is_told_of_the_listing_that_is_used() -> None:
    text = TABLE.format("FORWARD", " 0 packets, 0 bytes") + HEADER.format("") + "DROP all -- 0.0.0.0/0 web quantum 7\n"
    assert len(facts_of(("L", "iptables-L", text)).not_understood) == 2
    save = ("save", "iptables-save", SAVE.format("COMMIT\n"))
    assert facts_of(("L", "iptables-L", text), save).not_understood == []
