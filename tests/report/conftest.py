"""Runs made from texts, without parsing anything."""

from __future__ import annotations

from typing import Any

import pytest

from netlint.finding import Confidence, Finding, Severity
from netlint.model.host import Site
from netlint.rule import Body, Rule
from netlint.run import Coverage, FileCoverage, NotChecked, Run
from netlint.source import Source, Span

DOCUMENTATION = """Two networks claim the same addresses

## What it means

Addresses belong to one network.

## How to fix it

Choose another range.

## Bad: inside

```yaml title="compose.yaml"
- subnet: 172.28.0.0/16  # <- error
```
"""


def a_rule(code: str = "NL101", slug: str = "subnet-overlap", **other: Any) -> Rule:
    values: dict[str, Any] = {
        "severity": Severity.ERROR,
        "confidence": Confidence.HIGH,
        "needs": (),
        "proof": "lab: the engine refuses it",
        "since": "0.1.0",
        "body": lambda: Body(DOCUMENTATION, lambda site: ()),
        "path": "",
    }
    return Rule(code=code, slug=slug, **(values | other))


class Make:
    """Collects files and findings; `run()` puts them together."""

    def __init__(self) -> None:
        self.sources: dict[str, Source] = {}
        self.files: list[FileCoverage] = []
        self.findings: list[Finding] = []
        self.gaps: list[NotChecked] = []
        self.rules = (a_rule(), a_rule("NL403", "masquerade-missing", needs=("firewall",)))

    def file(
        self, path: str, text: str, format: str | None = "compose", status: str = "read", reason: str = ""
    ) -> Source:
        self.sources[path] = Source(path, text)
        self.files.append(FileCoverage(path=path, format=format, host=None, status=status, reason=reason))
        return self.sources[path]

    def at(self, path: str, text: str, after: str = "") -> Span:
        """The span of the first `text` (after the first `after`) in a file."""
        source = self.sources[path]
        start = source.text.index(text, source.text.index(after))
        return source.span(start, start + len(text))

    def finding(self, at: Span, message: str = "subnet is taken", **other: Any) -> Finding:
        values: dict[str, Any] = {
            "severity": Severity.ERROR,
            "confidence": Confidence.HIGH,
            "code": "NL101",
            "rule": "subnet-overlap",
            "fingerprint": f"f{len(self.findings)}:1",
        }
        self.findings.append(Finding(message=message, at=at, **(values | other)))
        return self.findings[-1]

    def run(self) -> Run:
        return Run(
            root="/srv/site",
            sources=self.sources,
            findings=tuple(self.findings),
            rules=self.rules,
            coverage=Coverage(files=tuple(self.files), not_checked=tuple(self.gaps)),
            site=Site(hosts=()),
        )


@pytest.fixture
def make() -> Make:
    return Make()
