"""One packet through a whole host: verdict, what it is then, and why. The kernel was asked the same (tests/lab)."""

from __future__ import annotations

import pytest

from netlint.dataplane.host_walk import HostWalk
from netlint.dataplane.leg import Leg
from netlint.dataplane.packet import Packet
from tests.dataplane.hosts import CLIENT, CONTAINER, DOCKER, HOST, OTHER, ROUTES, address, host, packet, table


def shown(leg: Leg) -> str:
    """The verdict and, for a packet that goes on, the way and the ends: `eth0 10.0.0.1:40000 > 10.0.0.2:80`."""
    if not leg.accepted:
        return leg.verdict
    way = "host" if leg.delivered else leg.left.out_interface
    return f"{way} {str(leg.left).partition(' ')[2]}"


def through(walk: HostWalk, one: Packet) -> Leg:
    return walk.send(one) if one.in_interface is None else walk.receive(one)


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (packet(CLIENT, HOST, "eth0", 22), f"host {CLIENT}:40000 > {HOST}:22"),
        (packet(CLIENT, HOST, "eth0", 8080), f"docker0 {CLIENT}:40000 > {CONTAINER}:80"),
        (packet(CLIENT, CONTAINER, "eth0"), f"docker0 {CLIENT}:40000 > {CONTAINER}:80"),
        (packet(CLIENT, CONTAINER, "eth0", 81), "dropped"),
        (packet(CONTAINER, CLIENT, "docker0", 443), f"eth0 {HOST}:40000 > {CLIENT}:443"),
        (packet(CONTAINER, HOST, "docker0", 22), f"host {CONTAINER}:40000 > {HOST}:22"),
        (packet(CONTAINER, "172.17.0.1", "docker0", 53, "udp"), f"host {CONTAINER}:40000 > 172.17.0.1:53"),
        (packet(CONTAINER, CLIENT, "docker0", protocol="icmp"), f"eth0 {HOST} > {CLIENT}"),
        (packet(CONTAINER, "10.66.0.1", "docker0"), "dropped"),  # blackhole
        (packet(CONTAINER, "10.67.0.1", "docker0"), "unroutable"),  # unreachable
        (packet(CONTAINER, "10.68.0.1", "docker0"), "unroutable"),  # prohibit
        (packet(CONTAINER, "10.1.0.1", "docker0"), f"eth0 {HOST}:40000 > 10.1.0.1:80"),
        (packet(HOST, CLIENT, None, 443), f"eth0 {HOST}:40000 > {CLIENT}:443"),
        (packet(HOST, CONTAINER, None), f"docker0 {HOST}:40000 > {CONTAINER}:80"),
        (packet(HOST, HOST, None, 8080), f"docker0 {HOST}:40000 > {CONTAINER}:80"),
        (packet(HOST, HOST, None, 22), f"host {HOST}:40000 > {HOST}:22"),
        (packet("127.0.0.1", "127.0.0.1", None, 8080), "host 127.0.0.1:40000 > 127.0.0.1:8080"),
        (packet(HOST, "10.67.0.1", None), "unroutable"),
        (packet("127.0.0.1", CLIENT, "eth0"), "dropped"),  # no source for others
        (packet("224.0.0.1", HOST, "eth0"), "dropped"),
        (packet("0.0.0.0", HOST, "eth0"), "dropped"),
        (packet("0.0.0.3", HOST, "eth0"), f"host 0.0.0.3:40000 > {HOST}:80"),  # since Linux 5.3
        (packet(HOST, CONTAINER, "eth0"), "dropped"),  # the host's own address does not come from outside
        (packet(CLIENT, "127.0.0.1", "eth0", 22), "dropped"),
        (packet(CLIENT, "127.0.0.1", "eth0", 8080), f"docker0 {CLIENT}:40000 > {CONTAINER}:80"),  # DNAT comes first
        (packet(CLIENT, "192.168.10.255", "eth0", 137, "udp"), f"host {CLIENT}:40000 > 192.168.10.255:137"),
        (packet(HOST, "192.168.10.255", None, 137, "udp"), f"eth0 {HOST}:40000 > 192.168.10.255:137"),
    ],
)  # fmt: skip
def test_a_host_with_docker(one: Packet, expected: str) -> None:
    assert shown(through(HostWalk(host(DOCKER)), one)) == expected


