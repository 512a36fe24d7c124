"""nftables rulesets as rules of the model."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from netlint.build.facts import HostFacts, Parsed
from netlint.build.netfilter import build_rulesets
from netlint.model.action import FirewallFlush
from netlint.model.netfilter import FirewallRule, Hook, IpSet, Match, NameMatch, PrefixMatch, Ruleset, SetMember
from netlint.parse import iptables_save, nft
from netlint.prefix import Prefix, parse_prefix
from netlint.source import Source

SHARED = Path(__file__).resolve().parents[2] / "../shared"


def facts_of(text: str, name: str = "nft-list-ruleset.txt") -> HostFacts:
    facts = HostFacts("host")
    source = Source(name, text)
    build_rulesets([Parsed(source, "nft", nft.parse(source)[0])], facts)
    return facts


def rules(rule: str, *, family: str = "ip", before: str = "") -> list[FirewallRule]:
    facts = facts_of(f"table {family} x {{\n{before}\nchain c {{\n{rule}\n}}\n}}\n")
    assert facts.not_understood == []
    return list(facts.rulesets[0].tables["x" if family != "inet" else "inet x"].chains["c"].rules)


def prefix(text: str) -> Prefix:
    found = parse_prefix(text)
    assert found is not None
    return found


TCP = NameMatch("tcp")


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("ip saddr 10.0.0.0/8 ip daddr != 10.1.0.1 drop",
         {"source": PrefixMatch(prefix("10.0.0.0/8")), "destination": PrefixMatch(prefix("10.1.0.1"), True),
          "target": "DROP"}),
        ('iifname "eth*" oifname != docker0 accept',
         {"in_interface": NameMatch("eth+"), "out_interface": NameMatch("docker0", True), "target": "ACCEPT"}),
        ('iif { "lo", "eth0" } return',
         {"matches": (Match("", "in-interface", ("lo", "eth0")),), "target": "RETURN"}),
        ("tcp dport 80 counter packets 3 bytes 4 jump X",
         {"protocol": TCP, "matches": (Match("tcp", "dport", ("80",)),), "counters": (3, 4), "target": "X"}),
        ("tcp sport != 1-9 goto X",
         {"protocol": TCP, "matches": (Match("tcp", "sport", ("1:9",), True),), "target": "X", "goto": True}),
        ("tcp dport { 22, 80-90 }", {"protocol": TCP, "matches": (Match("multiport", "dports", ("22,80:90",)),)}),
        ("tcp dport >= 1024", {"protocol": TCP, "matches": (Match("tcp", "dport", ("1024:65535",)),)}),
        ("tcp dport < 1024", {"protocol": TCP, "matches": (Match("tcp", "dport", ("0:1023",)),)}),
        ("meta l4proto icmp", {"protocol": NameMatch("icmp")}),
        ("ip protocol != tcp", {"protocol": NameMatch("tcp", True)}),
        ("meta l4proto { tcp, udp } th dport 53",
         {"matches": (Match("", "protocol", ("tcp", "udp")), Match("th", "dport", ("53",)))}),
        ("ct state established,related", {"matches": (Match("conntrack", "ctstate", ("ESTABLISHED,RELATED",)),)}),
        ("ct state ! new", {"matches": (Match("conntrack", "ctstate", ("NEW",), True),)}),
        ("ct status dnat", {"matches": (Match("conntrack", "ctstate", ("DNAT",)),)}),
        ("ct status assured", {"matches": (Match("conntrack", "ctstatus", ("ASSURED",)),)}),
        ("ct original ip daddr 10.0.0.1", {"matches": (Match("conntrack", "ctorigdst", ("10.0.0.1",)),)}),
        ("fib daddr type local", {"matches": (Match("addrtype", "dst-type", ("LOCAL",)),)}),
        ("meta mark & 0x4000 == 0x4000", {"matches": (Match("mark", "mark", ("0x4000/0x4000",)),)}),
        ("tcp flags syn / fin,syn",
         {"protocol": TCP, "matches": (Match("tcp", "tcp-flags", ("FIN,SYN", "SYN")),)}),
        ("tcp flags syn", {"protocol": TCP, "matches": (Match("tcp", "any-tcp-flag", ("SYN",)),)}),
        ("icmp type { echo-request, echo-reply }",
         {"protocol": NameMatch("icmp"), "matches": (Match("icmp", "icmp-type", ("echo-request,echo-reply",)),)}),
        ("ip frag-off & 8191 != 0", {"fragment": True}),
        ("ip saddr 10.0.0.1-10.0.0.9", {"matches": (Match("iprange", "src-range", ("10.0.0.1-10.0.0.9",)),)}),
        ("ip daddr { 10.0.0.1, 10.1.0.0/16 }", {"matches": (Match("", "destination", ("10.0.0.1", "10.1.0.0/16")),)}),
        ("limit rate over 5/second drop", {"matches": (Match("limit", "limit", ("",), True),), "target": "DROP"}),
        ("meta nfproto ipv4", {}),
        ("dnat to 172.17.0.2:80", {"target": "DNAT", "target_options": (("to-destination", "172.17.0.2:80"),)}),
        ("masquerade to :1-9 random",
         {"target": "MASQUERADE", "target_options": (("to-ports", "1-9"), ("random", ""))}),
        ("reject", {"target": "REJECT", "target_options": (("reject-with", "icmp-port-unreachable"),)}),
        ("reject with icmpx type admin-prohibited",
         {"target": "REJECT", "target_options": (("reject-with", "icmp-admin-prohibited"),)}),
        ("meta mark set 1", {"target": "MARK", "target_options": (("set-xmark", "0x1/0xffffffff"),)}),
        ("meta mark set mark or 0x4000", {"target": "MARK", "target_options": (("set-xmark", "0x4000/0x4000"),)}),
        ("meta mark set ct mark",
         {"target": "CONNMARK",
          "target_options": (("restore-mark", ""), ("nfmask", "0xffffffff"), ("ctmask", "0xffffffff"))}),
        ("notrack", {"target": "CT", "target_options": (("notrack", ""),)}),
        ('drop comment "why"', {"target": "DROP", "matches": (Match("comment", "comment", ("why",)),)}),
    ],
)  # fmt: skip
def test_one_rule(rule: str, expected: dict[str, object]) -> None:
    (found,) = rules(rule)
    assert found == FirewallRule(span=found.span, **expected)  # type: ignore[arg-type]


def test_a_rule_that_does_two_things_is_two_rules() -> None:
    found = rules('tcp dport 22 log prefix "ssh " drop')
    assert [(rule.target, rule.target_options) for rule in found] == [("LOG", (("log-prefix", "ssh "),)), ("DROP", ())]
    assert {rule.matches for rule in found} == {(Match("tcp", "dport", ("22",)),)}


def test_a_verdict_map_is_a_rule_for_each_element() -> None:
    jumps = 'map m { type ifname : verdict\nelements = { "br-a" : jump a, "br-b" : goto b } }'
    found = rules("oifname vmap @m", before=jumps)
    assert [(rule.out_interface, rule.target, rule.goto) for rule in found] == [
        (NameMatch("br-a"), "a", False),
        (NameMatch("br-b"), "b", True),
    ]
    both = rules("iifname . tcp dport vmap { lo . 80 : accept, eth0 . 81-90 : drop }")
    assert [(rule.in_interface, rule.matches, rule.target) for rule in both] == [
        (NameMatch("lo"), (Match("tcp", "dport", ("80",)),), "ACCEPT"),
        (NameMatch("eth0"), (Match("tcp", "dport", ("81:90",)),), "DROP"),
    ]
    states = rules("ct state vmap { established : accept, invalid : drop }")
    assert [rule.target for rule in states] == ["ACCEPT", "DROP"]
    (empty,) = rules("oifname vmap @m", before="map m { type ifname : verdict\n}")
    assert empty.target is None


def test_a_map_that_is_not_shown_leaves_its_effect_open() -> None:
    facts = facts_of("table ip x {\nchain c {\noifname vmap @gone\n}\n}\n")
    (rule,) = facts.rulesets[0].tables["x"].chains["c"].rules
    assert (rule.target, [match.module for match in rule.matches]) == ("DROP", ["nft"])
    assert [item.message for item in facts.not_understood] == ["nft: verdict map that is not shown"]


def test_named_sets_come_with_their_members() -> None:
    blocked = "set b { type ipv4_addr . inet_service; elements = { 10.0.0.1 . 80, 10.0.0.2 . 1-9 timeout 5m } }"
    (rule,) = rules("ip saddr . tcp dport @b drop", before=blocked)
    (match,) = rule.matches
    assert rule.protocol == TCP
    assert (match.option, match.values) == ("match-set", ("b", "src,dst"))
    assert match.set is not None
    assert (match.set.name, match.set.type) == ("b", "hash:net,port")
    assert match.set.members == (SetMember(("10.0.0.1", "80")), SetMember(("10.0.0.2", "1-9"), lasting=False))
    (one,) = rules("ip daddr != @w", before="set w { type ipv4_addr; flags dynamic; elements = { 10.0.0.1 } }")
    assert one.matches[0].negated
    assert isinstance(one.matches[0].set, IpSet)
    assert not one.matches[0].set.members[0].lasting


def test_what_is_not_understood_is_a_condition_and_told() -> None:
    text = 'table ip x {\nchain c {\nquantum lucky 7 drop\nnumgen foo bar jump d\nxt match "recent" accept\n}\n}\n'
    facts = facts_of(text)
    found = facts.rulesets[0].tables["x"].chains["c"].rules
    assert [(rule.target, len(rule.matches)) for rule in found] == [("DROP", 1), ("d", 1), ("ACCEPT", 1)]
    assert [item.message for item in facts.not_understood] == [
        "nft: statement that is not understood",
        "nft: statement that is not understood",
        "match recent, whose options nft does not show",
    ]


def test_hooks_priorities_and_families() -> None:
    text = """
