"""`iptables -L`: columns, the text behind them, and several listings in one file."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netlint.parse.iptables_list import parse
from netlint.parse.iptables_rule import Jump, Name, RuleRecord
from netlint.parse.iptables_save import SaveFile
from netlint.parse.tree import Problem
from netlint.source import Source
from tests.parse.by_words import records

VERBOSE = " pkts bytes target     prot opt in     out     source               destination"
SHORT = "target     prot opt source               destination"


def read(text: str) -> tuple[SaveFile, list[Problem]]:
    return parse(Source("L", text))


def row(line: str, header: str = VERBOSE) -> RuleRecord:
    tree, problems = read(f"Chain INPUT (policy ACCEPT)\n{header}\n{line}\n")
    assert (problems, tree.unsupported) == ([], ())
    return tree.tables[0].records()[0]


def rule(options: str) -> RuleRecord:
    (found,) = records(f"*filter\n-A INPUT {options}\nCOMMIT\n")
    return found


# What `iptables -L -n -v` prints for a rule that `iptables -S` prints as the second text (iptables 1.8.9).
TEXTS = [
    ("ACCEPT tcp", "tcp spts:1024:65535 dpt:80", "-p tcp -m tcp --sport 1024:65535 --dport 80"),
    ("ACCEPT tcp", "tcp spt:!22 dpts:!80:90", "-p tcp -m tcp ! --sport 22 ! --dport 80:90"),
    ("ACCEPT tcp", "tcp flags:0x17/0x02", "-p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN"),
    ("ACCEPT tcp", "tcp flags:!0x3F/0x00", "-p tcp -m tcp ! --tcp-flags FIN,SYN,RST,PSH,ACK,URG NONE"),
    ("ACCEPT tcp", "tcp option=!5", "-p tcp -m tcp ! --tcp-option 5"),
    ("ACCEPT udp", "udp dpt:53", "-p udp -m udp --dport 53"),
    ("ACCEPT tcp", "multiport dports 80,443:445", "-p tcp -m multiport --dports 80,443:445"),
    ("ACCEPT tcp", "multiport dports  !80,443", "-p tcp -m multiport ! --dports 80,443"),
    ("ACCEPT all", "state NEW", "-m state --state NEW"),
    ("ACCEPT all", "! state NEW", "-m state ! --state NEW"),
    ("ACCEPT all", "ctstate RELATED,ESTABLISHED", "-m conntrack --ctstate RELATED,ESTABLISHED"),
    ("ACCEPT all", "! ctstate INVALID", "-m conntrack ! --ctstate INVALID"),
    ("ACCEPT all", "ctorigsrc 10.0.0.0/8 ! ctorigdst 10.0.0.1",
     "-m conntrack --ctorigsrc 10.0.0.0/8 ! --ctorigdst 10.0.0.1"),
    ("ACCEPT all", "ADDRTYPE match dst-type LOCAL", "-m addrtype --dst-type LOCAL"),
    ("ACCEPT all", "ADDRTYPE match src-type !UNICAST,LOCAL dst-type !MULTICAST",
     "-m addrtype ! --src-type UNICAST,LOCAL ! --dst-type MULTICAST"),
    ("ACCEPT all", "ADDRTYPE match dst-type LOCAL limit-in", "-m addrtype --dst-type LOCAL --limit-iface-in"),
    ("ACCEPT all", "mark match 0x4000/0x4000", "-m mark --mark 0x4000/0x4000"),
    ("ACCEPT all", "mark match ! 0x1", "-m mark ! --mark 0x1"),
    ("ACCEPT all", "connmark match  0x0/0xffff0000", "-m connmark --mark 0x0/0xffff0000"),
    ("ACCEPT all", "limit: avg 5/min burst 7", "-m limit --limit 5/min --limit-burst 7"),
    ("ACCEPT all", "/* a b * c */", '-m comment --comment "a b * c"'),
    ("ACCEPT all", "/* ! not */ ctstate NEW /* two */",
     '-m comment --comment "! not" -m conntrack --ctstate NEW -m comment --comment two'),
    ("ACCEPT icmp", "icmptype 8", "-p icmp -m icmp --icmp-type 8"),
    ("ACCEPT icmp", "icmptype 3 code 1", "-p icmp -m icmp --icmp-type 3/1"),
    ("ACCEPT icmp", "icmp !type 8", "-p icmp -m icmp ! --icmp-type 8"),
    ("ACCEPT icmp", "icmp echo-request", "-p icmp -m icmp --icmp-type echo-request"),
    ("ACCEPT all", "PKTTYPE != unicast", "-m pkttype ! --pkt-type unicast"),
    ("ACCEPT all", "MAC ! 00:11:22:33:44:55", "-m mac ! --mac-source 00:11:22:33:44:55"),
    ("ACCEPT all", "source IP range ! 10.0.0.1-10.0.0.9 destination IP range 10.1.0.1-10.1.0.9",
     "-m iprange ! --src-range 10.0.0.1-10.0.0.9 --dst-range 10.1.0.1-10.1.0.9"),
    ("ACCEPT all", "statistic mode random ! probability 0.5", "-m statistic --mode random ! --probability 0.5"),
    ("ACCEPT all", "! recent: REMOVE name: x", "-m recent ! --remove --name x"),
    ("ACCEPT all", "PHYSDEV match ! --physdev-is-bridged", "-m physdev ! --physdev-is-bridged"),
    ("ACCEPT all", "tos match0x10/0x3f ctstate NEW", "-m tos --tos 0x10/0x3f -m conntrack --ctstate NEW"),
    ("ACCEPT all", "TTL match TTL != 64", "-m ttl ! --ttl-eq 64"),
    ("ACCEPT all", 'u32 "0x0>>0x16=0x1"', '-m u32 --u32 "0x0>>0x16=0x1"'),
    ("ACCEPT all", 'STRING match  "foo" ALGO name bm', '-m string --string "foo" --algo bm'),
    ("ACCEPT all", "! match-set badp src,dst", "-m set ! --match-set badp src,dst"),
    ("ACCEPT all", "socket --transparent", "-m socket --transparent"),
    ("ACCEPT all", "socket", "-m socket"),
    ("ACCEPT all", "! owner UID match 0 owner GID match 100", "-m owner ! --uid-owner 0 --gid-owner 100"),
    ("ACCEPT all", "policy match dir in pol ipsec strict reqid 5 proto esp",
     "-m policy --dir in --pol ipsec --strict --reqid 5 --proto esp"),
    ("LOG all", "LOG flags 0 level 4", "-j LOG"),
    ("LOG all", 'LOG flags 9 level 7 prefix "x y: "',
     '-j LOG --log-tcp-sequence --log-uid --log-level 7 --log-prefix "x y: "'),
    ("REJECT all", "reject-with icmp-port-unreachable", "-j REJECT --reject-with icmp-port-unreachable"),
    ("MARK all", "MARK or 0x4000", "-j MARK --set-xmark 0x4000/0x4000"),
    ("MARK all", "MARK and 0xff", "-j MARK --set-xmark 0x0/0xffffff00"),
    ("MARK all", "MARK set 0x1", "-j MARK --set-xmark 0x1/0xffffffff"),
    ("CONNMARK all", "CONNMARK xset 0x1/0xff", "-j CONNMARK --set-xmark 0x1/0xff"),
    ("CONNMARK all", "CONNMARK restore mask 0xff", "-j CONNMARK --restore-mark --mask 0xff"),
    ("SET all", "add-set badp src,dst exist timeout 5", "-j SET --add-set badp src,dst --exist --timeout 5"),
    ("NFQUEUE all", "NFQUEUE num 5 bypass", "-j NFQUEUE --queue-num 5 --queue-bypass"),
    ("DNAT tcp", "tcp dpt:8038 to:172.17.0.4:8038",
     "-p tcp -m tcp --dport 8038 -j DNAT --to-destination 172.17.0.4:8038"),
    ("DNAT tcp", "to:10.0.0.1-10.0.0.9:80-90 random persistent",
     "-p tcp -j DNAT --to-destination 10.0.0.1-10.0.0.9:80-90 --random --persistent"),
    ("SNAT tcp", "to:10.0.0.1:5-9 random-fully", "-p tcp -j SNAT --to-source 10.0.0.1:5-9 --random-fully"),
    ("REDIRECT tcp", "redir ports 8080-8090 random", "-p tcp -j REDIRECT --to-ports 8080-8090 --random"),
    ("MASQUERADE tcp", "masq ports: 1000-2000 random", "-p tcp -j MASQUERADE --to-ports 1000-2000 --random"),
    ("NETMAP all", "to:10.0.0.0/24", "-j NETMAP --to 10.0.0.0/24"),
    ("TPROXY tcp", "TPROXY redirect 0.0.0.0:15001 mark 0x1/0x1",
     "-p tcp -j TPROXY --on-ip 0.0.0.0 --on-port 15001 --tproxy-mark 0x1/0x1"),
    ("TCPMSS tcp", "tcp flags:0x06/0x02 TCPMSS clamp to PMTU",
     "-p tcp -m tcp --tcp-flags SYN,RST SYN -j TCPMSS --clamp-mss-to-pmtu"),
    ("CT all", "CT notrack", "-j CT --notrack"),
    ("CHECKSUM udp", "CHECKSUM fill", "-p udp -j CHECKSUM --checksum-fill"),
    ("MINE all", "[goto] ctstate NEW", "-m conntrack --ctstate NEW -g MINE"),
]  # fmt: skip


@pytest.mark.parametrize(("start", "text", "options"), TEXTS, ids=[text for _, text, _ in TEXTS])
def test_text(start: str, text: str, options: str) -> None:
    target, protocol = start.split()
    listed = row(f"    0     0 {target:<10} {protocol:<4} --  *      *       0.0.0.0/0            0.0.0.0/0  {text}")
    saved = rule(options if " -j" in f" {options}" or " -g" in options else f"{options} -j {target}")
    named = [match for match in saved.matches if match.option or match.module == "socket"]
    assert [match for match in listed.matches if match.option or match.module == "socket"] == named
    assert listed.jump == saved.jump
    assert listed.protocol == Name(protocol)


@pytest.mark.parametrize(
    ("header", "line", "expected"),
    [
        (VERBOSE, "4175 1130K DROP 0 -- !docker0 br-1 !10.0.0.0/8 1.2.3.4",
         ("!docker0", "br-1", "!10.0.0.0/8", "1.2.3.4/32")),
        (VERBOSE, "   0   0        6  --  eth0  * 0.0.0.0/0 0.0.0.0/0", ("eth0", "", "0.0.0.0/0", "0.0.0.0/0")),
        (VERBOSE, "   0   0 ACCEPT tcp    any  lo ::/0 fd00::/8", ("", "lo", "::/0", "fd00::/8")),
        (VERBOSE, "   0   0        tcp    eth0  lo ::/0 fd00::/8", ("eth0", "lo", "::/0", "fd00::/8")),
        ("num " + SHORT, "12 RETURN all -- anywhere !loopback/8", ("", "", "", "!127.0.0.0/8")),
        (SHORT, "           tcp  --  10.0.0.0/8           anywhere", ("", "", "10.0.0.0/8", "")),
        ("num   pkts bytes " + SHORT.replace("opt", "opt in out"),
         "1        0     0 DOCKER all -- * * 0.0.0.0/0 !127.0.0.0/8", ("", "", "0.0.0.0/0", "!127.0.0.0/8")),
    ],
)  # fmt: skip
def test_columns(header: str, line: str, expected: tuple[str, str, str, str]) -> None:
    found = row(line, header)
    sign = {True: "!", False: ""}
    names = [
        sign[one.negated] + one.text if one is not None else "" for one in (found.in_interface, found.out_interface)
    ]
    addresses = [
        sign[one.negated] + str(one.ranges[0]) if one is not None else "" for one in (found.source, found.destination)
    ]
    assert (*names, *addresses) == expected


def test_counters_and_fragments() -> None:
    assert row("4175 1130K DROP all -f * * 0.0.0.0/0 0.0.0.0/0").counters == (4175, 1_130_000)
    assert row("4175 1130K DROP all -f * * 0.0.0.0/0 0.0.0.0/0").fragment is True
    assert row("0 0 DROP all !f * * 0.0.0.0/0 0.0.0.0/0").fragment is False
    assert row("DROP all -- 0.0.0.0/0 0.0.0.0/0", SHORT).counters is None
    tree, _ = read("Chain INPUT (policy DROP 2G packets, 0 bytes)\n")
    assert tree.tables[0].chains[0].counters == (2_000_000_000, 0)


def test_names_instead_of_numbers() -> None:
    text = f"Chain X (1 references)\n{SHORT}\nACCEPT tcp -- web.example anywhere tcp dpt:http spt:!gopherd:90\n"
    tree, problems = read(text)
    found = tree.tables[0].records()[0]
    assert not problems
    assert found.source is not None
    assert found.source.ranges == ("web.example",)
    assert [match.values for match in found.matches] == [("80",), ("gopherd:90",)]
    source = Source("L", text)
    assert [source.slice(item.span) for item in tree.unsupported] == ["web.example", "gopherd:90"]


def test_what_is_not_known_is_told_and_not_lost() -> None:
    text = f"Chain X (1 references)\n{VERBOSE}\n0 0 DROP all -- * * 0.0.0.0/0 0.0.0.0/0 quantum lucky 7 ctstate NEW\n"
    tree, problems = read(text)
    assert not problems
    assert [(match.module, match.option, match.values) for match in tree.tables[0].records()[0].matches] == [
        ("", "text", ("quantum lucky 7",)),
        ("conntrack", "ctstate", ("NEW",)),
    ]
    assert [Source("L", text).slice(item.span) for item in tree.unsupported] == ["quantum lucky 7"]


def test_several_listings() -> None:
    text = f"""Chain DOCKER (5 references)
