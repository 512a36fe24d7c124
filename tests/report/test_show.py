"""`netlint show` on a host built by hand."""

import json
from textwrap import dedent

from netlint.model.compose import PortRange, Project, PublishedPort, Service
from netlint.model.daemon import Daemon, EngineVersion, Option, Setting
from netlint.model.host import Host, Route, Site
from netlint.model.interface import Interface, InterfaceAddress
from netlint.model.located import Located
from netlint.model.network import Network, Origin, Subnet
from netlint.prefix import Address, Prefix, parse_address, parse_prefix
from netlint.report.show import render_plan
from netlint.source import Source, Span

SOURCES = {name: Source(name, "x\n" * 9) for name in ("compose.yaml", "ip.txt", "daemon.json")}


def at(file: str, line: int) -> Span:
    return Span(file, 2 * (line - 1), 2 * line - 1)


def prefix(text: str) -> Prefix:
    found = parse_prefix(text)
    assert found is not None
    return found


def address(text: str) -> Address:
    found = parse_address(text)
    assert found is not None
    return found


def subnet(text: str, line: int) -> Subnet:
    return Subnet(prefix=prefix(text), written=Located(text, at("compose.yaml", line)))


def host() -> Host:
    inner = InterfaceAddress(address=address("10.0.0.5"), prefix=prefix("10.0.0.0/24"), span=at("ip.txt", 2))
    port = PublishedPort(
        target=PortRange(80, 80),
        published=PortRange(8080, 8081),
        address=Located("::1", at("compose.yaml", 4)),
        span=at("compose.yaml", 4),
    )
    web = Service(name="web", span=at("compose.yaml", 2), ports=(port,))
    return Host(
        name="edge",
        span=at("compose.yaml", 1),
        engine=Located(EngineVersion((24, 0), "24.0"), at("daemon.json", 1), exact=False),
        interfaces=(Interface(name="eth0", span=at("ip.txt", 1), addresses=(inner,), up=True, mtu=1500),),
        routes=(Route(prefix("172.20.8.0/22"), at("ip.txt", 5), via=address("10.0.0.1")),),
        networks=(
            Network(
                name="app_front",
                key="front",
                span=at("compose.yaml", 6),
                origin=Origin.COMPOSE,
                subnets=(subnet("172.20.0.0/20", 7),),
            ),
            Network(name="back", span=at("compose.yaml", 8), origin=Origin.COMPOSE, internal=True),
        ),
        projects=(Project(name="app", span=at("compose.yaml", 1), files=("compose.yaml",), services=(web,)),),
        daemon=Daemon(
            span=at("daemon.json", 1),
            options=(
                Option(
                    name="log-opts",
                    value='{"splunk-token": "abc", "mode": "x"}',
                    span=at("daemon.json", 3),
                    name_span=at("daemon.json", 3),
                    setting=Setting.FILE,
                ),
            ),
        ),
    )


def test_text() -> None:
    assert render_plan(Site(hosts=(host(),)), SOURCES) == dedent(
        """\
        host edge
          Docker 24.0 (daemon.json:1, assumed)

          interfaces
            eth0  10.0.0.5/24  up  mtu 1500  ip.txt:1

          address plan
              10.0.0.0/24      interface eth0      ip.txt:2
            ! 172.20.0.0/20    network front       compose.yaml:7  overlaps route via 10.0.0.1 (172.20.8.0/22)
            !   172.20.8.0/22  route via 10.0.0.1  ip.txt:5        overlaps network front (172.20.0.0/20)

          Docker networks
            app_front  bridge           172.20.0.0/20         -  compose, compose.yaml:6
            back       bridge internal  chosen by the engine  -  compose, compose.yaml:8

          published ports
            [::1]:8080-8081  -> 80/tcp  service web  compose.yaml:4

          daemon options
            log-opts  ********  daemon.json  daemon.json:3
        """
    )


def test_json() -> None:
    (found,) = json.loads(render_plan(Site(hosts=(host(),)), SOURCES, "json"))["hosts"]
    assert found["name"] == "edge"
    assert found["published_ports"][0]["published"] == "8080-8081"
    clashes = {entry["prefix"]: [rival["what"] for rival in entry["overlaps"]] for entry in found["address_plan"]}
    assert clashes == {
        "10.0.0.0/24": [],
        "172.20.0.0/20": ["route via 10.0.0.1"],
        "172.20.8.0/22": ["network front"],
    }
    assert "abc" not in json.dumps(found)


def test_nothing() -> None:
    assert render_plan(Site(hosts=()), {}) == "no host and no deployment was found\n"


def test_many_routes_are_counted() -> None:
    routes = tuple(
        Route(Prefix(4, (11 << 24) + (number << 8), 24), at("ip.txt", 1), via=address("10.0.0.1"))
        for number in range(300)
    )
    text = render_plan(Site(hosts=(Host(name="edge", span=at("ip.txt", 1), routes=routes),)), SOURCES)
    assert "    and 100 more (--format json has all)\n" in text
