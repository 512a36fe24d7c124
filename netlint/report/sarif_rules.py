"""The rules, and the notifications about what was not read or checked, as SARIF describes them."""

from __future__ import annotations

import sarif_om as om

from netlint.finding import Confidence, Severity
from netlint.report.documentation import as_text, without_marks
from netlint.rule import Rule

HOME = "https://github.com/container-netlint/netlint"
UNREAD, NOT_CHECKED, CUT = "UNREAD", "NOFACTS", "CUT"
MESSAGE = "finding"  # the key of the one message string of a rule

_PRECISION = {Confidence.HIGH: "high", Confidence.MEDIUM: "medium", Confidence.LOW: "low"}
_PROBLEM = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "recommendation"}
_LONGEST = 1024  # what GitHub takes of a description


def descriptor(rule: Rule) -> om.ReportingDescriptor:
    """A rule with all its documentation, in the form that GitHub shows beside an alert."""
    documentation = without_marks(rule.documentation)
    return om.ReportingDescriptor(
        id=rule.code,
        name=rule.name,
        short_description=om.MultiformatMessageString(text=_sentence(rule.summary)),
        full_description=om.MultiformatMessageString(text=_full(documentation)),
        help=om.MultiformatMessageString(text=as_text(documentation), markdown=documentation),
        help_uri=f"{HOME}/blob/main/docs/rules/{rule.slug}.md",
        default_configuration=om.ReportingConfiguration(level=str(rule.severity)),
        message_strings={MESSAGE: om.MultiformatMessageString(text=f"{_sentence(rule.summary)[:-1]}: '{{0}}'.")},
        properties=_properties(rule),
    )


def _properties(rule: Rule) -> dict[str, object]:
    """What GitHub sorts and filters alerts by. A `security-severity` makes an alert one of security."""
    tags = ["container", "network", rule.slug]
    found: dict[str, object] = {
        "tags": ["security", *tags] if rule.security else tags,
        "precision": _PRECISION[rule.confidence],
        "problem.severity": _PROBLEM[rule.severity],
    }
    if rule.security:
        found["security-severity"] = f"{rule.security:.1f}"
    return found


def _full(documentation: str) -> str:
    """The summary and the first section of the documentation as one paragraph."""
    summary, _, rest = documentation.partition("\n")
    section = rest.strip().partition("\n## ")[0]
    section = section.removeprefix("## ").partition("\n")[2] if section.startswith("## ") else section
    text = " ".join(f"{_sentence(summary)} {as_text(section)}".split())
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1].rpartition(" ")[0] + "…"


def _sentence(text: str) -> str:
    return text.rstrip(".") + "."


def _notification(identifier: str, name: str, text: str, why: str) -> om.ReportingDescriptor:
    return om.ReportingDescriptor(
        id=identifier,
        name=name,
        short_description=om.MultiformatMessageString(text=text),
        full_description=om.MultiformatMessageString(text=f"{text} {why}"),
        help=om.MultiformatMessageString(text=why),
        help_uri=f"{HOME}#use",
    )


NOTIFICATIONS = [
    _notification(
        UNREAD, "FileNotRead", "A file was recognised and not read.", "Nothing in it is known to be free of problems."
    ),
    _notification(
        NOT_CHECKED,
        "RuleNotChecked",
        "A rule lacked facts about a host.",
        "Add the listing that the message names, and the rule is checked.",
    ),
    _notification(
        CUT,
        "ResultsCut",
        "There are more results than GitHub takes.",
        "The least severe are left out; netlint check shows them all.",
    ),
]
