"""Which statements mean one network, which do not, and what the joined network says."""

from __future__ import annotations

import itertools
import random
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from netlint.build.facts import HostFacts, Parsed
from netlint.build.join import join_networks
from netlint.build.networks import build_networks
from netlint.model.interface import Interface, InterfaceAddress
from netlint.model.located import Located
from netlint.model.network import Network, Origin, Subnet
from netlint.parse import docker_network_ls
from netlint.parse import json as json_parser
from netlint.prefix import Prefix, parse_address, parse_interface, parse_prefix
from netlint.source import Source, Span

DUMPS = Path(__file__).resolve().parents[2] / "../shared/dumps/engine"
ID = "0123456789ab" + "c" * 52
OTHER_ID = "fedcba987654" + "c" * 52
_STARTS = itertools.count()


def place(file: str) -> Span:
    """A place of its own: no two are equal."""
    start = next(_STARTS)
    return Span(file, start, start + 1)


def subnet(text: str, file: str, gateway: str | None = None) -> Subnet:
    prefix = parse_prefix(text)
    assert prefix is not None
    address = parse_address(gateway) if gateway else None
    return Subnet(
        prefix=prefix,
        written=Located(text, place(file)),
        gateway=Located(address, place(file)) if address is not None else None,
    )


def network(origin: Origin, name: str, *subnets: str, file: str = "", **fields: Any) -> Network:
    file = file or origin.name.lower()
    return Network(
        name=name, span=place(file), origin=origin, subnets=tuple(subnet(text, file) for text in subnets), **fields
    )


def compose(project: str, key: str, *subnets: str, **fields: Any) -> Network:
    fields.setdefault("file", f"{project}/compose.yaml")
    name = fields.pop("name", f"{project}_{key}")
    return network(Origin.COMPOSE, name, *subnets, key=key, project=project, **fields)


def external(project: str, name: str) -> Network:
    return compose(project, "outside", name=name, external=True)


def inspect(name: str, *subnets: str, **fields: Any) -> Network:
    return network(Origin.INSPECT, name, *subnets, driver_span=place("inspect"), **fields)


def ls(name: str, **fields: Any) -> Network:
    return network(Origin.LIST, name, driver_span=place("list"), **fields)


def interface(name: str, *addresses: str) -> Interface:
    found = []
    for text in addresses:
        parsed = parse_interface(text)
        assert parsed is not None
        found.append(InterfaceAddress(address=parsed[0], prefix=Prefix.of(*parsed), span=place("addr")))
    return Interface(name=name, span=place("addr"), addresses=tuple(found))


def names(*networks: Network, interfaces: list[Interface] | None = None) -> list[tuple[str, int]]:
    """Name of each joined network, and how many statements it was joined from."""
    return [(one.name, 1 + len(one.stated)) for one in join_networks(networks, interfaces)]


# Which are one


def test_nothing() -> None:
    assert join_networks([], None) == ()
    assert join_networks([], []) == ()


def test_ids() -> None:
    assert names(inspect("web", id=ID), ls("web", id=ID[:12])) == [("web", 2)]
    # renamed between the two commands
    assert names(inspect("web", id=ID), ls("old", id=ID[:12])) == [("web", 2)]


def test_names() -> None:
    assert names(compose("shop", "front"), inspect("shop_front", id=ID), ls("shop_front", id=ID[:12])) == [
        ("shop_front", 3)
    ]
    # listings of different times: the network was made anew in between
    assert names(inspect("web", id=ID), ls("web", id=OTHER_ID[:12])) == [("web", 2)]
    assert names(network(Origin.DAEMON, "bridge", default_bridge=True), ls("bridge", default_bridge=True)) == [
        ("bridge", 2)
    ]
    assert names(network(Origin.SCRIPT, "web", "10.1.0.0/24"), inspect("web", "10.1.0.0/24", id=ID)) == [("web", 2)]


def test_two_networks_of_one_name_in_one_listing() -> None:
    assert names(ls("web", id=ID[:12]), ls("web", id=OTHER_ID[:12])) == [("web", 1), ("web", 1)]


def test_the_same_key_in_two_projects_is_two_networks() -> None:
    running = [inspect("a_default", key="default", project="a"), inspect("b_default", key="default", project="b")]
    files = [compose("a", "default"), compose("b", "default")]
    assert names(*files, *running) == [("a_default", 2), ("b_default", 2)]
    assert names(*files, running[1]) == [("a_default", 1), ("b_default", 2)]
    assert names(*files, inspect("c_default", key="default", project="c")) == [
        ("a_default", 1),
        ("b_default", 1),
        ("c_default", 1),
    ]


