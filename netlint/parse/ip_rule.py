"""`ip rule`.

file  = { prompt | rule }
rule  = number ":" [ "not" ] { selector value | "[detached]" } action { option value }
selector = "from" | "to" | "fwmark" | "iif" | "oif" | …
action   = ( "lookup" | "table" | "goto" ) name | "unreachable" | "prohibit" | "blackhole" | "nop"
"""

from __future__ import annotations

import re

from msgspec import Struct

from netlint.parse.lines import command, is_prompt, lines, words
from netlint.parse.tree import Problem, Word
from netlint.source import Source, Span

_START = re.compile(r"\d{1,10}:$")
_WITH_NAME = frozenset(("lookup", "table", "goto"))
_ALONE = frozenset(("unreachable", "prohibit", "blackhole", "nop", "throw"))
_FLAGS = re.compile(r"\[\w+\]")


class RuleLine(Struct, frozen=True, kw_only=True):
    """One rule; `selectors` are pairs of a word and its value, those behind the action included."""

    span: Span
    priority: int
    negated: bool
    selectors: tuple[tuple[str, Word], ...]
    action: str
    table: Word | None
    version: int | None


def parse(source: Source) -> tuple[tuple[RuleLine, ...], list[Problem]]:
    """The rules in order. `version` is 6 below a prompt that says so."""
    found: list[RuleLine] = []
    problems: list[Problem] = []
    version: int | None = None
    for start, line in lines(source):
        row = words(source, start, start + len(line))
        if not row:
            continue
        span = row[0].span.to(row[-1].span)
        if _START.match(row[0].text) is None:
            shown = command(line)
            if shown is not None:
                version = 6 if re.search(r"\s-6\b", shown) else 4
            elif not line.startswith("#") and not is_prompt(line):
                problems.append(Problem(span, "not a line of ip rule"))
            continue
        rule = _rule(row, span, version)
        if rule is None:
            problems.append(Problem(span, "a routing rule that says not what to do"))
        else:
            found.append(rule)
    if not found and source.text.strip():
        problems = [Problem(source.span(0, len(source.text)), "no rule of ip rule in it", fatal=True)]
    return tuple(found), problems


def _rule(row: list[Word], span: Span, version: int | None) -> RuleLine | None:
    at = 1
    negated = False
    action: str | None = None
    table: Word | None = None
    selectors: list[tuple[str, Word]] = []
    while at < len(row):
        word = row[at]
        following = row[at + 1] if at + 1 < len(row) else None
        at += 1
        if word.text == "not":
            negated = True
        elif _FLAGS.fullmatch(word.text):
            pass
        elif word.text in _ALONE:
            action = word.text
        elif following is None:
            return None
        else:
            at += 1
            if word.text in _WITH_NAME:
                action = "goto" if word.text == "goto" else "lookup"
                table = following
            else:
                selectors.append((word.text, following))
    if action is None:
        return None
    return RuleLine(
        span=span,
        priority=int(row[0].text[:-1]),
        negated=negated,
        selectors=tuple(selectors),
        action=action,
        table=table,
        version=version,
    )