@pytest.mark.parametrize(
    ("one", "back"),
    [
        (
            packet(CLIENT, HOST, "eth0", 8080),
            f"eth0 {HOST}:8080 > {CLIENT}:40000",
        ),  # the port answers, not the container
        (packet(CONTAINER, CLIENT, "docker0", 443), f"docker0 {CLIENT}:443 > {CONTAINER}:40000"),
        (packet(CLIENT, HOST, "eth0", 22), f"eth0 {HOST}:22 > {CLIENT}:40000"),
        (packet(HOST, HOST, None, 8080), f"host {HOST}:8080 > {HOST}:40000"),
    ],
)
def test_the_answer_is_translated_back(one: Packet, back: str) -> None:
    walk = HostWalk(host(DOCKER))
    answer = walk.answer(through(walk, one))
    assert shown(answer) == back
    assert answer.certain


def test_what_nobody_tracks_is_not_translated_and_its_answer_belongs_to_nothing() -> None:
    firewall = table("raw", "-A PREROUTING -p icmp -j CT --notrack") + table(
        "filter", "-A FORWARD -p icmp -m icmp ! --icmp-type 8 -m conntrack --ctstate INVALID -j DROP"
    )
    walk = HostWalk(host(firewall))
    there = walk.receive(packet(CONTAINER, CLIENT, "docker0", protocol="icmp"))
    assert shown(there) == f"eth0 {CONTAINER} > {CLIENT}"
    assert there.left.state == "UNTRACKED"
    back = walk.answer(there)
    assert back.entered.state == "INVALID"
    assert shown(back) == f"docker0 {CLIENT} > {CONTAINER}"  # raw takes it out of tracking again
    other = HostWalk(host(firewall.replace("PREROUTING -p icmp", "PREROUTING -i docker0 -p icmp")))
    assert shown(other.answer(other.receive(there.entered))) == "dropped"


def test_a_packet_that_is_tracked_already_stays_so_on_its_way_back_in() -> None:
    firewall = table("raw", "-A PREROUTING -j CT --notrack") + table(
        "filter", "-A INPUT -m conntrack --ctstate NEW -j DROP"
    )
    walk = HostWalk(host(firewall))
    assert shown(walk.send(packet(HOST, "172.17.0.1", None))) == "dropped"
    assert walk.receive(packet(CLIENT, HOST, "eth0")).delivered


@pytest.mark.parametrize("value", [0, 1, None])
def test_bridged_packets_pass_iptables_where_the_kernel_is_told_so(value: int | None) -> None:
    firewall = table("filter", "-A FORWARD -i docker0 -o docker0 -j DROP")
    setting = f"net.bridge.bridge-nf-call-iptables = {value}\n" if value is not None else ""
    leg = HostWalk(host(firewall, sysctls=setting)).receive(packet(CONTAINER, OTHER, "docker0"))
    assert leg.certain is (value is not None)
    if value is not None:
        assert leg.accepted is (value == 0)
        assert leg.bridged is (value == 0)


def test_bridged_packets_that_nothing_changes_are_certain_without_the_setting() -> None:
    leg = HostWalk(host(DOCKER)).receive(packet(CONTAINER, OTHER, "docker0"))
    assert (leg.certain, shown(leg)) == (True, f"docker0 {CONTAINER}:40000 > {OTHER}:80")


