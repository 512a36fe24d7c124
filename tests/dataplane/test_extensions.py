"""Conditions beyond ports and states, sets, and chains of nftables side by side."""

from __future__ import annotations

import pytest
from msgspec import structs

from netlint.build.facts import HostFacts, Parsed
from netlint.build.netfilter import build_rulesets
from netlint.dataplane.packet import Packet, matches
from netlint.dataplane.paths import paths
from netlint.dataplane.walk import walk
from netlint.model.netfilter import HIDDEN_INTERFACES, FirewallRule, IpSet, Match, Ruleset, SetMember
from netlint.parse import iptables_list, nft
from netlint.prefix import Address, parse_address
from netlint.source import Source, Span

AT = Span("fw", 0, 1)


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
ANSWER = structs.replace(WEB, reply=True, state="ESTABLISHED")
PING = structs.replace(WEB, protocol="icmp", source_port=None, destination_port=None)
PING6 = structs.replace(PING, protocol="ipv6-icmp", source=address("fd00::1"), destination=address("fd00::2"))


def holds(match: Match, packet: Packet = WEB, local: frozenset[Address] | None = None) -> bool | None:
    return matches(FirewallRule(span=AT, matches=(match,)), packet, local)


@pytest.mark.parametrize(
    ("option", "value", "packet", "expected"),
    [
        ("icmp-type", "8", PING, True),
        ("icmp-type", "echo-request", PING, True),
        ("icmp-type", "8/0", PING, True),
        ("icmp-type", "0", PING, False),
        ("icmp-type", "echo-reply", structs.replace(PING, reply=True), True),
        ("icmp-type", "any", PING, True),
        ("icmp-type", "host-unreachable", PING, False),
        ("icmp-type", "echo-reply,echo-request", PING, True),
        ("icmp-type", "quantum", PING, None),
        ("icmp-type", "8", WEB, False),
        ("icmpv6-type", "128", PING6, True),
        ("icmpv6-type", "neighbour-solicitation", PING6, False),
        ("icmpv6-type", "128", PING, False),
        ("pkt-type", "unicast", WEB, True),
        ("pkt-type", "multicast", structs.replace(WEB, destination=address("224.0.0.1")), True),
        ("pkt-type", "unicast", structs.replace(WEB, destination=address("224.0.0.1")), False),
        ("pkt-type", "broadcast", structs.replace(WEB, destination=address("255.255.255.255")), True),
        ("pkt-type", "broadcast", structs.replace(WEB, destination=address("10.0.0.255")), None),
        ("any-tcp-flag", "SYN,ACK", WEB, True),
        ("any-tcp-flag", "FIN", WEB, False),
        ("any-tcp-flag", "FIN", structs.replace(WEB, reply=True), None),
        ("source", "10.0.0.0/8", WEB, False),
        ("source", "198.51.100.1-198.51.100.9", WEB, True),
        ("destination", "web.example", WEB, None),
        ("in-interface", "eth+", WEB, True),
        ("out-interface", "eth0", WEB, False),
        ("protocol", "tcp", WEB, True),
        ("dst-type", "UNICAST", structs.replace(WEB, destination=address("127.0.0.1")), False),
        ("dst-type", "MULTICAST", structs.replace(WEB, destination=address("224.0.0.1")), True),
        ("dst-type", "BROADCAST", structs.replace(WEB, destination=address("255.255.255.255")), True),
        ("dst-type", "BROADCAST", WEB, False),
        ("dst-type", "UNICAST,LOCAL", WEB, True),
        ("dst-type", "UNICAST", WEB, None),
        ("dst-type", "BLACKHOLE", WEB, None),
        ("ctproto", "6", WEB, True),
        ("ctproto", "udp", WEB, False),
        ("ctstatus", "SEEN_REPLY", WEB, False),
        ("ctstatus", "NONE,EXPECTED", WEB, None),
        ("ctstatus", "SEEN_REPLY", ANSWER, True),
        ("ctstatus", "ASSURED", ANSWER, None),
        ("ctstatus", "SEEN_REPLY", structs.replace(WEB, reply=True), False),
        ("nfacct-name", "web", WEB, True),
        ("uid-owner", "0", WEB, False),
        ("gid-owner", "0", structs.replace(WEB, in_interface=None), None),
        ("physdev-is-bridged", "", structs.replace(WEB, bridged=True), True),
        ("physdev-is-bridged", "", structs.replace(WEB, bridged=True, out_interface=None), False),
        ("physdev-is-bridged", "", WEB, False),
        ("hidden", "interfaces", WEB, None),
        ("text", "quantum 7", WEB, None),
        ("limit", "1/sec", WEB, None),
        ("physdev-in", "veth1", WEB, None),
        ("uid-owner", "0", structs.replace(WEB, in_interface=None), None),
        ("u32", "0=1", WEB, None),
        ("mac-source", "00:11:22:33:44:55", WEB, None),
        ("probability", "0.5", WEB, None),
        ("match-set", "unknown", WEB, None),
    ],
)  # fmt: skip
def test_conditions(option: str, value: str, packet: Packet, expected: bool | None) -> None:
    assert holds(Match("m", option, (value,)), packet) is expected
    opposite = None if expected is None else not expected
    assert holds(Match("m", option, (value,), True), packet) is opposite


