"""What a swarm's manager prints: tables, pretty records, JSON."""

from __future__ import annotations

import pytest

from netlint.parse.docker_swarm import parse
from netlint.source import Source

SERVICES = """\
ID             NAME      MODE         REPLICAS   IMAGE     PORTS
f8iitqbr2727   agent     global       2/2        lab:1     
vix9zzkcde8u   web       replicated   2/3        lab:1     *:8080->80/tcp, *:7000-7002->80-82/udp
"""  # noqa: W291 - as it is printed
NODES = """\
$ docker node ls
ID                            HOSTNAME   STATUS    AVAILABILITY   MANAGER STATUS   ENGINE VERSION
sjwyo1rrc999panplxm3xz7md *   node-a     Ready     Active         Leader           28.5.2
umll57qmkay5k6qkgez1divx1     node-b     Down      Drain                           20.10.24
"""
PRETTY = """\
ID:\t\tvix9zzkcde8u7umj7w0vfx46c
Name:\t\tweb
Labels:
 PublishedPort=1
Service Mode:\tReplicated
 Replicas:\t2
ContainerSpec:
 Image:\t\tlab:1
 Env:\t\tAddress=10.0.0.1 Image: secret
Networks: back front 
Endpoint Mode:\tvip
Ports:
 PublishedPort = 8080
  Protocol = tcp
  TargetPort = 80
  PublishMode = host 
 PublishedPort = 53
  Protocol = udp
  TargetPort = 5353
  PublishMode = ingress 


ID:\t\tgjmcopgd0f7rtumuvp86g31xn
Name:\t\tdb
Service Mode:\tGlobal
"""  # noqa: W291 - as it is printed


def test_tables() -> None:
    (listing, problems) = parse(Source("x", SERVICES))
    assert not problems
    agent, web = listing.records
    assert "ports" not in agent.cells
    assert {key: word.text for key, word in web.cells.items()} == {
        "id": "vix9zzkcde8u", "name": "web", "mode": "replicated", "replicas": "2/3", "image": "lab:1",
        "ports": "*:8080->80/tcp, *:7000-7002->80-82/udp",
    }  # fmt: skip
    (listing, problems) = parse(Source("x", NODES))
    assert not problems
    assert [(one.cells["hostname"].text, one.this, "manager status" in one.cells) for one in listing.records] == [
        ("node-a", True, True),
        ("node-b", False, False),
    ]


def test_pretty() -> None:
    listing, problems = parse(Source("x", PRETTY))
    assert not problems
    web, db = listing.records
    assert web.cells["image"].text == "lab:1"
    assert "address" not in web.cells
    assert [{key: word.text for key, word in port.items()} for port in web.ports] == [
        {"publishedport": "8080", "protocol": "tcp", "targetport": "80", "publishmode": "host"},
        {"publishedport": "53", "protocol": "udp", "targetport": "5353", "publishmode": "ingress"},
    ]
    assert (db.cells["name"].text, db.ports) == ("db", ())


@pytest.mark.parametrize("text", [SERVICES, NODES, PRETTY])
def test_words_are_where_they_say(text: str) -> None:
    source = Source("x", text)
    words = [word for one in parse(source)[0].records for cells in (one.cells, *one.ports) for word in cells.values()]
    assert len(words) > 5
    assert all(source.slice(word.span) == word.text for word in words)
    for cut in range(0, len(text), 7):
        parse(Source("x", text[:cut]))
        parse(Source("x", text[cut:]))


def test_something_else() -> None:
    listing, problems = parse(Source("x", "Hello: there\n"))
    assert not listing.records
    assert problems[0].fatal
    documents = parse(Source("x", '[{"ID": "x"}]'))[0].documents
    assert len(documents) == 1