def test_physdev_tells_bridged_packets_from_routed_ones() -> None:
    firewall = table("filter", "-A FORWARD -m physdev --physdev-is-bridged -j ACCEPT", policy="DROP")
    walk = HostWalk(host(firewall, sysctls="net.bridge.bridge-nf-call-iptables = 1\n"))
    assert walk.receive(packet(CONTAINER, OTHER, "docker0")).accepted
    assert shown(walk.receive(packet(CONTAINER, CLIENT, "docker0"))) == "dropped"
    along = walk.along(packet("192.168.10.7", "192.168.10.8", "eth0"))
    assert (along.accepted, along.bridged) == (True, True)


def test_a_bridged_packet_that_is_translated_is_routed() -> None:
    firewall = DOCKER.replace("! -i docker0 -p tcp", "-p tcp")
    walk = HostWalk(host(firewall, sysctls="net.bridge.bridge-nf-call-iptables = 1\n"))
    # hairpin: to the host's address, and back by the bridge it came from
    assert shown(walk.receive(packet(OTHER, HOST, "docker0", 8080))) == f"docker0 {OTHER}:40000 > {CONTAINER}:80"


RULES = """0:	from all lookup local
100:	from all fwmark 0x1 lookup 100
110:	from 172.17.0.9 lookup 100
120:	from all to 10.9.0.0/16 blackhole
130:	from all iif eth1 lookup main suppress_prefixlength 0
140:	not from 172.17.0.0/16 iif docker0 lookup 100
32766:	from all lookup main
32767:	from all lookup default
"""


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (packet(CONTAINER, CLIENT, "docker0", 443), "eth0"),
        (packet(CONTAINER, CLIENT, "docker0", 81), "eth1"),  # marked
        (packet("172.17.0.9", CLIENT, "docker0", 443), "eth1"),
        (packet(CONTAINER, "10.9.0.1", "docker0"), "dropped"),
        (packet("192.168.11.7", CONTAINER, "eth1"), "docker0"),
        (packet("192.168.11.7", CLIENT, "eth1"), "eth1"),  # `not` is for all that the rule asks together
        (packet(HOST, CLIENT, None, 81), "eth1"),  # OUTPUT marks, and it is routed again
    ],
)
def test_routing_rules(one: Packet, expected: str) -> None:
    marks = [
        f"-A {hook} -p tcp -m tcp --dport 81 -j MARK --set-xmark 0x1/0xffffffff" for hook in ("PREROUTING", "OUTPUT")
    ]
    other = "default via 192.168.11.254 dev eth1\n"
    loose = "net.ipv4.conf.all.rp_filter = 2\n"
    made = host(table("mangle", *marks), sysctls=loose, ip_rule_txt=RULES, ip_route_table_100_txt=other)
    leg = through(HostWalk(made), one)
    assert (leg.left.out_interface if leg.accepted else leg.verdict) == expected
    assert leg.certain


def test_a_table_that_was_not_given_is_a_doubt() -> None:
    rules = "0:	from all lookup local\n100:	from all lookup 52\n32766:	from all lookup main\n"
    assert not HostWalk(host(ip_rule_txt=rules)).receive(packet(CONTAINER, CLIENT, "docker0")).certain
    whole = "local 192.168.10.1 dev eth0 table local proto kernel scope host src 192.168.10.1\n"
    made = host(ip_rule_txt=rules, ip_route_txt="", ip_route_show_table_all_txt=ROUTES + whole)
    assert HostWalk(made).receive(packet(CONTAINER, CLIENT, "docker0")).certain


@pytest.mark.parametrize(
    ("sysctls", "accepted"),
    [
        ("net.ipv4.ip_forward = 1", True),
        ("net.ipv4.ip_forward = 0", False),
        ("net.ipv4.ip_forward = 1\nnet.ipv4.conf.docker0.forwarding = 0", False),
        ("net.ipv4.ip_forward = 0\nnet.ipv4.conf.docker0.forwarding = 1", True),
    ],
)
def test_forwarding(sysctls: str, accepted: bool) -> None:
    assert HostWalk(host(sysctls=sysctls)).receive(packet(CONTAINER, CLIENT, "docker0")).accepted is accepted


