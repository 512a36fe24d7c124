"""Suppressions: `# netlint: ignore[RULE] reason` in a file, and what the configuration ignores."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from netlint.config import Config
from netlint.finding import Finding, Suppression
from netlint.globs import ConfigPaths
from netlint.model.host import IgnoreComment, InputProblem
from netlint.rule import Rule
from netlint.source import Source
from netlint.suggest import did_you_mean

_COMMENT = re.compile(r"(?:#|;|//)[ \t]*netlint:[ \t]*(ignore|ignore-file)\[([^\]\n]*)\][ \t]*([^\n]*)")
_FILE_WIDE_LINES = 10  # `ignore-file` counts only near the top, where a reader sees it


def ignore_comments(source: Source) -> Iterator[IgnoreComment]:
    """The suppressions written in `source`. One on a line of its own is for the line below."""
    if "netlint:" not in source.text:
        return
    for found in _COMMENT.finditer(source.text):
        line = source.position(found.start()).line
        rules = tuple(name.strip() for name in found[2].split(",") if name.strip())
        whole_file = found[1] == "ignore-file"
        if whole_file and line > _FILE_WIDE_LINES:
            continue
        alone = not source.line(line)[: source.position(found.start()).column - 1].strip()
        yield IgnoreComment(
            span=source.span(found.start(), found.end()),
            rules=rules,
            reason=found[3].strip(),
            line=None if whole_file else line + alone,
        )


def names(finding: Finding, rules: Iterable[str]) -> bool:
    """Whether one of `rules` (slugs, codes, prefixes of codes) names the rule of `finding`."""
    return any(name == finding.rule or (name and finding.code.startswith(name.upper())) for name in rules)


def suppression(
    finding: Finding,
    sources: Mapping[str, Source],
    comments: Mapping[str, list[IgnoreComment]],
    config: Config,
    paths: ConfigPaths,
) -> Suppression | None:
    """What suppresses `finding`, if anything does; `paths` gives files as the configuration writes them."""
    path = finding.at.source
    for comment in comments.get(path, ()):
        if names(finding, comment.rules) and _reaches(comment, finding, sources):
            kind = "file" if comment.line is None else "inline"
            return Suppression(kind=kind, reason=comment.reason, span=comment.span)
    for entry in config.per_file:
        if entry.covers(paths.of(path)) and names(finding, entry.ignore):
            file = (config.path or "the configuration").rpartition("/")[2]  # a report tells nobody where it lies
            return Suppression(kind="config", reason=f"ignored for {', '.join(entry.paths)} by {file}")
    return None


def _reaches(comment: IgnoreComment, finding: Finding, sources: Mapping[str, Source]) -> bool:
    """Whether the finding, which lies in the file of the comment, is at the place that the comment is for."""
    return comment.line is None or sources[finding.at.source].position(finding.at.start).line == comment.line


def unused(
    comments: Iterable[IgnoreComment],
    findings: Iterable[Finding],
    sources: Mapping[str, Source],
    known: Sequence[Rule],
    checked: Callable[[Rule], bool],
) -> Iterator[InputProblem]:
    """The names in suppressions that suppress no finding. `known` are all rules; `checked` says whether a rule was
    checked: of another one nobody knows what it would have found."""
    by_file: dict[str, list[Finding]] = {}
    for finding in findings:
        by_file.setdefault(finding.at.source, []).append(finding)
    for comment in comments:
        path = comment.span.source
        for name in comment.rules:
            named = [rule for rule in known if rule.is_named(name)]
            if not named:
                names_known = [rule.slug for rule in known] + [rule.code for rule in known]
                message = f"suppression of '{name}', which is no rule{did_you_mean(name, names_known)}"
                yield InputProblem(comment.span, message, "name a rule by its slug, its code or the code's beginning")
            elif all(checked(rule) for rule in named) and not any(
                names(finding, [name]) and _reaches(comment, finding, sources) for finding in by_file.get(path, ())
            ):
                place = "this file" if comment.line is None else f"line {comment.line}"
                yield InputProblem(comment.span, f"suppression of {name}, which finds nothing in {place}", "remove it")
