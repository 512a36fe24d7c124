"""The report as JUnit XML, for what shows test results: Jenkins, GitLab, Azure Pipelines and others.

A file is a suite. Each finding is a failed test; a file without one is a test that passed, one that was not read a test
that was skipped, so that it is never taken for sound.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from xml.sax.saxutils import escape, quoteattr

from netlint.finding import Finding
from netlint.report.block import finding_lines
from netlint.report.paths import Paths
from netlint.report.terminal import Paint, clean
from netlint.run import Run


def render(run: Run, checkout: str | None = None) -> str:
    """The report, without the optional times: they would make two reports of one input differ."""
    paths = Paths(run, checkout)
    by_file: dict[str, list[Finding]] = {file.path: [] for file in run.coverage.files}
    for finding in run.findings:
        by_file.setdefault(finding.at.source, []).append(finding)
    unread = {file.path: file.reason for file in run.coverage.files if file.status == "unread"}
    suites = [_Suite(run, paths.of(path), findings, unread.get(path)) for path, findings in by_file.items()]
    head = {
        "name": "netlint",
        "tests": sum(suite.tests for suite in suites),
        "failures": sum(suite.failures for suite in suites),
        "errors": 0,
    }
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', f"<testsuites{_attributes(head)}>"]
    for suite in suites:
        lines += suite.lines()
    return "\n".join([*lines, "</testsuites>"]) + "\n"


class _Suite:
    def __init__(self, run: Run, name: str, findings: list[Finding], unread: str | None) -> None:
        self.run = run
        self.name = name
        self.findings = findings
        self.unread = unread
        self.failures = sum(finding.suppressed is None for finding in findings)
        self.skipped = len(findings) - self.failures + (unread is not None)
        self.tests = len(findings) + (unread is not None) or 1

    def lines(self) -> Iterator[str]:
        head = {
            "name": self.name,
            "tests": self.tests,
            "failures": self.failures,
            "errors": 0,
            "skipped": self.skipped,
            "file": self.name,
        }
        yield f"  <testsuite{_attributes(head)}>"
        if self.unread is not None:
            yield from self.case("read", f"<skipped{_attributes({'message': f'not read: {self.unread}'})}/>")
        for finding in self.findings:
            line = self.run.sources[finding.at.source].position(finding.at.start).line
            yield from self.case(f"{finding.code} {finding.rule}, line {line}", self.outcome(finding))
        if not self.findings and self.unread is None:
            yield from self.case("no findings", "")
        yield "  </testsuite>"

    def case(self, name: str, outcome: str) -> Iterable[str]:
        head = f"    <testcase{_attributes({'name': name, 'classname': self.name})}"
        return [f"{head}>", f"      {outcome}", "    </testcase>"] if outcome else [f"{head}/>"]

    def outcome(self, finding: Finding) -> str:
        if finding.suppressed is not None:
            why = finding.suppressed.reason or "no reason is given"
            return f"<skipped{_attributes({'message': f'suppressed: {why}'})}/>"
        head = {"type": str(finding.severity), "message": finding.message}
        body = "\n".join(finding_lines(self.run, finding, Paint(False)))
        return f"<failure{_attributes(head)}>{escape(_allowed(body))}</failure>"


def _attributes(values: Mapping[str, object]) -> str:
    """Control characters, which XML cannot hold at all, become escapes as in a terminal."""
    return "".join(f" {name}={quoteattr(_allowed(clean(str(value))))}" for name, value in values.items())


def _allowed(text: str) -> str:
    """`text` without the two characters that are printed as they are and that XML does not know."""
    return text.replace("\ufffe", "\ufffd").replace("\uffff", "\ufffd")
