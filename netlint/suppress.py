"""Suppressions: `# netlint: ignore[RULE] reason` in a file, and what the configuration ignores."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from netlint.config import Config
from netlint.finding import Finding, Suppression
from netlint.globs import ConfigPaths, matches
from netlint.model.given import IgnoreComment, InputProblem
from netlint.pattern import pattern
from netlint.rule import Rule
from netlint.source import Source, Span
from netlint.suggest import did_you_mean

_COMMENT = pattern(r"(?:#|;|//)[ \t]*netlint:[ \t]*(ignore|ignore-file)\[([^\]\n]*)\][ \t]*([^\n]*)")
_PER_FILE = pattern(
    r"""^[ \t]*\[\[[ \t]*(?:tool[ \t]*\.[ \t]*netlint[ \t]*\.[ \t]*)?["']?per-file["']?[ \t]*\]\]""", re.MULTILINE
)
_STRING = pattern(r"""#[^\n]*|"([^"\n]*)"|'([^'\n]*)'""")  # of TOML; a comment has no group
_TABLE = pattern(r"^[ \t]*\[", re.MULTILINE)
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


def config_source(config: Config, root: str) -> Source:
    """The file of the configuration as a source of a run at `root`."""
    path = config.path or "netlint.toml"
    return Source(os.path.relpath(os.path.realpath(path), os.path.realpath(root)).replace(os.sep, "/"), config.text)


def unused_per_file(
    config: Config,
    source: Source,
    paths: ConfigPaths,
    files: Iterable[str],
    findings: Iterable[Finding],
    known: Sequence[Rule],
    checked: Callable[[Rule], bool],
) -> Iterator[InputProblem]:
    """The patterns of `[[per-file]]` tables that no file has, and the rules in them that found nothing in those files.

    `source` is the file of the configuration, `files` are all that were read; `known` and `checked` as for `unused`.
    """
    read = {path: paths.of(path) for path in (*files, source.path)}
    for number, entry in enumerate(config.per_file):
        idle = [wanted for wanted in entry.paths if not any(matches(path, wanted) for path in read.values())]
        for wanted in idle:
            message = f"pattern '{wanted}' of [[per-file]], which no input matches"
            yield InputProblem(_value(source, number, wanted), message, "remove it, or correct it")
        if len(idle) == len(entry.paths):
            continue
        covered = [finding for finding in findings if entry.covers(read.get(finding.at.source, ""))]
        for name in entry.ignore:
            named = [rule for rule in known if rule.is_named(name)]
            if all(checked(rule) for rule in named) and not any(names(finding, [name]) for finding in covered):
                message = f"suppression of {name}, which finds nothing in {', '.join(entry.paths)}"
                yield InputProblem(_value(source, number, name), message, "remove it")


def _value(source: Source, number: int, value: str) -> Span:
    """Where `value` stands in the table [[per-file]] of that number, from 0; the whole table's head, or what else
    speaks of it, where it is written in another way."""
    heads = list(_PER_FILE.finditer(source.text))
    if number >= len(heads):  # tables in a line: per-file = [{ ... }]
        start, end = found.span() if (found := re.search(r"per-file", source.text)) else (0, 0)
        return source.span(start, end)
    head = heads[number]
    after = _TABLE.search(source.text, head.end())
    end = after.start() if after is not None else len(source.text)
    for found in _STRING.finditer(source.text, head.end(), end):
        if value in (found[1], found[2]):
            return source.span(found.start() + 1, found.end() - 1)
    return source.span(head.start(), head.end())
