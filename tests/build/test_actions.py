"""What setup scripts and units do to a host."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netlint.build.actions import build_actions
from netlint.build.actions_units import build_unit_actions
from netlint.build.facts import HostFacts, Parsed
from netlint.model.action import (
    AddressChange,
    ChainChange,
    ContainerRun,
    DockerStart,
    FirewallChange,
    FirewallFlush,
    RouteChange,
)
from netlint.model.located import Located
from netlint.parse import environment, shell, systemd
from netlint.prefix import parse_prefix
from netlint.source import Source, Span

INCIDENTS = Path(__file__).resolve().parents[2] / "../shared/incidents/dev"


def script(text: str, facts: HostFacts | None = None) -> tuple[HostFacts, Source]:
    source = Source("setup.sh", text)
    facts = facts if facts is not None else HostFacts("host")
    tree, problems = shell.parse(source)
    facts.problems(problems)
    build_actions([Parsed(source, "shell-script", tree)], facts)
    return facts, source


def unit(text: str, path: str = "x.service", extra: tuple[Parsed, ...] = ()) -> tuple[HostFacts, Source]:
    source, facts = Source(path, text), HostFacts("host")
    tree, _ = systemd.parse(source)
    build_unit_actions([Parsed(source, "systemd-unit", tree), *extra], facts)
    return facts, source


@pytest.mark.parametrize(
    ("command", "tool", "table", "chain", "certain"),
    [
        ("iptables -F", "iptables", "filter", None, True),
        ("/sbin/iptables -X", "iptables", "filter", None, True),
        ("sudo iptables -w -t nat -F POSTROUTING", "iptables", "nat", "POSTROUTING", True),
        ("ip6tables-legacy --table mangle --flush", "ip6tables", "mangle", None, True),
        ("T=nat; iptables -t $T -F", "iptables", "nat", None, True),
        ("a || iptables -F", "iptables", "filter", None, False),
        ("iptables-restore <<E\n*nat\nCOMMIT\nE", "iptables", "nat", None, True),
        ("cat <<E | ip6tables-restore\n*raw\nCOMMIT\nE", "ip6tables", "raw", None, True),
        ("iptables-restore < /etc/iptables/rules.v4", "iptables", None, None, False),
        ("nft flush ruleset", "nft", None, None, True),
        ("nft 'flush ruleset'", "nft", None, None, True),
        ("nft delete table ip nat", "nft", "nat", None, True),
        ("nft flush chain ip filter FORWARD", "nft", "filter", "FORWARD", True),
        ("nft -f - <<E\nflush ruleset\nE", "nft", None, None, True),
    ],
)
def test_flush(command: str, tool: str, table: str | None, chain: str | None, certain: bool) -> None:
    facts, _ = script(command)
    (flush,) = facts.actions
    assert isinstance(flush, FirewallFlush)
    assert (flush.tool, flush.table, flush.chain, flush.certain) == (tool, table, chain, certain)


@pytest.mark.parametrize(
    "command",
    [
        "iptables -L",
        "iptables",
        "iptables -C INPUT -j DROP",
        "iptables-restore -n < f",
        "iptables-save",
        "nft list ruleset",
    ],
)
def test_no_change_of_the_firewall(command: str) -> None:
    assert script(command)[0].actions == []


def test_firewall_rules_in_order() -> None:
    facts, source = script(
        "iptables -P FORWARD DROP\niptables -N WEB\n"
        "for p in 80 443; do iptables -I WEB 1 -p tcp --dport $p -j ACCEPT; done\n"
        "ip6tables -t nat -D POSTROUTING -s fd00::/8 -j MASQUERADE\n"
    )
    policy, chain, http, https, v6 = facts.actions
    assert isinstance(policy, ChainChange)
    assert (policy.operation, policy.table, policy.chain, policy.policy) == ("P", "filter", "FORWARD", "DROP")
    assert isinstance(chain, ChainChange)
    assert (chain.operation, chain.chain, chain.policy) == ("N", "WEB", None)
    for change, port in ((http, "80"), (https, "443")):
        assert isinstance(change, FirewallChange)
        assert (change.operation, change.table, change.chain, change.rule.target) == ("I", "filter", "WEB", "ACCEPT")
        match = change.rule.match("dport")
        assert match is not None
        assert match.values == (port,)
    assert isinstance(v6, FirewallChange)
    assert (v6.version, v6.operation, v6.table) == (6, "D", "nat")
    assert source.slice(v6.span).startswith("ip6tables -t nat")


def test_wrong_and_open_addresses_of_rules() -> None:
    facts, source = script(
        "iptables -A INPUT -s $NET -j ACCEPT\niptables -A INPUT -s host.example -j ACCEPT\n"
        "iptables -A INPUT -s 10.0.0 -d 1.2.3.4.5 -j ACCEPT\n"
    )
    assert [source.slice(problem.span) for problem in facts.unreadable] == ["1.2.3.4.5"]


@pytest.mark.parametrize(
    ("command", "starts"),
    [
        ("systemctl restart docker", True),
        ("systemctl start docker.service other", True),
        ("systemctl enable --now docker", True),
        ("systemctl enable docker", False),
        ("systemctl stop docker", False),
        ("systemctl restart other", False),
        ("systemctl", False),
        ("service docker restart", True),
        ("service docker stop", False),
        ("/etc/init.d/docker restart", True),
        ("dockerd --bip 10.1.0.1/24", True),
        ("dockerd --validate --config-file x", False),
        ("docker ps", False),
        ("docker run -d nginx", False),
    ],
)
def test_docker_start(command: str, starts: bool) -> None:
    assert any(isinstance(action, DockerStart) for action in script(command)[0].actions) == starts


def test_options_of_dockerd() -> None:
    facts, source = script(
        "sudo dockerd --bip=10.1.0.1/24 --iptables=false --default-address-pool base=10.2.0.0/16,size=24 &"
    )
    assert [(option.name, option.value) for option in facts.options][:2] == [
        ("bip", "10.1.0.1/24"),
        ("iptables", False),
    ]
    assert source.slice(facts.options[0].span) == "10.1.0.1/24"
    assert facts.pools is not None
    assert facts.pools[0].base == parse_prefix("10.2.0.0/16")


@pytest.mark.parametrize(
    ("command", "operation", "prefix", "via", "device"),
    [
        ("ip route add 10.4.0.0/16 via 10.0.0.1 dev eth0", "add", "10.4.0.0/16", "10.0.0.1", "eth0"),
        ("ip -4 r replace blackhole 10.4.0.0/16", "replace", "10.4.0.0/16", None, None),
        ("ip ro del default", "delete", "0.0.0.0/0", None, None),
        ("ip -6 route add default via inet6 fe80::1 dev eth0", "add", "::/0", "fe80::1", "eth0"),
        ("route add -net 172.17.2.0 netmask 255.255.255.0 gw 10.0.0.2", "add", "172.17.2.0/24", "10.0.0.2", None),
        ("route del -net 10.0.0.0/8 dev eth0", "delete", "10.0.0.0/8", None, "eth0"),
        ("route add -host 10.0.0.9 eth1", "add", "10.0.0.9/32", None, "eth1"),
        ("route add default gw 10.0.0.1", "add", "0.0.0.0/0", "10.0.0.1", None),
    ],
)
def test_routes(command: str, operation: str, prefix: str, via: str | None, device: str | None) -> None:
    facts, _ = script(command)
    (change,) = facts.actions
    assert isinstance(change, RouteChange)
    assert (change.operation, str(change.prefix.value)) == (operation, prefix)
    assert (str(change.via.value) if change.via else None) == via
    assert (change.device.value if change.device else None) == device
    assert facts.routes is None


@pytest.mark.parametrize(
    ("command", "operation", "expected"),
    [
        ("ip addr add 10.9.0.1/24 dev docker0", "add", "docker0 10.9.0.1/24"),
        ("ip a d local 10.9.0.1/24 dev docker0", "delete", "docker0 10.9.0.1/24"),
        ("ifconfig docker0 172.17.1.1 netmask 255.255.255.0", "replace", "docker0 172.17.1.1/24"),
        ("ifconfig docker0 10.0.0.1/20 up", "replace", "docker0 10.0.0.1/20"),
        ("ifconfig docker0 172.17.1.1", "replace", "docker0 172.17.1.1/16"),
        ("ifconfig docker0 inet6 del fd00::1/64", "delete", "docker0 fd00::1/64"),
    ],
)
def test_addresses(command: str, operation: str, expected: str) -> None:
    facts, _ = script(command)
    (change,) = (one for one in facts.actions if isinstance(one, AddressChange))
    assert change.operation == operation
    assert f"{change.interface.value} {change.address.value}/{change.length}" == expected


@pytest.mark.parametrize(
    "command",
    [
        "ip route",
        "ip addr show docker0",
        "ip",
        "ip -s link",
        "ip link show br0",
        "ip -d l",
        "ip route flush cache",
        "ip -n blue link set veth1 up",
        "ip -netns blue addr add 10.0.0.1/24 dev veth1",
        "ifconfig",
        "ifconfig -a",
        "ifconfig eth0",
        "route -n",
        "brctl show",
        "brctl stp br0 off",
        "brctl setfd br0 0",
        "bridge link",
        "bridge -d vlan show",
        "bridge fdb show br br0",
        "tc -s qdisc show dev eth0",
        "ipset list web",
        "nmcli -t con show",
        "ebtables -t nat -L",
        "ipvsadm -Ln",
    ],
)
def test_looking_changes_nothing(command: str) -> None:
    facts, _ = script(command)
    assert (facts.actions, facts.not_understood, facts.unreadable) == ([], [], [])


def test_sysctls() -> None:
    facts, source = script(
        "sysctl -w net.ipv4.ip_forward=1 net.ipv4.tcp_syncookies=0\n"
        "echo 0 > /proc/sys/net/ipv4/conf/eth0.5/rp_filter\n"
        "a || echo 1 | sudo tee /proc/sys/net/ipv6/conf/all/forwarding\n"
    )
    assert facts.sysctls is not None
    assert [(key, value.value, value.exact) for key, value in facts.sysctls] == [
        ("net.ipv4.ip_forward", "1", True),
        ("net.ipv4.tcp_syncookies", "0", True),
        ("net.ipv4.conf.eth0/5.rp_filter", "0", True),
        ("net.ipv6.conf.all.forwarding", "1", False),
    ]
    assert source.slice(facts.sysctls[0][1].span) == "1"


def test_sysctls_of_scripts_come_after_files_and_before_listings() -> None:
    facts = HostFacts("host")
    facts.sysctls = [(name, Located(name, Span(name, 0, 1))) for name in ("etc/sysctl.conf", "sysctl-a.txt")]
    script("sysctl -w a=1 b=2", facts)
    assert [key for key, _ in facts.sysctls] == ["etc/sysctl.conf", "a", "b", "sysctl-a.txt"]


def test_what_has_no_model_is_said() -> None:
    facts, _ = script(
        "brctl hairpin br0 eth1 on\nip link set eth0 vf 0 mac 1\nip rule add from 10.0.0.0/8 table 5\n"
        "docker stack deploy x\nip route flush table main\nip addr flush scope global\nip -batch f\n"
        "bridge vlan add vid 5 dev eth1\ntc qdisc add dev eth0 root netem\nip link add type dummy\n"
    )
    assert [item.message for item in facts.not_understood] == [
        "brctl hairpin",
        "ip link set vf",
        "ip rule add",
        "docker stack deploy",
        "ip route flush",
        "ip address flush",
        "ip -batch",
        "bridge vlan add",
        "the tc command",
        "ip link add",
    ]


def test_units() -> None:
    facts, source = unit(
        "[Service]\nExecStartPost=-/bin/sh -c 'iptables -F; systemctl restart docker'\n"
        "ExecStartPre=/sbin/iptables -P FORWARD ACCEPT\nExecStart=\nExecStart=/usr/bin/dockerd --bip=10.0.0.1/24\n"
        "ExecStop=/sbin/iptables -F\n"
    )
    assert [type(action) for action in facts.actions] == [ChainChange, DockerStart, FirewallFlush, DockerStart]
    assert source.slice(facts.actions[2].span) == "iptables -F"
    assert facts.options == []


def test_drop_ins_reset_what_the_unit_runs() -> None:
    base, drop_in = (
        Source("x.service", "[Service]\nExecStartPre=/sbin/iptables -F\n"),
        Source("x.service.d/a.conf", "[Service]\nExecStartPre=\n"),
    )
    facts = HostFacts("host")
    build_unit_actions([Parsed(one, "systemd-unit", systemd.parse(one)[0]) for one in (drop_in, base)], facts)
    assert facts.actions == []


def test_variables_of_units() -> None:
    source = Source("etc/sysconfig/web", "PORT=8080\n")
    file = Parsed(source, "docker-defaults", environment.parse(source)[0])
    facts, _ = unit(
        "[Service]\nEnvironment=IMAGE=nginx PORT=1\nEnvironmentFile=-/etc/sysconfig/web\n"
        "ExecStart=/usr/bin/docker run -p ${PORT}:80 $IMAGE $MORE\n",
        extra=(file,),
    )
    (action,) = facts.actions
    assert isinstance(action, ContainerRun)
    assert [str(port.published) for port in action.ports] == ["8080"]
    assert action.image is not None
    assert action.image.value == "nginx"
    assert [(word.value, word.exact) for word in action.command] == [("$MORE", False)]


WORDS = (
    "iptables -F -A INPUT -t nat -s 10.0.0.0/8 -j DROP ip route add via dev addr eth0 docker run -p 80:80 network "
    "create --subnet swarm init --network name=a,ip=1 -itd - -- --gateway weave launch --password x --mtu expose "
    "10.0.0.1/8 sysctl -w a=b echo > /proc/sys/a/b | tee nft flush ruleset table route -net netmask gw ifconfig $X '' "
    "link set type bridge peer name master nomaster mtu vxlan brctl addbr addif flush bridge vlan tuntap up "
    "plugin install weaveworks/net-plugin:1 iptables-restore dockerd --bip systemctl restart kubectl"
).split()


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from([*WORDS, "\n", "\n"]), max_size=25).map(" ".join))
def test_never_raises(text: str) -> None:
    facts, _ = script(text)
    spans = [action.span for action in facts.actions] + [item.span for item in facts.unreadable + facts.not_understood]
    assert all(0 <= span.start <= span.end <= len(text) for span in spans)


@pytest.mark.skipif(not INCIDENTS.is_dir(), reason="the incident collection is not beside the project")
def test_incidents() -> None:
    def of(case: str) -> HostFacts:
        (path,) = INCIDENTS.glob(f"{case}*/broken/setup.sh")
        return script(path.read_text())[0]

    flushes = [action for action in of("b-001").actions if isinstance(action, FirewallFlush)]
    assert [(flush.table, flush.chain, flush.certain) for flush in flushes] == [("filter", None, True)] * 2
    created = [action.chain for action in of("b-005").actions if isinstance(action, ChainChange)]
    assert created == ["DOCKER", "DOCKER-USER", "DOCKER-ISOLATION-STAGE-1", "DOCKER-ISOLATION-STAGE-2", "DOCKER"]
    assert [one.option("parent") is not None for one in of("a-079").networks] == [True, True]


@pytest.mark.parametrize(
    ("text", "bip"),
    [
        ('cat > /etc/docker/daemon.json <<EOF\n{ "bip": "172.17.1.1/24" }\nEOF\n', "172.17.1.1/24"),
        ('sudo tee /etc/docker/daemon.json <<\'EOF\' >/dev/null\n{ "bip": "172.17.1.1/24" }\nEOF\n', "172.17.1.1/24"),
        ('cat <<EOF | sudo tee /etc/docker/daemon.json\n{ "bip": "172.17.1.1/24" }\nEOF\n', "172.17.1.1/24"),
        # not literal, not sure, another file
        ('cat > /etc/docker/daemon.json <<EOF\n{ "bip": "$BIP" }\nEOF\n', "$BIP"),
        ('if test -f x; then cat > /etc/docker/daemon.json <<EOF\n{ "bip": "172.17.1.1/24" }\nEOF\nfi\n', None),
        ('cat > /root/daemon.json <<EOF\n{ "bip": "172.17.1.1/24" }\nEOF\n', None),
    ],
)
def test_files_that_a_script_writes(text: str, bip: str | None) -> None:
    facts, source = script(text)
    found = [option for option in facts.options if option.name == "bip"]
    assert [option.value for option in found] == ([bip] if bip is not None else [])
    assert all(option.exact == (bip != "$BIP") for option in found)
    for option in found:
        assert str(bip) in source.slice(option.span)


def test_sysctl_files_that_a_script_writes() -> None:
    facts, _ = script("cat >> /etc/sysctl.d/99-docker.conf <<EOF\n# on\nnet.ipv4.ip_forward = 0\nEOF\n")
    assert facts.sysctls is not None
    assert [(key, value.value) for key, value in facts.sysctls] == [("net.ipv4.ip_forward", "0")]


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("usr/lib/systemd/system/nftables.service", []),
        ("etc/systemd/system/nftables.service", ["nft rules"]),
        ("rules.service", ["nft rules"]),
    ],
)
def test_a_packaged_unit_that_loads_rules_says_nothing_new(path: str, said: list[str]) -> None:
    facts, _ = unit("[Service]\nExecStart=/usr/sbin/nft -f /etc/nftables.conf\n", path)
    assert [item.message for item in facts.not_understood] == said
