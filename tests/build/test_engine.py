"""The engine's version and state from `docker info` and `docker version`."""

from __future__ import annotations

import json
from typing import Any

import pytest

from netlint.build.engine import build_engine
from netlint.build.facts import HostFacts, Parsed
from netlint.model.daemon import Option, Pool, Setting
from netlint.parse import docker_info
from netlint.parse import json as json_parser
from netlint.source import Source, Span

INFO_28 = """\
Client:
 Version:    27.0.1
 Plugins:
  compose: Docker Compose (Docker Inc.)
    Version:  v2.40.3

Server:
 Containers: 0
 Server Version: 28.5.2+dfsg4
 Swarm: active
  Is Manager: true
  Data Path Port: 7777
 Default Address Pools:
   Base: 10.123.0.0/16, Size: 24
   Base: 172.30.0.0/15, Size: 26
"""
VERSION_20 = """\
Client:
 Version:           28.2.2

Server:
 Engine:
  Version:          20.10.24+dfsg1
  API version:      1.41 (minimum version 1.12)
 containerd:
  Version:          1.6.20~ds1
"""


def build(*inputs: tuple[str, str], facts: HostFacts | None = None) -> tuple[HostFacts, dict[str, str]]:
    """The facts after reading texts given as (format, text), and the texts by their sources' names."""
    facts = facts or HostFacts("host")
    files, texts = [], {}
    for number, (name, text) in enumerate(inputs):
        source = Source(f"{number}", text)
        parser = json_parser if name.endswith("-json") else docker_info
        files.append(Parsed(source, name, parser.parse(source)[0]))
        texts[source.path] = text
    build_engine(files, facts)
    return facts, texts


def cut(texts: dict[str, str], span: Span) -> str:
    return texts[span.source][span.start : span.end]


@pytest.mark.parametrize(
    ("format", "text", "version"),
    [
        ("docker-info", INFO_28, "28.5.2+dfsg4"),
        ("docker-info", "Containers: 0\nServer Version: 1.9.1\n", "1.9.1"),
        ("docker-info", "Client:\n Version: 24.0.0\nServer:\n", None),
        ("docker-version", VERSION_20, "20.10.24+dfsg1"),
        ("docker-version", "Client:\n Version: 1.13.1\n\nServer:\n Version: 1.12.6\n API version: 1.24\n", "1.12.6"),
        ("docker-version", "Client version: 1.6.2\nServer version: 1.5.0\n", "1.5.0"),
        ("docker-version", "Server: Docker Engine - Community\n Engine:\n  Version: 29.5.2\n", "29.5.2"),
        ("docker-version", "Version: 24.0.0\nAPI version: 1.43\n", None),
        ("docker-version", "Server: linux/amd64\n Podman Engine:\n  Version: 4.3.1\n", None),
        ("docker-info-json", '{"ServerVersion": "20.10.24", "ClientInfo": {"Version": "28.0.0"}}', "20.10.24"),
        ("docker-version-json", '{"Client": {"Version": "28.0.0"}, "Server": {"Version": "20.10.24"}}', "20.10.24"),
        ("docker-version-json", '{"Client": {"Version": "28.0.0"}, "Server": null}', None),
        ("docker-version-json", '{"Version": "27.1.0", "ApiVersion": "1.46"}', "27.1.0"),
        ("docker-version-json", "[]", None),
    ],
)
def test_the_version_is_the_servers(format: str, text: str, version: str | None) -> None:
    facts, texts = build((format, text))
    assert [engine.value.text for engine in facts.engines] == ([version] if version else [])
    assert [cut(texts, engine.span) for engine in facts.engines] == ([version] if version else [])


def test_a_version_that_is_none_is_reported() -> None:
    facts, _ = build(("docker-info", "Server Version: dev\n"))
    assert facts.engines == []
    assert [item.message for item in facts.not_understood] == ["'dev' is no version of an engine"]


@pytest.mark.parametrize(
    ("format", "text", "active", "port"),
    [
        ("docker-info", INFO_28, True, 7777),
        ("docker-info", "Swarm: inactive\n", False, 4789),
        ("docker-info", " Swarm: active\n  Node Address: 10.0.5.11\n", True, 4789),
        ("docker-info", "Swarm: locked\n", True, 4789),
        ("docker-info-json", '{"Swarm": {"LocalNodeState": "inactive"}}', False, 4789),
        ("docker-info-json", '{"Swarm": {"LocalNodeState": "active", "Cluster": {"DataPathPort": 7777}}}', True, 7777),
        ("docker-info-json", '{"Swarm": {"LocalNodeState": "active", "Cluster": {"DataPathPort": 0}}}', True, 4789),
    ],
)
def test_swarm(format: str, text: str, active: bool, port: int) -> None:
    facts, texts = build((format, text))
    assert facts.swarm is not None
    assert (facts.swarm.active, facts.swarm.data_path_port) == (active, port)
    assert cut(texts, facts.swarm.span) in text
    if port != 4789:
        assert facts.swarm.data_path_port_span is not None
        assert cut(texts, facts.swarm.data_path_port_span) == str(port)


