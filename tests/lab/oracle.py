"""The kernel as oracle: what a firewall does to a packet, asked of the kernel itself.

A router namespace holds the rules; all its links, and the ports of its bridges, end in one other namespace, from which
frames are sent and in which they are looked for. Rules that depend on time or chance (limit, recent, statistic, quota)
have no place here.
"""

from __future__ import annotations

import contextlib
import json
import select
import socket
import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from ipaddress import ip_interface
from typing import NamedTuple, Self

from tests.lab import frames
from tests.lab.frames import Probe, Seen
from tests.lab.net import Host, inside

BATCH = 20000  # below the 16 bits of a probe's number
_IDLE = 20  # milliseconds without a frame after which the last one has come
_SYSCTLS = {
    "net.ipv4.ip_forward": "1",
    "net.ipv6.conf.all.forwarding": "1",
    "net.ipv4.icmp_ratelimit": "0",
    "net.ipv4.icmp_ratemask": "0",  # no ICMP error counts against the limit of all of them together
    "net.ipv6.icmp.ratelimit": "0",
    "net.ipv4.icmp_msgs_per_sec": "1000000",
    "net.ipv4.icmp_msgs_burst": "1000000",
    "net.ipv4.conf.all.send_redirects": "0",
    "net.ipv4.conf.default.send_redirects": "0",
    "net.ipv4.conf.all.route_localnet": "1",
}
# Notes what came through every hook of INPUT: a refusal there would look like the answer of a closed port.
_NOTE_LOCAL = """
table inet oracle {
 set seen4 { typeof ip id; size 65535; flags dynamic; }
 set seen6 { typeof ip6 flowlabel; size 65535; flags dynamic; }
 chain local {
  type filter hook input priority 1000; policy accept;
  add @seen4 { ip id }
  add @seen6 { ip6 flowlabel }
 }
}
"""


class Answer(NamedTuple):
    """What became of a probe: "forward" with the interface it left by and what it was then, "local" (accepted by the
    router itself), "reject" or "drop"."""

    verdict: str
    interface: str | None = None
    seen: Seen | None = None


class Station(NamedTuple):
    """A place outside of the router from which frames come: its own link address, and the router's on that link."""

    own: bytes
    router: bytes
    bridge: str | None = None