def test_the_same_subnet_in_two_projects_is_two_networks() -> None:
    """That they collide is for a rule to say."""
    files = [compose("a", "default", "172.20.0.0/16"), compose("b", "default", "172.20.0.0/16")]
    assert names(*files) == [("a_default", 1), ("b_default", 1)]
    running = inspect("b_default", "172.20.0.0/16", key="default", project="b", id=ID)
    assert names(*files, running) == [("a_default", 1), ("b_default", 2)]
    bridge = interface(f"br-{ID[:12]}", "172.20.0.1/16")
    assert names(*files, running, interfaces=[bridge]) == [("a_default", 1), ("b_default", 3)]


def test_names_of_compose_v1() -> None:
    running = inspect("myapp_front", "172.20.0.0/16", key="front", project="myapp", id=ID)
    assert names(compose("my-app", "front"), running) == [("my-app_front", 2)]
    assert names(compose("my-app", "front", "172.20.0.0/16"), running) == [("my-app_front", 2)]
    assert names(running, compose("my-app", "front"), ls("myapp_front", id=ID[:12])) == [("my-app_front", 3)]
    # not where the subnet, the key or the project is another
    assert len(names(compose("my-app", "front", "172.21.0.0/16"), running)) == 2
    assert len(names(compose("my-app", "back"), running)) == 2
    assert len(names(compose("shop", "front"), running)) == 2
    # nor for an external network, which bears its real name
    assert len(names(compose("my-app", "front", name="other", external=True), running)) == 2
    # nor where two projects may be meant, on either side
    assert len(names(compose("my-app", "front"), compose("my_app", "front"), running)) == 3
    twin = inspect("my.app_front", key="front", project="my.app", id=OTHER_ID)
    assert len(names(compose("my-app", "front"), running, twin)) == 3
    # nor where the network has its counterpart
    assert names(compose("my-app", "front"), inspect("my-app_front"), running) == [
        ("my-app_front", 2),
        ("myapp_front", 1),
    ]


def test_definitions_of_one_name_that_cannot_both_hold() -> None:
    files = [compose("app", "net", "10.1.0.0/24", file="a"), compose("app", "net", "10.2.0.0/24", file="b")]
    assert names(*files) == [("app_net", 1), ("app_net", 1)]
    (first, second) = join_networks([*files, inspect("app_net", "10.2.0.0/24", id=ID)], None)
    assert (first.id, second.id) == (ID, None)
    # the same subnet, or none: the same network
    assert names(compose("app", "net", "10.1.0.0/24", file="a"), compose("app", "net", file="b")) == [("app_net", 2)]


def test_a_running_network_whose_definition_has_changed_is_still_the_one() -> None:
    (joined,) = join_networks([compose("app", "net", "10.2.0.0/24"), inspect("app_net", "10.1.0.0/24", id=ID)], None)
    assert [str(one.prefix) for one in joined.subnets] == ["10.2.0.0/24"]


@pytest.mark.parametrize(
    ("known", "bridge"),
    [
        (inspect("web", id=ID), f"br-{ID[:12]}"),
        (ls("web", id=ID[:12]), f"br-{ID[:12]}"),
        (inspect("web", id=ID, options=(("com.docker.network.bridge.name", Located("egress", place("x"))),)), "egress"),
        (compose("a", "b", options=(("com.docker.network.bridge.name", Located("egress", place("x"))),)), "egress"),
        (ls("bridge", id=ID[:12], default_bridge=True), "docker0"),
        (network(Origin.DAEMON, "bridge", "172.17.0.0/16", default_bridge=True), "docker0"),
        (external("a", "bridge"), "docker0"),
        (ls("docker_gwbridge", id=ID[:12]), "docker_gwbridge"),
        (compose("a", "b", "172.17.0.0/16"), "br-111111111111"),
        (network(Origin.SCRIPT, "web", "172.17.0.0/16"), "br-111111111111"),
    ],
)
def test_the_bridge_of_a_network(known: Network, bridge: str) -> None:
    (joined,) = join_networks([known], [interface("eth0", "10.0.0.5/24"), interface(bridge, "172.17.0.1/16")])
    assert joined.name == known.name
    assert len(joined.stated) == 1
    assert joined.bridge == bridge
    assert [str(one.prefix) for one in joined.subnets] == ["172.17.0.0/16"]


