"""A router with a bridge: what goes from one port of it to the other passes no router, but iptables all the same."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from netlint.dataplane.host_walk import HostWalk
from tests.lab import frames, walks
from tests.lab.differential import Count, Router, Wrong, told
from tests.lab.frames import Probe
from tests.lab.oracle import Answer, mac
from tests.lab.walks import Maker

BRIDGE, BRIDGE_MAC = "docker0", "02:00:00:00:ff:01"
_LINKS = {"eth0": walks.LINKS["eth0"], "lan2": walks.LINKS["lan2"], "port1": ((), ()), "port2": ((), ())}
_PORTS = ("port1", "port2")


class Bridged(Router):
    """`docker0` with two ports stands for the link lan1 of walks.LINKS. Its neighbours are behind one or the other."""

    def bridge(self) -> None:
        self.router.ip("link", "add", BRIDGE, "address", BRIDGE_MAC, "type", "bridge")
        for port in _PORTS:
            self.router.ip("link", "set", port, "master", BRIDGE)
        self.router.ip("link", "set", BRIDGE, "up")
        for address in ("10.1.0.1/24", "10.1.0.9/24"):
            self.router.ip("addr", "add", address, "dev", BRIDGE)
        for last in walks.WORLDS[4].last:
            address = f"10.1.0.{last}"
            self.router.ip(
                "neigh", "replace", address, "lladdr", self.mac_of(address), "dev", BRIDGE, "nud", "permanent"
            )
        for port in _PORTS:
            there = mac(list(self.links).index(port), 2)
            self.router.run("bridge", "fdb", "replace", there, "dev", port, "master", "static")

    def mac_of(self, address: str) -> str:
        """That of the neighbour, or of the bridge itself."""
        port = port_of(address)
        return mac(list(self.links).index(port), 2) if port is not None else BRIDGE_MAC

    def _send(self, probe: Probe, number: int) -> None:
        if probe.interface not in _PORTS:
            super()._send(probe, number)
            return
        source = mac(list(self.links).index(probe.interface), 2)
        header = bytes.fromhex((self.mac_of(probe.destination) + source).replace(":", ""))
        self._sockets[probe.interface].send(header + frames.ETHERTYPE[4] + frames.packet(probe, number))


def port_of(address: str) -> str | None:
    """The port that a neighbour of the bridge is behind."""
    net, _, last = address.rpartition(".")
    if net != "10.1.0" or last not in walks.WORLDS[4].last:
        return None
    return _PORTS[walks.WORLDS[4].last.index(last) % 2]


@contextlib.contextmanager
def bridged_router() -> Iterator[Bridged]:
    with Bridged(_LINKS) as one:
        one.bridge()
        yield one


def bridged_round(one: Bridged, seed: int, probes: int = 300) -> tuple[Count, str]:
    """A random firewall and packets, half of them along the bridge; br_netfilter on, now and then off."""
    maker = Maker(seed)
    text = maker.firewall().replace("lan1", BRIDGE).replace("lan+", "docker+")
    one.replace(text, 4)
    called = maker.pick.choice("1110")
    one.router.sysctl("net.bridge.bridge-nf-call-iptables", called)
    with tempfile.TemporaryDirectory() as folder:
        walk = HostWalk(walks.described(one.router, Path(folder)))
    asked = [probe for number in range(probes) if (probe := _probe(maker, number)) is not None]
    return _compare(one, walk, asked), f"{text}\nbridge-nf-call-iptables = {called}"


def _probe(maker: Maker, number: int) -> Probe | None:
    probe = maker.probe(number)
    if probe.interface != "lan1" or port_of(probe.source) is None:
        return probe if probe.interface != "lan1" and not probe.destination.endswith(".255") else None
    if maker.pick.random() < 0.6:
        probe = probe._replace(destination=f"10.1.0.{maker.pick.choice(walks.WORLDS[4].last)}")
    port = port_of(probe.source)
    # a bridge sends nothing back by the port it came from, and a broadcast by all others
    if port_of(probe.destination) == port or probe.destination.endswith(".255"):
        return None
    return probe._replace(interface=port)


def _compare(one: Bridged, walk: HostWalk, probes: Sequence[Probe]) -> Count:
    wrong: list[Wrong] = []
    uncertain = 0
    for probe, answer in zip(probes, one.ask(probes), strict=True):
        on = probe._replace(interface=BRIDGE if probe.interface in _PORTS else probe.interface)
        leg = walks.walked(walk, on)
        expected = walks.answer(leg)
        turned = leg.accepted and port_of(str(leg.left.destination)) == probe.interface is not None
        if not leg.certain or turned:
            uncertain += 1
            continue
        found = _seen(answer, probe)
        if expected != found and expected != (found := _seen(one.ask([probe])[0], probe)):
            wrong.append(Wrong(probe, expected, found, tuple(step.text for step in leg.steps)))
    return Count(len(probes) - uncertain, uncertain, tuple(wrong))


def _seen(answer: Answer, probe: Probe) -> tuple[object, ...]:
    named = answer._replace(interface=BRIDGE) if answer.interface in _PORTS else answer
    return told(named, probe)
