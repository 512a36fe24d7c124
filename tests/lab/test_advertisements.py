"""NL513: a host that learns its default route by router advertisement, and begins to forward."""

import socket
import struct
from pathlib import Path

from tests.lab.compose import Record, finds
from tests.lab.engine import Engine
from tests.lab.examples import files, reported, write
from tests.lab.machine import KERNEL, machine
from tests.lab.net import Host, inside, wait_until

FAR, ROUTER = "2001:db8:f::9", "fe80::1"
PREFIX = "2001:db8:1::"  # of the LAN
ACCEPT = "net.ipv6.conf.eth0.accept_ra"


def advertise(router: Host, lifetime: int = 1800) -> None:
    """One advertisement of a default router for `lifetime` seconds, with the LAN's prefix: RFC 4861, 4.2 and 4.6.2."""
    with inside(router):
        one = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
        index = socket.if_nametoindex("eth0")
    with one:
        one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)
        one.bind((ROUTER, 0, 0, index))
        option = struct.pack("!BBBBIII", 3, 4, 64, 0xC0, 3600, 1800, 0) + socket.inet_pton(socket.AF_INET6, PREFIX)
        one.sendto(struct.pack("!BBHBBHII", 134, 0, 0, 64, 0, lifetime, 0, 0) + option, ("ff02::1", 0, 0, index))


def be_router(others: Host) -> None:
    """Everybody else is the router of the LAN, and somebody beyond it.

    It forwards: a neighbour that says it is no router is dropped from the default ones (RFC 4861, 7.2.5).
    """
    others.sysctl("net.ipv6.conf.all.forwarding", "1")
    others.ip_all(
        f"addr add {ROUTER}/64 dev eth0 nodad", f"addr add {PREFIX}1/64 dev eth0 nodad", f"addr add {FAR}/128 dev lo"
    )


def learns(host: Host, router: Host, lifetime: int = 1800) -> None:
    """Advertise until the host has the route and an address that is no more tentative."""

    def learnt() -> bool:
        advertise(router, lifetime)
        return "proto ra" in default(host) and "tentative" not in host.ip("-6", "addr", "show", "dev", "eth0")

    wait_until(learnt, 10, "a default route by router advertisement")


def default(host: Host) -> str:
    return host.ip("-6", "route", "show", "default")


def listing(host: Host) -> dict[str, str]:
    settings = host.sysctls("net/ipv6/conf/*/accept_ra", "net/ipv6/conf/*/forwarding")
    return {
        "sysctl-a.txt": "".join(f"{key} = {value}\n" for key, value in settings.items()),
        "ip-6-route.txt": host.ip("-6", "route"),
        "ip-addr.txt": host.ip("addr"),
    }


def test_engine_begins_to_forward(version: str, proof: Record, tmp_path: Path) -> None:
    daemon = files("NL513", "the engine switches forwarding on")["daemon.json"]
    for accept, keeps in (("1", False), ("2", True)):
        folder = tmp_path / accept
        with machine() as (host, others):
            be_router(others)
            host.sysctl(ACCEPT, accept)
            learns(host, others)
            assert host.pings(FAR)
            assert ("NL513" in reported(write({"daemon.json": daemon} | listing(host), folder / "before"))) is not keeps
            with Engine(host, version, config=daemon) as engine:
                advertise(others)
                assert ("proto ra" in default(host)) is keeps
                assert host.pings(FAR) is keeps
                assert PREFIX[:-1] in host.ip("-6", "addr", "show", "dev", "eth0", "dynamic")
                assert finds(engine, "NL513", folder / "after") is not keeps
    seen = "an engine with ipv6 starts: with accept_ra 1 the default route by router advertisement is gone at once and "
    proof(rule="NL513", engine=version, observed=seen + "does not come back, the address stays; with 2 it stays")


def test_route_runs_out(proof: Record, tmp_path: Path) -> None:
    """A route that was learnt while accept_ra was 2: the state of the rule's first example."""
    with machine() as (host, others):
        be_router(others)
        host.sysctl("net.ipv6.conf.all.forwarding", "1")
        host.sysctl(ACCEPT, "2")
        learns(host, others, 2)
        assert host.pings(FAR)
        assert "NL513" not in reported(write(listing(host), tmp_path / "two"))
        host.sysctl(ACCEPT, "1")
        assert "NL513" in reported(write(listing(host), tmp_path / "one"))

        def lost() -> bool:
            advertise(others)
            return not host.pings(FAR)

        advertise(others)
        assert host.pings(FAR)  # it is not lost at once
        wait_until(lost, 10, "the end of the route")
        host.sysctl(ACCEPT, "2")
        advertise(others)
        wait_until(lambda: host.pings(FAR), 5, "the route by the next advertisement")
    seen = "forwarding, and accept_ra 1: a default route with a lifetime of 2 s is not refreshed by advertisements and "
    proof(rule="NL513", engine=KERNEL, observed=seen + "runs out; with accept_ra 2 the next one brings it back")
