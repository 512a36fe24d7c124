"""Routes of one host from one or several listings."""

from __future__ import annotations

from importlib import import_module

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netlint.build.facts import HostFacts, Parsed
from netlint.build.routes import build_routes
from netlint.formats import FORMATS
from netlint.model.host import Route
from netlint.source import Source


def build(*files: tuple[str, str, str]) -> HostFacts:
    """The facts from files given as name, format and text."""
    facts = HostFacts("host")
    parsed = []
    for name, kind, text in files:
        source = Source(name, text)
        tree, problems = import_module(f"netlint.parse.{FORMATS[kind].parser}").parse(source)
        facts.problems(problems)
        parsed.append(Parsed(source, kind, tree))
    build_routes(parsed, facts)
    return facts


def short(route: Route) -> str:
    """The route in the words of `ip route`, for comparison."""
    parts = [route.kind if route.kind != "unicast" else "", str(route.prefix)]
    parts += [f"via {route.via}"] if route.via is not None else []
    parts += [f"dev {route.device}"] if route.device else []
    parts += [f"table {route.table}"] if route.table != "main" else []
    parts += [f"metric {route.metric}"] if route.metric is not None else []
    return " ".join([*filter(None, parts), *route.flags])


@pytest.mark.parametrize(
    ("name", "text", "routes"),
    [
        ("r", "10.0.0.0/8 via 10.1.1.1 dev eth0@if3 proto static metric 5 onlink",
         ["10.0.0.0/8 via 10.1.1.1 dev eth0 metric 5 onlink"]),
        ("r", "default via 10.0.0.1 dev eth0", ["0.0.0.0/0 via 10.0.0.1 dev eth0"]),
        ("r", "default via fe80::1 dev eth0", ["::/0 via fe80::1 dev eth0"]),
        ("r", "default via inet6 fe80::1 dev eth0", ["0.0.0.0/0 via fe80::1 dev eth0"]),
        ("r", "default dev tun0 proto static metric 1024 pref medium", ["::/0 dev tun0 metric 1024"]),
        ("r", "fd00::/64 dev tun0\ndefault dev tun0", ["fd00::/64 dev tun0", "::/0 dev tun0"]),
        ("r", "10.0.0.0/8 dev tun0\ndefault dev tun0", ["10.0.0.0/8 dev tun0", "0.0.0.0/0 dev tun0"]),
        ("ip_-6_route_show_table_all", "default dev tun0", ["::/0 dev tun0"]),
        ("ip-route-table-52.txt", "10.0.0.0/8 dev ts0\n10.1.0.0/16 dev ts0 table 7",
         ["10.0.0.0/8 dev ts0 table 52", "10.1.0.0/16 dev ts0 table 7"]),
        ("ip_route_show_table_all", "10.0.0.0/8 dev ts0", ["10.0.0.0/8 dev ts0"]),
        ("r", "$ ip route show table vpn\n10.0.0.0/8 dev ts0", ["10.0.0.0/8 dev ts0 table vpn"]),
        ("r", "local 10.0.0.1 dev eth0 proto kernel", ["local 10.0.0.1/32 dev eth0 table local"]),
        ("r", "blackhole 10.0.0.0/26 proto bird", ["blackhole 10.0.0.0/26"]),
        ("r", "10.0.0.0/8 proto bird\n\tnexthop via 10.1.0.1 dev a weight 1 onlink\n\tnexthop via 10.1.0.2 dev b dead",
         ["10.0.0.0/8 via 10.1.0.1 dev a onlink", "10.0.0.0/8 via 10.1.0.2 dev b dead"]),
    ],
)  # fmt: skip
def test_ip_route(name: str, text: str, routes: list[str]) -> None:
    facts = build((name, "ip-route", text))
    assert (facts.unreadable, facts.not_understood) == ([], [])
    assert [short(route) for route in facts.routes or ()] == routes
    for route in facts.routes or ():
        if route.via is not None:
            assert text[route.via_span.start : route.via_span.end] == str(route.via)


def test_a_gateway_that_is_no_address_is_reported_on_each_line() -> None:
    facts = build(("r", "ip-route", "10.0.0.0/8 via x dev a\n10.1.0.0/16 via x dev a\n10.2.0.0/16 dev a\n"))
    assert [(problem.message, problem.span.start) for problem in facts.unreadable] == [
        ("'x' is no address", 15),
        ("'x' is no address", 39),
    ]
    assert [short(route) for route in facts.routes or ()] == ["10.2.0.0/16 dev a"]


