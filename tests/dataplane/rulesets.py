"""Random and given rulesets in iptables-save form, for tests of the walks."""

from __future__ import annotations

from random import Random

from netlint.build.facts import HostFacts, Parsed
from netlint.build.netfilter import build_rulesets
from netlint.model.netfilter import Ruleset
from netlint.parse.iptables_save import parse
from netlint.source import Source

_PREFIXES = ("10.0.0.0/8", "10.1.0.0/16", "10.1.2.0/24", "10.1.2.3/32", "192.0.2.0/25", "192.0.2.128/25", "224.0.0.0/4")
_LINKS = ("eth0", "eth1", "eth+", "docker0", "br-a", "br-+")
_PORTS = ("22", "80", "80:90", "1024:", ":1023", "443")
_OWN = ("A", "B", "C")


def ruleset(text: str, path: str = "fw") -> Ruleset:
    source = Source(path, text)
    tree, problems = parse(source)
    assert not problems, problems
    facts = HostFacts("host")
    build_rulesets([Parsed(source, "iptables-save", tree)], facts)
    return facts.rulesets[0]


def random_filter(pick: Random, rules: int = 12, *, marks: bool = True) -> str:
    """A filter table whose chains jump into one another, with every kind of condition that packets decide."""
    lines = [
        "*filter",
        f":INPUT {pick.choice(('ACCEPT', 'DROP'))} [0:0]",
        f":FORWARD {pick.choice(('ACCEPT', 'DROP'))} [0:0]",
    ]
    lines += [":OUTPUT ACCEPT [0:0]", *(f":{name} - [0:0]" for name in _OWN)]
    for chain, below in (
        ("INPUT", _OWN),
        ("FORWARD", _OWN),
        ("OUTPUT", _OWN),
        ("A", ("B", "C")),
        ("B", ("C",)),
        ("C", ()),
    ):
        lines += [_rule(pick, chain, below, marks=marks) for _ in range(pick.randrange(1, rules))]
    return "\n".join([*lines, "COMMIT", ""])


def _rule(pick: Random, chain: str, below: tuple[str, ...], *, marks: bool) -> str:
    words = [f"-A {chain}"]
    for option in ("-s", "-d"):
        if pick.random() < 0.3:
            words += [_negation(pick), option, pick.choice(_PREFIXES)]
    if chain != "OUTPUT" and pick.random() < 0.3:
        words += [_negation(pick), "-i", pick.choice(_LINKS)]
    if chain != "INPUT" and pick.random() < 0.3:
        words += [_negation(pick), "-o", pick.choice(_LINKS)]
    words += _conditions(pick, pick.choice(("tcp", "udp", "icmp", "", "", "")))
    targets = ["-j ACCEPT", "-j DROP", "-j REJECT", "-j RETURN", "-j LOG", ""] * 4
    targets += ["-j MARK --set-xmark 0x1/0x1"] if marks else []
    targets += [f"{how} {name}" for name in below for how in ("-j", "-j", "-g")] * 4
    return " ".join(word for word in [*words, pick.choice(targets)] if word)


def _conditions(pick: Random, protocol: str) -> list[str]:
    words = [f"{_negation(pick)} -p {protocol}" if protocol == "icmp" else f"-p {protocol}"] if protocol else []
    if protocol in ("tcp", "udp") and pick.random() < 0.6:
        option = pick.choice(("--dport", "--sport"))
        words += [f"-m {protocol}", _negation(pick), option, pick.choice(_PORTS)]
    if protocol == "tcp" and pick.random() < 0.3:
        flags = pick.choice(("FIN,SYN,RST,ACK SYN", "SYN,ACK SYN,ACK", "ALL NONE", "RST RST"))
        words += ["-m tcp", _negation(pick), "--tcp-flags", flags]
    if protocol == "icmp" and words[0].startswith("-p") and pick.random() < 0.5:
        words += ["-m icmp", _negation(pick), "--icmp-type", pick.choice(("8", "0", "3/4", "any"))]
    for chance, module, option, values in (
        (0.15, "conntrack", "--ctstate", ("NEW", "RELATED,ESTABLISHED", "INVALID", "DNAT", "NEW,UNTRACKED")),
        (0.1, "conntrack", "--ctorigdstport", ("80", "8000:8100")),
        (0.1, "mark", "--mark", ("0x1", "0x1/0x1", "0x2/0x3")),
        (0.1, "addrtype", "--dst-type", ("LOCAL", "MULTICAST", "UNICAST", "LOCAL,BROADCAST")),
        (0.1, "limit", "--limit", ("3/min",)),
        (0.05, "mac", "--mac-source", ("02:42:AC:11:00:02",)),
        (0.05, "iprange", "--src-range", ("10.1.2.1-10.1.2.9", "10.0.0.0-10.255.255.255")),
    ):
        if pick.random() < chance:
            words += [f"-m {module}", "" if module == "limit" else _negation(pick), option, pick.choice(values)]
    return words


def _negation(pick: Random) -> str:
    return "!" if pick.random() < 0.25 else ""
