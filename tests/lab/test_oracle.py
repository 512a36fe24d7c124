"""The kernel as oracle answers what is known of it, and netlint's packet walk answers as the kernel does."""

import random
from collections.abc import Iterator

import pytest

from netlint.build.facts import HostFacts, Parsed
from netlint.build.netfilter import build_rulesets
from netlint.dataplane.packet import Packet
from netlint.dataplane.walk import walk
from netlint.model.netfilter import Ruleset
from netlint.parse.iptables_save import parse
from netlint.prefix import Address, parse_address
from netlint.source import Source
from tests.lab.frames import Probe
from tests.lab.oracle import Oracle

LINKS = {
    "eth0": (("192.0.2.1/24", "2001:db8::1/64"), ("192.0.2.0/24", "198.51.100.0/24", "2001:db8::/64")),
    "docker0": (("172.17.0.1/16", "fd00:17::1/64"), ("172.17.0.0/16", "fd00:17::/64")),
    "br-1": (("172.18.0.1/16",), ("172.18.0.0/16",)),
}
CLIENT, WEB, OTHER, ROUTER = "198.51.100.7", "172.17.0.2", "172.18.0.2", "192.0.2.1"
RULES = """*nat
:PREROUTING ACCEPT [0:0]
:INPUT ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
:DOCKER - [0:0]
-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
-A OUTPUT ! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -j DOCKER
-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE
-A DOCKER ! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80
COMMIT
*filter
:INPUT ACCEPT [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
-A INPUT -p tcp -m tcp --dport 23 -j REJECT --reject-with tcp-reset
-A INPUT -p udp -m udp --dport 69 -j DROP
-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -d 172.17.0.2/32 ! -i docker0 -o docker0 -p tcp -m tcp --dport 80 -j ACCEPT
-A FORWARD -i docker0 ! -o docker0 -j ACCEPT
-A FORWARD -o br-1 -j REJECT --reject-with icmp-port-unreachable
-A OUTPUT -d 172.18.0.0/16 -j DROP
COMMIT
"""
RULES6 = """*filter
:INPUT ACCEPT [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
-A INPUT -p tcp -m tcp --dport 23 -j REJECT --reject-with tcp-reset
-A FORWARD -d fd00:17::/64 -p tcp -m tcp --dport 80 -j ACCEPT
-A FORWARD -d fd00:17::/64 -p udp -j REJECT --reject-with icmp6-port-unreachable
COMMIT
"""


@pytest.fixture(scope="module")
def oracle() -> Iterator[Oracle]:
    with Oracle(LINKS) as router:
        yield router


KNOWN = [  # a probe; the verdict, the interface by which it leaves, and source and destination then
    (Probe("eth0", "tcp", CLIENT, ROUTER, 5001, 8080), ("forward", "docker0", CLIENT, WEB)),
    (Probe("eth0", "tcp", CLIENT, ROUTER, 5002, 22), ("local", None, None, None)),
    (Probe("eth0", "tcp", CLIENT, ROUTER, 5003, 23), ("reject", None, None, None)),
    (Probe("eth0", "udp", CLIENT, ROUTER, 5004, 69), ("drop", None, None, None)),
    (Probe("eth0", "icmp", CLIENT, ROUTER, 5005), ("local", None, None, None)),
    (Probe("eth0", "tcp", CLIENT, WEB, 5006, 80), ("forward", "docker0", CLIENT, WEB)),
    (Probe("eth0", "tcp", CLIENT, WEB, 5007, 443), ("drop", None, None, None)),
    (Probe("eth0", "udp", CLIENT, OTHER, 5008, 53), ("reject", None, None, None)),
    (Probe("docker0", "udp", WEB, CLIENT, 5009, 53), ("forward", "eth0", ROUTER, CLIENT)),
    (Probe("docker0", "icmp", WEB, CLIENT, 5010), ("forward", "eth0", ROUTER, CLIENT)),
    (Probe(None, "tcp", ROUTER, CLIENT, 5011, 443), ("forward", "eth0", ROUTER, CLIENT)),
    (Probe(None, "udp", ROUTER, OTHER, 5012, 53), ("drop", None, None, None)),
    (Probe(None, "tcp", ROUTER, ROUTER, 5013, 8080), ("forward", "docker0", ROUTER, WEB)),
    (Probe("eth0", "tcp", "2001:db8::7", "fd00:17::2", 5014, 80), ("forward", "docker0", "2001:db8::7", "fd00:17::2")),
    (Probe("eth0", "tcp", "2001:db8::7", "fd00:17::2", 5015, 443), ("drop", None, None, None)),
    (Probe("eth0", "udp", "2001:db8::7", "fd00:17::2", 5016, 53), ("reject", None, None, None)),
    (Probe("eth0", "tcp", "2001:db8::7", "2001:db8::1", 5017, 22), ("local", None, None, None)),
    (Probe("eth0", "tcp", "2001:db8::7", "2001:db8::1", 5018, 23), ("reject", None, None, None)),
    (Probe("eth0", "icmp", "2001:db8::7", "2001:db8::1", 5019), ("local", None, None, None)),
    (Probe(None, "udp", "2001:db8::1", "2001:db8::7", 5020, 53), ("forward", "eth0", "2001:db8::1", "2001:db8::7")),
]


