"""Routing rules in the model."""

from __future__ import annotations

from pathlib import Path

import pytest

from netlint.build.facts import HostFacts, Parsed
from netlint.build.routing_rules import build_routing_rules
from netlint.model.host import RoutingRule
from netlint.parse.ip_rule import parse
from netlint.prefix import parse_prefix
from netlint.source import Source

ENGINES = Path(__file__).resolve().parents[2] / "../shared/dumps/engine"


def facts_of(text: str, name: str = "ip-rule.txt") -> HostFacts:
    facts = HostFacts("host")
    source = Source(name, text)
    build_routing_rules([Parsed(source, "ip-rule", parse(source)[0])], facts)
    return facts


def rule(line: str, **expected: object) -> None:
    facts = facts_of(f"{line}\n")
    assert facts.unreadable == []
    found = (facts.routing_rules or [])[0]
    assert found == RoutingRule(span=found.span, **expected)  # type: ignore[arg-type]


def test_rules() -> None:
    rule("0: from all lookup local", priority=0, table="local")
    rule("5: from 10.0.0.0/8 to 10.1.0.1 iif eth0 oif eth1 lookup 100", priority=5, table="100",
         source=parse_prefix("10.0.0.0/8"), destination=parse_prefix("10.1.0.1"), in_interface="eth0",
         out_interface="eth1")  # fmt: skip
    rule(
        "6: not from all fwmark 0xca6c lookup 51820", priority=6, negated=True, mark=(0xCA6C, 0xFFFFFFFF), table="51820"
    )
    rule("7: from all fwmark 0x1/0xff unreachable", priority=7, mark=(1, 0xFF), action="unreachable")
    rule("8: from all lookup main suppress_prefixlength 0", priority=8, table="main", suppressed=0)
    rule("9: from all uidrange 0-5 ipproto tcp lookup 7", priority=9, table="7", others=("uidrange 0-5", "ipproto tcp"))
    rule("10: from fd00::/8 lookup 7", priority=10, version=6, source=parse_prefix("fd00::/8"), table="7")


def test_versions_and_repetitions() -> None:
    facts = facts_of("0: from all lookup local\n0: from all lookup local\n", "ip_-6_rule_show")
    assert facts.routing_rules is not None
    assert {one.version for one in facts.routing_rules} == {6}
    source = Source("again.txt", "# ip -6 rule\n0: from all lookup local\n1: from all nop\n")
    build_routing_rules([Parsed(source, "ip-rule", parse(source)[0])], facts)
    assert [one.priority for one in facts.routing_rules][-2:] == [0, 1]


def test_faults() -> None:
    facts = facts_of("5: from nowhere lookup 1\n6: from all fwmark red lookup 1\n")
    assert [problem.message for problem in facts.unreadable] == ["'nowhere' is no prefix", "'red' is no mark"]
    assert [one.priority for one in facts.routing_rules or ()] == [6]


@pytest.mark.skipif(not ENGINES.is_dir(), reason="the engine dumps are not beside the project")
def test_real_rules() -> None:
    facts = facts_of((ENGINES / "rich-28/ip-rule.txt").read_text())
    assert [(one.priority, one.table) for one in facts.routing_rules or ()] == [
        (0, "local"),
        (32766, "main"),
        (32767, "default"),
    ]
