"""The report for GitLab's Code Quality widget: the subset of the Code Climate format that its documentation names."""

from __future__ import annotations

from typing import Any

from netlint.finding import Finding, Severity
from netlint.report.json import encode
from netlint.report.paths import Paths
from netlint.report.terminal import clean
from netlint.run import Run

_SEVERITY = {Severity.ERROR: "critical", Severity.WARNING: "major", Severity.NOTE: "minor"}


def render(run: Run, checkout: str | None = None) -> str:
    """A JSON array with an entry for each finding that nothing suppresses."""
    paths = Paths(run, checkout)
    return encode([_entry(run, finding, paths) for finding in run.findings if finding.suppressed is None])


def _entry(run: Run, finding: Finding, paths: Paths) -> dict[str, Any]:
    source = run.sources[finding.at.source]
    start, end = source.position(finding.at.start), source.position(max(finding.at.start, finding.at.end - 1))
    cure = f"; {finding.help}" if finding.help else ""
    return {
        "type": "issue",
        "check_name": finding.rule,
        "description": clean(f"{finding.code}: {finding.message}{cure}"),
        "severity": _SEVERITY[finding.severity or Severity.NOTE],
        "fingerprint": finding.fingerprint,
        "location": {"path": paths.of(finding.at.source), "lines": {"begin": start.line, "end": end.line}},
    }
