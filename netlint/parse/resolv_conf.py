"""resolv.conf(5): one directive a line; comments begin with `#` or `;` in the first column or after a blank."""

from __future__ import annotations

from msgspec import Struct

from netlint.parse.lines import command, lines, words
from netlint.parse.tree import Problem, Word
from netlint.source import Source, Span

KEYWORDS = ("nameserver", "domain", "search", "sortlist", "options")


class Directive(Struct, frozen=True):
    """`nameserver 10.0.0.2`: `span` covers all of it."""

    span: Span
    keyword: str
    values: tuple[Word, ...]


def parse(source: Source) -> tuple[list[Directive], list[Problem]]:
    directives: list[Directive] = []
    problems: list[Problem] = []
    for start, line in lines(source):
        parts = words(source, start, start + len(line))
        end = next((at for at, part in enumerate(parts) if part.text[0] in "#;"), len(parts))
        parts = parts[:end]
        if not parts or command(line) is not None:
            continue
        span = parts[0].span.to(parts[-1].span)
        if parts[0].text not in KEYWORDS:
            problems.append(Problem(span, f"unknown keyword {parts[0].text!r}", f"known are {', '.join(KEYWORDS)}"))
        elif len(parts) == 1:
            problems.append(Problem(span, f"{parts[0].text} without a value"))
        else:
            directives.append(Directive(span, parts[0].text, tuple(parts[1:])))
    return directives, problems
