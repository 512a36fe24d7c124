"""The language of flows, and what it says of what it does not understand."""

from __future__ import annotations

import pytest

from netlint.dataplane.flow import FlowError, parse_flow


@pytest.mark.parametrize(
    ("text", "protocol", "source", "destination", "ports", "link"),
    [
        (
            "tcp from container web to 10.0.0.5:5432",
            "tcp",
            ("container", "web"),
            ("address", "10.0.0.5"),
            (40000, 5432),
            None,
        ),
        ("udp from lan port 123 to host:123", "udp", ("lan", ""), ("host", ""), (123, 123), None),
        ("icmp from internet to container web", "icmp", ("internet", ""), ("container", "web"), (None, None), None),
        (
            "tcp from internet to host edge-1:443 via eth1",
            "tcp",
            ("internet", ""),
            ("host", "edge-1"),
            (40000, 443),
            "eth1",
        ),
        ("TCP from host to internet", "tcp", ("host", ""), ("internet", ""), (40000, 80), None),
        ("6 from 10.0.0.1 to 10.0.0.2", "tcp", ("address", "10.0.0.1"), ("address", "10.0.0.2"), (40000, 80), None),
        ("50 from host a to host b", "esp", ("host", "a"), ("host", "b"), (None, None), None),
        ("tcp from fd00::1 to [fd00::2]:80", "tcp", ("address", "fd00::1"), ("address", "fd00::2"), (40000, 80), None),
        (
            "icmp from fd00::1 to fd00::2",
            "ipv6-icmp",
            ("address", "fd00::1"),
            ("address", "fd00::2"),
            (None, None),
            None,
        ),
        ("  tcp   from lan\tto   internet ", "tcp", ("lan", ""), ("internet", ""), (40000, 80), None),
        (
            "udp from container my-app_1.x to host via br-0a1b2c3d4e5f",
            "udp",
            ("container", "my-app_1.x"),
            ("host", ""),
            (40000, 53),
            "br-0a1b2c3d4e5f",
        ),
    ],
)
def test_flows(
    text: str,
    protocol: str,
    source: tuple[str, str],
    destination: tuple[str, str],
    ports: tuple[int | None, int | None],
    link: str | None,
) -> None:
    flow = parse_flow(text)
    assert flow.protocol == protocol
    assert (flow.source.kind, flow.source.name) == source
    assert (flow.destination.kind, flow.destination.name) == destination
    assert (flow.source_port, flow.destination_port, flow.link) == (*ports, link)


@pytest.mark.parametrize(
    ("text", "marked", "message"),
    [
        ("tcp form lan to host", "form", "expected from"),
        ("tcp from lan", "", "to"),
        ("tcp from lan to", "", "expected"),
        ("tpc from lan to host", "tpc", "a protocol is tcp, udp, icmp or a number; did you mean tcp?"),
        ("300 from lan to host", "300", "a protocol is tcp, udp, icmp or a number"),
        ("tcp from lan to 10.0.0.500:80", "10.0.0.500", "10.0.0.500 is no address"),
        ("tcp from lan to host:0", "0", "a port is a number from 1 to 65535"),
        ("tcp from lan to host:65536", "65536", "a port is a number from 1 to 65535"),
        ("icmp from lan to host:80", "80", "icmp has no ports"),
        ("tcp from contaner web to host", "contaner", "did you mean container?"),
        ("", "", "expected"),
    ],
)
def test_errors_point_at_the_word_and_suggest(text: str, marked: str, message: str) -> None:
    with pytest.raises(FlowError) as error:
        parse_flow(text)
    shown, carets = str(error.value).splitlines()[:2]
    start = len(carets) - len(carets.lstrip())
    assert shown == text
    assert message in carets
    if marked:
        assert shown[start : start + carets.count("^")] == marked
