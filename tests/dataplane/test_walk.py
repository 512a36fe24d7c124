"""One packet at one hook, against rulesets in iptables-save form."""

import pytest
from msgspec import structs

from netlint.build.facts import HostFacts, Parsed
from netlint.build.netfilter import build_rulesets
from netlint.dataplane.packet import Packet, matches
from netlint.dataplane.paths import paths
from netlint.dataplane.walk import walk
from netlint.model.netfilter import Ruleset
from netlint.parse.iptables_save import parse
from netlint.prefix import Address, parse_address
from netlint.source import Source


def ruleset(rules: str, *, table: str = "filter", chains: str = "", policy: str = "ACCEPT") -> Ruleset:
    hook = {"filter": "FORWARD", "nat": "POSTROUTING"}[table]
    declared = "".join(f":{name} - [0:0]\n" for name in chains.split())
    text = f"*{table}\n:{hook} {policy} [0:0]\n{declared}{rules.strip()}\nCOMMIT\n"
    tree, problems = parse(Source("fw", text))
    assert not problems
    facts = HostFacts("host")
    build_rulesets([Parsed(Source("fw", text), "iptables-save", tree)], facts)
    return facts.rulesets[0]


def address(text: str) -> Address:
    found = parse_address(text)
    assert found is not None
    return found


WEB = Packet(
    source=address("198.51.100.7"),
    destination=address("172.17.0.2"),
    in_interface="eth0",
    out_interface="docker0",
    source_port=40000,
    destination_port=80,
)


@pytest.mark.parametrize(
    ("rule", "verdict"),
    [
        ("-A FORWARD -j DROP", "DROP"),
        ("-A FORWARD -s 198.51.100.0/24 -j DROP", "DROP"),
        ("-A FORWARD ! -s 198.51.100.0/24 -j DROP", "ACCEPT"),
        ("-A FORWARD -d 172.17.0.2/32 -j DROP", "DROP"),
        ("-A FORWARD -d 172.17.0.3/32 -j DROP", "ACCEPT"),
        ("-A FORWARD -i eth0 -o docker0 -j DROP", "DROP"),
        ("-A FORWARD ! -i eth0 -j DROP", "ACCEPT"),
        ("-A FORWARD -i eth+ -j DROP", "DROP"),
        ("-A FORWARD -i eth1 -j DROP", "ACCEPT"),
        ("-A FORWARD -p tcp -j DROP", "DROP"),
        ("-A FORWARD -p 6 -j DROP", "DROP"),
        ("-A FORWARD ! -p tcp -j DROP", "ACCEPT"),
        ("-A FORWARD -p udp -j DROP", "ACCEPT"),
        ("-A FORWARD -p tcp -m tcp --dport 80 -j DROP", "DROP"),
        ("-A FORWARD -p tcp -m tcp ! --dport 80 -j DROP", "ACCEPT"),
        ("-A FORWARD -p tcp -m tcp --dport 1:79 -j DROP", "ACCEPT"),
        ("-A FORWARD -p tcp -m tcp --dport 80: -j DROP", "DROP"),
        ("-A FORWARD -p tcp -m tcp --sport 40000 -j DROP", "DROP"),
        ("-A FORWARD -p tcp -m multiport --dports 22,80,443 -j DROP", "DROP"),
        ("-A FORWARD -p tcp -m multiport --dports 22,70:79 -j DROP", "ACCEPT"),
        ("-A FORWARD -p tcp -m multiport --ports 40000 -j DROP", "DROP"),
        ("-A FORWARD -m conntrack --ctstate NEW -j DROP", "DROP"),
        ("-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j DROP", "ACCEPT"),
        ("-A FORWARD -m state --state NEW -j DROP", "DROP"),
        ("-A FORWARD -p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN -j DROP", "DROP"),
        ("-A FORWARD -p tcp -m tcp --tcp-flags SYN,ACK ACK -j DROP", "ACCEPT"),
        ("-A FORWARD -m iprange --src-range 198.51.100.1-198.51.100.9 -j DROP", "DROP"),
        ("-A FORWARD -m iprange --dst-range 172.17.0.3-172.17.0.9 -j DROP", "ACCEPT"),
        ('-A FORWARD -m comment --comment "all of it" -j DROP', "DROP"),
        ("-A FORWARD -f -j DROP", "ACCEPT"),
        ("-A FORWARD -j LOG\n-A FORWARD -j REJECT", "REJECT"),
        ("-A FORWARD\n-A FORWARD -j DROP", "DROP"),
    ],
)
def test_one_rule(rule: str, verdict: str) -> None:
    outcome = walk(ruleset(rule), "filter", "FORWARD", WEB)
    assert (outcome.verdict, outcome.certain) == (verdict, True)


def test_the_policy_ends_the_walk() -> None:
    outcome = walk(ruleset("-A FORWARD -p udp -j ACCEPT", policy="DROP"), "filter", "FORWARD", WEB)
    assert (outcome.verdict, outcome.rule) == ("DROP", None)
    assert outcome.steps[-1].text == "FORWARD: policy DROP"