@pytest.mark.parametrize(
    ("sysctls", "source", "accepted", "certain"),
    [
        ("net.ipv4.conf.all.rp_filter = 1\nnet.ipv4.conf.eth1.rp_filter = 0", CLIENT, False, True),
        ("net.ipv4.conf.all.rp_filter = 0\nnet.ipv4.conf.eth1.rp_filter = 1", CLIENT, False, True),
        ("net.ipv4.conf.all.rp_filter = 2\nnet.ipv4.conf.eth1.rp_filter = 1", CLIENT, True, True),
        ("net.ipv4.conf.all.rp_filter = 0\nnet.ipv4.conf.eth1.rp_filter = 0", CLIENT, True, True),
        ("net.ipv4.conf.all.rp_filter = 1\nnet.ipv4.conf.eth1.rp_filter = 1", "192.168.11.7", True, True),
        ("net.ipv4.conf.all.rp_filter = 2\nnet.ipv4.conf.eth1.rp_filter = 2", "10.66.0.1", False, True),  # no way back
        ("", CLIENT, True, False),
        ("net.ipv4.conf.all.rp_filter = 1\nnet.ipv4.conf.eth1.rp_filter = 1", "192.168.10.255", False, True),
    ],
)  # fmt: skip
def test_reverse_path_filter(sysctls: str, source: str, accepted: bool, certain: bool) -> None:
    leg = HostWalk(host(sysctls=sysctls)).receive(packet(source, CONTAINER, "eth1"))
    assert (leg.accepted, leg.certain) == (accepted, certain)


NFT = """table ip filter {
	chain FORWARD {
		type filter hook forward priority filter; policy accept;
		%s
	}
}
table ip nat {
	chain PREROUTING {
		type nat hook prerouting priority dstnat; policy accept;
		%s
	}
}
"""
LEGACY = "# Generated by iptables-save v1.8.9 on Mon\n"


def test_both_back_ends_have_their_turn() -> None:
    """A packet has to pass both, and the first that translates it decides where it goes."""
    legacy = LEGACY + table("filter", "-A FORWARD -p tcp -m tcp --dport 81 -j DROP")
    legacy += LEGACY + table("nat", "-A PREROUTING -p tcp -m tcp --dport 82 -j DNAT --to-destination 172.17.0.8")
    nft = NFT % ("tcp dport 83 drop", "tcp dport { 82, 84 } dnat to 172.17.0.9")
    walk = HostWalk(host(legacy, nft_list_ruleset_txt=nft))
    assert len(walk.rulesets) == 2
    answers = {port: shown(walk.receive(packet(CLIENT, CONTAINER, "eth0", port))) for port in (80, 81, 83, 84)}
    assert answers == {
        80: f"docker0 {CLIENT}:40000 > {CONTAINER}:80",
        81: "dropped",
        83: "dropped",
        84: f"docker0 {CLIENT}:40000 > 172.17.0.9:84",
    }
    twice = walk.receive(packet(CLIENT, CONTAINER, "eth0", 82))
    assert str(twice.left.destination) in ("172.17.0.8", "172.17.0.9")


NAT6 = table(
    "nat",
    "-A PREROUTING -d 2001:db8:10::1/128 -p tcp -m tcp --dport 8080 -j DNAT --to-destination [fd00:17::2]:80",
    "-A POSTROUTING -s fd00:17::/64 ! -o docker0 -j MASQUERADE",
) + table(
    "filter",
    "-A FORWARD -d fd00:17::2/128 -p tcp -m tcp --dport 80 -j ACCEPT",
    "-A FORWARD -i docker0 -j ACCEPT",
    policy="DROP",
)
OUT6 = "2001:db8:99::7"


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (packet(OUT6, "2001:db8:10::1", "eth0", 8080), f"docker0 [{OUT6}]:40000 > [fd00:17::2]:80"),
        (packet(OUT6, "fd00:17::2", "eth0", 81), "dropped"),
        (packet("fd00:17::2", OUT6, "docker0", 443), f"eth0 [2001:db8:10::1]:40000 > [{OUT6}]:443"),
        (packet(OUT6, "fd00:17::", "eth0", 81), f"host [{OUT6}]:40000 > [fd00:17::]:81"),  # any router of the link
        (packet("2001:db8:10::1", OUT6, None, 443), f"eth0 [2001:db8:10::1]:40000 > [{OUT6}]:443"),
    ],
)
def test_ipv6(one: Packet, expected: str) -> None:
    walk = HostWalk(host(ip6tables_save_txt=NAT6), 6)
    assert shown(through(walk, one)) == expected