def test_a_note_of_recent_always_matches_and_a_look_does_not() -> None:
    name = Match("recent", "name", ("seen",))
    noted = FirewallRule(span=AT, matches=(Match("recent", "set"), name))
    looked = FirewallRule(span=AT, matches=(Match("recent", "rcheck"), Match("recent", "seconds", ("60",)), name))
    assert matches(noted, WEB, None) is True
    assert matches(looked, WEB, None) is None


def test_addresses_of_the_host_decide_unicast() -> None:
    unicast, local = Match("addrtype", "dst-type", ("UNICAST",)), Match("addrtype", "dst-type", ("LOCAL",))
    own, other = frozenset({WEB.destination}), frozenset({WEB.source})
    assert (holds(unicast, local=own), holds(unicast, local=other)) == (False, True)
    assert (holds(local, local=own), holds(local, local=other)) == (True, False)
    edge = structs.replace(WEB, destination=address("10.0.0.255"))
    assert holds(unicast, edge, other) is None
    assert holds(local, edge, other) is False


@pytest.mark.parametrize("module", ["socket", "rpfilter", "recent"])
def test_a_match_whose_options_are_not_shown_is_unknown(module: str) -> None:
    assert holds(Match(module, "")) is None


def ask(kind: str, members: list[tuple[str, ...]], sides: str, *, excluded: int = -1, timed: int = -1) -> Match:
    asked = IpSet(
        name="s",
        span=AT,
        type=kind,
        members=tuple(SetMember(parts, at == excluded, at != timed) for at, parts in enumerate(members)),
    )
    return Match("set", "match-set", ("s", sides), set=asked)


@pytest.mark.parametrize(
    ("match", "expected"),
    [
        (ask("hash:ip", [("198.51.100.7",)], "src"), True),
        (ask("hash:ip", [("198.51.100.7",)], "dst"), False),
        (ask("hash:ip", [], "src"), False),
        (ask("hash:net", [("198.51.0.0/16",)], "src"), True),
        (ask("hash:net", [("198.51.0.0/16",), ("198.51.100.0/24",)], "src", excluded=1), False),
        (ask("hash:net", [("198.51.0.0/16",), ("198.51.100.7",), ("198.51.100.0/24",)], "src", excluded=2), True),
        (ask("hash:ip", [("198.51.100.7",)], "src", timed=0), None),
        (ask("hash:net", [("198.51.0.0/16",), ("198.51.100.7",)], "src", timed=1), None),
        (ask("hash:net", [("198.51.0.0/16",), ("198.51.100.7",)], "src", timed=0), True),
        (ask("hash:ip,port", [("172.17.0.2", "tcp:80")], "dst,dst"), True),
        (ask("hash:ip,port", [("172.17.0.2", "udp:80")], "dst,dst"), False),
        (ask("hash:ip,port", [("172.17.0.2", "tcp:1-79")], "dst,dst"), False),
        (ask("hash:ip,port", [("172.17.0.2", "80")], "dst,src"), False),
        (ask("hash:ip,port", [("172.17.0.2", "tcp:http")], "dst,dst"), None),
        (ask("hash:ip,port,ip", [("172.17.0.2", "tcp:80", "198.51.100.7")], "dst,dst,src"), True),
        (ask("hash:net,iface", [("198.51.100.0/24", "eth0")], "src,src"), True),
        (ask("hash:net,iface", [("198.51.100.0/24", "physdev:eth0")], "src,src"), None),
        (ask("bitmap:port", [("80",)], "dst"), True),
        (ask("hash:mac", [("00:11:22:33:44:55",)], "src"), None),
        (ask("hash:ip,mark", [("10.0.0.1", "0x1")], "src,src"), False),
        (ask("hash:ip", [("198.51.100.0-198.51.100.9",)], "src"), True),
        (ask("hash:ip,port", [("172.17.0.2", "tcp:80")], "dst"), None),
    ],
)  # fmt: skip
def test_sets(match: Match, expected: bool | None) -> None:
    assert holds(match) is expected
    nested = IpSet(name="all", span=AT, type="list:set", members=(SetMember(("s",)),), sets=(match.set,))
    assert holds(Match("set", "match-set", ("all", match.values[1]), set=nested)) is expected
    partly = IpSet(name="all", span=AT, type="list:set", members=(), sets=(match.set, None))
    assert holds(Match("set", "match-set", ("all", match.values[1]), set=partly)) is (True if expected else None)


