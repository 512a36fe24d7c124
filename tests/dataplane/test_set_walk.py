"""The walk of all packets against the walk of one, over random rulesets and those of the corpus."""

import json
from collections import Counter
from collections.abc import Iterable
from ipaddress import IPv4Address
from pathlib import Path
from random import Random
from typing import TypeVar

import pytest

from netlint.config import Config
from netlint.dataplane.packet import Packet, matches
from netlint.dataplane.samples import sample
from netlint.dataplane.set_walk import NoWalkError, SetWalk
from netlint.dataplane.table_sets import hook_walks, set_walks
from netlint.dataplane.unreached import unreached
from netlint.dataplane.walk import walk_chain
from netlint.discover import discover
from netlint.engine import build
from netlint.model.netfilter import BUILT_IN, Ruleset
from netlint.prefix import Address
from tests.dataplane.rulesets import random_filter, ruleset

T = TypeVar("T")
CORPUS = Path(__file__).resolve().parents[3] / "shared" / "corpus"
OWN = frozenset((IPv4Address("10.1.2.3"), IPv4Address("192.0.2.1")))


class Comparison:
    """Draws members of the sets of a walk and compares what the walk of one packet does with them."""

    def __init__(self, seed: int, members: int = 3) -> None:
        self.pick = Random(seed)
        self.members = members
        self.counts: Counter[str] = Counter()

    def conditions(self, walk: SetWalk) -> None:
        """What each rule matches, alone."""
        for _, rule in self.some(walk.table.rules()):
            matched = walk.conditions.matched(rule)
            for name, packets in (("surely", matched.sure), ("never", ~matched.may)):
                for _ in range(self.members):
                    packet = sample(walk.space, packets & walk.space.universe, self.pick)
                    if packet is None:
                        break
                    answer = matches(rule, packet, walk.conditions.local)
                    assert answer in ((True, None) if name == "surely" else (False, None)), (rule, str(packet))
                    self.counts[f"{name} matched, {answer}"] += 1

    def ends(self, walk: SetWalk) -> None:
        """Where packets end that enter by the one base chain of the walk."""
        ((root, entering),) = walk.roots
        for end in self.some(walk.ends()):
            for surely, packets in ((True, end.packets.sure), (False, entering & ~end.packets.may)):
                for _ in range(self.members):
                    packet = sample(walk.space, packets, self.pick)
                    if packet is None:
                        break
                    outcome = walk_chain(walk.table, root, packet, walk.conditions.local)
                    name = "surely" if surely else "never"
                    if self.decided(walk, packet):
                        here = outcome.rule is end.rule and (end.rule is not None or end.chain is root)
                        assert here == surely, (end.rule, outcome)
                        self.counts[f"{name} ends there"] += 1
                    elif outcome.certain and surely:
                        assert outcome.passes == (end.verdict not in ("DROP", "REJECT")), (end.rule, outcome)
                        self.counts["surely ends so"] += 1

    def some(self, things: Iterable[T]) -> list[T]:
        known = list(things)
        return self.pick.sample(known, min(len(known), 100))

    def decided(self, walk: SetWalk, packet: Packet) -> bool:
        """Whether the packet alone decides every rule, so that its walk ends at one rule."""
        rules = [rule for _, rule in walk.table.rules()]
        return len(rules) < 300 and all(matches(rule, packet, walk.conditions.local) is not None for rule in rules)

    def ruleset(self, one: Ruleset, own: frozenset[Address] | None = None) -> None:
        for table in one.tables.values():
            for number, chain in enumerate(BUILT_IN.get(table.name, ())):
                for walk in hook_walks(one, table.name, chain, own):
                    if number == 0:
                        self.conditions(walk)
                    if not walk.changes_marks:  # the sets at the end are of packets as they are then
                        self.ends(walk)


def test_random_rulesets() -> None:
    compared = Comparison(7, members=2)
    for number in range(30):
        one = ruleset(random_filter(compared.pick, marks=number % 3 == 0))
        compared.ruleset(one, OWN if number % 2 else None)
    print(dict(compared.counts))
    assert compared.counts["surely matched, True"] > 1000
    assert compared.counts["never matched, False"] > 1000
    assert compared.counts["surely ends there"] > 100
    assert compared.counts["never ends there"] > 100


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of public files is not beside the project")
def test_rulesets_of_the_corpus() -> None:
    compared = Comparison(1, members=1)
    rows = [json.loads(line) for line in (CORPUS / "dumps.jsonl").read_text(encoding="utf-8").splitlines()]
    firewalls = [row["file"] for row in rows if row["kind"].startswith("iptables")]
    for file in firewalls:
        site, _ = build(discover([str(CORPUS / file)]), Config())
        for host in site.hosts:
            for one in host.rulesets:
                compared.ruleset(one)
    print(len(firewalls), dict(compared.counts))
    assert len(firewalls) > 100
    assert compared.counts["surely ends there"] > 1000


@pytest.mark.parametrize("seed", range(20))
def test_no_packet_reaches_an_unreached_rule(seed: int) -> None:
    """Whatever packet is drawn: no walk of one passes a rule that the walk of all calls unreached."""
    pick = Random(1000 + seed)
    one = ruleset(random_filter(pick, rules=20))
    found = {shadow.rule.span for shadow in unreached(one)}
    passed = 0
    for walk in set_walks(one):
        for root, entering in walk.roots:
            sets = [entering] + [region.may for regions in walk.reach.values() for region in regions]
            for packets in sets:
                packet = sample(walk.space, packets & entering, pick)
                if packet is None:
                    continue
                outcome = walk_chain(walk.table, root, packet)
                passed += 1
                assert not found & {step.span for step in outcome.steps}
    assert passed > 20


def test_a_loop_of_chains_is_not_walked() -> None:
    text = "*filter\n:INPUT ACCEPT [0:0]\n:A - [0:0]\n:B - [0:0]\n-A INPUT -j A\n-A A -j B\n-A B -j A\nCOMMIT\n"
    with pytest.raises(NoWalkError, match="lead back into themselves"):
        list(set_walks(ruleset(text)))


def test_a_mark_that_nobody_asks_for_beside_a_state_that_is_asked_for() -> None:
    text = """*raw
:PREROUTING ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:mark - [0:0]
:untrack - [0:0]
-A PREROUTING -j mark
-A PREROUTING -p udp -j untrack
-A PREROUTING -m conntrack --ctstate UNTRACKED -j DROP
-A PREROUTING -p udp -j ACCEPT
-A PREROUTING -p tcp -j ACCEPT
-A mark -p tcp -j MARK --set-xmark 0x1/0x1
-A untrack -j CT --notrack
COMMIT
"""
    one = ruleset(text)
    dead = {text[shadow.rule.span.start : shadow.rule.span.end] for shadow in unreached(one)}
    assert dead == {"-A PREROUTING -p udp -j ACCEPT"}
    (walk,) = hook_walks(one, "raw", "PREROUTING", None)
    accepted = walk.space.union(end.packets.sure for end in walk.ends() if end.verdict == "ACCEPT")
    assert (accepted & walk.space.equal("protocol", 6) & walk.space.equal("mark", 0)).satisfiable()
