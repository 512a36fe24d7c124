"""The report as SARIF 2.1.0, for GitHub code scanning and editors.

No source text but the marked lines is quoted, and a line that holds a secret is not: results are uploaded.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import sarif_om as om
from msgspec import structs

from netlint import __version__
from netlint.checkout import Provenance
from netlint.finding import Finding, Fix, Label, Severity, Suppression, Witness
from netlint.report.json import encode
from netlint.report.line_hash import WINDOW, line_hashes
from netlint.report.sarif_objects import link_text, literal, plain, sentence
from netlint.report.sarif_places import REDACTED, ROOT, Places
from netlint.report.sarif_rules import CUT, HOME, MESSAGE, NOT_CHECKED, NOTIFICATIONS, UNREAD, descriptor
from netlint.report.secrets import masked
from netlint.run import FileCoverage, Run
from netlint.source import Source

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
# What GitHub takes or shows (docs.github.com, "SARIF support for code scanning").
MAX_RESULTS = 5000
MAX_COMPRESSED = 10_000_000  # bytes
_MAX_PLACES = 100
_MAX_STEPS = 100
_IN_SOURCE = ("inline", "file")


def render(
    run: Run,
    checkout: str | None = None,
    provenance: Provenance | None = None,
    originals: Mapping[str, Source] | None = None,
) -> str:
    """The report as a SARIF log of one run; `originals` are the sources where those of the run are masked.

    Paths are relative to `checkout` where what was checked lies in that directory: GitHub takes them as paths in the
    repository, whatever part of it was checked. By default they are relative to what was checked. Of more results
    than GitHub takes, the least severe are left out, and a notification says how many.
    """
    given = len(run.findings)
    if given > MAX_RESULTS:
        run = worst(run, MAX_RESULTS)
    while True:
        log = _Log(run, checkout, provenance, given, originals or run.sources).run()
        text = encode({"$schema": SCHEMA, "version": "2.1.0", "runs": [plain(log)]})
        if len(run.findings) < 2 or not _too_large(text):
            return text
        run = worst(run, len(run.findings) // 2)


def _too_large(text: str) -> bool:
    data = text.encode()
    return len(data) > MAX_COMPRESSED and len(zlib.compress(data, 6)) > MAX_COMPRESSED


def worst(run: Run, count: int) -> Run:
    """The run with the `count` most severe findings, those that something suppresses last; their order stays."""

    def rank(index: int) -> tuple[bool, int, int]:
        finding = run.findings[index]
        return finding.suppressed is not None, -(finding.severity or Severity.NOTE), index

    kept = sorted(sorted(range(len(run.findings)), key=rank)[:count])
    return structs.replace(run, findings=tuple(run.findings[index] for index in kept))


def _hashes(original: Source, shown: Source, lines: Iterable[int]) -> dict[int, str]:
    """What GitHub computes of the file as it is. Where a secret is in what is hashed, which is soon guessed from such a
    hash, what is shown is hashed instead."""
    found = line_hashes(original.text, lines)
    secret = {line for line in found if masked(near := _near(original, line)) != near}
    return {**found, **line_hashes(shown.text, secret)} if secret else found


def _near(source: Source, line: int) -> str:
    """The text that the hash of a line is made of, and a little more."""
    start = source.line_starts[line - 1]
    return source.text[start : start + 4 * WINDOW]


class _Log:
    def __init__(
        self,
        run: Run,
        checkout: str | None,
        provenance: Provenance | None,
        given: int,
        originals: Mapping[str, Source],
    ) -> None:
        self.given = run
        self.left_out = given - len(run.findings)
        self.provenance = provenance
        self.places = Places(run, checkout)
        self.rules = {rule.code: index for index, rule in enumerate(run.rules)}
        self.slugs = {rule.slug: rule.code for rule in run.rules}
        lines: dict[str, list[int]] = {}
        for finding in run.findings:
            source = run.sources[finding.at.source]
            lines.setdefault(source.path, []).append(source.position(finding.at.start).line)
        self.hashes = {path: _hashes(originals[path], run.sources[path], found) for path, found in lines.items()}

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
        results = [self.result(finding) for finding in self.given.findings]
        notifications = [*self.cut(), *self.unread()]
        gaps = list(self.not_checked())
        artifacts = self.places.artifacts()
        return om.Run(
            tool=om.Tool(driver=driver),
            automation_details=om.RunAutomationDetails(id="netlint/"),
            column_kind="unicodeCodePoints",
            original_uri_base_ids={ROOT: om.ArtifactLocation(uri=Path(self.places.root, "_").as_uri()[:-1])},
            version_control_provenance=self.version_control(),
            invocations=[
                om.Invocation(
                    execution_successful=True,
                    tool_execution_notifications=notifications,
                    tool_configuration_notifications=gaps,
                )
            ],
            artifacts=artifacts or None,
            redaction_tokens=[REDACTED] if artifacts else None,
            results=results,
            properties={"files": [self.coverage(file) for file in self.given.coverage.files]},
        )

    def version_control(self) -> list[om.VersionControlDetails] | None:
        """The checkout, where it is that which paths are relative to."""
        found = self.provenance
        if found is None or found.root != self.places.root:
            return None
        return [
            om.VersionControlDetails(
                repository_uri=found.uri,
                revision_id=found.revision,
                branch=found.branch,
                mapped_to=om.ArtifactLocation(uri_base_id=ROOT),
            )
        ]

    def coverage(self, file: FileCoverage) -> dict[str, Any]:
        facts = {"file": file.path, "format": file.format, "host": file.host, "status": file.status}
        return {key: value for key, value in facts.items() if value is not None}

    def cut(self) -> Iterable[om.Notification]:
        if self.left_out:
            shown = len(self.given.findings)
            yield om.Notification(
                descriptor=om.ReportingDescriptorReference(id=CUT, index=2),
                level="warning",
                message=sentence(
                    f"{shown} of {shown + self.left_out} results are in this file, the worst; GitHub takes no more"
                ),
            )

    def unread(self) -> Iterable[om.Notification]:
        for file in self.given.coverage.files:
            if file.status == "unread":
                yield om.Notification(
                    descriptor=om.ReportingDescriptorReference(id=UNREAD, index=0),
                    level="warning",
                    message=sentence(f"not read: {file.reason}"),
                    locations=[
                        om.Location(
                            physical_location=om.PhysicalLocation(artifact_location=self.places.artifact(file.path))
                        )
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
                message=sentence(f"{gap.rule} was not checked{host}: {gap.reason}"),
            )

    def result(self, finding: Finding) -> om.Result:
        properties = {"confidence": str(finding.confidence), "host": finding.host}
        line = self.given.sources[finding.at.source].position(finding.at.start).line
        related = finding.related[:_MAX_PLACES]
        text = self.message(finding, related)
        return om.Result(
            rule_id=finding.code,
            rule_index=self.rules.get(finding.code, -1),
            level=str(finding.severity or Severity.WARNING),
            message=om.Message(id=MESSAGE, arguments=[text], text=text),
            locations=[self.places.location(Label(finding.at, finding.label))],
            related_locations=[self.places.location(label, number) for number, label in enumerate(related, start=1)]
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

    def message(self, finding: Finding, related: Iterable[Label]) -> str:
        """The message, links to the related places (GitHub shows only those that are linked), and the cure."""
        parts = [literal(finding.message.rstrip(".")) + "."]
        for number, label in enumerate(related, start=1):
            parts.append(f"See [{link_text(label.text or self.places.name(label.span))}]({number}).")
        if finding.help:
            parts.append(f"Help: {literal(finding.help.rstrip('.'))}.")
        return "\n".join(parts)

    def code_flow(self, witness: Witness) -> om.CodeFlow:
        steps = [
            om.ThreadFlowLocation(location=self.places.location(Label(step.span, step.text)), execution_order=number)
            for number, step in enumerate(witness.steps[:_MAX_STEPS], start=1)
        ]
        return om.CodeFlow(message=sentence(witness.packet), thread_flows=[om.ThreadFlow(locations=steps)])

    def fix(self, fix: Fix) -> om.Fix:
        changes: dict[str, list[om.Replacement]] = {}
        for edit in fix.edits:
            changes.setdefault(edit.span.source, []).append(
                om.Replacement(
                    deleted_region=self.places.region(edit.span),
                    inserted_content=om.ArtifactContent(text=edit.text) if edit.text else None,
                )
            )
        return om.Fix(
            description=sentence(fix.title),
            artifact_changes=[
                om.ArtifactChange(artifact_location=self.places.artifact(path), replacements=replacements)
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
            found["location"] = plain(self.places.location(Label(suppression.span)))
        return found