def test_ipv6_has_one_switch_for_forwarding() -> None:
    off = "net.ipv6.conf.all.forwarding = 0\nnet.ipv6.conf.docker0.forwarding = 1\n"
    assert not HostWalk(host(sysctls=off), 6).receive(packet("fd00:17::2", OUT6, "docker0")).accepted
    on = "net.ipv6.conf.all.forwarding = 1\nnet.ipv6.conf.docker0.forwarding = 0\n"
    assert HostWalk(host(sysctls=on), 6).receive(packet("fd00:17::2", OUT6, "docker0")).accepted


def test_ipv6_masquerading_prefers_the_destination_itself() -> None:
    firewall = table("nat", "-A OUTPUT -j DNAT --to-destination fd00:17::1", "-A POSTROUTING -j MASQUERADE")
    leg = HostWalk(host(ip6tables_save_txt=firewall), 6).send(packet("2001:db8:10::1", OUT6, None))
    assert leg.left.source == address("fd00:17::1")


def test_the_types_of_addresses_of_one_interface_are_unknown() -> None:
    rule = "-A POSTROUTING -m addrtype ! --src-type LOCAL --limit-iface-out -m addrtype --src-type LOCAL -j MASQUERADE"
    walk = HostWalk(host(table("nat", rule)))
    assert not walk.send(packet(HOST, CLIENT, None)).certain
    assert walk.receive(packet(CONTAINER, CLIENT, "docker0")).certain  # no address of the host at all


def test_untracked_packets_and_two_questions_for_their_connection() -> None:
    one = "-A FORWARD -m conntrack --ctstate UNTRACKED -m conntrack --ctorigdst 198.51.100.0/24 -j DROP"
    raw = table("raw", "-A PREROUTING -j CT --notrack")
    leg = HostWalk(host(raw + table("filter", one))).receive(packet(CONTAINER, CLIENT, "docker0"))
    assert not leg.certain
    only = one.replace("--ctstate UNTRACKED -m conntrack ", "")
    leg = HostWalk(host(raw + table("filter", only))).receive(packet(CONTAINER, CLIENT, "docker0"))
    assert (leg.accepted, leg.certain) == (True, True)


def test_every_step_has_its_place_and_the_last_one_decides() -> None:
    leg = HostWalk(host(DOCKER)).receive(packet(CLIENT, HOST, "eth0", 8080))
    assert [step.text for step in leg.steps if not step.idle] == [
        f"enters by eth0: tcp {CLIENT}:40000 > {HOST}:8080",
        "nat PREROUTING: DOCKER",
        "nat DOCKER: DNAT --to-destination 172.17.0.2:80",
        f"destination rewritten: tcp {CLIENT}:40000 > {CONTAINER}:80",
        "route 172.17.0.0/16 dev docker0",
        "filter FORWARD: DOCKER",
        "filter DOCKER: ACCEPT",
    ]
    assert {step.span.source for step in leg.steps} == {"ip-addr.txt", "iptables-save.txt", "ip-route.txt"}
    lost = HostWalk(host(DOCKER)).receive(packet(CLIENT, CONTAINER, "eth0", 81))
    assert lost.decided == lost.steps[-1].span
