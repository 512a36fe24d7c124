"""Firewalls, routes and packets made by chance, and what netlint says of the packets.

The firewalls hold what decides over one packet: addresses, ports, interfaces, states, marks, types of addresses, and
translations whose result is one only.
"""

from __future__ import annotations

import random
from pathlib import Path
from typing import NamedTuple

from netlint.config import Config
from netlint.dataplane.host_walk import HostWalk
from netlint.dataplane.leg import Leg
from netlint.dataplane.packet import Packet
from netlint.discover import discover
from netlint.engine import build
from netlint.model.host import Host
from netlint.prefix import Address, parse_address
from tests.lab.frames import Probe
from tests.lab.net import Host as Machine

LINKS = {
    "eth0": (
        ("192.0.2.1/24", "2001:db8:0::1/64"),
        ("192.0.2.0/24", "198.51.100.0/24", "2001:db8:0::/64", "2001:db8:f::/64"),
    ),
    "lan1": (
        ("10.1.0.1/24", "10.1.0.9/24", "fd01::1/64"),
        ("10.1.0.0/24", "10.3.0.0/16", "fd01::/64", "fd03::/48"),
    ),
    "lan2": (("10.2.0.1/24", "fd02::1/64"), ("10.2.0.0/24", "10.3.7.0/24", "fd02::/64", "fd03:0:0:7::/64")),
}
# What the router's own routes do not lead to: nothing, or nothing good.
ROUTES = (
    "blackhole 10.66.0.0/24",
    "unreachable 10.67.0.0/24",
    "prohibit 10.68.0.0/24",
    "10.3.7.0/24 via 169.254.1.2 dev lan1 onlink metric 50",  # loses against the route through lan2
    "10.9.0.0/16 via 169.254.2.2 dev lan2 onlink table 100",
    "198.51.100.0/25 via 169.254.1.2 dev lan1 onlink table 100",
    "blackhole fd66::/64",
    "unreachable fd67::/64",
    "fd09::/64 via fe80::3:2 dev lan2 onlink table 100",
    "2001:db8:f::/65 via fe80::2:2 dev lan1 onlink table 100",
)


class World(NamedTuple):
    """The addresses that firewalls and packets of one IP version are made of."""

    own: tuple[str, ...]  # the router's
    behind: dict[str, str]  # a link, and the beginning of the addresses behind it
    last: tuple[str, ...]  # their ends, those at the edges of prefixes among them
    others: tuple[str, ...]
    prefixes: tuple[str, ...]
    targets: tuple[str, ...]  # of translations
    mapped: tuple[str, str]  # prefixes of NETMAP, for destinations and sources
    outside: tuple[str, ...]  # sources that SNAT takes


