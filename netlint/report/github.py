"""The report as workflow commands of GitHub Actions, which become annotations: https://docs.github.com/actions.

The worst findings come first: of each level GitHub shows ten a step. Escapes are those of the actions toolkit.
"""

from __future__ import annotations

from collections import Counter

from netlint.finding import Finding, Severity
from netlint.report.paths import Paths
from netlint.report.summary import totals
from netlint.report.terminal import Paint, clean
from netlint.run import Run
from netlint.source import Span

LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}
_SHOWN = 10


def render(run: Run, checkout: str | None = None) -> str:
    """One line a finding, after one with the totals where GitHub will not show all."""
    paths = Paths(run, checkout)
    findings = [finding for finding in run.findings if finding.suppressed is None]
    counts = Counter(finding.severity for finding in findings)
    lines = []
    if any(count > _SHOWN for count in counts.values()):
        text = f"{totals(run, Paint(False))}; GitHub shows {_SHOWN} of each kind here, the log of the step has all"
        lines.append(command("notice", {"title": "netlint"}, text))
    lines += [_annotation(run, finding, paths) for finding in findings]
    return "".join(line + "\n" for line in lines)


def _annotation(run: Run, finding: Finding, paths: Paths) -> str:
    source = run.sources[finding.at.source]
    start, end = source.position(finding.at.start), source.position(max(finding.at.start, finding.at.end - 1))
    properties = {
        "title": f"netlint {finding.code} {finding.rule}",
        "file": paths.of(finding.at.source),
        "line": str(start.line),
        "endLine": str(end.line),
    }
    if start.line == end.line:  # GitHub refuses columns of several lines
        properties |= {"col": str(start.column), "endColumn": str(source.position(finding.at.end).column)}
        if finding.at.end <= finding.at.start or source.position(finding.at.end).line != start.line:
            properties["endColumn"] = str(end.column + 1)
    return command(LEVELS[finding.severity or Severity.NOTE], properties, "\n".join(_text(run, finding, paths)))


def _text(run: Run, finding: Finding, paths: Paths) -> list[str]:
    def place(span: Span) -> str:
        return f"{paths.of(span.source)}:{run.sources[span.source].position(span.start).line}"

    lines = [finding.message]
    lines += [f"{place(label.span)}: {label.text or 'also here'}" for label in finding.related]
    if finding.help:
        lines.append(f"help: {finding.help}")
    if finding.witness is not None:
        lines.append(f"witness: {finding.witness.packet}")
    return [clean(line) for line in lines]


def command(name: str, properties: dict[str, str], data: str) -> str:
    """`::name key=value,…::data` on one line, whatever the values hold."""
    listed = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    return f"::{name} {listed}::{_data(data)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(clean(text)).replace(":", "%3A").replace(",", "%2C")