class Oracle:
    """A router. `links`: its interfaces, each with the router's own addresses and the networks behind it.

    `bridges`: those of its interfaces that are bridges, with their ports and the addresses behind each port. Probes
    are sent into the ports of a bridge, and leave by them; with net.bridge.bridge-nf-call-iptables the firewall sees
    what passes between two of them.
    """

    def __init__(
        self,
        links: Mapping[str, tuple[Sequence[str], Sequence[str]]],
        bridges: Mapping[str, Mapping[str, Sequence[str]]] | None = None,
        name: str = "router",
    ) -> None:
        self.links, self.bridges = links, bridges or {}
        self.router, self.around = Host(name), Host(f"{name}-around")
        self._stations: dict[str, Station] = {}
        self._behind: dict[tuple[str, str], str] = {}  # bridge and address -> port
        self._sockets: dict[str, socket.socket] = {}
        self._raw: dict[int, socket.socket] = {}

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as stack:
            stack.enter_context(self.router)
            stack.enter_context(self.around)
            for key, value in _SYSCTLS.items():
                self.router.sysctl(key, value)
            for index, (name, (own, networks)) in enumerate(self.links.items()):
                if name in self.bridges:
                    self._bridge(index, name, networks)
                else:
                    self._link(index, name, networks)
                for address in own:
                    self.router.ip("addr", "add", address, "dev", name, "noprefixroute", "nodad")
            with inside(self.router):
                self._raw[4] = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
                self._raw[6] = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_RAW)
            self._raw[4].setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
            self.router.run("nft", "-f", "-", stdin=_NOTE_LOCAL)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        for one in (*self._sockets.values(), *self._raw.values()):
            one.close()
        self._stack.close()

    def _link(self, index: int, name: str, networks: Sequence[str]) -> None:
        """A link to one other machine, which is the way to everything behind it."""
        here, there = mac(index, 1), mac(index, 2)
        self._station(name, here, Station(_packed(there), _packed(here)))
        for gateway in (f"169.254.{index}.2", f"fe80::{index + 1}:2"):
            self.router.ip("neigh", "replace", gateway, "lladdr", there, "dev", name, "nud", "permanent")
        for network in networks:
            gateway = f"169.254.{index}.2" if ip_interface(network).version == 4 else f"fe80::{index + 1}:2"
            self.router.ip("route", "replace", network, "via", gateway, "dev", name, "onlink")

    def _bridge(self, index: int, name: str, networks: Sequence[str]) -> None:
        """A bridge with a machine at each port; who has which address is known and never asked for."""
        here = mac(index, 1)
        self.router.ip("link", "add", name, "address", here, "type", "bridge")
        for number, (port, addresses) in enumerate(self.bridges[name].items()):
            there = mac(index, 3 + 2 * number)
            self._station(port, mac(index, 2 + 2 * number), Station(_packed(there), _packed(here), name))
            self.router.ip("link", "set", port, "master", name)
            self.router.run("bridge", "fdb", "replace", there, "dev", port, "master", "static")
            for address in addresses:
                self._behind[name, address] = port
                self.router.ip("neigh", "replace", address, "lladdr", there, "dev", name, "nud", "permanent")
        self.router.ip("link", "set", name, "up")
        for network in networks:
            self.router.ip("route", "replace", network, "dev", name)

    def _station(self, name: str, address: str, station: Station) -> None:
        """An interface `name` of the router, with the link address `address`, and the station at its other end."""
        link = ("link", "add", name, "address", address, "type", "veth", "peer", "name", name)
        self.router.ip(*link, "netns", self.around.namespace, "address", station.own.hex(":"))
        self.router.ip("link", "set", name, "up")
        self.around.ip("link", "set", name, "up")
        with inside(self.around):
            one = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        one.bind((name, 3))
        one.setsockopt(socket.SOL_SOCKET, 33, 16 << 20)  # SO_RCVBUFFORCE
        one.setblocking(False)
        self._sockets[name] = one
        self._stations[name] = station

    def load(self, text: str, version: int = 4) -> None:
        """Replace the rules by those of an iptables-save text."""
        self.router.run("iptables-restore" if version == 4 else "ip6tables-restore", stdin=text)

    def ask(self, probes: Sequence[Probe]) -> list[Answer]:
        """What becomes of each probe, in order. Connections of earlier calls are forgotten."""
        answers: list[Answer] = []
        for start in range(0, len(probes), BATCH):
            self.forget()
            answers += self._batch(probes[start : start + BATCH])
        return answers

    def converse(self, probe: Probe) -> tuple[Answer, Answer | None]:
        """What becomes of a probe, and of the answer that whoever gets it sends; None where nobody does."""
        self.forget()
        (first,) = self._batch([probe])
        if first.seen is None or first.interface is None:
            return first, None
        got = first.seen
        back = Probe(
            first.interface, probe.protocol, got.destination, got.source, got.destination_port, got.source_port, 1
        )
        if probe.protocol == "icmp":
            back = back._replace(source_port=got.source_port, destination_port=0)
        (second,) = self._batch([back], first_number=2)
        return first, second

    def forget(self) -> None:
        """Forget every connection: an empty request to delete in the kernel's own form (nfnetlink, ctnetlink)."""
        with inside(self.router), socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12) as netlink:
            netlink.bind((0, 0))
            netlink.send(struct.pack("=IHHII", 20, 1 << 8 | 2, 5, 1, 0) + struct.pack("=BBH", 0, 0, 0))
            netlink.recv(4096)

    def _batch(self, probes: Sequence[Probe], first_number: int = 1) -> list[Answer]:
        seen: dict[int, tuple[str, Seen]] = {}
        for number, probe in enumerate(probes, first_number):
            self._send(probe, number)
            if number % 64 == 0:
                self._collect(seen, 0)
        while self._collect(seen, _IDLE):
            pass
        local = self._local()
        return [_answer(number, probe, seen, local) for number, probe in enumerate(probes, first_number)]

    def _send(self, probe: Probe, number: int) -> None:
        data = frames.packet(probe, number)
        if probe.interface is None:
            one = self._raw[probe.version]
            one.bind((probe.source, 0))  # the header alone does not tell the source to the routing rules
            with contextlib.suppress(PermissionError):  # dropped in OUTPUT
                one.sendto(data, (probe.destination, 0))
            return
        station = self._stations[probe.interface]
        neighbour = self._behind.get((station.bridge or "", probe.destination))
        there = station.router if neighbour is None else self._stations[neighbour].own
        self._sockets[probe.interface].send(there + station.own + frames.ETHERTYPE[probe.version] + data)

    def _collect(self, seen: dict[int, tuple[str, Seen]], wait: int) -> bool:
        """Take in what has come; whether anything has."""
        poll = select.poll()
        names = {one.fileno(): name for name, one in self._sockets.items()}
        for number in names:
            poll.register(number, select.POLLIN)
        come = False
        for number, _ in poll.poll(wait):
            name = names[number]
            for data in _frames(self._sockets[name]):
                found = frames.read(data[14:])
                if found is not None:
                    come = True
                    seen.setdefault(found.number, (name, found))
        return come

    def _local(self) -> set[int]:
        """The numbers that came through INPUT since the last call."""
        found: set[int] = set()
        for name in ("seen4", "seen6"):
            listing = json.loads(self.router.run("nft", "-j", "list", "set", "inet", "oracle", name))
            elements = next(item["set"].get("elem", []) for item in listing["nftables"] if "set" in item)
            found.update(item["elem"]["val"] if isinstance(item, dict) else item for item in elements)
            self.router.run("nft", "flush", "set", "inet", "oracle", name)
        return found


def _answer(number: int, probe: Probe, seen: Mapping[int, tuple[str, Seen]], local: Iterable[int]) -> Answer:
    name, found = seen.get(number, (None, None))
    if number in local:
        return Answer("local")
    if found is None:
        return Answer("drop")
    return Answer("forward", name, found) if found.kind == probe.protocol else Answer("reject")


def _frames(one: socket.socket) -> Iterator[bytes]:
    """The frames that wait at a socket, without those that it sent itself."""
    while True:
        try:
            data, address = one.recvfrom(2048)
        except BlockingIOError:
            return
        if address[2] != socket.PACKET_OUTGOING:
            yield data


def mac(index: int, end: int) -> str:
    return f"02:00:00:00:{index:02x}:{end:02x}"


def _packed(mac: str) -> bytes:
    return bytes.fromhex(mac.replace(":", ""))
