"""Real firewalls on a router that is made to fit them, and probes at the edges of what their rules ask for."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from netlint.config import Config
from netlint.dataplane.translate import parse_target
from netlint.discover import discover
from netlint.engine import build
from netlint.model.netfilter import FirewallRule, Ruleset
from netlint.prefix import Address, Prefix, parse_address
from tests.lab.frames import Probe

_MOST_LINKS = 10
_UPLINK = {4: ("192.0.2.1/24", "192.0.2.0/24", "0.0.0.0/0"), 6: ("2001:db8::1/64", "2001:db8::/64", "::/0")}
_FIRST = {4: 10 << 24 | 200 << 16, 6: 0xFD55 << 112}
Links = dict[str, tuple[tuple[str, ...], tuple[str, ...]]]


class Dump(NamedTuple):
    name: str
    text: str
    ruleset: Ruleset


def dumps(corpus: Path) -> Iterator[Dump]:
    """The iptables-save dumps of the corpus that hold one firewall each."""
    for line in (corpus / "dumps.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        if row["kind"] != "iptables-save":
            continue
        path = corpus / row["file"]
        site, _ = build(discover([str(path)]), Config())
        rulesets = [one for host in site.hosts for one in host.rulesets]
        if len(rulesets) == 1:
            yield Dump(row["file"], path.read_text(encoding="utf-8", errors="replace"), rulesets[0])


class Surroundings:
    """A router for a firewall: every interface that its rules name, and addresses and ports at which rules differ."""

    def __init__(self, ruleset: Ruleset, seed: int = 0) -> None:
        self.version = ruleset.version
        self.pick = random.Random(seed)
        self.rules = [rule for table in ruleset.tables.values() for _, rule in table.rules()]
        self.links = self._links()
        self.own = [parse_address(own.partition("/")[0]) for owns, _ in self.links.values() for own in owns]
        self.behind = {
            name: [Prefix.of(found, int(net.partition("/")[2])) for net in nets if (found := _address(net)) is not None]
            for name, (_, nets) in self.links.items()
        }
        self.addresses = list(dict.fromkeys(self._addresses()))
        self.ports = list(dict.fromkeys([1, 53, 80, 65535, *self._ports()]))

    def _links(self) -> Links:
        own, *nets = _UPLINK[self.version]
        links: Links = {"eth0": ((own,), tuple(nets))}
        for rule in self.rules:
            source, out = rule.source, rule.out_interface
            docker = source is not None and out is not None and out.negated and not source.negated
            if docker and source is not None and out is not None and source.prefix.size > 8:
                self._add(links, out.name, source.prefix)
        for rule in self.rules:
            for match in (rule.in_interface, rule.out_interface):
                if match is not None:
                    self._add(links, match.name.rstrip("+") or "any", None)
        return links

    def _add(self, links: Links, name: str, prefix: Prefix | None) -> None:
        if name in links or name == "lo" or len(links) == _MOST_LINKS or len(name) > 15:
            return
        if prefix is None or prefix.version != self.version or prefix.is_default:
            bits = {4: 32, 6: 128}[self.version]
            prefix = Prefix(self.version, _FIRST[self.version] + (len(links) << (bits - 24)), 24)
        links[name] = ((f"{prefix.address(1)}/{prefix.length}",), (str(prefix),))

    def _addresses(self) -> Iterator[Address]:
        for own in self.own:
            if own is not None:
                yield own
        for nets in self.behind.values():
            for net in nets:
                yield from (net.address(at) for at in (2, 3) if at < net.size and not net.is_default)
        for rule in self.rules:
            for side in (rule.source, rule.destination):
                if side is not None and side.prefix.version == self.version:
                    first, last = int(side.prefix.network_address), int(side.prefix.network_address) + side.prefix.size
                    yield from (
                        self._at(at) for at in (first - 1, first, first + 1, last - 1, last) if self._is_host(at)
                    )
            target = parse_target(rule.target_option("to-destination") or "")
            if target is not None and target.first is not None:
                yield target.first

    def _at(self, number: int) -> Address:
        return Prefix(self.version, number, {4: 32, 6: 128}[self.version]).network_address

    def _is_host(self, number: int) -> bool:
        if not 0 < number < 1 << {4: 32, 6: 128}[self.version]:
            return False
        address = self._at(number)
        return not (address.is_multicast or address.is_loopback or address.is_link_local or address.is_reserved
                    or int(address) >> 24 == 0)  # fmt: skip

    def _ports(self) -> Iterator[int]:
        for rule in self.rules:
            for number in _numbers(rule):
                yield from (near for near in (number - 1, number, number + 1) if 0 < near < 65536)

    def probes(self, count: int) -> Iterator[Probe]:
        """Packets between the addresses, mostly by the link that the source is behind."""
        for number in range(count):
            pick = self.pick
            source, destination = pick.sample(self.addresses, 2)
            link: str | None = self._link_of(source) if pick.random() < 0.9 else pick.choice(list(self.links))
            if source in self.own:
                link = None if pick.random() < 0.8 else link
            protocol = pick.choice(["tcp", "tcp", "udp", "icmp"])
            port = pick.choice(self.ports) if protocol != "icmp" else 0
            yield Probe(link, protocol, str(source), str(destination), 2000 + number, port)

    def _link_of(self, address: Address) -> str:
        found = [(net.length, name) for name, nets in self.behind.items() for net in nets if net.holds(address)]
        return max(found)[1] if found else "eth0"


def _address(net: str) -> Address | None:
    return parse_address(net.partition("/")[0])


def _numbers(rule: FirewallRule) -> Iterator[int]:
    texts = [value for match in rule.matches if match.option in ("dport", "dports", "ports") for value in match.values]
    target = rule.target_option("to-destination") or ""
    texts.append(target.rpartition(":")[2])
    for text in texts:
        yield from (int(word) for part in text.split(",") for word in part.split(":") if word.isdecimal())