@pytest.mark.parametrize(
    "known",
    [
        inspect("web", "172.17.0.0/16", id=OTHER_ID),  # has another bridge
        compose("a", "b", "172.17.0.0/24"),
        compose("a", "b"),
        compose("a", "b", "172.17.0.0/16", driver="macvlan"),
    ],
)
def test_the_bridge_of_none_of_the_networks(known: Network) -> None:
    joined = join_networks([known], [interface("br-111111111111", "172.17.0.1/16")])
    assert [(one.name, one.origin, one.id) for one in joined[1:]] == [
        ("br-111111111111", Origin.INTERFACE, "111111111111")
    ]
    assert joined[1].bridge == "br-111111111111"


def test_one_bridge_does_not_join_two_files() -> None:
    files = [compose("a", "x", "10.1.0.0/24"), compose("b", "x", "10.1.0.0/24")]
    assert names(*files, interfaces=[interface("br-111111111111", "10.1.0.1/24")]) == [("a_x", 2), ("b_x", 1)]


def test_bridges_of_the_engine_without_any_listing() -> None:
    bridges = [
        interface("docker0", "172.17.0.1/16", "fe80::1/64"),
        interface("docker_gwbridge", "172.18.0.1/16"),
        interface("br-0123456789ab", "172.19.0.1/16", "fd00:1::1/64"),
    ]
    others = [
        interface("br-lan", "192.168.1.1/24"),
        interface("br-ffffffffffff"),
        interface("br-eeeeeeeeeeee", "fe80::1/64"),
        interface("eth0", "10.0.0.5/24"),
    ]
    joined = join_networks([], [*others, *bridges])
    assert [(one.name, one.bridge, one.default_bridge, [str(s.prefix) for s in one.subnets]) for one in joined] == [
        ("docker0", "docker0", True, ["172.17.0.0/16"]),
        ("docker_gwbridge", "docker_gwbridge", False, ["172.18.0.0/16"]),
        ("br-0123456789ab", "br-0123456789ab", False, ["172.19.0.0/16", "fd00:1::/64"]),
    ]
    assert all(one.origin is Origin.INTERFACE and one.subnets[0].canonical for one in joined)


def test_docker0_left_over_where_the_default_bridge_is_another() -> None:
    option = ("com.docker.network.bridge.name", Located("br0", place("x")))
    default = inspect("bridge", "10.9.0.0/16", default_bridge=True, options=(option,))
    joined = join_networks([default], [interface("docker0", "172.17.0.1/16"), interface("br0", "10.9.0.1/16")])
    assert [(one.name, one.bridge, one.default_bridge, len(one.stated)) for one in joined] == [
        ("bridge", "br0", True, 1),
        ("docker0", "docker0", False, 0),
    ]


# What the joined network says


def test_the_definition_is_completed_from_the_listings() -> None:
    defined = compose("shop", "front", "172.20.0.0/16")
    shown = inspect(
        "shop_front",
        "172.20.0.0/16",
        "fd00:1::/64",
        id=ID,
        internal=True,
        options=(("a", Located("1", place("x"))),),
        labels=(("l", "1"),),
        endpoints=(),
        ipv6=Located(True, place("x")),
    )
    shown = replace(shown, subnets=(subnet("172.20.0.0/16", "inspect", "172.20.0.1"), shown.subnets[1]))
    listed = ls("shop_front", id=ID[:12])
    for order in ([defined, shown, listed], [listed, shown, defined], [shown, defined, listed]):
        (joined,) = join_networks(order, None)
        assert (joined.origin, joined.span, joined.key, joined.project) == (
            Origin.COMPOSE,
            defined.span,
            "front",
            "shop",
        )
        assert (joined.id, joined.endpoints, joined.ipv6, joined.labels) == (ID, (), shown.ipv6, (("l", "1"),))
        assert joined.option("a") == shown.option("a")
        assert joined.internal is False  # the file says what the network is to be
        assert joined.subnets[0].written == defined.subnets[0].written
        assert joined.subnets[0].gateway == shown.subnets[0].gateway
        assert joined.subnets[1] == shown.subnets[1]
        assert set(joined.stated) == {shown.span, listed.span}


def test_options_of_the_definition_prevail() -> None:
    defined = compose("a", "b", options=(("k", Located("mine", place("x"))),))
    shown = inspect("a_b", options=(("k", Located("theirs", place("x"))), ("more", Located("1", place("x")))))
    (joined,) = join_networks([shown, defined], None)
    assert [(key, value.value) for key, value in joined.options] == [("k", "mine"), ("more", "1")]