WORLDS = {
    4: World(
        own=("192.0.2.1", "10.1.0.1", "10.1.0.9", "10.2.0.1"),
        behind={"eth0": "198.51.100.", "lan1": "10.1.0.", "lan2": "10.2.0."},
        last=("2", "3", "7", "8", "127", "128", "130", "254"),
        others=("192.0.2.7", "10.3.0.5", "10.3.7.5", "10.3.255.255", "10.66.0.1", "10.67.0.1", "10.68.0.1", "10.9.0.1",
                "172.30.0.1", "192.0.2.255", "10.1.0.255"),
        prefixes=("198.51.100.0/24", "192.0.2.0/24", "10.1.0.0/24", "10.2.0.0/24", "10.3.0.0/16", "10.0.0.0/8",
                  "198.51.100.2/32", "10.1.0.2/31", "10.1.0.0/29", "10.2.0.7/32", "10.2.0.128/25", "192.0.2.1/32",
                  "10.1.0.9/32"),
        targets=("198.51.100.2", "10.1.0.2", "10.1.0.7", "10.2.0.3", "10.3.7.5", "10.1.0.1", "10.66.0.1", "10.9.0.1"),
        mapped=("10.2.0.0/24", "203.0.113.0/24"),
        outside=("203.0.113.5", "10.2.0.77"),
    ),
    6: World(
        own=("2001:db8::1", "fd01::1", "fd02::1"),
        behind={"eth0": "2001:db8:f::", "lan1": "fd01::", "lan2": "fd02::"},
        last=("2", "3", "7", "8", "8000:0:0:1", "ffff:ffff:ffff:ffff"),
        others=("2001:db8::7", "fd03::5", "fd03:0:0:7::5", "fd66::1", "fd67::1", "fd09::1", "fd77::1"),
        prefixes=("2001:db8:f::/64", "2001:db8::/64", "fd01::/64", "fd02::/64", "fd03::/48", "fc00::/7",
                  "2001:db8:f::2/128", "fd01::2/127", "fd01::/125", "fd02::7/128", "fd02::8000:0:0:0/65",
                  "2001:db8::1/128"),
        targets=("2001:db8:f::2", "fd01::2", "fd01::7", "fd02::3", "fd03:0:0:7::5", "fd01::1", "fd66::1", "fd09::1"),
        mapped=("fd02::/64", "2001:db8:77::/64"),
        outside=("2001:db8:77::5", "fd02::77"),
    ),
}  # fmt: skip
_CHAINS = {
    "raw": ("PREROUTING", "OUTPUT"),
    "mangle": ("PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"),
    "nat": ("PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"),
    "filter": ("INPUT", "FORWARD", "OUTPUT"),
}
PORTS = (1, 53, 79, 80, 81, 85, 90, 91, 443, 1023, 1024, 5000, 65535)
_LISTINGS = {
    "ip-addr.txt": "ip addr",
    "ip-route.txt": "ip route show table all",
    "ip-rule.txt": "ip rule",
    "ip-6-rule.txt": "ip -6 rule",
    "ip-6-route.txt": "ip -6 route show table all",
    "iptables-save.txt": "iptables-save",
    "ip6tables-save.txt": "ip6tables-save",
    "sysctl-net.txt": "sysctl -a -r net.(ipv4.(ip_forward|conf.*(forwarding|rp_filter|accept_local|route_localnet))$"
    "|ipv6.conf.all.forwarding|bridge.bridge-nf-call-ip6?tables)",
}


