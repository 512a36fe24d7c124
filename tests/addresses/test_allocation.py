"""Which addresses containers get, and who is on a network."""

from __future__ import annotations

from itertools import islice

import pytest

from netlint.addresses.allocation import handed_out, members, never_free, occupied
from netlint.model.action import ContainerRun
from netlint.model.compose import Attachment, Project, Service
from netlint.model.host import Host, Site
from netlint.model.located import Located
from netlint.model.network import Endpoint, Network, Origin, Subnet
from netlint.prefix import Address, parse_address, parse_prefix
from netlint.source import Span

AT = Span("x", 0, 1)


def address(text: str) -> Address:
    found = parse_address(text)
    assert found is not None
    return found


def subnet(
    text: str, gateway: str | None = None, ip_range: str | None = None, reserved: tuple[str, ...] = ()
) -> Subnet:
    prefix = parse_prefix(text)
    dynamic = parse_prefix(ip_range) if ip_range is not None else None
    assert prefix is not None
    return Subnet(
        prefix=prefix,
        written=Located(text, AT),
        gateway=Located(address(gateway), AT) if gateway is not None else None,
        ip_range=Located(dynamic, AT) if dynamic is not None else None,
        reserved=tuple((f"r{number}", Located(address(one), AT)) for number, one in enumerate(reserved)),
    )


def network(one: Subnet, **fields: object) -> Network:
    return Network(name="back", span=AT, origin=Origin.COMPOSE, key="back", subnets=(one,), **fields)  # type: ignore[arg-type]


def service(
    name: str, asked: str | None = None, replicas: int | None = None, profiles: tuple[str, ...] = ()
) -> Service:
    ipv4 = Located(address(asked), AT) if asked is not None else None
    return Service(
        name=name,
        span=AT,
        attachments=(Attachment(network="back", span=AT, ipv4=ipv4),),
        replicas=Located(replicas, AT) if replicas is not None else None,
        profiles=profiles,
    )


def host(one: Network, *services: Service, name: str = "h", **fields: object) -> Host:
    project = Project(name="p", span=AT, files=("x",), services=services, networks=(one,))
    return Host(name=name, span=AT, networks=(one,), projects=(project,), **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("one", "first"),
    [
        (subnet("10.0.0.0/24"), ["10.0.0.2", "10.0.0.3"]),
        (subnet("10.0.0.0/24", gateway="10.0.0.254"), ["10.0.0.1", "10.0.0.2"]),
        (subnet("10.0.0.0/24", reserved=("10.0.0.2",)), ["10.0.0.3", "10.0.0.4"]),
        (subnet("10.0.0.0/24", ip_range="10.0.0.128/25"), ["10.0.0.129", "10.0.0.130"]),
        (subnet("10.0.0.0/30"), ["10.0.0.2"]),
        (subnet("10.0.0.0/24", gateway="10.0.0.1", ip_range="10.0.0.255/32"), []),
    ],
)
def test_the_lowest_free_address_comes_first(one: Subnet, first: list[str]) -> None:
    assert [str(given) for given in islice(handed_out(network(one), one), 2)] == first


def test_an_internal_network_may_have_no_gateway() -> None:
    one = subnet("10.0.0.0/24")
    assert "the gateway" not in {what for _, what, _ in never_free(network(one, internal=True), one)}


def test_members() -> None:
    one = network(subnet("10.0.0.0/24"))
    first = host(one, service("a", "10.0.0.9"), service("b", replicas=3), service("c", replicas=0), implied=True)
    outside = network(subnet("10.0.0.0/24"), external=True)
    second = host(outside, service("d", profiles=("debug",)), name="i", implied=True)
    run = ContainerRun(span=AT, image=None, name=Located("e", AT), network=Located("back", AT))
    apart = host(network(subnet("10.0.0.0/24")), service("f"), name="j", implied=True)
    site = Site(hosts=(first, second, apart))
    found = [(member.who, member.containers, member.optional, member.host) for member in members(first, site, one)]
    assert found == [("service a", 1, False, "h"), ("service b", 3, False, "h"), ("service d", 1, True, "i")]
    alone = host(one, service("a"), actions=(run,))
    assert [one.who for one in members(alone, Site(hosts=(alone, second)), one)] == ["service a", "container e"]


def test_occupied() -> None:
    one = subnet("10.0.0.0/24")
    there = network(one, endpoints=(Endpoint(container="x", span=AT, address=address("10.0.0.2")),))
    machine = host(there, service("a", "10.0.0.3"), service("b", replicas=2))
    found = occupied(machine, Site(hosts=(machine,)), there, one)
    assert {str(key): who for key, (who, _) in found.items()} == {
        "10.0.0.2": "container x",
        "10.0.0.3": "service a",
        "10.0.0.4": "service b",
        "10.0.0.5": "service b",
    }
