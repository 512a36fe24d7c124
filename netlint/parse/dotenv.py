r"""Environment files of Compose: `.env`, and those that `env_file` names.

file       = *( statement | comment | blank )
statement  = [ "export" ] name ( ( "=" | ":" ) value | newline )      ; a name alone: the environment's own value
name       = 1*( letter / digit / "_" / "." / "-" / "[" / "]" )
value      = plain [ " #" comment ] newline | "'" … "'" | '"' … '"'    ; quoted ones may go on over several lines

As compose-go reads them. These files hold secrets: nothing of them is ever reported, so there are no problems with
places; what Compose refuses is `invalid`.
"""

from __future__ import annotations

import re

from msgspec import Struct

from netlint.parse.tree import Problem
from netlint.pattern import pattern
from netlint.source import Source, Span

_PASSED_OVER = pattern(r"(?:\s+|#[^\n]*)*")
_EXPORT = pattern(r"export[ \t\v\f\r\x85\xa0]+")
_NAME = pattern(r"(?P<name>(?:[^\W]|[.\-\[\]]|[ \t\v\f\r\x85\xa0])*)(?P<end>[=:\n]|\Z)")
_BLANK = " \t\v\f\r\x85\xa0"
_QUOTED = {quote: pattern(rf"{quote}(?P<text>(?:[^\\{quote}]|\\.)*){quote}", re.DOTALL) for quote in "'\""}


class Assignment(Struct, frozen=True, kw_only=True):
    """One variable; `value` is None where the environment is to give it. `literal`: variables in it stay as they are.

    A value with a backslash in double quotes is None too: no address, port or name needs one.
    """

    name: str
    span: Span
    value: str | None = None
    literal: bool = False


class EnvFile(Struct, frozen=True, kw_only=True):
    """The assignments in order, equal names included; `invalid` is the first place that Compose refuses."""

    span: Span
    variables: tuple[Assignment, ...]
    invalid: Span | None = None


def parse(source: Source) -> tuple[EnvFile, list[Problem]]:
    """The assignments up to the first place that is none, where Compose stops. There are never problems."""
    text = source.text
    variables: list[Assignment] = []
    invalid: Span | None = None
    at = _end(_PASSED_OVER, text, 1 if text.startswith("\ufeff") else 0)
    while at < len(text):
        start = _end(_EXPORT, text, at)
        found = _NAME.match(text, start)
        name = found["name"].rstrip(_BLANK) if found is not None else ""
        if found is None or " " in name:
            invalid = source.span(at, at)
            break
        span = source.span(start, start + len(name))
        at = found.end()
        if found["end"] in ("=", ":"):
            value, literal, end = _value(text, at)
            if end < 0:
                invalid = span
                break
            at = end
            assignment = Assignment(name=name, span=span, value=value, literal=literal)
        else:
            assignment = Assignment(name=name, span=span)
        if name:
            variables.append(assignment)
        at = _end(_PASSED_OVER, text, at)
    tree = EnvFile(span=source.span(0, len(text)), variables=tuple(variables), invalid=invalid)
    return tree, []


def _value(text: str, at: int) -> tuple[str | None, bool, int]:
    """The value at `at`, whether it is literal, and where it ends (-1: its quote is never closed)."""
    while at < len(text) and text[at] in _BLANK:
        at += 1
    quote = text[at : at + 1]
    if quote and quote in _QUOTED:
        found = _QUOTED[quote].match(text, at)
        if found is None:
            return None, False, -1
        value: str | None = found["text"]
        return (None if "\\" in found["text"] else value), quote == "'", found.end()
    end = text.find("\n", at)
    end = end if end >= 0 else len(text)
    return text[at:end].partition(" #")[0].rstrip(), False, end


def _end(pattern: re.Pattern[str], text: str, at: int) -> int:
    found = pattern.match(text, at)
    return found.end() if found is not None else at
