"""The file of published measurements is whole, and every rule on performance rests on it."""

from netlint.evidence import evidence_of, measured, read_evidence
from netlint.report.rules import render_explanation
from netlint.rule import load_rules, rules_folder

RULES = {rule.slug: rule for rule in load_rules([rules_folder()])}


def test_every_measurement_has_a_source_with_year_and_address() -> None:
    found = read_evidence()
    assert len({one.id for one in found}) == len(found) > 70
    for one in found:
        assert one.read in ("full", "excerpt", "abstract"), one.id
        assert 2010 <= one.year <= 2030, one.id
        assert one.address.startswith("http") or one.by == "docker网络", one.id
        assert all((one.technology, one.versions, one.metric, one.value, one.conditions, one.source)), one.id
        assert one.rules, one.id


def test_rules_on_performance_show_what_they_rest_on() -> None:
    rules = [rule for rule in RULES.values() if rule.code.startswith("NL7")]
    assert len(rules) >= 9
    for rule in rules:
        sources = evidence_of(rule.slug)
        assert sources, rule.slug
        shown = " ".join(render_explanation(rule).split())
        assert all(str(one.year) in shown and " ".join(one.technology.split())[:20] in shown for one in sources)


def test_a_quotation_tells_versions_source_and_year() -> None:
    assert measured("overlay-sammyliu-2016") == (
        "56 % less TCP throughput between two VMs (Docker 1.12; SammyLiu, 2016)"
    )


def test_what_is_quoted_is_what_the_measurements_say() -> None:
    said = [one for one in read_evidence() if one.says]
    assert len(said) > 10
    assert measured(*(one.id for one in said)) == ", ".join(one.quoted for one in said)