table inet fw {
  chain a { type filter hook forward priority filter - 1; policy drop; }
  chain b { type nat hook prerouting priority dstnat; }
  chain c { type filter hook prerouting priority -300; }
  chain d { type route hook output priority mangle; }
  chain e { type filter hook ingress device "eth0" priority 0; }
  chain f {
    ip saddr 10.0.0.1 drop
    ip6 saddr fd00::1 drop
    meta nfproto ipv6 accept
  }
}
table bridge b {
}
"""
    facts = facts_of(text)
    four, six = facts.rulesets
    assert (four.version, six.version, four.backend) == (4, 6, "nf_tables")
    chains = four.tables["inet fw"].chains
    assert [(chain.hook, chain.policy) for chain in chains.values()] == [
        (Hook("filter", "FORWARD", -1), "DROP"),
        (Hook("nat", "PREROUTING", -100), "ACCEPT"),
        (Hook("raw", "PREROUTING", -300), "ACCEPT"),
        (Hook("mangle", "OUTPUT", -150), "ACCEPT"),
        (None, None),
        (None, None),
    ]
    assert [[str(rule.source and rule.source.prefix) for rule in one.tables["inet fw"].chains["f"].rules] for one in
            (four, six)] == [["10.0.0.1/32"], ["fd00::1/128", "None"]]  # fmt: skip
    assert sorted(item.message for item in facts.not_understood) == ["nft hook ingress", "nft tables of family bridge"]


def both(save: str, text: str) -> list[Ruleset]:
    facts = HostFacts("host")
    sources = [Source("nft-list-ruleset.txt", text), Source("iptables-save.txt", save)]
    build_rulesets(
        [
            Parsed(sources[0], "nft", nft.parse(sources[0])[0]),
            Parsed(sources[1], "iptables-save", iptables_save.parse(sources[1])[0]),
        ],
        facts,
    )
    return facts.rulesets


def test_tables_of_iptables_come_from_iptables_save() -> None:
    save = (
        "# Generated by iptables-save v1.8.9 (nf_tables)\n*filter\n:FORWARD DROP [0:0]\n-A FORWARD -j ACCEPT\nCOMMIT\n"
    )
    text = "table ip filter {\nchain FORWARD {\n}\n}\ntable ip docker-bridges {\nchain x {\n}\n}\n"
    (found,) = both(save, text)
    assert {name: table.span.source for name, table in found.tables.items()} == {
        "filter": "iptables-save.txt",
        "docker-bridges": "nft-list-ruleset.txt",
    }


def test_a_configuration_is_no_observation() -> None:
    text = "flush ruleset\ntable inet fw {\nchain c { type filter hook forward priority 0; policy drop; }\n}\n"
    facts = facts_of(text, "etc/nftables.conf")
    assert [table.complete for ruleset in facts.rulesets for table in ruleset.tables.values()] == [False, False]
    assert facts.actions == [FirewallFlush(span=facts.actions[0].span, tool="nft", table=None, chain=None)]
    found = next(one for one in both("*filter\n:FORWARD DROP [0:0]\nCOMMIT\n", text) if one.version == 4)
    assert list(found.tables) == ["filter"]


def test_removals_that_can_hit_rules_of_docker() -> None:
    text = "delete table inet fw\nflush table ip nat\nflush chain ip filter FORWARD\ndelete rule ip a b handle 5\n"
    facts = facts_of(text, "x.nft")
    assert [(one.table, one.chain) for one in facts.actions if isinstance(one, FirewallFlush)] == [
        ("nat", None),
        ("filter", "FORWARD"),
    ]


@pytest.mark.skipif(not SHARED.exists(), reason="../shared with the real rulesets is not there")
def test_the_rulesets_of_docker_are_understood() -> None:
    index = map(json.loads, (SHARED / "corpus/dumps.jsonl").read_text().splitlines())
    paths = [SHARED / "corpus" / entry["file"] for entry in index if entry["kind"] == "nft" and entry["whole"]]
    assert len(paths) > 100
    for path in paths:
        facts = facts_of(path.read_text(), "nft.txt")
        assert (facts.not_understood, facts.unreadable) == ([], []), path
        for ruleset in facts.rulesets:
            for table in ruleset.tables.values():
                targets = {rule.target for _, rule in table.rules()} - {None}
                chains = {target for target in targets if target is not None and not target.isupper()}
                assert chains <= table.chains.keys(), path
