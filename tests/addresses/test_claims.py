"""Who claims which prefix on a host."""

from __future__ import annotations

import pytest

from netlint.addresses.claims import Claim, ClaimKind, claims
from netlint.build.facts import HostFacts, Parsed
from netlint.build.interfaces import build_interfaces
from netlint.build.routes import build_routes
from netlint.model.daemon import Daemon, Option, Pool, Setting
from netlint.model.given import Reserved
from netlint.model.host import Host, Resolver, Site
from netlint.model.located import Located
from netlint.model.network import Network, Origin, Subnet
from netlint.model.overlay import Swarm, Weave
from netlint.parse import ip_addr, ip_route
from netlint.prefix import Prefix, parse_prefix
from netlint.source import Source, Span

AT = Span("x", 0, 1)


def prefix(text: str) -> Prefix:
    found = parse_prefix(text)
    assert found is not None
    return found


def network(name: str, subnet: str, **fields: object) -> Network:
    return Network(
        name=name,
        span=AT,
        origin=Origin.INSPECT,
        subnets=(Subnet(prefix=prefix(subnet), written=Located(subnet, AT)),),
        **fields,  # type: ignore[arg-type]
    )


def plan(
    addresses: str | None = None,
    routes: str | None = None,
    reserved: tuple[Reserved, ...] = (),
    **fields: object,
) -> tuple[Claim, ...]:
    """The claims of a host with these `ip addr` and `ip route` listings and fields."""
    facts = HostFacts("host")
    if addresses is not None:
        source = Source("ip-addr.txt", addresses)
        build_interfaces([Parsed(source, "ip-addr", ip_addr.parse(source)[0])], facts)
    if routes is not None:
        source = Source("ip-route.txt", routes)
        build_routes([Parsed(source, "ip-route", ip_route.parse(source)[0])], facts)
    host = Host(
        name="host",
        span=AT,
        interfaces=None if facts.interfaces is None else tuple(facts.interfaces),
        routes=None if facts.routes is None else tuple(facts.routes),
        **fields,  # type: ignore[arg-type]
    )
    return claims(host, Site(hosts=(host,), reserved=reserved))


def told(found: tuple[Claim, ...]) -> list[str]:
    return [f"{one.prefix} {one.kind.name} {one.what}{' (container)' if one.container_link else ''}" for one in found]


ADDRESSES = """\
1: lo: <LOOPBACK,UP> mtu 65536
    inet 127.0.0.1/8 scope host lo
    inet 203.0.113.9/32 scope global lo
2: eth0: <UP> mtu 1500
    inet 10.0.0.5/24 scope global eth0
    inet 10.0.0.6/24 scope global secondary eth0
    inet 169.254.7.7/16 scope link eth0
    inet6 fe80::1/64 scope link
3: tun0: <UP> mtu 1500
    inet 10.8.0.6 peer 10.8.0.5/32 scope global tun0
4: docker0: <UP> mtu 1500
    inet 172.17.0.1/16 scope global docker0
5: br-0123456789ab: <UP> mtu 1500
    inet 172.18.0.1/16 scope global br-0123456789ab
6: br-web: <UP> mtu 1500
    inet 172.20.0.1/16 scope global br-web
7: cni0: <UP> mtu 1500
    inet 10.42.0.1/24 scope global cni0
"""
ROUTES = """\
default via 10.0.0.1 dev eth0
0.0.0.0/1 via 10.8.0.5 dev tun0
10.0.0.0/24 dev eth0 proto kernel scope link src 10.0.0.5
10.8.0.5 dev tun0 proto kernel scope link src 10.8.0.6
10.9.0.0/16 dev tun0 scope link
10.20.0.0/16 via 10.0.0.2 dev eth0
10.20.0.0/16 via 10.0.0.3 dev eth0 table 52
10.42.1.0/24 via 10.42.1.0 dev flannel.1 onlink
169.254.0.0/16 dev eth0 scope link metric 1002
169.254.169.254 via 10.0.0.1 dev eth0
172.17.0.0/16 dev docker0 proto kernel scope link src 172.17.0.1
172.20.0.0/16 dev br-web proto kernel scope link src 172.20.0.1
172.20.8.0/24 via 172.20.0.9 dev br-web
192.168.7.0/24 dev eth1 proto kernel scope link src 192.168.7.1
unreachable 10.0.0.0/8
throw 10.30.0.0/16
local 10.0.0.5 dev eth0 table local proto kernel scope host
broadcast 10.0.0.255 dev eth0 table local proto kernel scope link
multicast ff00::/8 dev eth0 table local proto kernel metric 256
"""


