"""The list of rules and the page of one."""

from __future__ import annotations

import json
import re

from netlint.report.rules import render_explanation, render_rules
from netlint.rule import load_rules, rules_folder

RULES = load_rules([rules_folder()])
FIELDS = ["code", "slug", "name", "severity", "confidence", "summary", "needs", "proof", "since"]


def test_json() -> None:
    report = json.loads(render_rules(RULES, "json"))
    assert report["version"] == 1
    assert [rule["slug"] for rule in report["rules"]] == [rule.slug for rule in RULES]
    assert all(list(rule) == FIELDS for rule in report["rules"])


def test_markdown() -> None:
    head, line, *rows = render_rules(RULES, "markdown").splitlines()
    assert len(rows) == len(RULES)
    assert {re.sub(r"\\\|", "", row).count("|") for row in (head, line, *rows)} == {6}
    assert "[subnet-overlap](rules/subnet-overlap.md)" in "\n".join(rows)


def test_text() -> None:
    lines = render_rules(RULES, "text").splitlines()
    assert lines[1].startswith("NL101  subnet-overlap ")
    assert lines[-1] == f"{len(RULES)} rules; netlint explain RULE tells all about one"


def test_explanation() -> None:
    rule = next(rule for rule in RULES if rule.slug == "subnet-overlap")
    plain = render_explanation(rule)
    assert plain.startswith("NL101 subnet-overlap\n\nTwo Docker networks of one host claim the same addresses\n")
    assert "\nHow to fix it\n" in plain
    assert "  compose.yaml:\n    services:\n      web:\n" in plain
    assert "- subnet: 172.28.5.0/24  # <- error\n" in plain
    assert re.sub(r"\x1b\[[0-9;]*m", "", render_explanation(rule, color=True)) == plain


def test_explanations_fit_a_terminal() -> None:
    for rule in RULES:
        lines = render_explanation(rule).splitlines()
        prose = [line for line in lines if not line.startswith(" ")]
        assert max(map(len, prose)) <= 80, rule.slug
        assert "```" not in "\n".join(lines), rule.slug