def ruleset(text: str) -> Ruleset:
    source = Source("nft-list-ruleset.txt", text)
    tree, problems = nft.parse(source)
    assert problems == []
    facts = HostFacts("host")
    build_rulesets([Parsed(source, "nft", tree)], facts)
    return facts.rulesets[0]


def chain(name: str, hook: str, body: str, kind: str = "filter", policy: str = "accept") -> str:
    return f"chain {name} {{\ntype {kind} hook {hook}; policy {policy};\n{body}\n}}\n"


def test_a_drop_of_any_chain_is_final_and_accept_is_not() -> None:
    first, second = chain("a", "forward priority 0", "accept"), chain("b", "forward priority 10", "tcp dport 80 drop")
    rules = ruleset(f"table ip x {{\n{second}}}\ntable inet y {{\n{first}}}\n")
    outcome = walk(rules, "filter", "FORWARD", WEB)
    assert (outcome.verdict, outcome.certain) == ("DROP", True)
    assert [step.text for step in outcome.steps] == ["a: ACCEPT", "b: DROP"]
    other = walk(rules, "filter", "FORWARD", structs.replace(WEB, destination_port=81))
    assert (other.verdict, other.steps[-1].text) == ("ACCEPT", "b: policy ACCEPT")
    earlier = ruleset(
        f"table ip x {{\n{chain('z', 'forward priority -5', '', policy='drop')}}}\ntable inet y {{\n{first}}}\n"
    )
    assert walk(earlier, "filter", "FORWARD", WEB).steps[-1].text == "z: policy DROP"


def test_the_first_translation_ends_the_rest() -> None:
    first = chain("a", "prerouting priority -110", "dnat to 10.0.0.1", "nat")
    second = chain("b", "prerouting priority dstnat", "dnat to 10.0.0.2", "nat")
    outcome = walk(ruleset(f"table ip x {{\n{second}{first}}}\n"), "nat", "PREROUTING", WEB)
    assert outcome.rule is not None
    assert outcome.rule.target_options == (("to-destination", "10.0.0.1"),)
    assert len(outcome.steps) == 1


def test_doubt_of_one_chain_is_doubt_of_all() -> None:
    text = chain("a", "forward priority 0", "limit rate 1/second drop") + chain("b", "forward priority 1", "accept")
    outcome = walk(ruleset(f"table ip x {{\n{text}}}\n"), "filter", "FORWARD", WEB)
    assert (outcome.verdict, outcome.certain, len(outcome.doubts)) == ("ACCEPT", False, 1)


DOCKER = """table ip docker-bridges {
	map in { type ifname : verdict; elements = { "docker0" : jump in__docker0 }
	}
	map out { type ifname : verdict; elements = { "docker0" : jump out__docker0 }
	}
	chain filter-FORWARD {
		type filter hook forward priority filter; policy accept;
		oifname vmap @in
		iifname vmap @out
	}
	chain in__docker0 {
		ct state established,related counter packets 0 bytes 0 accept
		ip daddr 172.17.0.2 tcp dport 80 counter packets 0 bytes 0 accept
		counter packets 0 bytes 0 drop comment "UNPUBLISHED PORT DROP"
	}
	chain out__docker0 {
		counter packets 0 bytes 0 accept comment "OUTGOING"
	}
}
"""


def test_the_way_through_the_tables_of_docker_29() -> None:
    rules = ruleset(DOCKER)
    assert walk(rules, "filter", "FORWARD", WEB).verdict == "ACCEPT"
    closed = walk(rules, "filter", "FORWARD", structs.replace(WEB, destination_port=81))
    assert (closed.verdict, closed.certain) == ("DROP", True)
    assert [step.text for step in closed.steps] == ["filter-FORWARD: in__docker0", "in__docker0: DROP"]
    out = structs.replace(WEB, in_interface="docker0", out_interface="eth0")
    assert walk(rules, "filter", "FORWARD", out).verdict == "ACCEPT"
    assert [path.rule.target for path in paths(rules, "filter", "FORWARD")] == [
        "in__docker0",
        "ACCEPT",
        "ACCEPT",
        "DROP",
        "out__docker0",
        "ACCEPT",
    ]


def test_hidden_interfaces_make_every_answer_uncertain() -> None:
    text = "Chain FORWARD (policy DROP)\ntarget prot opt source destination\nACCEPT all -- 0.0.0.0/0 0.0.0.0/0\n"
    source = Source("iptables-L.txt", text)
    facts = HostFacts("host")
    build_rulesets([Parsed(source, "iptables-L", iptables_list.parse(source)[0])], facts)
    outcome = walk(facts.rulesets[0], "filter", "FORWARD", WEB)
    assert (outcome.verdict, outcome.certain) == ("DROP", False)
    (path,) = paths(facts.rulesets[0], "filter", "FORWARD")
    assert path.rule.matches == (HIDDEN_INTERFACES,)
    assert not path.plain
    assert not path.unconditional