def test_json() -> None:
    text = """[
      {"dst": "default", "gateway": "10.0.0.1", "dev": "eth0", "metric": 100, "flags": ["linkdown"]},
      {"type": "blackhole", "dst": "10.9.0.0/26", "protocol": "bird", "flags": []},
      {"dst": "10.5.0.0/24", "nexthops": [{"gateway": "10.0.0.2", "dev": "a", "flags": []},
                                          {"via": {"family": "inet6", "host": "fe80::1"}, "dev": "b", "flags": []}]},
      {"dst": "10.6.0.0/24", "gateway": "banana"}, {"dst": "banana"}, {"dev": "x"}, {}, 7
    ]"""
    facts = build(("ip-j-route.json", "ip-route-json", text))
    assert [short(route) for route in facts.routes or ()] == [
        "0.0.0.0/0 via 10.0.0.1 dev eth0 metric 100 linkdown",
        "blackhole 10.9.0.0/26",
        "10.5.0.0/24 via 10.0.0.2 dev a",
        "10.5.0.0/24 via fe80::1 dev b",
    ]
    assert [problem.message for problem in facts.unreadable] == [
        "'banana' is no address",
        "'banana' is no prefix",
        "a route without a destination",
    ]
    for route in facts.routes or ():
        assert text[route.span.start : route.span.end] in ("default", str(route.prefix))
        assert route.via is None or text[route.via_span.start : route.via_span.end] == str(route.via)


HEADING = "Kernel IP routing table\nDestination Gateway Genmask Flags Metric Ref Use Iface\n"


def test_route_n() -> None:
    text = (
        f"{HEADING}default 10.0.0.1 0.0.0.0 UG 100 0 0 eth0\n10.0.0.0 * 255.255.255.0 U 0 0 0 eth0\n"
        "10.7.0.0 - 255.255.0.0 ! 0 - 0 -\nlink-local 0.0.0.0 255.255.0.0 U 0 0 0 eth0\n"
        "10.8.0.0 _gateway 255.255.0.0 UG 0 0 0 eth0\nbuilding-7 0.0.0.0 255.255.0.0 U 0 0 0 eth0\n"
        "Kernel IPv6 routing table\nDestination Next Hop Flag Met Ref Use If\n"
        "[::]/0 fe80::1 UG 1024 0 0 eth0\n0.0.0.0/96 :: !n 1024 0 0 lo\n"
    )
    facts = build(("route.txt", "route-n", text))
    assert [short(route) for route in facts.routes or ()] == [
        "0.0.0.0/0 via 10.0.0.1 dev eth0 metric 100",
        "10.0.0.0/24 dev eth0",
        "unreachable 10.7.0.0/16",
        "169.254.0.0/16 dev eth0",
        "::/0 via fe80::1 dev eth0 metric 1024",
        "unreachable ::/96 dev lo metric 1024",
    ]
    assert [item.message for item in facts.not_understood] == [
        "gateway by name: 'route -n' shows its address",
        "destination by name: 'route -n' shows its address",
    ]


def test_each_route_once_and_from_the_listing_that_says_most() -> None:
    route_n = (
        f"{HEADING}10.0.0.0 0.0.0.0 255.255.255.0 U 0 0 0 eth0\n"
        "10.7.0.0 - 255.255.0.0 ! 0 - 0 -\n10.9.0.0 10.0.0.9 255.255.0.0 UG 0 0 0 eth0\n"
    )
    netstat = "Destination Gateway Genmask Flags MSS Window irtt Iface\n10.4.0.0 10.0.0.1 255.255.0.0 UG 0 0 0 eth0\n"
    main = "10.0.0.0/24 dev eth0 proto kernel\nprohibit 10.7.0.0/16\n10.4.0.0/16 via 10.0.0.1 dev eth0 metric 7\n"
    facts = build(
        ("a-route-n.txt", "route-n", route_n),
        ("b-netstat.txt", "route-n", netstat),
        ("ip-route.txt", "ip-route", main),
        ("ip-route-table-all.txt", "ip-route", "10.0.0.0/24 dev eth0 proto kernel\n10.0.0.0/24 dev eth0 table 5\n"),
    )
    assert [(short(route), route.span.source) for route in facts.routes or ()] == [
        ("10.0.0.0/24 dev eth0", "ip-route.txt"),
        ("prohibit 10.7.0.0/16", "ip-route.txt"),
        ("10.4.0.0/16 via 10.0.0.1 dev eth0 metric 7", "ip-route.txt"),
        ("10.0.0.0/24 dev eth0 table 5", "ip-route-table-all.txt"),
        ("10.9.0.0/16 via 10.0.0.9 dev eth0", "a-route-n.txt"),
    ]


def test_given_and_empty_is_not_the_same_as_unreadable() -> None:
    assert build(("ip-route.txt", "ip-route", "")).routes == []
    assert build(("ip-route.txt", "ip-route", "nothing\n")).routes is None


@settings(max_examples=150)
@given(
    st.sampled_from(("ip-route", "ip-route-json", "route-n")),
    st.lists(
        st.sampled_from(
            '[ { } ] , : "dst" "default" "gateway" "nexthops" "via" "10.0.0.0/8" 5 null default 10.0.0.0/8 via dev x'
            " nexthop metric \n Destination Gateway Genmask Flags Iface".split(" ")
        ),
        max_size=30,
    ).map(" ".join),
)
def test_never_raises(kind: str, text: str) -> None:
    facts = build(("x", kind, text))
    assert all(0 <= route.span.start <= route.span.end <= len(text) for route in facts.routes or ())