def test_return_goes_back_and_goto_does_not() -> None:
    rules = "-A FORWARD {} inner\n-A FORWARD -j DROP\n-A inner -p tcp -j RETURN"
    assert walk(ruleset(rules.format("-j"), chains="inner"), "filter", "FORWARD", WEB).verdict == "DROP"
    assert walk(ruleset(rules.format("-g"), chains="inner"), "filter", "FORWARD", WEB).verdict == "ACCEPT"


def test_a_loop_ends() -> None:
    outcome = walk(ruleset("-A FORWARD -j a\n-A a -j b\n-A b -j a", chains="a b"), "filter", "FORWARD", WEB)
    assert not outcome.certain


def test_marks_are_carried() -> None:
    rules = "-A FORWARD -j MARK --set-xmark 0x4000/0x4000\n-A FORWARD -m mark --mark 0x4000/0x4000 -j DROP"
    outcome = walk(ruleset(rules), "filter", "FORWARD", WEB)
    assert (outcome.verdict, outcome.certain, outcome.mark) == ("DROP", True, 0x4000)


def test_what_is_not_modelled_is_unknown_and_not_false() -> None:
    rule = "-A FORWARD -m set --match-set bad src -j DROP"
    outcome = walk(ruleset(rule), "filter", "FORWARD", WEB)
    assert (outcome.verdict, outcome.certain) == ("ACCEPT", False)
    logged = walk(ruleset(rule.replace("DROP", "LOG")), "filter", "FORWARD", WEB)
    assert logged.certain, "a rule that cannot end the walk leaves the answer sure"
    narrowed = walk(ruleset(rule.replace("-m set", "-p udp -m set")), "filter", "FORWARD", WEB)
    assert narrowed.certain, "one condition that surely fails is enough"


def test_local_addresses_decide_addrtype() -> None:
    rules = ruleset("-A FORWARD -m addrtype --dst-type LOCAL -j DROP")
    assert not walk(rules, "filter", "FORWARD", WEB).certain
    assert walk(rules, "filter", "FORWARD", WEB, frozenset({WEB.destination})).verdict == "DROP"
    assert walk(rules, "filter", "FORWARD", WEB, frozenset({WEB.source})).verdict == "ACCEPT"


def test_translated_packets_have_the_state() -> None:
    rules = ruleset("-A FORWARD -m conntrack --ctstate DNAT -j ACCEPT\n-A FORWARD -j DROP")
    assert walk(rules, "filter", "FORWARD", WEB).verdict == "DROP"
    moved = structs.replace(WEB, translated=frozenset({"DNAT"}))
    assert walk(rules, "filter", "FORWARD", moved).verdict == "ACCEPT"


def test_the_witness_names_each_rule_on_the_way() -> None:
    rules = (
        "-A FORWARD -p udp -j DROP\n-A FORWARD -o docker0 -j inner\n-A inner -p tcp -j REJECT --reject-with tcp-reset"
    )
    outcome = walk(ruleset(rules, chains="inner"), "filter", "FORWARD", WEB)
    assert [step.text for step in outcome.steps] == ["FORWARD: inner", "inner: REJECT --reject-with tcp-reset"]


def test_a_table_that_is_not_there_lets_pass() -> None:
    assert walk(ruleset("-A FORWARD -j DROP"), "nat", "POSTROUTING", WEB).verdict == "ACCEPT"


def test_paths_carry_the_jumps_and_stop_behind_a_rule_for_all() -> None:
    rules = """
-A POSTROUTING -s 10.0.0.0/8 -j out
-A POSTROUTING -j ACCEPT
-A POSTROUTING -j SNAT --to-source 1.2.3.4
-A out -o eth0 -j MASQUERADE"""
    found = list(paths(ruleset(rules, table="nat", chains="out"), "nat", "POSTROUTING"))
    assert [path.rule.target for path in found] == ["out", "MASQUERADE", "ACCEPT"]
    assert [str(match.prefix) for match in found[1].sources] == ["10.0.0.0/8"]
    assert [match.name for match in found[1].out_interfaces] == ["eth0"]
    assert [path.unconditional for path in found] == [False, False, True]


def test_packet_in_words() -> None:
    assert str(WEB) == "tcp 198.51.100.7:40000 > 172.17.0.2:80"
    six = Packet(source=address("fd00::1"), destination=address("fd00::2"), protocol="udp", destination_port=53)
    assert str(six) == "udp [fd00::1]:40000 > [fd00::2]:53"
    ping = Packet(
        source=WEB.source, destination=WEB.destination, protocol="icmp", source_port=None, destination_port=None
    )
    assert str(ping) == "icmp 198.51.100.7 > 172.17.0.2"
    port = ruleset("-A FORWARD -p icmp -m tcp --dport 80 -j DROP").tables["filter"].chains["FORWARD"].rules[0]
    assert matches(port, ping, None) is False
