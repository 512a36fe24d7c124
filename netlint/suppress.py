"""Suppressions: `# netlint: ignore[RULE] reason` in a file, and what the configuration ignores."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from netlint.config import Config
from netlint.finding import Finding, Suppression
from netlint.model.host import IgnoreComment
from netlint.source import Source

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
    finding: Finding, sources: Mapping[str, Source], comments: Mapping[str, list[IgnoreComment]], config: Config
) -> Suppression | None:
    """What suppresses `finding`, if anything does."""
    path = finding.at.source
    for comment in comments.get(path, ()):
        if names(finding, comment.rules):
            if comment.line is None:
                return Suppression(kind="file", reason=comment.reason, span=comment.span)
            if sources[path].position(finding.at.start).line == comment.line:
                return Suppression(kind="inline", reason=comment.reason, span=comment.span)
    for entry in config.per_file:
        if entry.covers(path) and names(finding, entry.ignore):
            return Suppression(kind="config", reason=f"ignored for {', '.join(entry.paths)} by {config.path}")
    return None