def test_without_a_line_nothing_is_known_of_a_swarm() -> None:
    facts, _ = build(("docker-info", "Server Version: 1.9.1\n"))
    assert (facts.swarm, facts.pools, facts.options) == (None, None, [])


def pools_of(facts: HostFacts) -> list[tuple[str, int]]:
    return [(str(pool.base), pool.size.value) for pool in facts.pools or [] if pool.size is not None]


@pytest.mark.parametrize(
    ("format", "text"),
    [
        ("docker-info", INFO_28),
        (
            "docker-info-json",
            '{"DefaultAddressPools": [{"Base": "10.123.0.0/16", "Size": 24}, {"Base": "172.30.0.0/15", "Size": 26}]}',
        ),
    ],
)
def test_address_pools(format: str, text: str) -> None:
    facts, texts = build((format, text))
    assert pools_of(facts) == [("10.123.0.0/16", 24), ("172.30.0.0/15", 26)]
    for pool in facts.pools or []:
        assert pool.written is not None
        assert pool.size is not None
        assert cut(texts, pool.written.span) == pool.written.value
        assert cut(texts, pool.size.span) == str(pool.size.value)


def test_two_outputs_of_one_engine_give_its_pools_once() -> None:
    facts, _ = build(("docker-info", INFO_28), ("docker-info", INFO_28))
    assert len(pools_of(facts)) == 2


CLUSTER = "Server Version: 1.9.1\nCluster store: etcd://10.0.0.9:2379\nCluster advertise: 10.0.0.5:2376\n"


@pytest.mark.parametrize(
    ("format", "text"),
    [
        ("docker-info", CLUSTER),
        ("docker-info", CLUSTER.replace("store", "Store").replace("advertise", "Advertise")),
        ("docker-info-json", '{"ClusterStore": "etcd://10.0.0.9:2379", "ClusterAdvertise": "10.0.0.5:2376"}'),
    ],
)
def test_cluster_store_in_force(format: str, text: str) -> None:
    facts, texts = build((format, text))
    shown = [(option.name, option.value, cut(texts, option.span)) for option in facts.options]
    assert shown == [
        ("cluster-store", "etcd://10.0.0.9:2379", "etcd://10.0.0.9:2379"),
        ("cluster-advertise", "10.0.0.5:2376", "10.0.0.5:2376"),
    ]
    assert {option.setting for option in facts.options} == {Setting.RUNNING}


def test_what_is_configured_is_not_stated_twice() -> None:
    facts = HostFacts("host")
    place = Span("daemon.json", 1, 2)
    option = Option(name="cluster-store", value="consul://x", span=place, name_span=place, setting=Setting.FILE)
    pool = Pool(span=place, written=None, base=None, size=None, setting=Setting.FILE)
    facts.options, facts.pools = [option], [pool]
    build(("docker-info", CLUSTER + INFO_28), facts=facts)
    assert [known.name for known in facts.options] == ["cluster-store", "cluster-advertise"]
    assert facts.options[0] is option
    assert facts.pools == [pool]


@pytest.mark.parametrize(
    "document",
    [
        [],
        {"Swarm": [], "DefaultAddressPools": {}, "ServerVersion": {}},
        {"Swarm": {"LocalNodeState": None, "Cluster": 1}, "DefaultAddressPools": [1, {"Base": None}, {"Base": "x"}]},
        {"Server": {"Version": []}, "ClusterStore": "", "ClusterAdvertise": None},
    ],
)
def test_json_of_another_shape(document: Any) -> None:
    facts, _ = build(("docker-info-json", json.dumps(document)))
    assert (facts.engines, facts.swarm, facts.options) == ([], None, [])


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("docker-compose version 1.24.1, build 4667896b\ndocker-py version: 3.7.3\n", "1.24.1"),
        ("Docker Compose version v2.40.3\n", "v2.40.3"),
        ("docker-compose version: 1.5.2\n", "1.5.2"),
        (INFO_28, "v2.40.3"),
        ("Client:\n Plugins:\n  compose: Docker Compose (Docker Inc., v2.3.3)\nServer:\n Containers: 0\n", "v2.3.3"),
        (VERSION_20, None),
        ("Docker version 20.10.24, build 297e128\n", None),
    ],
)
def test_compose(text: str, version: str | None) -> None:
    facts, texts = build(("docker-version", text))
    stated = facts.compose
    assert (stated and stated.value.text) == version
    assert not facts.unreadable
    if stated is not None:
        assert texts[stated.span.source][stated.span.start : stated.span.end] == version