class Maker:
    """Makes one random firewall of an IP version, and probes for it."""

    def __init__(self, seed: int, version: int = 4) -> None:
        self.pick = random.Random(seed)
        self.version = version
        self.world = WORLDS[version]
        self.icmp = {4: "icmp", 6: "ipv6-icmp"}[version]

    def firewall(self) -> str:
        """An iptables-save text."""
        pick = self.pick
        text = []
        for table, hooks in _CHAINS.items():
            if table != "filter" and pick.random() < 0.25:
                continue
            policies = [
                f":{hook} {'DROP' if table == 'filter' and pick.random() < 0.3 else 'ACCEPT'}" for hook in hooks
            ]
            own = ["A1", "A2"]
            rules = [self.rule(table, hook, own) for hook in hooks for _ in range(pick.randrange(5))]
            rules += [self.rule(table, "A1", ["A2"]) for _ in range(pick.randrange(4))]
            rules += [self.rule(table, "A2", []) for _ in range(pick.randrange(4))]
            declared = "\n".join([*(f"{policy} [0:0]" for policy in policies), ":A1 - [0:0]", ":A2 - [0:0]"])
            text.append(f"*{table}\n{declared}\n" + "\n".join(rules) + "\nCOMMIT\n")
        return "".join(text)

    def rule(self, table: str, chain: str, chains: list[str]) -> str:
        pick = self.pick
        words = [f"-A {chain}"]
        for option in ("-s", "-d"):
            if pick.random() < 0.3:
                words += [*self.negation(), option, pick.choice(self.world.prefixes)]
        if chain in ("PREROUTING", "INPUT", "FORWARD") and pick.random() < 0.3:
            words += [*self.negation(), "-i", pick.choice([*LINKS, "lan+", "lo"])]
        if chain in ("POSTROUTING", "OUTPUT", "FORWARD") and pick.random() < 0.3:
            words += [*self.negation(), "-o", pick.choice([*LINKS, "lan+", "lo"])]
        protocol = pick.choice(["tcp", "udp", self.icmp, "", ""])
        target = self.target(table, chain, chains, ported := protocol in ("tcp", "udp"))
        if protocol:
            words.append(f"-p {protocol}")
        if ported and pick.random() < 0.6:
            words += self.ports(protocol)
        if protocol == "tcp" and pick.random() < 0.2:
            flags = pick.choice(["FIN,SYN,RST,ACK SYN", "SYN,ACK SYN,ACK", "ALL SYN", "ALL NONE", "RST RST"])
            words += ["-m tcp", *self.negation(), "--tcp-flags", flags]
        if protocol == self.icmp and pick.random() < 0.4:
            kind = pick.choice(["8", "0", "3/1"] if self.version == 4 else ["128", "129", "1/4"])
            words += [f"-m icmp{'6' if self.version == 6 else ''}", *self.negation()]
            words += ["--icmp-type" if self.version == 4 else "--icmpv6-type", kind]
        words += self.conditions(table)
        return " ".join([*words, target])

    def ports(self, protocol: str) -> list[str]:
        """One condition only: iptables-nft 1.8.9 makes "not both" of `! --sport A ! --dport B`."""
        pick = self.pick
        several = pick.choice(["80", "53,80", "1,79:81,65535", "22,1024:5000", "443"])
        one = pick.choice(["80", "53", "80:90", "1024:", ":79", "65535"])
        if pick.random() < 0.3:
            return ["-m multiport", *self.negation(), pick.choice(["--dports", "--dports", "--ports"]), several]
        return [f"-m {protocol}", *self.negation(), "--dport", one]

    def conditions(self, table: str) -> list[str]:
        pick, words = self.pick, []
        if pick.random() < 0.15:
            types = pick.choice(["LOCAL", "LOCAL", "MULTICAST"])
            words += ["-m addrtype", *self.negation(), pick.choice(["--dst-type", "--src-type"]), types]
        if pick.random() < 0.15:
            words += ["-m mark", *self.negation(), "--mark", pick.choice(["0x1", "0x1/0x1", "0x2/0x3"])]
        if pick.random() < 0.08:
            low, high = sorted(pick.sample([2, 3, 7, 8], 2))
            net = pick.choice(list(self.world.behind.values()))
            words += ["-m iprange", *self.negation(), pick.choice(["--src-range", "--dst-range"]),
                      f"{net}{low}-{net}{high}"]  # fmt: skip
        if table != "raw" and pick.random() < 0.2:
            states = pick.choice(["NEW", "RELATED,ESTABLISHED", "DNAT", "SNAT", "UNTRACKED", "NEW,UNTRACKED"])
            words += ["-m conntrack", *self.negation(), "--ctstate", states]
        if table != "raw" and pick.random() < 0.1:
            asked = pick.choice(["--ctorigdst", "--ctorigsrc"])
            words += [f"-m conntrack {asked}", pick.choice(self.world.prefixes)]
        if table != "raw" and pick.random() < 0.08:
            words += ["-m conntrack", pick.choice(["--ctorigdstport 80", "--ctdir ORIGINAL", "--ctdir REPLY",
                                                   "--ctproto 17", "--ctstatus SEEN_REPLY"])]  # fmt: skip
        if table != "raw" and pick.random() < 0.1:
            words += ["-m connmark --mark", pick.choice(["0x1", "0x2/0x2"])]
        return words

    def target(self, table: str, chain: str, chains: list[str], ported: bool) -> str:
        """A target that the table allows in the chain; in a chain of its own only what all hooks allow."""
        pick = self.pick
        jumps = [f"-j {name}" for name in chains] + ([f"-g {chains[0]}"] if chains else [])
        targets = ["-j ACCEPT", "-j RETURN", *jumps]
        if table == "filter":
            targets += ["-j ACCEPT", "-j DROP", "-j DROP", "-j REJECT", ""]
        if table == "raw":
            targets += ["-j CT --notrack", "-j DROP", "-j MARK --set-xmark 0x1/0xffffffff"]
        if table == "mangle":
            targets += ["-j MARK --set-xmark 0x1/0xffffffff", "-j MARK --set-xmark 0x2/0x3", "-j DROP"]
            targets += [f"-j MARK --{pick.choice(['or-mark', 'and-mark', 'xor-mark'])} 0x3"]
            targets += ["-j CONNMARK --set-xmark 0x2/0xffffffff", "-j CONNMARK --save-mark --nfmask 0x3 --ctmask 0x3",
                        "-j CONNMARK --restore-mark --nfmask 0xffffffff --ctmask 0xffffffff"]  # fmt: skip
        if table == "nat" and chain in ("PREROUTING", "OUTPUT"):
            targets += [f"-j DNAT --to-destination {self.address_and_port(ported)}"] * 2
            targets += ["-j REDIRECT" + (" --to-ports 81" if ported else ""), f"-j NETMAP --to {self.world.mapped[0]}"]
        if table == "nat" and chain in ("POSTROUTING", "INPUT"):
            port = pick.choice(["", ":4444"]) if ported and pick.random() < 0.1 else ""
            source = pick.choice(self.world.outside)
            targets += [f"-j SNAT --to-source {f'[{source}]' if port and self.version == 6 else source}{port}"] * 2
            targets += [f"-j NETMAP --to {self.world.mapped[1]}"]
            targets += ["-j MASQUERADE"] * 2 if chain == "POSTROUTING" else []
        return pick.choice(targets)

    def address_and_port(self, ported: bool) -> str:
        target = self.pick.choice(self.world.targets)
        port = self.pick.choice(["", ":81", ":8000-8005"]) if ported else ""
        return f"[{target}]{port}" if port and self.version == 6 else f"{target}{port}"

    def negation(self) -> list[str]:
        return ["!"] if self.pick.random() < 0.25 else []

    def routing_rules(self) -> list[str]:
        """Arguments of `ip rule add`."""
        choices = [
            "fwmark 0x1 table 100 pref 100",
            "fwmark 0x2/0x2 blackhole pref 110",
            "iif lan2 table 100 pref 120",
            f"from {self.world.prefixes[2]} to {self.world.prefixes[0]} table 100 pref 130",
            f"not to {self.world.prefixes[5]} iif lan1 table 100 pref 140",
        ]
        # one there always is: a kernel that ever had a rule of somebody's own checks sources more closely
        return ["to 172.31.99.99 table 100 pref 150"] * (self.version == 4) + [
            rule for rule in choices if self.pick.random() < 0.25
        ]

    def switches(self) -> dict[str, str]:
        """Kernel settings."""
        if self.version == 6:
            return {"net.ipv6.conf.all.forwarding": self.pick.choice("01111")}
        return {
            "net.ipv4.conf.all.rp_filter": self.pick.choice("0012"),
            "net.ipv4.conf.lan1.rp_filter": self.pick.choice("012"),
            "net.ipv4.conf.all.accept_local": self.pick.choice("01"),
            "net.ipv4.conf.lan2.forwarding": self.pick.choice("0111"),
        }

    def probes(self, count: int) -> list[Probe]:
        return [self.probe(number) for number in range(count)]

    def probe(self, number: int) -> Probe:
        """From the side of its source, now and then from another one, or from the router itself."""
        pick, world = self.pick, self.world
        everywhere = [*(net + last for net in world.behind.values() for last in world.last), *world.others, *world.own]
        link = pick.choice([*LINKS, None])
        if link is None:
            source = pick.choice(world.own)
        elif pick.random() < 0.9:
            source = world.behind[link] + pick.choice(world.last)
        else:
            source = pick.choice(everywhere)
        protocol = pick.choice(["tcp", "tcp", "udp", "icmp"])
        port = pick.choice(PORTS) if protocol != "icmp" else 0
        return Probe(link, protocol, source, pick.choice(everywhere), 2000 + number, port)


