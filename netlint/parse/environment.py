r"""Environment files: /etc/default/docker, /etc/sysconfig/docker and what `EnvironmentFile=` reads.

file       = *( assignment | comment | blank )
assignment = [ "export" ] name "=" value
value      = *( plain | "\" any | "'" … "'" | '"' … '"' ) [ comment ]    ; "\" newline vanishes

systemd and the shells that source these files differ in corners; where they do, both readings are accepted: blanks
around `=` and `;` comments as systemd has them, a comment after a value as the shells have it. Variables stay as they
are written.
"""

from __future__ import annotations

import re

from msgspec import Struct

from netlint.parse.tree import Problem, Unsupported, Word
from netlint.parse.words import place
from netlint.source import Source, Span

_HEAD = re.compile(r"[ \t]*(?P<export>export[ \t]+)?(?P<name>[A-Za-z_][A-Za-z0-9_]*)[ \t]*=[ \t]*")
_PASSED_OVER = re.compile(r"[ \t]*(?:[#;][^\r\n]*)?(?:\r\n?|\n|$)")
_COMMENT = re.compile(r"[ \t]+#[^\r\n]*")
_END = ("\r", "\n")


class Variable(Struct, frozen=True, kw_only=True):
    """One assignment; `value` is unquoted, `span` covers name and value. `exported`: with `export` before it."""

    name: Word
    value: Word
    span: Span
    exported: bool = False


class EnvironmentFile(Struct, frozen=True, kw_only=True):
    span: Span
    variables: tuple[Variable, ...]
    unsupported: tuple[Unsupported, ...] = ()


def parse(source: Source) -> tuple[EnvironmentFile, list[Problem]]:
    """The assignments in order, equal names included. Lines with other shell commands are `unsupported`."""
    variables: list[Variable] = []
    unsupported: list[Unsupported] = []
    problems: list[Problem] = []
    text = source.text
    at = 1 if text.startswith("\ufeff") else 0
    while at < len(text):
        skipped = _PASSED_OVER.match(text, at)
        if skipped is not None:
            at = max(skipped.end(), at + 1)
            continue
        head = _HEAD.match(text, at)
        if head is None:
            end = _line_end(text, at)
            unsupported.append(Unsupported(source.span(at, end), "no assignment"))
            at = end
            continue
        value, at, open_quote = _value(source, head.end())
        if open_quote is not None:
            problems.append(Problem(open_quote, "this quote is never closed"))
        start, end = head.span("name")
        variables.append(
            Variable(
                name=Word(head["name"], source.span(start, end)),
                value=value,
                span=source.span(start, max(at, end)),
                exported=head["export"] is not None,
            )
        )
        comment = _COMMENT.match(text, at)
        at = comment.end() if comment is not None else at
    tree = EnvironmentFile(span=source.span(0, len(text)), variables=tuple(variables), unsupported=tuple(unsupported))
    return tree, problems


def _value(source: Source, start: int) -> tuple[Word, int, Span | None]:
    """The value at `start`, where it ends, and its quote if that is never closed (then the line ends it)."""
    text = source.text
    chars: list[str] = []
    offsets: list[int] = []
    at, end, quote, opened, literal = start, start, "", start, True
    kept = 0  # characters up to the last one that is no unquoted blank
    while at < len(text):
        char, length = text[at], 1
        if quote == "" and (char in _END or (char in " \t" and _COMMENT.match(text, at))):
            break
        if char == quote:
            quote, char = "", ""
        elif quote == "" and char in "'\"":
            quote, opened, char = char, at, ""
        elif char == "\\" and quote != "'":
            char, length = _escape(text, at, quote)
            literal = literal and length == 1
        if char:
            chars.append(char)
            offsets.append(at)
        at += length
        if quote or not char or char not in " \t":
            kept, end = len(chars), at
    open_quote = None
    if quote:
        open_quote = source.span(opened, opened + 1)
        end = _line_end(text, opened)
        kept = sum(offset < end for offset in offsets)
    whole = source.span(start, end)
    return place(source.path, "".join(chars[:kept]), offsets[:kept], whole, literal), end, open_quote


def _line_end(text: str, at: int) -> int:
    while at < len(text) and text[at] not in _END:
        at += 1
    return at


def _escape(text: str, at: int, quote: str) -> tuple[str, int]:
    """The character that the backslash at `at` leaves, if any, and how many it takes up."""
    following = text[at + 1 : at + 2]
    if following in _END:
        return "", 3 if text.startswith("\r\n", at + 1) else 2
    if not following or (quote and following not in '"\\`$'):
        return "\\", 1
    return following, 2