def test_an_external_network_takes_everything_from_the_listing() -> None:
    shown = inspect("lan", "10.1.0.0/24", driver="macvlan", scope="local", internal=True, id=ID)
    (joined,) = join_networks([external("a", "lan"), shown], None)
    assert (joined.external, joined.origin, joined.driver, joined.internal) == (True, Origin.COMPOSE, "macvlan", True)
    assert (joined.driver_span, joined.id, joined.subnets) == (shown.driver_span, ID, shown.subnets)


def test_an_external_network_that_another_project_defines_belongs_to_that_one() -> None:
    owner = compose("b", "net", "10.1.0.0/24")
    for order in ([external("a", "b_net"), owner], [owner, external("a", "b_net")]):
        (joined,) = join_networks(order, None)
        assert (joined.external, joined.project, joined.span) == (False, "b", owner.span)


def test_an_external_network_that_nothing_else_states_stays_so() -> None:
    (joined,) = join_networks([external("a", "missing"), ls("other")], None)[:1]
    assert (joined.name, joined.external, joined.id, joined.stated) == ("missing", True, None, ())


def test_a_subnet_that_a_variable_decides_is_known_from_the_listing() -> None:
    defined = compose("a", "b", subnets_open=True)
    assert join_networks([defined], None)[0].subnets_open
    (joined,) = join_networks([defined, inspect("a_b", "10.1.0.0/24")], None)
    assert (joined.subnets_open, len(joined.subnets)) == (False, 1)


def test_the_order_of_statements_decides_only_the_order_of_networks() -> None:
    statements = [
        compose("a", "default", "172.20.0.0/16"),
        compose("b", "default"),
        external("b", "a_default"),
        inspect("a_default", "172.20.0.0/16", key="default", project="a", id=ID),
        inspect("b_default", "172.21.0.0/16", key="default", project="b", id=OTHER_ID),
        ls("a_default", id=ID[:12]),
        ls("b_default", id=OTHER_ID[:12]),
        ls("bridge", default_bridge=True, id="777777777777"),
        network(Origin.DAEMON, "bridge", "172.17.0.0/16", default_bridge=True),
    ]
    bridges = [interface("docker0", "172.17.0.1/16"), interface(f"br-{ID[:12]}", "172.20.0.1/16")]
    expected = {one.name: (one.origin, one.id, set(one.stated)) for one in join_networks(statements, bridges)}
    assert len(expected) == 3
    shuffle = random.Random(7).shuffle
    for _ in range(20):
        shuffle(statements)
        joined = join_networks(statements, bridges)
        assert {one.name: (one.origin, one.id, set(one.stated)) for one in joined} == expected
        positions = [
            min(statements.index(s) for s in statements if s.span in (one.span, *one.stated)) for one in joined
        ]
        assert positions == sorted(positions)


@pytest.mark.skipif(not DUMPS.is_dir(), reason="the dumps of real engines are not beside the project")
@pytest.mark.parametrize(("host", "count"), [("rich-20", 15), ("rich-28", 19)])
def test_real_engines(host: str, count: int) -> None:
    facts, files = HostFacts(host), []
    for name, parser in (
        ("docker-network-inspect.json", json_parser),
        ("docker-network-inspect-verbose-ov.json", json_parser),
        ("docker-network-ls.txt", docker_network_ls),
    ):
        source = Source(name, (DUMPS / host / name).read_text())
        kind = "docker-network-ls" if name.endswith(".txt") else "docker-network-inspect"
        files.append(Parsed(source, kind, parser.parse(source)[0]))
    build_networks(files, facts)
    joined = join_networks(facts.networks, None)
    assert facts.networks_listed
    assert len(joined) == count
    assert len({one.name for one in joined}) == count
    assert all(one.stated and one.id and len(one.id) > 12 for one in joined)
    by_name = {one.name: one for one in joined}
    assert by_name["bridge"].bridge == "docker0"
    assert by_name["docker_gwbridge"].bridge == "docker_gwbridge"
    assert by_name["appnet"].bridge == "eg-app"
    assert by_name["intnet"].internal
    assert by_name["ingress"].ingress
    assert [one.name for one in joined if one.default_bridge] == ["bridge"]
    assert [one.name for one in joined if not one.subnets] == ["host", "none"]
