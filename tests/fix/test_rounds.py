"""Fixes are accepted only as far as they hold, and a second run finds nothing more to do."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from msgspec import structs

from netlint.config import Config, read_config
from netlint.discover import Discovery, discover
from netlint.examples import Example, examples
from netlint.finding import Confidence, Edit, Finding, Fix, Severity
from netlint.fix.rounds import Repair, Wanted, repair
from netlint.model.host import Site
from netlint.rule import Body, Rule, load_rules, rules_folder, select
from netlint.source import Source, Span

RULES = load_rules([rules_folder()])
EDGE_CASES = Path(__file__).parents[1] / "rules"
EVERYTHING = Wanted(unsafe=True, confidence=Confidence.LOW)


def laid(folder: Path, files: dict[str, str]) -> Discovery:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="")
    return discover([str(folder)])


def changed_inputs(discovery: Discovery, result: Repair) -> Discovery:
    inputs = [
        structs.replace(item, source=Source(item.source.path, result.after.get(item.source.path, item.source.text)))
        for item in discovery.inputs
    ]
    return structs.replace(discovery, inputs=inputs)


def bad_examples() -> Iterator[tuple[str, Example]]:
    """The bad examples of every rule, each with a name."""
    for rule in RULES:
        more = EDGE_CASES / f"{rule.slug}.md"
        texts = [rule.documentation, more.read_text(encoding="utf-8") if more.is_file() else ""]
        for example in (example for text in texts for example in examples(text) if example.bad):
            yield f"{rule.slug}-{example.title.replace(' ', '-')}", example


EXAMPLES = dict(bad_examples())


@cache
def repaired(name: str) -> tuple[Discovery, Config, Repair]:
    with TemporaryDirectory() as folder:
        discovery = laid(Path(folder), {file.path: file.text for file in EXAMPLES[name].files})
        config = Path(folder) / "netlint.toml"
        used = read_config(config) if config.exists() else Config()
        return discovery, used, repair(discovery, RULES, used, EVERYTHING)


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_fix_that_an_example_offers_holds(name: str) -> None:
    discovery, config, result = repaired(name)
    assert not [left for left in result.left if "undone" in left.reason]
    again = repair(changed_inputs(discovery, result), RULES, config, EVERYTHING)
    assert not again.after


def test_rules_that_offer_fixes() -> None:
    """The fixes that the documentation promises are made, each in an example of its rule."""
    fixed: dict[str, set[bool]] = {}
    for name in EXAMPLES:
        for one in repaired(name)[2].applied:
            fixed.setdefault(one.finding.rule, set()).add(one.fix.safe)
    assert {slug for slug, kinds in fixed.items() if True in kinds} >= {
        "address-pool-invalid", "bind-address-not-on-host", "duplicate-key", "exec-start-not-reset",
        "gateway-outside-subnet", "host-docker-internal-missing", "network-key-misplaced", "subnet-not-canonical",
        "yaml-number-port",
    }  # fmt: skip
    assert {slug for slug, kinds in fixed.items() if False in kinds} >= {
        "cluster-advertise-without-store", "cluster-options-removed", "fixed-port-with-replicas",
        "loopback-means-container", "option-in-flag-and-file", "port-on-all-interfaces", "published-port-used-inside",
        "static-address-outside-subnet", "static-address-taken",
        "subnet-overlap", "subnet-overlaps-host-link", "subnet-overlaps-route", "undefined-network",
        "unknown-daemon-option",
    }  # fmt: skip


TWO_OVERLAPS = """\
services:
  web:
    image: example/app
    networks: {a: {ipv4_address: 10.9.0.7}, b: , c: }
networks:
  a:
    ipam:
      config:
        - subnet: 10.9.0.0/24  # first
          gateway: 10.9.0.1
  b:
    ipam:
      config: [{subnet: 10.9.0.0/24, ip_range: 10.9.0.128/25}]
  c:
    ipam:
      config:
        - subnet: '10.9.0.0/24'
