r"""Words whose characters keep their places: unquoting and splitting as systemd and as a shell do it.

words      = *blank *( word 1*blank )
word       = 1*( plain | escape | "'" … "'" | '"' … '"' )     ; quotes may open and close inside a word
escape     = "\" …                                            ; systemd: as in C, in both kinds of quotes
                                                              ; shell: none in '…', before $ ` " \ only in "…"
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

from msgspec import Struct

from netlint.parse.tree import Word
from netlint.pattern import pattern
from netlint.source import Span

_BLANK = " \t\r\n"
_TEMPLATE_MARK = pattern(r"\{\{.{0,200}?\}\}|\{%.{0,200}?%\}")  # bounded, or a row of "{{" takes quadratic time
_OPERATORS = ";&|"
_C_ESCAPE = pattern(
    r"\\(?:(?P<plain>[abfnrtv\\\"'s])|x(?P<hex>[0-9A-Fa-f]{2})|(?P<octal>[0-3][0-7]{2})"
    r"|u(?P<short>[0-9A-Fa-f]{4})|U(?P<long>[0-9A-Fa-f]{8}))"
)
_C_PLAIN = dict(zip("abfnrtv\\\"'s", "\a\b\f\n\r\t\v\\\"' ", strict=True))


class Quoting(Enum):
    """Whose rules hold. `SHELL` also sets the operators `;`, `&` and `|` apart as words of their own."""

    SYSTEMD = "systemd"
    SHELL = "shell"


class Split(Struct, frozen=True):
    """The words, and the place of a quote that is never closed (its word then runs to the end)."""

    words: list[Word]
    open_quote: Span | None


def place(source: str, text: str, offsets: Sequence[int], span: Span, literal: bool) -> Word:
    """The word `text` whose characters stand at `offsets`; `span` is what it covers with its quotes.

    `literal`: each character of `text` is the one at its place, so that the word stands verbatim where they adjoin.
    """
    if not offsets or offsets[-1] - offsets[0] + 1 != len(offsets):
        return Word(text, span, False, tuple(offsets))
    span = Span(source, offsets[0], offsets[-1] + 1)
    return Word(text, span) if literal else Word(text, span, False, tuple(offsets))


def places(word: Word) -> Sequence[int]:
    """The place of each character of the word's text; those of the word's start where they are not known."""
    if word.verbatim:
        return range(word.span.start, word.span.end)
    return word.offsets or (word.span.start,) * len(word.text)


def cut(word: Word, start: int, end: int | None = None) -> Word:
    """Characters `start` to `end` of the word, as a word."""
    text = word.text[start:end]
    span = word.part(start, start + len(text))
    return Word(text, span) if word.verbatim else Word(text, span, False, word.offsets[start:end])


def split(value: Word, quoting: Quoting) -> Split:
    """The words of `value`. Variables, specifiers (`%i`) and unknown escapes stay as written; systemd's `%%` gives `%`.

    What stands between template marks (`{{ name }}`) is taken as it is, blanks included.
    """
    text, offsets, source = value.text, places(value), value.span.source
    words: list[Word] = []
    open_quote: Span | None = None
    at = 0
    while at < len(text):
        if text[at] in _BLANK:
            at += 1
            continue
        start, quote, opened, literal = at, "", at, value.verbatim
        chars: list[str] = []
        where: list[int] = []
        while at < len(text) and (quote or text[at] not in _BLANK):
            char, length = text[at], 1
            mark = _TEMPLATE_MARK.match(text, at) if char == "{" else None
            if mark is not None:
                chars.append(mark[0])
                where += offsets[at : mark.end()]
                at = mark.end()
                continue
            if quoting is Quoting.SHELL and not quote and char in _OPERATORS:
                if at == start:
                    while at < len(text) and text[at] in _OPERATORS:
                        chars.append(text[at])
                        where.append(offsets[at])
                        at += 1
                break
            if char == quote:
                quote, char = "", ""
            elif not quote and char in "'\"":
                quote, opened, char = char, at, ""
            elif char == "\\":
                char, length = (
                    _systemd_escape(text, at) if quoting is Quoting.SYSTEMD else _shell_escape(text, at, quote)
                )
            elif quoting is Quoting.SYSTEMD and text.startswith("%%", at):
                length = 2
            literal = literal and length == 1
            if char:
                chars.append(char)
                where.append(offsets[at])
            at += length
        if quote:
            open_quote = Span(source, offsets[opened], offsets[opened] + 1)
        at = min(at, len(text))
        whole = Span(source, offsets[start], offsets[at - 1] + 1)
        words.append(place(source, "".join(chars), where, whole, literal))
    return Split(words, open_quote)


def _systemd_escape(text: str, at: int) -> tuple[str, int]:
    """The character that the escape at `at` stands for (an unknown escape: its backslash) and the escape's length."""
    found = _C_ESCAPE.match(text, at)
    if found is None:
        return "\\", 1
    if found["plain"]:
        return _C_PLAIN[found["plain"]], 2
    digits = found["hex"] or found["short"] or found["long"]
    number = int(digits, 16) if digits else int(found["octal"], 8)
    return (chr(number), len(found[0])) if 0 < number < 0x110000 else ("\\", 1)


def _shell_escape(text: str, at: int, quote: str) -> tuple[str, int]:
    following = text[at + 1 : at + 2]
    if quote == "'" or not following or (quote == '"' and following not in '$`"\\\n'):
        return "\\", 1
    return ("" if following == "\n" else following), 2