def test_known_answers(oracle: Oracle) -> None:
    oracle.load(RULES)
    oracle.load(RULES6, 6)
    answers = oracle.ask([probe for probe, _ in KNOWN])
    found = [(a.verdict, a.interface, a.seen and a.seen.source, a.seen and a.seen.destination) for a in answers]
    assert dict(zip((probe for probe, _ in KNOWN), found, strict=True)) == dict(KNOWN)


@pytest.mark.parametrize(
    ("probe", "interface", "source"),
    [
        (Probe("docker0", "tcp", WEB, CLIENT, 5101, 443), "docker0", CLIENT),  # the translation is undone
        (Probe("docker0", "udp", WEB, CLIENT, 5102, 53), "docker0", CLIENT),
        (Probe("docker0", "icmp", WEB, CLIENT, 5103), "docker0", CLIENT),
        (Probe("eth0", "tcp", CLIENT, ROUTER, 5104, 8080), "eth0", ROUTER),  # the published port answers, not WEB
    ],
)
def test_replies(oracle: Oracle, probe: Probe, interface: str, source: str) -> None:
    oracle.load(RULES)
    first, reply = oracle.converse(probe)
    assert first.verdict == "forward"
    assert reply is not None
    assert reply.seen is not None
    assert (reply.interface, reply.seen.source, reply.seen.destination) == (interface, source, probe.source)


BRIDGED = {
    "eth0": (("192.0.2.1/24", "2001:db8::1/64"), ("192.0.2.0/24", "198.51.100.0/24", "2001:db8::/64")),
    "docker0": (("172.17.0.1/16", "fd00:17::1/64"), ("172.17.0.0/16", "fd00:17::/64")),
    "br-1": (("172.18.0.1/16",), ("172.18.0.0/16",)),
}
PORTS = {
    "docker0": {"web": ["172.17.0.2", "fd00:17::2"], "app": ["172.17.0.3", "fd00:17::3"]},
    "br-1": {"db": ["172.18.0.2"]},
}
APART = """*nat
:PREROUTING ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
-A PREROUTING -d 192.0.2.1/32 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80
-A POSTROUTING -s 172.17.0.0/16 -p icmp -j MASQUERADE
COMMIT
*filter
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
-A FORWARD -i docker0 -o docker0 -p tcp -m tcp --dport 443 -j DROP
-A FORWARD -i docker0 -o docker0 -p udp -j REJECT --reject-with icmp-port-unreachable
-A FORWARD -i docker0 -o br-1 -j DROP
COMMIT
"""
# A probe into a port of a bridge, with the firewall asked for bridged traffic and without: verdict, port and source.
BETWEEN = [
    (Probe("app", "tcp", "172.17.0.3", WEB, 6001, 80), ("forward", "web", "172.17.0.3"), None),
    (Probe("app", "tcp", "172.17.0.3", WEB, 6002, 443), ("drop", None, None), ("forward", "web", "172.17.0.3")),
    (Probe("app", "udp", "172.17.0.3", WEB, 6003, 53), ("reject", None, None), ("forward", "web", "172.17.0.3")),
    (Probe("app", "icmp", "172.17.0.3", WEB, 6004), ("forward", "web", "172.17.0.1"), ("forward", "web", "172.17.0.3")),
    (Probe("app", "tcp", "172.17.0.3", "172.18.0.2", 6005, 80), ("drop", None, None), None),
    (Probe("app", "tcp", "172.17.0.3", "172.17.0.1", 6006, 22), ("local", None, None), None),
    (Probe("app", "tcp", "172.17.0.3", ROUTER, 6007, 8080), ("forward", "web", "172.17.0.3"), None),  # turns round
    (Probe("db", "tcp", "172.18.0.2", WEB, 6008, 80), ("forward", "web", "172.18.0.2"), None),
    (Probe("eth0", "tcp", CLIENT, ROUTER, 6009, 8080), ("forward", "web", CLIENT), None),
    (Probe("app", "tcp", "172.17.0.3", CLIENT, 6010, 80), ("forward", "eth0", "172.17.0.3"), None),
    (Probe(None, "tcp", "172.17.0.1", WEB, 6011, 443), ("forward", "web", "172.17.0.1"), None),
    (Probe("app", "tcp", "fd00:17::3", "fd00:17::2", 6012, 443), ("forward", "web", "fd00:17::3"), None),
    (Probe("app", "tcp", "fd00:17::3", "2001:db8::7", 6013, 443), ("forward", "eth0", "fd00:17::3"), None),
]


