"""The report as Markdown, for the summary of a CI job or a comment: totals, findings, address plan, drawing.

Names and comments of the input cannot become markup: all text is escaped, and places stand in code.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from urllib.parse import quote

from netlint.finding import Finding, Severity
from netlint.report.drawing import Drawing, mermaid
from netlint.report.paths import Paths, blob_links
from netlint.report.plan import Entry, address_plan, whose
from netlint.report.sarif_rules import HOME
from netlint.report.summary import coverage, totals
from netlint.report.terminal import Paint, clean
from netlint.run import Run
from netlint.source import Span

MAX_SIZE = 900_000  # bytes; GitHub takes 1 MiB for a step and shows nothing of more
MAX_ROWS = 200  # of a table
_MAX_DRAWING = 45_000  # characters; Mermaid stops at 50,000
_SIGNS = {Severity.ERROR: "🔴", Severity.WARNING: "🟡", Severity.NOTE: "🔵"}
_SPECIAL = re.compile(r"[\\`*_\[\]{}|~$#!]|:(?=//)")
_WWW = re.compile(r"(?<=www)\.", re.IGNORECASE)
_HTML = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


def render(run: Run, checkout: str | None = None) -> str:
    """The report, at most `MAX_SIZE` bytes long: what comes last is left out, and it is said that it is."""
    report = _Report(run, Paths(run, checkout))
    parts: list[str] = []
    size = 0
    for part in report.parts():
        size += len(part.encode("utf-8", "replace")) + 1
        if size > MAX_SIZE:
            parts.append("\n*This summary is cut: it would be larger than GitHub takes.*")
            break
        parts.append(part)
    return "\n".join(parts).rstrip("\n") + "\n"


class _Report:
    def __init__(self, run: Run, paths: Paths) -> None:
        self.run = run
        self.paths = paths
        self.links = blob_links()

    def parts(self) -> Iterator[str]:
        """Pieces that each are whole lines, the most important first."""
        findings = [finding for finding in self.run.findings if finding.suppressed is None]
        yield f"## netlint: {escaped(totals(self.run, Paint(False)))}\n"
        yield from self.findings(findings)
        lines = list(coverage(self.run, verbose=False, columns=10_000, paint=Paint(False)))
        if lines:
            # more of the same kind stands indented below the first
            yield "\n".join(f"{'  ' * line.startswith(' ')}- {escaped(line.strip())}" for line in lines) + "\n"
        yield from self.details(findings)
        yield from self.address_plan()
        drawing = mermaid(found) if (found := Drawing(self.run.site)) else ""
        if drawing and len(drawing) <= _MAX_DRAWING:
            yield f"<details><summary>Hosts and networks</summary>\n\n```mermaid\n{drawing}```\n\n</details>\n"

    def findings(self, findings: list[Finding]) -> Iterator[str]:
        if not findings:
            return
        yield "| | rule | place | finding |\n|---|---|---|---|"
        for finding in findings[:MAX_ROWS]:
            level = finding.severity or Severity.NOTE
            rule = f"[{finding.code}]({HOME}/blob/main/docs/rules/{quote(finding.rule)}.md) {escaped(finding.rule)}"
            yield f"| {_SIGNS[level]} {level} | {rule} | {self.place(finding.at)} | {escaped(finding.message)} |"
        if len(findings) > MAX_ROWS:
            yield f"\n*and {len(findings) - MAX_ROWS} more*"
        yield ""

    def details(self, findings: list[Finding]) -> Iterator[str]:
        """What else a finding says, folded away."""
        if not findings:
            return
        yield "<details><summary>Causes, cures and packets</summary>\n"
        for finding in findings[:MAX_ROWS]:
            lines = [
                f"- **{finding.code} {escaped(finding.rule)}** {self.place(finding.at)}: {escaped(finding.message)}"
            ]
            lines += [f"  - {self.place(label.span)} {escaped(label.text)}".rstrip() for label in finding.related]
            if finding.help:
                lines.append(f"  - help: {escaped(finding.help)}")
            lines += [f"  - fix: {escaped(fix.title)}" for fix in finding.fixes]
            if finding.witness is not None:
                lines.append(f"  - witness: {escaped(finding.witness.packet)}")
                lines += [
                    f"    {number}. {self.place(step.span)} {escaped(step.text)}"
                    for number, step in enumerate(finding.witness.steps, start=1)
                ]
            yield "\n".join(lines)
        yield "\n</details>\n"

    def address_plan(self) -> Iterator[str]:
        for host in self.run.site.hosts:
            entries = address_plan(host, self.run.site)
            if not entries:
                continue
            yield f"<details><summary>Address plan of {_html(whose(host))}</summary>\n"
            yield "| range | claimed by | place | overlaps |\n|---|---|---|---|"
            for entry in entries[:MAX_ROWS]:
                yield self.entry(entry)
            if len(entries) > MAX_ROWS:
                yield f"\n*and {len(entries) - MAX_ROWS} more*"
            yield "\n</details>\n"

    def entry(self, entry: Entry) -> str:
        claim = entry.claim
        clash = ", ".join(f"{rival.what} ({rival.prefix})" for rival in entry.rivals[:3])
        more = f" and {len(entry.rivals) - 3} more" if len(entry.rivals) > 3 else ""
        place = "netlint.toml" if claim.span is None else self.place(claim.span)
        return f"| {claim.prefix} | {escaped(claim.what)} | {place} | {escaped(clash + more)} |"

    def place(self, span: Span) -> str:
        """`file:line` as code, with a link to it where the job tells in which repository it lies."""
        path = self.paths.of(span.source)
        source = self.run.sources.get(span.source)
        line = source.position(span.start).line if source is not None else 1
        text = f"<code>{escaped(f'{path}:{line}')}</code>"
        if not self.links or path.startswith("/"):
            return text
        return f'<a href="{self.links}/{quote(os.fsencode(path))}#L{line}">{text}</a>'


def escaped(text: str) -> str:
    """`text` as Markdown shows it letter by letter: no markup, no HTML, no links, nobody mentioned."""
    text = _SPECIAL.sub(r"\\\g<0>", clean(text).translate(_HTML))
    return _WWW.sub(r"\\.", text).replace("@", "@&#8203;")


def _html(text: str) -> str:
    return clean(text).translate(_HTML).replace("@", "@&#8203;")
