"""Every example in a rule's documentation says what the documentation claims."""

from pathlib import Path

import pytest
from _pytest.mark import ParameterSet

from netlint.config import Config, read_config
from netlint.discover import discover
from netlint.engine import check
from netlint.examples import Example, examples
from netlint.finding import Confidence, Severity
from netlint.report.rules import proof_of
from netlint.rule import Rule, load_rules, rules_folder
from netlint.run import Run

RULES = load_rules([rules_folder()])
EDGE_CASES = Path(__file__).parent


def run_example(example: Example, folder: Path) -> Run:
    for file in example.files:
        path = folder / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(file.text, encoding="utf-8")
    discovery = discover([str(folder)])
    found = {item.source.path for item in discovery.inputs}
    assert found == {file.path for file in example.files} - {"netlint.toml"}
    config = folder / "netlint.toml"
    return check(discovery, RULES, read_config(config) if config.exists() else Config())


def cases() -> list[ParameterSet]:
    found = []
    for rule in RULES:
        texts = [rule.documentation]
        more = EDGE_CASES / f"{rule.slug}.md"
        if more.is_file():
            texts.append(more.read_text(encoding="utf-8"))
        for example in (example for text in texts for example in examples(text)):
            kind = "bad" if example.bad else "good"
            found.append(pytest.param(rule, example, id=f"{rule.slug}-{kind}-{example.title.replace(' ', '-')}"))
    return found


@pytest.mark.parametrize(("rule", "example"), cases())
def test_example(rule: Rule, example: Example, tmp_path: Path) -> None:
    run = run_example(example, tmp_path)
    said = {
        (finding.at.source, run.sources[finding.at.source].position(finding.at.start).line, str(finding.severity))
        for finding in run.findings
        if finding.code == rule.code
    }
    assert said == {(file.path, line, severity) for file in example.files for line, severity in file.marks}
    assert bool(said) == example.bad
    if not example.bad:
        shown = [finding for finding in run.findings if (finding.confidence or Confidence.HIGH) > Confidence.LOW]
        errors = [one for one in shown if one.severity == Severity.ERROR and one.suppressed is None]
        assert not errors, "an example to follow must not have an error of another kind"


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.slug)
def test_documentation(rule: Rule) -> None:
    kinds = {example.bad for example in examples(rule.documentation)}
    assert kinds == {True, False}, "a rule shows at least one bad and one good example"
    assert rule.summary
    assert len(rule.summary) <= 100
    assert proof_of(rule), "a rule is proven in the lab, or says why not and names its source"
    assert not rule.proof.startswith("lab"), "what the lab has shown stands in rules/proofs.json alone"
    assert "## How to fix" in rule.documentation