@pytest.mark.parametrize("asked", [True, False], ids=["iptables sees bridged traffic", "it does not"])
def test_bridges(asked: bool) -> None:
    with Oracle(BRIDGED, PORTS, "bridges") as router:
        router.router.sysctl("net.bridge.bridge-nf-call-iptables", str(int(asked)))
        router.load(APART)
        answers = router.ask([probe for probe, *_ in BETWEEN])
        expected = [seen if asked or unseen is None else unseen for _, seen, unseen in BETWEEN]
        found = [(one.verdict, one.interface, one.seen and one.seen.source) for one in answers]
        found = [(verdict, *(where if verdict == "forward" else (None, None))) for verdict, *where in found]
        assert dict(zip((probe for probe, *_ in BETWEEN), found, strict=True)) == dict(
            zip((probe for probe, *_ in BETWEEN), expected, strict=True)
        )


@pytest.mark.parametrize("asked", [True, False], ids=["iptables sees bridged traffic", "it does not"])
def test_answer_inside_a_bridge(asked: bool) -> None:
    """A connection that turns round in a bridge: its answer passes the translation by, where bridged traffic does."""
    with Oracle(BRIDGED, PORTS, "bridges") as router:
        router.router.sysctl("net.bridge.bridge-nf-call-iptables", str(int(asked)))
        router.load(APART)
        first, reply = router.converse(Probe("app", "tcp", "172.17.0.3", ROUTER, 6101, 8080))
        assert (first.verdict, first.interface) == ("forward", "web")
        assert reply is not None
        assert reply.seen is not None
        assert (reply.interface, reply.seen.source) == ("app", ROUTER if asked else WEB)


NETWORKS = {"eth0": "198.51.100", "docker0": "172.17.0", "br-1": "172.18.0"}


def random_rule(pick: random.Random, chain: str, targets: list[str]) -> str:
    """A rule with some of the conditions that firewalls of container hosts have."""
    words = [f"-A {chain}"]

    def maybe(option: str, value: str, odds: float = 0.4) -> None:
        if pick.random() < odds:
            words.extend([*(["!"] if pick.random() < 0.25 else []), option, value])

    for option in ("-s", "-d"):
        network = pick.choice(list(NETWORKS.values()))
        maybe(option, pick.choice([f"{network}.0/24", f"{network}.{pick.randrange(1, 5)}/32", f"{network}.2/31"]))
    if "POSTROUTING" not in chain:
        maybe("-i", pick.choice(["eth0", "docker0", "br-1", "br-+"]))
    maybe("-o", pick.choice(["eth0", "docker0", "br-1", "br-+", "e+"]))
    if pick.random() < 0.5:
        protocol = pick.choice(["tcp", "udp"])
        words.append(f"-p {protocol}")
        if pick.random() < 0.7:
            words.append(f"-m {protocol}")
            # not both: iptables-nft 1.8.9 makes "not both" of "! --sport A ! --dport B"
            if pick.random() < 0.8:
                maybe("--dport", pick.choice(["80", "53", "80:90", "1024:65535"]), 0.9)
            else:
                maybe("--sport", pick.choice(["2000", "1024:3000", "2100:2200"]), 0.9)
    if pick.random() < 0.2:
        words.append("-m conntrack --ctstate " + pick.choice(["NEW", "RELATED,ESTABLISHED", "NEW,ESTABLISHED"]))
    return " ".join([*words, "-j", pick.choice(targets)])


