"""The document that the project comes from: each of its transcripts is read as what it is, and pairs are resolved."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from netlint.config import Config
from netlint.dataplane.flow import parse_flow
from netlint.dataplane.journey import Walker
from netlint.dataplane.trip import plan_trip
from netlint.discover import discover
from netlint.engine import build
from netlint.rule import load_rules, rules_folder

PROJECT = Path(__file__).resolve().parents[1]
SEED = PROJECT.parent / "shared" / "seed" / "docker-network.md"


@pytest.mark.skipif(not SEED.is_file(), reason="the document is not beside the project")
def test_every_transcript_of_the_document() -> None:
    site, files = build(discover([str(SEED)]), Config())
    formats = Counter(file.format for file in files)
    assert formats == {
        "ifconfig": 3, "brctl": 2, "route-n": 1, "arp": 1, "ethtool": 1, "ip-addr": 1, "iptables-L": 1,
        "docker-network-ls": 1, "shell-script": 5,
    }  # fmt: skip
    assert {file.status for file in files} <= {"read", "partial"}
    assert not site.unreadable
    (host,) = site.hosts
    (pair,) = host.veths
    assert (pair.name, pair.inside, pair.interface, pair.how) == (
        "veth2a129e8",
        "59e246cbf2b7",
        "eth0",
        "peer_ifindex",
    )


def test_the_fixture_joins_its_hosts() -> None:
    site, _ = build(discover([str(PROJECT / "fixtures/seed/input")]), Config())
    one, other = site.hosts
    assert [(pair.name, pair.inside, pair.interface) for pair in one.veths] == [("veth2a129e8", "consul", "eth0")]
    walker = Walker(site.hosts)
    trip = plan_trip(walker, parse_flow("tcp from container consul to 172.17.2.9:80"))
    journey = walker.journey(trip.host, trip.packet)
    assert [leg.host.name for leg in journey.legs] == [one.name, other.name]
    assert journey.accepted
    assert str(journey.arrives.source) == "172.17.1.2"  # the exclusion of the masquerade rule keeps it
    assert [leg.host.name for leg in journey.answer] == [other.name, one.name]


def test_the_page_names_rules_that_exist() -> None:
    text = (PROJECT / "docs" / "seed.md").read_text(encoding="utf-8")
    rules = {one.code: one.slug for one in load_rules([rules_folder()])}
    links = re.findall(r"\[(NL\d+)\]\(rules/([\w-]+)\.md\)", text)
    assert len(links) > 20
    assert {(code, rules.get(code)) for code, _ in links} == set(links)
