"""The report as JSON, version 1; docs/schema/report-v1.json describes it. Fields are only added within a version."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import structs

from netlint import __version__
from netlint.finding import Finding, Fix, Severity, Suppression, Witness
from netlint.run import Run
from netlint.source import Source, Span

# What a terminal acts on and JSON may hold as it is: DEL, C1, marks that reverse the direction of a line.
_ACTING = re.compile("[\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")
_SURROGATE = re.compile("[\ud800-\udfff]")


def render(run: Run) -> str:
    """The report as JSON text, indented by two spaces. Positions count from 1, in code points; an end is exclusive."""
    counts = Counter(finding.severity for finding in run.findings if finding.suppressed is None)
    report = {
        "version": 1,
        "tool": {"name": "netlint", "version": __version__},
        "findings": [_finding(finding, run.sources) for finding in run.findings],
        "coverage": {
            "files": [
                {
                    "file": file.path,
                    "format": file.format,
                    "host": file.host,
                    "status": file.status,
                    "problems": file.problems,
                    "reason": file.reason or None,
                }
                for file in run.coverage.files
            ],
            "not_checked": [
                {"rule": gap.rule, "host": gap.host, "reason": gap.reason} for gap in run.coverage.not_checked
            ],
            "ignored": run.coverage.ignored,
        },
        "summary": {str(severity): counts[severity] for severity in sorted(Severity, reverse=True)},
    }
    return encode(report)


def encode(value: object) -> str:
    """`value` as JSON text that can be stored as UTF-8, whatever bytes a file's name was made of."""
    try:
        data = msgspec.json.encode(value)
    except UnicodeEncodeError:  # names of files that are no UTF-8 hold half characters
        data = msgspec.json.encode(_whole(value))
    text = msgspec.json.format(data, indent=2).decode() + "\n"
    return _ACTING.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _whole(value: Any) -> Any:
    """`value` with U+FFFD in place of every half character."""
    match value:
        case str():
            return _SURROGATE.sub("\ufffd", value)
        case dict():
            return {_whole(key): _whole(item) for key, item in value.items()}
        case list():
            return [_whole(item) for item in value]
    return value


def _finding(finding: Finding, sources: Mapping[str, Source]) -> dict[str, Any]:
    return {
        "code": finding.code,
        "rule": finding.rule,
        "severity": None if finding.severity is None else str(finding.severity),
        "confidence": None if finding.confidence is None else str(finding.confidence),
        "message": finding.message,
        "help": finding.help,
        "host": finding.host,
        "primary": {**_place(finding.at, sources), "label": finding.label},
        "related": [{**_place(label.span, sources), "label": label.text} for label in finding.related],
        "witness": None if finding.witness is None else _witness(finding.witness, sources),
        "fixes": [_fix(fix, sources) for fix in finding.fixes],
        "suppressed": None if finding.suppressed is None else _suppression(finding.suppressed, sources),
        "fingerprint": finding.fingerprint,
    }


def _place(span: Span, sources: Mapping[str, Source]) -> dict[str, Any]:
    source = sources[span.source]
    start, end = source.position(span.start), source.position(span.end)
    return {"file": span.source, "start": structs.asdict(start), "end": structs.asdict(end)}


def _witness(witness: Witness, sources: Mapping[str, Source]) -> dict[str, Any]:
    steps = [{**_place(step.span, sources), "text": step.text} for step in witness.steps]
    return {"packet": witness.packet, "steps": steps}


def _fix(fix: Fix, sources: Mapping[str, Source]) -> dict[str, Any]:
    edits = [{**_place(edit.span, sources), "text": edit.text} for edit in fix.edits]
    return {"title": fix.title, "safe": fix.safe, "edits": edits}


def _suppression(suppression: Suppression, sources: Mapping[str, Source]) -> dict[str, Any]:
    """`at` is the place of the comment, null where no file holds it."""
    at = None if suppression.span is None else _place(suppression.span, sources)
    return {"kind": suppression.kind, "reason": suppression.reason, "at": at}