def random_probe(pick: random.Random, number: int) -> Probe:
    source, destination = pick.sample(sorted(NETWORKS), 2)
    return Probe(
        source,
        pick.choice(["tcp", "udp"]),
        f"{NETWORKS[source]}.{pick.randrange(2, 6)}",
        f"{NETWORKS[destination]}.{pick.randrange(2, 6)}",
        2000 + number,  # one connection each
        pick.choice([53, 80, 85, 443, 5000]),
    )


def ruleset(text: str) -> Ruleset:
    tree, problems = parse(Source("fw", text))
    assert not problems
    facts = HostFacts("router")
    build_rulesets([Parsed(Source("fw", text), "iptables-save", tree)], facts)
    return facts.rulesets[0]


def packet(probe: Probe, out: str) -> Packet:
    return Packet(
        source=address(probe.source),
        destination=address(probe.destination),
        protocol=probe.protocol,
        source_port=probe.source_port,
        destination_port=probe.destination_port,
        in_interface=probe.interface,
        out_interface=out,
    )


def address(text: str) -> Address:
    found = parse_address(text)
    assert found is not None
    return found


def leaves_by(probe: Probe) -> str:
    return next(name for name, network in NETWORKS.items() if probe.destination.startswith(f"{network}."))


@pytest.mark.parametrize("seed", range(12))
def test_walk_agrees_on_forward(oracle: Oracle, seed: int) -> None:
    pick = random.Random(seed)
    inner = [random_rule(pick, "OWN", ["ACCEPT", "DROP", "RETURN", "LOG"]) for _ in range(6)]
    outer = ["-A FORWARD -p tcp -m tcp --dport 443 -j ACCEPT", "-A FORWARD -p udp -m udp --dport 85 -j DROP"]
    outer += [random_rule(pick, "FORWARD", ["ACCEPT", "DROP", "REJECT", "OWN", "OWN"]) for _ in range(8)]
    chains = f":FORWARD {pick.choice(['ACCEPT', 'DROP'])} [0:0]\n:OWN - [0:0]\n"
    text = f"*filter\n{chains}" + "\n".join([*inner, *outer]) + "\nCOMMIT\n"
    oracle.load("*nat\n:POSTROUTING ACCEPT [0:0]\nCOMMIT\n" + text)
    probes = [random_probe(pick, number) for number in range(400)]
    said = {"ACCEPT": "forward", "DROP": "drop", "REJECT": "reject"}
    rules = ruleset(text)
    expected = [said[walk(rules, "filter", "FORWARD", packet(probe, leaves_by(probe))).verdict] for probe in probes]
    found = [answer.verdict for answer in oracle.ask(probes)]
    wrong = [(probe, walked, was) for probe, walked, was in zip(probes, expected, found, strict=True) if walked != was]
    assert not wrong, text


@pytest.mark.parametrize("seed", range(12))
def test_walk_agrees_on_postrouting(oracle: Oracle, seed: int) -> None:
    pick = random.Random(seed)
    targets = ["ACCEPT", "MASQUERADE", "SNAT --to-source 203.0.113.5"]
    lines = [random_rule(pick, "POSTROUTING", targets) for _ in range(6)]
    text = "*nat\n:POSTROUTING ACCEPT [0:0]\n" + "\n".join(lines) + "\nCOMMIT\n"
    rules = ruleset(text)
    oracle.load("*filter\n:FORWARD ACCEPT [0:0]\nCOMMIT\n" + text)
    probes = [random_probe(pick, number) for number in range(400)]
    wrong = []
    for probe, answer in zip(probes, oracle.ask(probes), strict=True):
        out = leaves_by(probe)
        own = LINKS[out][0][0].partition("/")[0]
        said = {"ACCEPT": probe.source, "MASQUERADE": own, "SNAT": "203.0.113.5"}
        verdict = walk(rules, "nat", "POSTROUTING", packet(probe, out)).verdict
        if answer.seen is None or answer.seen.source != said[verdict]:
            wrong.append((probe, verdict, answer))
    assert not wrong, text
