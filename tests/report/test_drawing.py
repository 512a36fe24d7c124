"""Drawings of hosts and networks."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from netlint.config import Config
from netlint.discover import discover
from netlint.engine import build
from netlint.report import drawing
from netlint.report.drawing import Drawing, dot, mermaid
from netlint.report.terminal import clean

LABEL = r'"(?:[a-zA-Z0-9 .,/_:+=*…-]|#\d+;|<br>)+"'
NODE = rf"n\d+(?:\[\[{LABEL}\]\]|\(\[{LABEL}\]\)|\[{LABEL}\]|\({LABEL}\)|>{LABEL}\]|\{{\{{{LABEL}\}}\}})"
LINE = re.compile(
    rf"flowchart LR|  subgraph h\d+\[{LABEL}\]|    {NODE}|  {NODE}|  end"
    rf"|  n\d+ (?:---|-\.-)(?:\|{LABEL}\|)? n\d+|  classDef clash [\w:#,-]+|  class n\d+(?:,n\d+)* clash"
)
STRING = r'"(?:[^"\\\n]|\\["\\n])*"'
DOT = re.compile(
    rf"graph netlint \{{|  rankdir=LR;|  node \[fontname={STRING}\];|  subgraph cluster_h\d+ \{{|    label={STRING};"
    rf"| {{2,4}}n\d+ \[label={STRING}, [\w=, ]+\];|  n\d+ -- n\d+(?: \[(?:label={STRING})?[\w=, ]*\])?;|  ?\}}|\}}"
)
COMPOSE = """services:
  web:
    image: x
    ports: ["127.0.0.1:8080:80", "53:53/udp"]
    networks: {front: {ipv4_address: 172.20.0.9}, back: {}}
networks:
  front: {ipam: {config: [{subnet: 172.20.0.0/16}]}}
  back: {ipam: {config: [{subnet: 172.20.8.0/24}]}, internal: true}
"""
ADDRESSES = "2: eth0: <UP> mtu 1500\n    inet 10.0.0.{}/24 scope global eth0\n"


def drawn(folder: Path, **files: str) -> Drawing:
    for name, text in files.items():
        path = folder / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    site, _ = build(discover([str(folder)]), Config())
    found = Drawing(site)
    for line in mermaid(found).splitlines():
        assert LINE.fullmatch(line), line
    for line in dot(found).splitlines():
        assert DOT.fullmatch(line), line
    return found


def test_a_project(tmp_path: Path) -> None:
    found = drawn(tmp_path, **{"compose.yaml": COMPOSE})
    (group,) = found.groups
    kinds = {node.kind: node for node in group.nodes}
    names = {node.lines[0]: node.id for node in group.nodes}
    folder = tmp_path.name
    assert group.title == "compose.yaml"
    assert kinds["port"].lines == ("127.0.0.1:8080/tcp", "53/udp")
    front, back = (names[clean(f"{folder}_{key}")] for key in ("front", "back"))
    edges = {(edge.start, edge.end): edge for edge in found.edges}
    assert edges[names["web"], front].text == "172.20.0.9"
    assert edges[kinds["port"].id, names["web"]]
    clash = edges.get((front, back)) or edges[back, front]
    assert clash.clash
    assert "class " in mermaid(found)


def test_hosts_on_one_link(tmp_path: Path) -> None:
    found = drawn(tmp_path, **{"a__ip-addr.txt": ADDRESSES.format(1), "b__ip-addr.txt": ADDRESSES.format(2)})
    assert [group.title for group in found.groups] == ["host a", "host b"]
    (link,) = found.between
    assert (link.kind, link.lines) == ("link", ("10.0.0.0/24",))
    assert len(found.edges) == 2


def test_hostile_names(tmp_path: Path) -> None:
    name = '"]; click n1 call alert() %% `x` <b> #quot; end \\\\'
    text = f"services:\n  '{name}':\n    image: x\n    networks: ['{name}']\nnetworks:\n  '{name}': {{}}\n"
    found = drawn(tmp_path, **{"compose.yaml": text})
    assert any(name[:40] in node.lines[0] for node in found.groups[0].nodes)


def test_a_large_site_is_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawing, "MAX_SERVICES", 3)
    monkeypatch.setattr(drawing, "MAX_NETWORKS", 2)
    monkeypatch.setattr(drawing, "MAX_HOSTS", 1)
    many = "services:\n" + "".join(f"  s{number}:\n    image: x\n    networks: [n{number}]\n" for number in range(9))
    many += "networks:\n" + "".join(f"  n{number}: {{}}\n" for number in range(9))
    found = drawn(tmp_path, **{"a__compose.yaml": many, "b__compose.yaml": many})
    texts = [node.lines[0] for node in (*found.groups[0].nodes, *found.between) if node.kind == "more"]
    assert texts == ["and 7 more networks", "and 6 more services and containers", "and 1 more hosts"]


def test_nothing_to_draw(tmp_path: Path) -> None:
    found = drawn(tmp_path, **{"resolv.conf": "nameserver 10.0.0.1\n"})
    assert not found
    assert mermaid(found) == "flowchart LR\n"


def test_containers_of_no_project(tmp_path: Path) -> None:
    listing = (
        "CONTAINER ID   IMAGE   COMMAND   CREATED   STATUS   PORTS   NAMES\n"
        '0123456789ab   x   "x"   1 hour ago   Up 1 hour   0.0.0.0:9000->9000/tcp   lonely\n'
        '1123456789ab   x   "x"   1 hour ago   Up 1 hour   80/tcp   shop-web-1\n'
    )
    found = drawn(tmp_path, **{"docker-ps.txt": listing, "shop__compose.yaml": COMPOSE})
    names = [node.lines[0] for group in found.groups for node in group.nodes if node.kind == "service"]
    assert sorted(names) == ["lonely", "web"]