"""


def test_networks_move_to_ranges_of_their_own(tmp_path: Path) -> None:
    """Both fixes want the same free range: the second is found anew after the first."""
    discovery = laid(tmp_path, {"compose.yaml": TWO_OVERLAPS})
    result = repair(discovery, RULES, Config(), EVERYTHING)
    assert result.left == ()
    assert result.after["compose.yaml"] == TWO_OVERLAPS.replace(
        "{subnet: 10.9.0.0/24, ip_range: 10.9.0.128/25}", "{subnet: 172.16.0.0/24, ip_range: 172.16.0.128/25}"
    ).replace("'10.9.0.0/24'", "'172.16.1.0/24'")


def test_without_unsafe_only_what_is_safe(tmp_path: Path) -> None:
    text = 'services:\n  db:\n    image: x\n    ports:\n      - 22:22\n      - "5432:5432"\n'
    result = repair(laid(tmp_path, {"compose.yaml": text}), RULES, Config(), Wanted())
    assert result.after == {"compose.yaml": text.replace("22:22", '"22:22"', 1)}
    assert [left.reason for left in result.left] == [
        "its fix may change what works (--unsafe): publish it on 127.0.0.1 alone"
    ]


def test_selected_rules_alone(tmp_path: Path) -> None:
    text = "services:\n  db:\n    image: x\n    ports:\n      - 22:22\n      - localhost:5432:5432\n"
    result = repair(laid(tmp_path, {"compose.yaml": text}), RULES, Config(), Wanted(rules=frozenset({"NL207"})))
    assert result.after == {"compose.yaml": text.replace("localhost", "127.0.0.1")}


def rule_of(fix: Fix) -> Rule:
    """A rule that finds fault with the whole first file, whatever is in it, and offers the fix."""

    def check(site: Site) -> Iterator[Finding]:
        for host in site.hosts:
            yield Finding(message="wrong", at=Span("compose.yaml", 0, 1), fixes=(fix,), host=host.name)

    (one,) = select(RULES, ["NL801"])
    return structs.replace(one, body=lambda: Body(one.documentation, check), code="NL999", compose=())


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("x:2", "y:2", "would still hold"),
        ("x:2", "[y", "the changed file could not be read"),
        ("x:2", "y\n  e: 1", "the new value would be none"),
        ("db", "db: 1\n  e", "the new value would be none"),
    ],
)
def test_fix_that_does_not_hold_is_undone(tmp_path: Path, old: str, new: str, reason: str) -> None:
    text = "services:\n  db:\n    image: x:2\n"
    change = Edit(Span("compose.yaml", text.index(old), text.index(old) + len(old)), new)
    discovery = laid(tmp_path, {"compose.yaml": text})
    result = repair(discovery, [rule_of(Fix(title="t", changes=(change,), safe=True))], Config(), Wanted())
    assert not result.after
    assert result.left[0].reason.startswith("the fix was tried and undone: ")
    assert reason in result.left[0].reason


def test_fix_that_brings_another_finding_is_undone(tmp_path: Path) -> None:
    text = 'services:\n  db:\n    image: x\n    ports:\n      - "127.0.0.1:5432:5432"\n'
    at = text.index("127.0.0.1")
    fix = Fix(title="open it", changes=(Edit(Span("compose.yaml", at, at + 9), "0.0.0.0"),), safe=True)
    result = repair(laid(tmp_path, {"compose.yaml": text}), [*RULES, rule_of(fix)], Config(), Wanted())
    assert not result.after
    assert "it would bring NL801 port-on-all-interfaces" in result.left[0].reason


def test_value_behind_an_anchor_is_left(tmp_path: Path) -> None:
    text = (
        "x-ports: &ports\n  - 5432:5432\nservices:\n"
        "  a: {image: x, ports: *ports, profiles: [p]}\n  b: {image: x, ports: *ports, profiles: [q]}\n"
    )
    result = repair(laid(tmp_path, {"compose.yaml": text}), RULES, Config(), EVERYTHING)
    assert not result.after
    assert {left.reason for left in result.left if left.finding.severity is Severity.WARNING} >= {
        "the fix was tried and undone: an anchor shares the value with other places"
    }


CORPUS = Path(__file__).parents[3] / "shared/corpus/compose"


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of public Compose files is not here")
def test_corpus() -> None:
    """Every twentieth file: a fix changes what it says (repair itself asserts that), comments stay, and a second run
    changes nothing."""
    changed = 0
    for path in sorted(path for path in CORPUS.rglob("*") if path.is_file())[::20]:
        discovery = discover([str(path)])
        result = repair(discovery, RULES, Config(), EVERYTHING) if discovery.inputs else None
        if result is None or not result.after:
            continue
        changed += 1
        for name, after in result.after.items():
            before = result.before[name].text
            assert [line.partition("#")[2] for line in before.splitlines() if "#" in line] == [
                line.partition("#")[2] for line in after.splitlines() if "#" in line
            ]
        assert not repair(changed_inputs(discovery, result), RULES, Config(), EVERYTHING).after
    assert changed > 20
