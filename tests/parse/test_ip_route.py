"""`ip route`: text to lines of routes."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from netlint.parse.ip_route import Listing, RouteLine, parse
from netlint.prefix import Prefix, parse_prefix
from netlint.source import Source


def only(text: str) -> tuple[Source, Listing]:
    source = Source("ip-route.txt", text)
    (listing,), problems = parse(source)
    assert problems == []
    return source, listing


def told(line: RouteLine) -> dict[str, str]:
    return {option.name: option.value for option in line.options.common}


@pytest.mark.parametrize(
    ("line", "destination", "kind", "options"),
    [
        ("10.0.0.0/8 via 10.64.54.1 dev tun0  proto static  metric 50", "10.0.0.0/8", None,
         {"via": "10.64.54.1", "dev": "tun0", "proto": "static", "metric": "50"}),
        ("198.51.100.7 via 192.0.2.1 dev eth0", "198.51.100.7/32", None, {"via": "192.0.2.1", "dev": "eth0"}),
        ("blackhole 10.1.0.0/26 proto bird", "10.1.0.0/26", "blackhole", {"proto": "bird"}),
        ("throw 10.2.0.0/26  table red", "10.2.0.0/26", "throw", {"table": "red"}),
        ("local 10.0.0.5 dev eth0 table local proto kernel scope host src 10.0.0.5", "10.0.0.5/32", "local",
         {"dev": "eth0", "table": "local", "proto": "kernel", "scope": "host", "src": "10.0.0.5"}),
        ("10.3.0.0/24 dev br0 scope link linkdown ", "10.3.0.0/24", None,
         {"dev": "br0", "scope": "link", "linkdown": ""}),
        ("10.4.0.0/26 via 10.0.0.2 dev tunl0 proto bird onlink", "10.4.0.0/26", None,
         {"via": "10.0.0.2", "dev": "tunl0", "proto": "bird", "onlink": ""}),
        ("10.5.0.0/24 via inet6 fe80::1 dev eth0", "10.5.0.0/24", None,
         {"family": "inet6", "via": "fe80::1", "dev": "eth0"}),
        ("10.6.0.0/24 dev lan0@if5 mtu lock 1400", "10.6.0.0/24", None, {"dev": "lan0@if5", "mtu": "1400"}),
        ("10.7.0.0/24  encap ip id 7 src 192.0.2.1 dst 192.0.2.2 dev vxlan0", "10.7.0.0/24", None,
         {"encap": "ip id 7 src 192.0.2.1 dst 192.0.2.2", "dev": "vxlan0"}),
        ("fd00:1::/64 dev eth0 proto kernel metric 256 pref medium", "fd00:1::/64", None,
         {"dev": "eth0", "proto": "kernel", "metric": "256", "pref": "medium"}),
        ("10.8.0.7/16 dev eth0", "10.8.0.0/16", None, {"dev": "eth0"}),
        ("10.9.0.0/24", "10.9.0.0/24", None, {}),
    ],
)  # fmt: skip
def test_line(line: str, destination: str, kind: str | None, options: dict[str, str]) -> None:
    # Twice, as the second line takes the short way where there is one.
    source, listing = only(f"{line}\n{line}\n")
    assert len(listing.routes) == 2
    for route in listing.routes:
        assert route.prefix == parse_prefix(destination)
        assert route.kind == kind
        assert told(route) == options
        assert source.slice(route.span) in line
        for option in route.options.common:
            end = route.span.end
            assert source.text[end + option.start : end + option.end] == (option.value or option.name)


def test_default_has_no_prefix() -> None:
    _, listing = only("default via 10.0.0.1 dev eth0\n")
    assert listing.routes[0].prefix is None


@pytest.mark.parametrize(
    "text",
    [
        "10.5.4.0/24 \\\\ nexthop via 10.5.4.1 dev eth0 weight 1\\\\ nexthop via 10.5.4.2 dev eth1 weight 1",
        "10.5.4.0/24 proto bird \\\tnexthop via 10.5.4.1 dev eth0 weight 1 \\\tnexthop via 10.5.4.2 dev eth1",
        "10.5.4.0/24 proto bird\n\tnexthop via 10.5.4.1 dev eth0 weight 1\n\tnexthop via 10.5.4.2 dev eth1 weight 1\n",
        "10.5.4.0/24\r\n    nexthop via 10.5.4.1 dev eth0\r\n    nexthop via 10.5.4.2 dev eth1\r\n10.6.0.0/24\r\n",
    ],
)
def test_next_hops(text: str) -> None:
    source, listing = only(text)
    route = listing.routes[0]
    hops = [{option.name: option.value for option in hop} for hop in route.options.hops]
    assert [(hop["via"], hop["dev"]) for hop in hops] == [("10.5.4.1", "eth0"), ("10.5.4.2", "eth1")]
    for hop in route.options.hops:
        for option in hop:
            assert source.text[route.span.end + option.start : route.span.end + option.end] == option.value


def test_prompts_part_listings_and_other_commands_are_passed_over() -> None:
    text = (
        "root@host:~# ip -4 -br ad\nlo  UNKNOWN 127.0.0.1/8\n"
        "root@host:~# ip route show table 52\n10.0.0.0/8 dev wg0\n"
        "[root@host ~]# ip -6 r\ndefault via fe80::1 dev eth0\n"
    )
    listings, problems = parse(Source("session.txt", text))
    assert problems == []
    assert [(one.table, one.version, len(one.routes)) for one in listings] == [("52", None, 1), (None, 6, 1)]


def test_errors_are_reported_and_the_rest_is_read() -> None:
    source = Source("x", "10.0.0.0/8 dev eth0\n10.0.0.300 dev eth0\nDump terminated\n10.1.0.0/16 dev eth1\n")
    (listing,), problems = parse(source)
    assert [source.slice(problem.span) for problem in problems] == ["10.0.0.300 dev eth0", "Dump terminated"]
    assert [route.prefix for route in listing.routes] == [Prefix(4, 0x0A000000, 8), Prefix(4, 0x0A010000, 16)]


def test_unknown_words_and_cached_routes_are_visible() -> None:
    source, listing = only("10.0.0.0/8 dev eth0 frobnicate\n192.0.2.9 via 10.0.0.1 dev eth0 uid 0 \n    cache \n")
    assert [(source.slice(item.span), item.what) for item in listing.unsupported] == [
        ("frobnicate", "route option 'frobnicate'"),
        ("192.0.2.9", "entry of the route cache"),
    ]
    assert len(listing.routes) == 1


def test_a_text_without_routes_is_fatal_and_an_empty_one_is_an_empty_table() -> None:
    listings, problems = parse(Source("x", "nothing of the kind\n"))
    assert listings == []
    assert problems[-1].fatal
    (listing,), problems = parse(Source("x", "\n"))
    assert (listing.routes, problems) == ([], [])


WORDS = st.sampled_from(
    "default blackhole 10.0.0.0/8 fd00::/64 10.1 :: via dev eth0 nexthop metric 5 inet6 encap src \\ \n \t"
    " \r\n lock cache # ip route table".split(" ")
) | st.text(max_size=6)


@settings(max_examples=300)
@example("default encap via")
@given(st.lists(WORDS, max_size=25).map(" ".join))
def test_never_raises_and_spans_are_what_they_say(text: str) -> None:
    source = Source("x", text)
    listings, problems = parse(source)
    for listing in listings:
        for route in listing.routes:
            written = source.slice(route.span)
            assert written == "default" if route.prefix is None else parse_prefix(written) == route.prefix
            for option in (*route.options.common, *(one for hop in route.options.hops for one in hop)):
                end = route.span.end
                assert source.text[end + option.start : end + option.end] == (option.value or option.name)
    assert all(0 <= problem.span.start <= problem.span.end <= len(text) for problem in problems)
