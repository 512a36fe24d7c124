"""Port syntax. What Compose refuses and what it makes of the rest was measured with docker compose 2.40.3."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netlint.build.compose_ports import build_ports
from netlint.build.compose_values import Values
from netlint.build.facts import HostFacts
from netlint.model.compose import PublishedPort
from netlint.parse.tree import Mapping, Sequence
from netlint.parse.yaml import parse
from netlint.source import Source, Span


def read(items: str) -> tuple[Source, tuple[PublishedPort, ...], list[tuple[str, str]]]:
    """Source, ports, and of each problem the text at its place and its message."""
    source = Source("compose.yaml", f"ports: [{items}]\n")
    [root], problems = parse(source)
    assert not problems
    assert isinstance(root, Mapping)
    node = root.get("ports")
    assert isinstance(node, Sequence)
    facts = HostFacts(None)
    ports = build_ports(node.items, Values(facts))
    return source, ports, [(source.slice(problem.span), problem.message) for problem in facts.unreadable]


def shown(port: PublishedPort) -> str:
    address = f"{port.address.value} " if port.address is not None else ""
    published = "?" if port.published is None and port.published_span is not None else port.published or "-"
    return f"{address}{published} {port.target} {port.protocol}{'' if port.exact else ' inexact'}"


@pytest.mark.parametrize(
    ("item", "port"),
    [
        ("80", "- 80 tcp"),
        ("'80'", "- 80 tcp"),
        ("010", "- 8 tcp"),
        ("1_000", "- 1000 tcp"),
        ("22:22", "22 22 tcp"),
        ("0080:80", "80 80 tcp"),
        ("'8080:80'", "8080 80 tcp"),
        ("'127.0.0.1:8080:80'", "127.0.0.1 8080 80 tcp"),
        ("'127.0.0.1::80'", "127.0.0.1 - 80 tcp"),
        ("'[::1]:80:81'", "::1 80 81 tcp"),
        ("'[::]:80:81'", ":: 80 81 tcp"),
        ("'[1.2.3.4]:80:81'", "1.2.3.4 80 81 tcp"),
        ("'[]:80:80'", "80 80 tcp"),
        ("'localhost:80:80'", "localhost 80 80 tcp"),
        ("'80/udp'", "- 80 udp"),
        ("'80/TCP'", "- 80 tcp"),
        ("'80:80/sctp'", "80 80 sctp"),
        ("'80/'", "- 80 tcp"),
        ("'80:80/tcp/udp'", "80 80 tcp"),
        ("':80'", "- 80 tcp"),
        ("'0:80'", "- 80 tcp"),
        ("'80-81'", "- 80-81 tcp"),
        ("'8000-8002:80-82'", "8000-8002 80-82 tcp"),
        ("'8000-8010:80'", "8000-8010 80 tcp"),
        ("'0.0.0.0:8080-8081:80-81/udp'", "0.0.0.0 8080-8081 80-81 udp"),
        ("{target: 80}", "- 80 tcp"),
        ("{target: 80, published: 8080}", "8080 80 tcp"),
        ("{target: '80', published: '8080-8090', protocol: udp}", "8080-8090 80 udp"),
        ("{target: 80, published: ''}", "- 80 tcp"),
        ("{target: 80, published: 0}", "- 80 tcp"),
        ("{target: 80, published: 80, host_ip: '::1'}", "::1 80 80 tcp"),
        ("{target: 80, published: 80, app_protocol: http, name: web}", "80 80 tcp"),
        # variables: a default holds, what has none is not known
        ("'${P:-8080}:80'", "8080 80 tcp inexact"),
        ("'${IP:-127.0.0.1}:8080:80'", "127.0.0.1 8080 80 tcp inexact"),
        ("'${IP:-}:8080:80'", "8080 80 tcp inexact"),
        ("'${B:-127.0.0.1:}8080:80'", "127.0.0.1 8080 80 tcp inexact"),
        ("'80${P:-80}:80'", "8080 80 tcp inexact"),
        ("'${P}:80'", "? 80 tcp inexact"),
        ("'${P}0:80'", "? 80 tcp inexact"),
        ("'${IP}:8080:80'", "8080 80 tcp inexact"),
        ("'${P:?set it: now}:80'", "? 80 tcp inexact"),
        ("'80/${PROTOCOL}'", "- 80 tcp inexact"),
        ("{target: 80, published: $P}", "? 80 tcp inexact"),
        ("{target: 80, published: '${P:-81}', host_ip: '${IP}'}", "81 80 tcp inexact"),
    ],
)
def test_ports(item: str, port: str) -> None:
    _, ports, problems = read(item)
    assert [shown(one) for one in ports] == [port]
    assert not problems


@pytest.mark.parametrize(
    ("item", "place", "message"),
    [
        ("'::1:80:80'", "::1", "::1 is no host address: IPv6 needs brackets"),
        ("'[::1]:80'", "[::1]:80", "no host port stands between the address and the container port"),
        ("'8000-8001:80-82'", "8000-8001:80-82", "host ports 8000-8001 and container ports 80-82 are not equally many"),
        ("'8000:80-82'", "8000:80-82", "host ports 8000 and container ports 80-82 are not equally many"),
        ("'8002-8000:80'", "8002-8000", "the port range 8002-8000 ends before it begins"),
        ("'80:'", "", "there is no container port behind the colon"),
        ("'80/icmp'", "icmp", "icmp is no protocol that can be published: tcp, udp, sctp"),
        ("'70000:80'", "70000", "port 70000 is not between 0 and 65535"),
        ("'80-70000:80'", "70000", "port 70000 is not between 0 and 65535"),
        ("70000", "70000", "port 70000 is not between 0 and 65535"),
        ("-1", "-1", "port -1 is not between 0 and 65535"),
        ("'80:0'", "0", "a container has no port 0"),
        ("0", "0", "a container has no port 0"),
        ("'a:80'", "a", "a is no port"),
        ("'+80:80'", "+80", "+80 is no port"),
        ("' 80:80'", " 80", " 80 is no port"),
        ("'80:80 '", "80 ", "80  is no port"),
        ("'80, 81'", "80, 81", "80, 81 is no port"),
        ("'-80'", "-80", "-80 is no port"),
        ("'٨٠'", "٨٠", "٨٠ is no port"),
        ("0o17:80", "0o17", "0o17 is no port"),
        ("80.5", "80.5", "80.5 is no port"),
        ("true", "true", "true is no port"),
        ("['80']", "['80']", "an entry of ports is a list, not a mapping"),
        ("{published: 80}", "{published: 80}", "this entry of ports has no target, the port of the container"),
        ("{target: 70000}", "70000", "port 70000 is not between 0 and 65535"),
        ("{target: 80, published: abc}", "abc", "abc is no port"),
        ("{target: 80, published: '70000'}", "70000", "port 70000 is not between 0 and 65535"),
        ("{target: 80, protocol: icmp}", "icmp", "icmp is no protocol that can be published: tcp, udp, sctp"),
        ("'${P!}:80'", "${P!}", "a variable is not written as Compose reads it"),
    ],
)
def test_problems(item: str, place: str, message: str) -> None:
    _, ports, problems = read(f"{item}, 9999:1")
    assert [shown(port) for port in ports] == ["9999 1 tcp"]
    assert problems == [(place, message)]


@pytest.mark.parametrize(
    "item",
    [
        "'${PORTS}'",
        "'80:${P}'",
        "'${P}:${P}'",
        "'${P:-abc}:80'",
        "'${P:-70000}:80'",
        "'${P:-}:${Q:-}'",
        "'${P:-0}'",
        "{target: $P}",
        "{target: '${P:-x}'}",
        "''",
        "null",
    ],
)
def test_what_a_variable_decides_is_no_problem(item: str) -> None:
    assert read(item)[1:] == ((), [])


@pytest.mark.parametrize(
    ("items", "ports"),
    [
        ("'80:80', '81:80', '80:80'", ["80 80 tcp", "81 80 tcp"]),
        ("'80:80', '80:80/udp'", ["80 80 tcp", "80 80 udp"]),
        ("'80:80', {target: 80, published: '80'}", ["80 80 tcp"]),
        ("'80:80', {target: 80, published: 80}", ["80 80 tcp", "80 80 tcp"]),  # Compose compares a text with a number
        ("'80:80', '0.0.0.0:80:80/tcp'", ["0.0.0.0 80 80 tcp"]),
        ("'${P:-80}:80', '80:80'", ["80 80 tcp"]),
        ("'80-82:80-82', '81:81'", ["80 80 tcp", "82 82 tcp", "81 81 tcp"]),
        ("'81:81', '80-82:80-82'", ["80-82 80-82 tcp"]),
        ("'80', '80-81'", ["- 80-81 tcp"]),
        ("'80-81:80-81', '81:82'", ["80-81 80-81 tcp", "81 82 tcp"]),
        ("'80:80', '127.0.0.1:80:80'", ["80 80 tcp", "127.0.0.1 80 80 tcp"]),
        ("'${A}:80', '${B}:80'", ["? 80 tcp inexact", "? 80 tcp inexact"]),
    ],
)
def test_equal_entries_are_one(items: str, ports: list[str]) -> None:
    assert [shown(port) for port in read(items)[1]] == ports


@pytest.mark.parametrize(
    ("item", "places"),
    [
        ("'0.0.0.0:8080:80'", ["0.0.0.0:8080:80", "8080", "0.0.0.0"]),
        ('"[::1]:8080-8081:80-81/udp"', ["[::1]:8080-8081:80-81/udp", "8080-8081", "::1"]),
        ("'${IP:-10.0.0.1}:${P:-80}:80'", ["${IP:-10.0.0.1}:${P:-80}:80", "80", "10.0.0.1"]),
        ("'80${P:-80}:80'", ["80${P:-80}:80", "80${P:-80}", None]),
        ("'${P}:80'", ["${P}:80", "${P}", None]),
        (
            "{target: 80, published: '81', host_ip: '::1'}",
            ["{target: 80, published: '81', host_ip: '::1'}", "81", "::1"],
        ),
    ],
)
def test_places(item: str, places: list[str | None]) -> None:
    source, [port], _ = read(item)

    def text(span: Span | None) -> str | None:
        return source.slice(span) if span is not None else None

    address = port.address.span if port.address is not None else None
    assert [text(port.span), text(port.published_span), text(address)] == places


def test_mode() -> None:
    _, ports, _ = read("{target: 80, published: 80, mode: host}, '81:81'")
    assert [port.mode for port in ports] == ["host", "ingress"]


@given(st.text("0189:-/[].${}P udpa", max_size=24))
def test_every_text_gives_a_port_or_a_problem_or_rests_on_a_variable(text: str) -> None:
    source, ports, problems = read(f"'{text}'")
    for port in ports:
        assert source.slice(port.span) == text
        assert 0 < port.target.first <= port.target.last <= 65535
        if port.exact and port.published is not None and port.published_span is not None:
            written = source.slice(port.published_span)
            assert int(written.partition("-")[0]) == port.published.first
    assert len(ports) + len(problems) == 1 or "$" in text or not text


@pytest.mark.parametrize(
    ("item", "number"),
    [("22:22", 1342), ("2222:22", 133342), ("1_0:5", 605), ("10:20:30", 37230), ("'22:22'", None), ("8080:80", None),
     ("022:22", None), ("22:22/udp", None), ("22", None), ("22:60", None)],
)  # fmt: skip
def test_what_yaml_1_1_makes_of_it(item: str, number: int | None) -> None:
    _, ports, _ = read(item)
    assert [port.misread for port in ports] == ([number] if ports else [])