target prot opt source destination
ACCEPT tcp -- 0.0.0.0/0 172.17.0.4 tcp dpt:8038
Chain POSTROUTING (policy ACCEPT 96 packets, 6206 bytes)
pkts bytes target prot opt in out source destination
0 0 MASQUERADE tcp -- * * 172.17.0.4 172.17.0.4 tcp dpt:8038
Chain DOCKER (2 references)
pkts bytes target prot opt in out source destination
0 0 RETURN all -- docker0 * 0.0.0.0/0 0.0.0.0/0
[root@host ~]# ip6tables -t mangle -nvL
Chain PREROUTING (policy ACCEPT 0 packets, 0 bytes)
{VERBOSE}
"""
    tree, problems = read(text)
    assert not problems
    assert [(block.name, [chain.name for chain in block.chains], block.interfaces) for block in tree.tables] == [
        (None, ["DOCKER"], False),
        (None, ["POSTROUTING", "DOCKER"], True),
        ("mangle", ["PREROUTING"], True),
    ]
    assert [block.header.tool if block.header else None for block in tree.tables] == [None, None, "ip6tables"]


def test_other_texts() -> None:
    assert [(problem.message, problem.fatal) for problem in read("hello\n")[1]] == [
        ("no chain of iptables -L in it", True)
    ]
    tree, problems = read(f"Chain X (1 references)\n{SHORT}\nnonsense\nDROP all -- 0.0.0.0/0 0.0.0.0/0\n")
    assert [problem.message for problem in problems] == ["not a line of iptables -L"]
    assert tree.tables[0].records()[0].jump == Jump("DROP")
    assert read("") == (SaveFile(span=Source("L", "").span(0, 0), tables=()), [])


WORDS = """target|prot|opt|in|out|source|destination|pkts bytes|num|ACCEPT|tcp|--|*|!docker0|0.0.0.0/0|!::/0
anywhere|80|!|tcp dpt:|spt:http|flags:0x|/*|*/|[goto]|to:|reject-with|1K|LOG flags 1|$ iptables -t nat -L"""
LINES = [
    "Chain INPUT (policy ACCEPT)",
    "Chain X (1 references)",
    "0 0 DROP all -- * * 0.0.0.0/0 0.0.0.0/0",
    VERBOSE,
    SHORT,
]
PIECES = st.sampled_from(WORDS.replace("\n", "|").split("|") + [f"\n{line}\n" for line in LINES])


@settings(max_examples=200)
@given(st.lists(PIECES).map(" ".join))
def test_never_raises_and_spans_slice(text: str) -> None:
    source = Source("L", text)
    tree, problems = parse(source)
    for block in tree.tables:
        for chain in block.chains:
            assert source.slice(chain.span).startswith("Chain ")
        for record in block.records():
            assert record.jump is None or record.jump.target in source.slice(record.span)
    for problem in problems:
        assert 0 <= problem.span.start <= problem.span.end <= len(text)
    for item in tree.unsupported:
        assert source.slice(item.span).strip() == source.slice(item.span) != ""
