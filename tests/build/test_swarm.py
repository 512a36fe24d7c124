"""Services and nodes of a swarm in the model, from every form in which a manager lists them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from netlint.addresses.claims import ClaimKind, claims
from netlint.config import Config
from netlint.discover import discover
from netlint.engine import build, check
from netlint.model.host import Site
from netlint.model.network import Origin
from netlint.rule import load_rules, rules_folder
from tests.parse.test_docker_swarm import NODES, PRETTY, SERVICES

BACK, INGRESS = "78vuy4z5gbwv9b7ec0a4qfm91", "ywd313l3m69iw98ccygqb1jwx"
SERVICE: dict[str, Any] = {
    "ID": "vix9zzkcde8u7umj7w0vfx46c",
    "Version": {"Index": 1},
    "Spec": {
        "Name": "web",
        "TaskTemplate": {"ContainerSpec": {"Image": "lab:1"}, "Networks": [{"Target": BACK}]},
        "Mode": {"Replicated": {"Replicas": 2}},
        "EndpointSpec": {"Mode": "vip"},
    },
    "Endpoint": {
        "Ports": [{"Protocol": "tcp", "TargetPort": 80, "PublishedPort": 8080, "PublishMode": "ingress"}],
        "VirtualIPs": [
            {"NetworkID": INGRESS, "Addr": "10.0.0.4/24"},
            {"NetworkID": BACK, "Addr": "10.20.0.2/24"},
        ],
    },
}
NODE = {
    "ID": "sjwyo1rrc999panplxm3xz7md",
    "CreatedAt": "2024-11-29T09:19:22Z",
    "Spec": {"Role": "manager", "Availability": "active"},
    "Description": {"Hostname": "node-a", "Engine": {"EngineVersion": "28.5.2"}},
    "Status": {"State": "ready", "Addr": "10.0.5.11"},
    "ManagerStatus": {"Leader": True, "Reachability": "reachable", "Addr": "10.0.5.11:2377"},
}
SECRET = {"ID": "abc", "Version": {"Index": 1}, "CreatedAt": "x", "Spec": {"Name": "key", "Data": "c2VjcmV0"}}


def site(folder: Path, **texts: str) -> Site:
    for name, text in texts.items():
        (folder / f"{name}.txt").write_text(text, encoding="utf-8")
    return build(discover([str(folder)]), Config())[0]


def test_inspected(tmp_path: Path) -> None:
    whole = site(tmp_path, services=json.dumps([SERVICE, SECRET], indent=1), nodes=json.dumps([NODE]), ls=SERVICES)
    (host,) = whole.hosts
    agent = next(one for one in host.swarm_services if one.name == "agent")
    web = next(one for one in host.swarm_services if one.name == "web")
    assert (agent.mode, agent.replicas, agent.ports) == ("global", 2, ())
    assert (web.mode, web.replicas, web.endpoint_mode, web.networks) == ("replicated", 2, "vip", (BACK,))
    assert [(str(one.published), str(one.target), one.protocol, one.mode) for one in web.ports] == [
        ("8080", "80", "tcp", "ingress")
    ]
    (node,) = host.swarm_nodes
    assert (node.hostname, node.role, node.reachability, node.state) == ("node-a", "manager", "leader", "ready")
    assert str(node.address.value if node.address else None) == "10.0.5.11"
    assert host.swarm is not None
    assert (host.swarm.manager, host.swarm.nodes) == (True, None)
    virtual = [(str(claim.prefix), claim.what) for claim in claims(host, whole).of(ClaimKind.VIRTUAL)]
    assert virtual == [("10.0.0.4/32", "address of service web"), ("10.20.0.2/32", "address of service web")]


def test_networks_of_addresses(tmp_path: Path) -> None:
    """Only where no listing has the network; with a list of names, under its name."""
    (host,) = site(tmp_path, services=json.dumps([SERVICE])).hosts
    assert [(one.name, one.driver, one.ingress, [str(s.prefix) for s in one.subnets]) for one in host.networks] == [
        (INGRESS[:12], "overlay", True, ["10.0.0.0/24"]),
        (BACK[:12], "overlay", False, ["10.20.0.0/24"]),
    ]
    listed = f"NETWORK ID     NAME      DRIVER    SCOPE\n{BACK[:12]}   back      overlay   swarm\n"
    (host,) = site(tmp_path, networks=listed).hosts
    (back,) = (one for one in host.networks if one.name == "back")
    assert [str(subnet.prefix) for subnet in back.subnets] == ["10.20.0.0/24"]
    assert back.is_stated_by(Origin.LIST, Origin.SERVICE)


@pytest.mark.parametrize(("text", "ports"), [(SERVICES, ["8080", "7000-7002"]), (PRETTY, ["8080", "53"])])
def test_listed_services(tmp_path: Path, text: str, ports: list[str]) -> None:
    (host,) = site(tmp_path, x=text).hosts
    web = next(one for one in host.swarm_services if one.name == "web")
    assert [str(one.published) for one in web.ports] == ports


def test_listed_nodes(tmp_path: Path) -> None:
    (host,) = site(tmp_path, x=NODES).hosts
    assert [(one.hostname, one.role, one.state, one.this) for one in host.swarm_nodes] == [
        ("node-a", "manager", "ready", True),
        ("node-b", "worker", "down", False),
    ]
    assert host.swarm is not None
    assert host.swarm.nodes == 2


def test_json_lines(tmp_path: Path) -> None:
    services = {"ID": "vix9zzkcde8u", "Image": "x", "Mode": "replicated", "Name": "web", "Replicas": "2/2"}
    node = {"ID": "x1", "Hostname": "a", "ManagerStatus": "Leader", "Self": True, "Status": "Ready"}
    (host,) = site(tmp_path, x=json.dumps(services | {"Ports": "*:80->80/tcp"}), y=json.dumps(node)).hosts
    assert [str(one.published) for one in host.swarm_services[0].ports] == ["80"]
    assert host.swarm_nodes[0].this is True


def test_nothing_follows_from_the_lists_alone(tmp_path: Path) -> None:
    """Neither the pool of the swarm is known, nor the options of its networks."""
    address = "2: eth0: <UP> mtu 1450 state UP\n    inet 10.0.0.77/24 scope global eth0\n"
    route = "default via 10.0.0.1 dev eth0\n"
    site(tmp_path, nodes=NODES, addr=address, route=route, services=json.dumps([SERVICE | {"Endpoint": {}}]))
    run = check(discover([str(tmp_path)]), load_rules([rules_folder()]), Config())
    assert not [finding.message for finding in run.findings]


TASKS = """\
ID             NAME      IMAGE          NODE      DESIRED STATE   CURRENT STATE            ERROR     PORTS
abcdefghij12   web.1     nginx:latest   node1     Running         Running 15 seconds ago             *:8080->80/tcp
"""
JSON_TASKS = (
    '{"CurrentState":"Running 15 seconds ago","DesiredState":"Running","Error":"","ID":"abcdefghij12",'
    '"Image":"nginx:latest","Name":"web.1","Node":"node1","Ports":"*:8080->80/tcp"}\n'
)


@pytest.mark.parametrize("text", [TASKS, JSON_TASKS])
def test_tasks_are_said_to_tell_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / "docker-service-ps.txt").write_text(text, encoding="utf-8")
    found, files = build(discover([str(tmp_path)]), Config())
    (file,) = files
    assert (file.status, file.reason[:6], found.hosts[0].swarm) == ("unread", "tasks:", None)
    (tmp_path / "docker-service-ps.txt").write_text(SERVICES + "\n" + text, encoding="utf-8")
    _, files = build(discover([str(tmp_path)]), Config())
    assert {file.status for file in files} == {"read"}