def described(machine: Machine, folder: Path) -> Host:
    """The machine as netlint reads it from its own listings."""
    for name, command in _LISTINGS.items():
        (folder / name).write_text(machine.run(*command.split(" ")), encoding="utf-8")
    site, _ = build(discover([str(folder)]), Config())
    (host,) = site.hosts
    return host


def walked(walk: HostWalk, probe: Probe) -> Leg:
    packet = packet_of(probe)
    return walk.send(packet) if probe.interface is None else walk.receive(packet)


def packet_of(probe: Probe) -> Packet:
    ported = probe.protocol != "icmp"
    return Packet(
        source=address(probe.source),
        destination=address(probe.destination),
        protocol="ipv6-icmp" if not ported and probe.version == 6 else probe.protocol,
        source_port=probe.source_port if ported else None,
        destination_port=probe.destination_port if ported else None,
        in_interface=probe.interface,
    )


def answer(leg: Leg) -> tuple[object, ...]:
    """What the oracle is to say: its verdict and, for a packet that goes on, interface, addresses and ports.

    A refusal is told from silence by an ICMP error or a reset only, which the kernel sends not too often and which the
    firewall itself may drop on its way out.
    """
    if not leg.accepted:
        return ("lost",)
    if leg.delivered:
        return ("local",)
    left = leg.left
    ports = (left.source_port, left.destination_port) if left.source_port is not None else ()
    return "forward", left.out_interface, str(left.source), str(left.destination), *ports


def address(text: str) -> Address:
    found = parse_address(text)
    assert found is not None
    return found
