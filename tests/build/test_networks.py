"""Networks from `docker network inspect` and `docker network ls`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netlint.build.facts import HostFacts, Parsed
from netlint.build.networks import build_networks
from netlint.model.located import Located
from netlint.model.network import Network, Origin
from netlint.parse import docker_network_ls
from netlint.parse import json as json_parser
from netlint.source import Source, Span

CORPUS = Path(__file__).resolve().parents[2] / "../shared/corpus"


def build(*texts: str) -> tuple[HostFacts, dict[str, str]]:
    """The facts after reading outputs of inspect (those that begin with a bracket) and ls, and the texts by name."""
    facts, files = HostFacts("host"), []
    sources = [Source(f"{number}", text) for number, text in enumerate(texts)]
    for source in sources:
        if source.text.lstrip().startswith(("[", "{", "HTTP", "POST")) or "inspect" in source.text:
            files.append(Parsed(source, "docker-network-inspect", json_parser.parse(source)[0]))
        else:
            files.append(Parsed(source, "docker-network-ls", docker_network_ls.parse(source)[0]))
    build_networks(files, facts)
    return facts, {source.path: source.text for source in sources}


def inspected(**fields: Any) -> tuple[Network, HostFacts, dict[str, str]]:
    facts, texts = build(json.dumps([{"Name": "web", "Id": "ab" * 32, "Driver": "bridge", **fields}], indent=2))
    (network,) = facts.networks
    return network, facts, texts


def cut(texts: dict[str, str], span: Span | None) -> str:
    assert span is not None
    return texts[span.source][span.start : span.end]


def test_all_fields_with_their_places() -> None:
    network, facts, texts = inspected(
        Scope="local",
        EnableIPv6=True,
        Internal=True,
        IPAM={
            "Driver": "default",
            "Options": None,
            "Config": [
                {
                    "Subnet": "10.70.0.0/24",
                    "IPRange": "10.70.0.128/25",
                    "Gateway": "10.70.0.254",
                    "AuxiliaryAddresses": {"router": "10.70.0.130"},
                },
                {"Subnet": "fd00:78::/64"},
            ],
        },
        Containers={
            "9104cbd1": {"Name": "app", "MacAddress": "2a:9c:08:03:53:13", "IPv4Address": "10.70.0.50/24"},
            "aa04cbd1": {"IPv4Address": "", "IPv6Address": "fd00:78::2/64"},
        },
        Options={"com.docker.network.bridge.name": "br-web"},
        Labels={"com.docker.compose.project": "shop", "com.docker.compose.network": "front"},
    )
    assert (network.name, cut(texts, network.span), network.origin) == ("web", "web", Origin.INSPECT)
    assert (network.driver, cut(texts, network.driver_span), network.bridge) == ("bridge", "bridge", "br-web")
    assert (network.project, network.key, network.internal) == ("shop", "front", True)
    assert network.ipv6 is not None
    assert (network.ipv6.value, cut(texts, network.ipv6.span)) == (True, "true")

    first, second = network.subnets
    assert first.gateway is not None
    assert first.ip_range is not None
    stated: list[Located[Any]] = [first.written, first.gateway, first.ip_range, first.reserved[0][1], second.written]
    assert [str(one.value) for one in stated] == [cut(texts, one.span) for one in stated]
    assert [str(one.value) for one in stated] == [
        "10.70.0.0/24",
        "10.70.0.254",
        "10.70.0.128/25",
        "10.70.0.130",
        "fd00:78::/64",
    ]
    assert first.reserved[0][0] == "router"

    assert network.endpoints is not None
    assert [(one.container, str(one.address), one.mac, cut(texts, one.span)) for one in network.endpoints] == [
        ("app", "10.70.0.50", "2a:9c:08:03:53:13", "app"),
        ("aa04cbd1", "fd00:78::2", None, "aa04cbd1"),
    ]
    assert (facts.unreadable, facts.not_understood) == ([], [])


@pytest.mark.parametrize(
    "ipam", [None, {}, {"Config": None}, {"Config": []}, {"Config": [{"Subnet": ""}]}, {"Config": [{}]}, []]
)
def test_no_subnets(ipam: Any) -> None:
    network, facts, _ = inspected(IPAM=ipam, Containers=None, Options=None, Labels=None)
    assert (network.subnets, network.endpoints, network.options, network.labels) == ((), None, (), ())
    assert facts.unreadable == []


def test_gateways_of_old_engines_carry_a_length_and_subnets_host_bits() -> None:
    config = [{"Subnet": "172.17.42.1/16", "Gateway": "172.17.42.1/16", "IPRange": "", "AuxiliaryAddresses": None}]
    network, _, _ = inspected(IPAM={"Config": config})
    (subnet,) = network.subnets
    assert (str(subnet.prefix), subnet.written.value, subnet.canonical) == ("172.17.0.0/16", "172.17.42.1/16", False)
    assert subnet.gateway is not None
    assert str(subnet.gateway.value) == "172.17.42.1"
    assert subnet.ip_range is None


def test_a_value_that_is_no_address_is_a_problem_and_the_rest_is_kept() -> None:
    network, facts, texts = inspected(
        IPAM={"Config": [{"Subnet": "banana"}, {"Subnet": "10.1.0.0/24", "Gateway": "x"}]}
    )
    assert [str(subnet.prefix) for subnet in network.subnets] == ["10.1.0.0/24"]
    assert [(cut(texts, item.span), item.message) for item in facts.unreadable] == [
        ('"banana"', "banana is no address"),
        ('"x"', "x is no address"),
    ]


@pytest.mark.parametrize(
    ("fields", "default"),
    [
        ({"Name": "bridge"}, True),
        ({"Options": {"com.docker.network.bridge.default_bridge": "true"}}, True),
        ({"Options": {"com.docker.network.bridge.default_bridge": "false"}}, False),
        ({}, False),
    ],
)
def test_default_bridge(fields: dict[str, Any], default: bool) -> None:
    assert inspected(**fields)[0].default_bridge is default


def test_a_configuration_only_network_is_none() -> None:
    facts, _ = build(
        '[{"Name": "cfg", "ConfigOnly": true}, {"Name": "b"}]',
        "NETWORK ID     NAME   DRIVER\nabcabcabcabc   cfg    null\ndefdefdefdef   none   null\n",
    )
    assert [network.name for network in facts.networks] == ["b", "none"]


def test_entries_of_another_kind_are_reported() -> None:
    facts, texts = build('[{"name": "podman", "driver": "bridge"}, 1, {"Name": "web"}]')
    assert [network.name for network in facts.networks] == ["web"]
    assert [cut(texts, item.span)[:7] for item in facts.not_understood] == ['{"name"', "1"]


def test_rows_of_a_list() -> None:
    facts, texts = build(
        "NETWORK ID     NAME     DRIVER    SCOPE\n"
        "0b83e599bf5e   bridge   bridge    local\n"
        "qs50jqnaspkb   ingress  overlay   swarm\n"
        "$ docker network ls\n"
        "NETWORK ID     NAME     DRIVER\n"
        "cbc6fe68e141   kv       overlay\n"
    )
    bridge, ingress, kv = facts.networks
    assert (bridge.id, bridge.default_bridge, cut(texts, bridge.span)) == ("0b83e599bf5e", True, "bridge")
    assert (ingress.driver, ingress.scope, ingress.ingress) == ("overlay", "swarm", True)
    assert (kv.origin, kv.scope, kv.ingress) == (Origin.LIST, "global", False)


ALL = """\
NETWORK ID     NAME     DRIVER    SCOPE
aaaaaaaaaaaa   bridge   bridge    local
bbbbbbbbbbbb   host     host      local
cccccccccccc   none     null      local
"""


@pytest.mark.parametrize(
    ("text", "listed"),
    [
        (ALL, True),
        (ALL.replace("bbbbbbbbbbbb   host     host      local\n", ""), False),
        ("$ docker network ls -f scope=local\n" + ALL, False),
        ('[{"Name": "bridge"}, {"Name": "host"}, {"Name": "none"}]', True),
        ('[{"Name": "bridge"}]\n[{"Name": "host"}]\n[{"Name": "none"}]', True),
        ('[{"Name": "bridge"}, {"Name": "web"}]', False),
        ("[]", False),
    ],
)
def test_whether_all_networks_are_listed(text: str, listed: bool) -> None:
    assert build(text)[0].networks_listed is listed


KEYS = st.sampled_from(
    ["Name", "Id", "Driver", "IPAM", "Config", "Subnet", "Gateway", "Containers", "Options", "Labels"]
)
SHAPES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["", "web", "10.0.0.0/8", "10.0.0.1/33", "<nil>"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=15,
)


@given(SHAPES)
@settings(max_examples=200)
def test_json_of_any_shape(document: Any) -> None:
    facts, texts = build(json.dumps([{"Name": "web", "IPAM": document, "Containers": document}, document]))
    for network in facts.networks:
        assert cut(texts, network.span) == network.name
        assert all(cut(texts, subnet.span) == subnet.written.value for subnet in network.subnets)


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of real files is not beside the project")
def test_real_outputs() -> None:
    entries = [json.loads(line) for line in (CORPUS / "dumps.jsonl").read_text().splitlines()]
    files = [entry["file"] for entry in entries if entry["kind"] == "docker-network-inspect"]
    assert len(files) > 15
    for file in files:
        facts, texts = build((CORPUS / file).read_text())
        assert facts.networks, file
        assert (facts.unreadable, facts.not_understood) == ([], []), file
        for network in facts.networks:
            assert cut(texts, network.span) == network.name
            assert all(cut(texts, subnet.span) == subnet.written.value for subnet in network.subnets)


PODMAN_LS = """\
NETWORK ID    NAME        DRIVER
2f259bab93aa  podman      bridge
1a2b3c4d5e6f  web_default  bridge
"""


def test_networks_of_podman_are_none_of_the_engine() -> None:
    facts, _ = build(PODMAN_LS)
    assert not facts.networks
    (reason,) = facts.unread.values()
    assert reason.startswith("podman's networks")
    old, _ = build("NETWORK ID          NAME                DRIVER\n7fca4eb8c647        bridge              bridge\n")
    assert [network.name for network in old.networks] == ["bridge"]  # engines before 1.12 show no scope either
