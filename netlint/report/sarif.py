"""The report as SARIF 2.1.0, for GitHub code scanning and editors.

No source text but the marked lines is quoted, and a line that holds a secret is not: results are uploaded.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import quote

import sarif_om as om

from netlint import __version__
from netlint.finding import Finding, Fix, Label, Severity, Suppression, Witness
from netlint.report.json import encode
from netlint.report.line_hash import line_hashes
from netlint.report.sarif_objects import plain
from netlint.report.sarif_rules import HOME, NOT_CHECKED, NOTIFICATIONS, UNREAD, descriptor
from netlint.report.secrets import masked
from netlint.run import Run
from netlint.source import Span

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_ROOT = "%SRCROOT%"
_SNIPPET = 400  # characters; a longer quotation helps nobody and makes the upload large
_IN_SOURCE = ("inline", "file")


def render(run: Run, checkout: str | None = None) -> str:
    """The report as a SARIF log of one run.

    Paths are relative to `checkout` where what was checked lies in that directory: GitHub takes them as paths in the
    repository, whatever part of it was checked. By default they are relative to what was checked.
    """
    return encode({"$schema": SCHEMA, "version": "2.1.0", "runs": [plain(_Log(run, checkout).run())]})


class _Log:
    def __init__(self, run: Run, checkout: str | None) -> None:
        self.given = run
        inside = checkout is not None and Path(run.root).is_relative_to(checkout) and Path(run.root).is_dir()
        self.root = checkout if inside and checkout is not None else run.root
        self.below = Path(run.root).relative_to(self.root).as_posix() if inside else "."
        paths = [*(file.path for file in run.coverage.files), *run.sources]
        self.indexes = {path: index for index, path in enumerate(dict.fromkeys(paths))}
        self.rules = {rule.code: index for index, rule in enumerate(run.rules)}
        self.slugs = {rule.slug: rule.code for rule in run.rules}
        lines: dict[str, list[int]] = {}
        for finding in run.findings:
            source = run.sources[finding.at.source]
            lines.setdefault(source.path, []).append(source.position(finding.at.start).line)
        self.hashes = {path: line_hashes(run.sources[path].text, numbers) for path, numbers in lines.items()}

    def run(self) -> om.Run:
        driver = om.ToolComponent(
            name="netlint",
            full_name=f"netlint {__version__}",
            version=__version__,
            semantic_version=__version__,
            information_uri=HOME,
            short_description=om.MultiformatMessageString(
                text="Static analyser for the network configuration of container hosts."
            ),
            rules=[descriptor(rule) for rule in self.given.rules],
            notifications=NOTIFICATIONS,
        )
        return om.Run(
            tool=om.Tool(driver=driver),
            automation_details=om.RunAutomationDetails(id="netlint/"),
            column_kind="unicodeCodePoints",
            original_uri_base_ids={_ROOT: om.ArtifactLocation(uri=Path(self.root, "_").as_uri()[:-1])},
            invocations=[
                om.Invocation(
                    execution_successful=True,
                    tool_execution_notifications=list(self.unread()),
                    tool_configuration_notifications=list(self.not_checked()),
                )
            ],
            artifacts=list(self.artifacts()),
            results=[self.result(finding) for finding in self.given.findings],
        )

    def unread(self) -> Iterable[om.Notification]:
        for file in self.given.coverage.files:
            if file.status == "unread":
                yield om.Notification(
                    descriptor=om.ReportingDescriptorReference(id=UNREAD, index=0),
                    level="warning",
                    message=_sentence(f"not read: {file.reason}"),
                    locations=[
                        om.Location(physical_location=om.PhysicalLocation(artifact_location=self.artifact(file.path)))
                    ],
                )

    def not_checked(self) -> Iterable[om.Notification]:
        for gap in self.given.coverage.not_checked:
            code = self.slugs.get(gap.rule, gap.rule)
            host = f" on {gap.host}" if gap.host is not None else ""
            yield om.Notification(
                descriptor=om.ReportingDescriptorReference(id=NOT_CHECKED, index=1),
                associated_rule=om.ReportingDescriptorReference(id=code, index=self.rules.get(code, -1)),
                level="note",
                message=_sentence(f"{gap.rule} was not checked{host}: {gap.reason}"),
            )

    def artifacts(self) -> Iterable[om.Artifact]:
        coverage = {file.path: file for file in self.given.coverage.files}
        for path in self.indexes:
            file = coverage.get(path)
            facts = {} if file is None else {"format": file.format, "host": file.host, "status": file.status}
            yield om.Artifact(
                location=self.artifact(path, index=False),
                roles=["analysisTarget"],
                properties={key: value for key, value in facts.items() if value is not None} or None,
            )

    def artifact(self, path: str, index: bool = True) -> om.ArtifactLocation:
        """A file below the root relative to it, another one (`../x`) by its absolute name."""
        number = self.indexes[path] if index else -1
        if path.startswith(("../", "/")):
            absolute = os.path.normpath(Path(self.given.root, path))
            return om.ArtifactLocation(uri="file://" + _quoted(absolute), index=number)
        inner = path if self.below == "." else f"{self.below}/{path}"
        return om.ArtifactLocation(uri=_quoted(inner), uri_base_id=_ROOT, index=number)

    def result(self, finding: Finding) -> om.Result:
        properties = {"confidence": str(finding.confidence), "host": finding.host}
        line = self.given.sources[finding.at.source].position(finding.at.start).line
        return om.Result(
            rule_id=finding.code,
            rule_index=self.rules.get(finding.code, -1),
            level=str(finding.severity or Severity.WARNING),
            message=om.Message(text=self.message(finding)),
            locations=[self.location(Label(finding.at, finding.label))],
            related_locations=[self.location(label, number) for number, label in enumerate(finding.related, start=1)]
            or None,
            code_flows=None if finding.witness is None else [self.code_flow(finding.witness)],
            fixes=[self.fix(fix) for fix in finding.fixes] or None,
            suppressions=None if finding.suppressed is None else [self.suppression(finding.suppressed)],
            partial_fingerprints={
                "primaryLocationLineHash": self.hashes[finding.at.source][line],
                "netlint/v1": finding.fingerprint,
            },
            properties={key: value for key, value in properties.items() if value not in (None, "None")} or None,
        )

    def message(self, finding: Finding) -> str:
        """The message, links to the related places (GitHub shows only those that are linked), and the cure."""
        parts = [_literal(finding.message.rstrip(".")) + "."]
        for number, label in enumerate(finding.related, start=1):
            parts.append(f"See [{_link_text(label.text or self.name(label.span))}]({number}).")
        if finding.help:
            parts.append(f"Help: {_literal(finding.help.rstrip('.'))}.")
        return "\n".join(parts)

    def name(self, span: Span) -> str:
        return f"{span.source}:{self.given.sources[span.source].position(span.start).line}"

    def location(self, label: Label, number: int = -1) -> om.Location:
        return om.Location(
            id=number,
            physical_location=self.place(label.span),
            message=_sentence(label.text) if label.text else None,
        )

    def place(self, span: Span) -> om.PhysicalLocation:
        """The place with its text and its lines, unless they are long or hold a secret."""
        source = self.given.sources[span.source]
        region = self.region(span)
        starts = source.line_starts
        context = None
        first = starts[region.start_line - 1]
        last = starts[region.end_line] if region.end_line < len(starts) else len(source.text)
        lines = source.text[first:last].rstrip("\r\n")
        if len(lines) <= _SNIPPET and masked(lines) == lines:
            region.snippet = om.ArtifactContent(text=source.slice(span))
            if (span.start, span.end) != (first, first + len(lines)) and span.end <= first + len(lines):
                context = om.Region(
                    start_line=region.start_line, end_line=region.end_line, snippet=om.ArtifactContent(text=lines)
                )
        return om.PhysicalLocation(artifact_location=self.artifact(span.source), region=region, context_region=context)

    def region(self, span: Span) -> om.Region:
        source = self.given.sources[span.source]
        start, end = source.position(span.start), source.position(span.end)
        return om.Region(start_line=start.line, start_column=start.column, end_line=end.line, end_column=end.column)

    def code_flow(self, witness: Witness) -> om.CodeFlow:
        steps = [
            om.ThreadFlowLocation(location=self.location(Label(step.span, step.text)), execution_order=number)
            for number, step in enumerate(witness.steps, start=1)
        ]
        return om.CodeFlow(message=_sentence(witness.packet), thread_flows=[om.ThreadFlow(locations=steps)])

    def fix(self, fix: Fix) -> om.Fix:
        changes: dict[str, list[om.Replacement]] = {}
        for edit in fix.edits:
            changes.setdefault(edit.span.source, []).append(
                om.Replacement(
                    deleted_region=self.region(edit.span),
                    inserted_content=om.ArtifactContent(text=edit.text) if edit.text else None,
                )
            )
        return om.Fix(
            description=_sentence(fix.title),
            artifact_changes=[
                om.ArtifactChange(artifact_location=self.artifact(path), replacements=replacements)
                for path, replacements in changes.items()
            ],
            properties={"safe": fix.safe},
        )

    def suppression(self, suppression: Suppression) -> dict[str, object]:
        """As a mapping, because the object model has the prerelease name of `status`."""
        found: dict[str, object] = {
            "kind": "inSource" if suppression.kind in _IN_SOURCE else "external",
            "status": "accepted",
        }
        if suppression.reason:
            found["justification"] = suppression.reason
        if suppression.span is not None:
            found["location"] = plain(self.location(Label(suppression.span)))
        return found


def _quoted(path: str) -> str:
    return quote(os.fsencode(path), safe="/")


def _sentence(text: str) -> om.Message:
    return om.Message(text=_literal(text.rstrip(".")) + ".")


def _literal(text: str) -> str:
    """`text` with brackets escaped where `[…](…)` in it would become a link."""
    return _link_text(text) if "](" in text else text


def _link_text(text: str) -> str:
    return text.replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]")
