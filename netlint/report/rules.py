"""The rules themselves: the list of them, and the documentation of one."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from netlint.evidence import evidence_of, evidence_table
from netlint.proofs import observations, proven_on, read_proofs
from netlint.report.documentation import terminal_lines
from netlint.report.json import encode
from netlint.report.terminal import Paint, fill, table
from netlint.rule import Rule

_COLUMNS = 80


def render_rules(rules: Iterable[Rule], format: str) -> str:
    """All rules, in the order given, as `text`, `json` or `markdown`."""
    rules = list(rules)
    match format:
        case "json":
            return encode({"version": 1, "rules": [_fields(rule) for rule in rules]})
        case "markdown":
            head = ["| code | rule | severity | confidence | summary |", "|---|---|---|---|---|"]
            return "\n".join([*head, *map(_row, rules)]) + "\n"
    rows = [(rule.code, rule.slug, str(rule.severity), str(rule.confidence), rule.summary) for rule in rules]
    lines = table([("code", "rule", "severity", "confidence", "summary"), *rows])
    return "\n".join([*lines, "", f"{len(rows)} rules; netlint explain RULE tells all about one"]) + "\n"


def render_explanation(rule: Rule, *, color: bool = False) -> str:
    """What `netlint explain` says: the documentation of `rule` for a terminal of 80 columns."""
    paint = Paint(color)
    facts = [
        ("severity", str(rule.severity)),
        ("confidence", str(rule.confidence)),
        ("needs", ", ".join(rule.needs) or "nothing but the file itself"),
        ("proof", proof_of(rule)),
        *(("", seen) for seen in _seen(rule)),
        ("since", rule.since),
    ]
    lines = [f"{paint(str(rule.severity), rule.code)} {paint('bold', rule.slug)}", ""]
    lines += terminal_lines(rule.documentation, _COLUMNS, paint)
    lines.append("")
    for name, value in facts:
        for number, line in enumerate(fill(value, _COLUMNS - 12) if value else []):
            lines.append(f"{paint('bold', f'{name:<12}') if number == 0 else ' ' * 12}{line}")
    lines += _measured(rule, paint)
    return "\n".join(lines) + "\n"


def _measured(rule: Rule, paint: Paint) -> Iterator[str]:
    """What the rule's claims on performance rest on, a paragraph for each source."""
    rows = evidence_table(evidence_of(rule.slug, os.path.dirname(rule.path)))
    if rows:
        yield from ("", paint("bold", "Measured, by the year of the source"))
    for what, value, conditions, source in rows:
        yield ""
        for text, indent in ((what, 2), (value, 4), (conditions, 4), (source, 4)):
            yield from (f"{' ' * indent}{line}" for line in fill(text, _COLUMNS - indent))


def proof_of(rule: Rule) -> str:
    """How the claim of `rule` was proven: "lab: Docker 20.10 and 28.5", and what the rule itself says it rests on."""
    lab = proven_on(read_proofs(Path(rule.path).parent), rule.code)
    return "; ".join([*([f"lab: {lab}"] if lab else []), *([rule.proof] if rule.proof else [])])


def _seen(rule: Rule) -> Iterator[str]:
    """The effects that the lab has seen, a paragraph each."""
    for one in observations(read_proofs(Path(rule.path).parent), rule.code):
        yield f"{', '.join(one.engines)}, {one.date}: {one.observed}"


def _fields(rule: Rule) -> dict[str, object]:
    return {
        "code": rule.code,
        "slug": rule.slug,
        "name": rule.name,
        "severity": str(rule.severity),
        "confidence": str(rule.confidence),
        "summary": rule.summary,
        "needs": list(rule.needs),
        "proof": proof_of(rule),
        "since": rule.since,
    }


def _row(rule: Rule) -> str:
    """A line of the table; links are relative to docs/."""
    summary = rule.summary.replace("|", "\\|")
    return f"| {rule.code} | [{rule.slug}](rules/{rule.slug}.md) | {rule.severity} | {rule.confidence} | {summary} |"