def test_links_and_routes() -> None:
    networks = (
        network("bridge", "172.17.0.0/16", default_bridge=True),
        network("web", "172.20.0.0/16", options=(("com.docker.network.bridge.name", Located("br-web", AT)),)),
    )
    assert told(plan(ADDRESSES, ROUTES, networks=networks)) == [
        "172.17.0.0/16 NETWORK network bridge",
        "172.20.0.0/16 NETWORK network web",
        "203.0.113.9/32 LINK address 203.0.113.9 of interface lo",
        "10.0.0.0/24 LINK interface eth0",
        "10.8.0.6/32 LINK address 10.8.0.6 of interface tun0",
        "10.8.0.5/32 LINK peer of interface tun0",
        # no source describes the network of this bridge
        "172.18.0.0/16 LINK interface br-0123456789ab (container)",
        "10.42.0.0/24 LINK interface cni0 (container)",
        "192.168.7.0/24 LINK interface eth1",
        "10.9.0.0/16 ROUTE route dev tun0",
        "10.20.0.0/16 ROUTE route via 10.0.0.2 dev eth0",
        "10.20.0.0/16 ROUTE route via 10.0.0.3 dev eth0 table 52",
        "10.42.1.0/24 ROUTE route via 10.42.1.0 dev flannel.1 (container)",
        "169.254.169.254/32 ROUTE route via 10.0.0.1 dev eth0",
        "172.20.8.0/24 ROUTE route via 172.20.0.9 dev br-web",
        "10.0.0.0/8 ROUTE unreachable route",
        "10.0.0.1/32 GATEWAY default gateway 10.0.0.1",
    ]


def test_places_and_references() -> None:
    found = plan(ADDRESSES, ROUTES)
    eth0 = next(one for one in found if one.what == "interface eth0")
    assert eth0.span is not None
    assert ADDRESSES[eth0.span.start : eth0.span.end] == "10.0.0.5/24"
    assert eth0.interface is not None
    route = next(one for one in found if one.what == "route via 10.0.0.2 dev eth0")
    assert route.route is not None
    assert route.span == route.route.span
    gateway = next(one for one in found if one.kind is ClaimKind.GATEWAY)
    assert gateway.span is not None
    assert ROUTES[gateway.span.start : gateway.span.end] == "10.0.0.1"


def test_everything_else() -> None:
    servers = tuple(Located(prefix(text).network_address, AT) for text in ("10.0.0.2", "127.0.0.53"))
    daemon = Daemon(
        span=AT,
        options=(
            Option(
                name="dns",
                value=("10.0.0.2", "10.0.0.3"),
                span=AT,
                name_span=AT,
                setting=Setting.FILE,
                items=(Located("10.0.0.2", AT), Located("10.0.0.3", AT)),
            ),
        ),
        pools=(
            Pool(
                span=AT,
                written=Located("10.10.0.0/16", AT),
                base=prefix("10.10.0.0/16"),
                size=None,
                setting=Setting.FILE,
            ),
            Pool(span=AT, written=Located("x", AT), base=None, size=None, setting=Setting.FILE),
        ),
    )
    reserved = (Reserved(prefix("10.0.0.0/8"), "corporate"),)
    found = plan(
        reserved=reserved,
        resolver=Resolver(span=AT, nameservers=servers),
        daemon=daemon,
        swarm=Swarm(span=AT, active=True),
        weave=(Weave(span=AT),),
    )
    assert told(found) == [
        "10.10.0.0/16 POOL default-address-pools entry",
        "10.0.0.0/8 SWARM_POOL default swarm address pool",
        "10.0.0.0/8 RESERVED reserved range corporate",
        "10.0.0.2/32 RESOLVER resolver 10.0.0.2",
        "10.0.0.3/32 RESOLVER resolver 10.0.0.3",
        "10.32.0.0/12 WEAVE default weave range",
    ]


@pytest.mark.parametrize(
    ("swarm", "weave", "wanted"),
    [
        (Swarm(span=AT, active=False), (), []),
        (
            Swarm(span=AT, active=True, default_addr_pool=(Located(prefix("10.50.0.0/16"), AT),)),
            (Weave(span=AT), Weave(span=AT, range=Located(prefix("10.60.0.0/16"), AT))),
            ["10.50.0.0/16 SWARM_POOL swarm address pool", "10.60.0.0/16 WEAVE weave range"],
        ),
    ],
)
def test_stated_ranges_replace_defaults(swarm: Swarm, weave: tuple[Weave, ...], wanted: list[str]) -> None:
    assert told(plan(swarm=swarm, weave=weave)) == wanted


def test_compose_networks_go_by_their_key_but_for_the_default() -> None:
    networks = (
        network("shop_web", "10.1.0.0/24", key="web", project="shop"),
        network("shop_default", "10.2.0.0/24", key="default", project="shop"),
    )
    assert [one.what for one in plan(networks=networks)] == ["network web", "network shop_default"]


def test_plans_are_made_once_for_a_site() -> None:
    host = Host(name="a", span=AT, networks=(network("a", "10.1.0.0/24"),))
    first, second = Site(hosts=(host,)), Site(hosts=(host,), reserved=(Reserved(prefix("10.0.0.0/8"), "x"),))
    assert claims(host, first) is claims(host, first)
    assert len(claims(host, second)) == 2
    assert len(claims(host, first)) == 1
