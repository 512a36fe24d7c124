"""A rule that is not run, for Compose files do not speak of what it is about, would have found nothing."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from netlint.config import Config, read_config
from netlint.discover import Discovery, discover
from netlint.engine import build
from netlint.examples import examples
from netlint.model.daemon import EngineVersion
from netlint.model.host import Site
from netlint.rule import load_rules, rules_folder
from netlint.spoken import Spoken, is_field

PROJECT = Path(__file__).resolve().parents[1]
CORPUS = PROJECT / "../shared/corpus"
RULES = load_rules([rules_folder()])
FILE = """services:
  web:
    image: nginx
    dns: [192.0.2.1]
  db:
    image: postgres
    network_mode: host
networks:
  far: {driver: overlay}
"""


def site_of(discovery: Discovery, config: Config | None = None) -> Site:
    return build(discovery, config or Config())[0]


def found_by_those_not_run(site: Site) -> list[tuple[str, str]]:
    """What the rules that Compose files do not concern find in a site of Compose files alone."""
    spoken = Spoken(site)
    idle = [one for one in RULES if one.beyond_compose or not all(what in spoken for what in one.compose)]
    assert not any(one.concerns_compose(site, spoken) for one in idle)
    return [(one.slug, finding.message) for one in idle for finding in one.check(site)]


def alone(site: Site) -> bool:
    return bool(site.hosts) and all(host.compose_alone for host in site.hosts)


def test_what_a_file_speaks_of(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text(FILE, encoding="utf-8")
    spoken = Spoken(site_of(discover([str(tmp_path)])))
    for what in ("service.mode", "service.dns", "network.driver=overlay", "service.links|service.dns", "host.implied"):
        assert what in spoken, what
    for what in ("service.links", "network.driver=macvlan", "network.subnets|port.published", "network.external"):
        assert what not in spoken, what


def test_all_that_rules_name_is_in_the_model() -> None:
    assert is_field("service.mode")
    assert is_field("network.driver=overlay")
    assert not is_field("service.colour")
    assert not is_field("cloud.mode")
    named = Counter(what for rule in RULES for one in rule.compose for what in one.split("|"))
    assert len(named) > 20
    assert all(map(is_field, named))


def folders(parent: Path) -> Iterator[Path]:
    """A folder of the files of each example of the rules' documentation and of the edge cases in tests/rules."""
    texts = [rule.documentation for rule in RULES]
    texts += [path.read_text(encoding="utf-8") for path in sorted((PROJECT / "tests/rules").glob("*.md"))]
    for number, example in enumerate(example for text in texts for example in examples(text)):
        folder = parent / str(number)
        for file in example.files:
            path = folder / file.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(file.text, encoding="utf-8")
        yield folder


def test_examples(tmp_path: Path) -> None:
    checked = 0
    for folder in folders(tmp_path):
        path = folder / "netlint.toml"
        config = read_config(path) if path.exists() else Config()
        for version in (None, "1.13", "20.10", "28.1"):
            engine = EngineVersion.parse(version) if version is not None else config.engine
            site = site_of(discover([str(folder)]), Config(engine=engine, reserved=config.reserved))
            if alone(site):
                checked += 1
                assert not found_by_those_not_run(site), folder
    assert checked > 1000


def test_fixtures() -> None:
    sites = [site_of(discover([str(path)])) for path in sorted(PROJECT.glob("fixtures/*/input"))]
    sites += [
        site_of(discover([str(path)]))
        for path in sorted(PROJECT.glob("fixtures/**/*"))
        if path.suffix in (".yml", ".yaml")
    ]
    composed = list(filter(alone, sites))
    assert len(composed) > 5
    assert not [found for site in composed for found in found_by_those_not_run(site)]


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of real files is not beside the project")
def test_real_files_one_by_one_and_together() -> None:
    rows = [json.loads(line) for line in (CORPUS / "compose.jsonl").read_text(encoding="utf-8").splitlines()]
    sites = [site_of(discover([str(CORPUS / row["file"])])) for row in rows]
    sites += [site_of(discover([str(path)])) for path in sorted((CORPUS / "compose").iterdir())]
    sites.append(site_of(discover([str(CORPUS / "compose")])))
    composed = list(filter(alone, sites))
    assert len(composed) > 1000
    assert not [found for site in composed for found in found_by_those_not_run(site)]
    run = Counter(len([one for one in RULES if one.concerns_compose(site, Spoken(site))]) for site in composed)
    assert run.total() == len(composed)
    assert sum(count * many for count, many in run.items()) < 45 * run.total()
