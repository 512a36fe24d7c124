r"""Unit files and drop-ins, as systemd reads them.

file       = *( section | assignment | comment | blank )
section    = "[" name "]"
assignment = key "=" value               ; an empty value resets a list
comment    = ( "#" | ";" ) …             ; also between the lines of a continued value, which goes on after it
value      = text *( "\" newline text )  ; the backslash stands for a blank

systemd.syntax(7); what the manual leaves open follows parse_line and config_parse of systemd's conf-parser.c. In a
template, a line that holds nothing but a statement (`{% if … %}`) is passed over like a comment.
"""

from __future__ import annotations

import re
from itertools import pairwise

from msgspec import Struct

from netlint.parse.tree import Problem, Unsupported, Word
from netlint.parse.words import Quoting, cut, split
from netlint.source import Source, Span

_UNIT_SUFFIX = re.compile(
    r".*\.(?:service|socket|conf|mount|automount|swap|target|path|timer|slice|scope|network|netdev|link)"
)
_KEY = re.compile(r"[A-Za-z][A-Za-z0-9-]*")
_TEMPLATE_STATEMENT = re.compile(r"\s*\{%.*%\}\s*")
_BLANK = " \t\r\n"
_PREFIXES = "@-:+!|"
_WORD_LISTS = ("Exec", "Environment")


class Section(Struct, frozen=True):
    """A section header; `span` covers the brackets."""

    name: str
    span: Span


class Assignment(Struct, frozen=True, kw_only=True):
    """One `key=value`. `section` is None before the first header. A continued value has blanks for its backslashes."""

    key: Word
    value: Word
    span: Span
    section: str | None


class Command(Struct, frozen=True):
    """A command of an Exec setting; `prefix` is what stands before the program (`-`, `@`, …)."""

    prefix: str
    words: tuple[Word, ...]

    @property
    def program(self) -> str:
        return self.words[0].text


class UnitFile(Struct, frozen=True, kw_only=True):
    """A unit file or drop-in. `excerpt`: quoted without its section headers, so that any section may be meant."""

    span: Span
    sections: tuple[Section, ...]
    assignments: tuple[Assignment, ...]
    excerpt: bool
    unsupported: tuple[Unsupported, ...] = ()

    def all(self, section: str, key: str) -> list[Assignment]:
        """Every assignment of `key` that systemd finds in `section`, in order, empty ones included."""
        return [
            one
            for one in self.assignments
            if one.key.text == key and (one.section == section or (one.section is None and self.excerpt))
        ]


def parse(source: Source) -> tuple[UnitFile, list[Problem]]:
    """The unit file, and each line that systemd would pass over."""
    parser = _Parser(source)
    for line in _logical_lines(source, parser.unsupported):
        parser.line(line)
    tree = UnitFile(
        span=source.span(0, len(source.text)),
        sections=tuple(parser.sections),
        assignments=tuple(parser.assignments),
        excerpt=parser.excerpt,
        unsupported=tuple(parser.unsupported),
    )
    return tree, parser.problems


def split_words(value: Word) -> list[Word]:
    """The words of a value that systemd splits. References (`$VAR`, `${VAR}`) and specifiers (`%i`) stay in them."""
    return split(value, Quoting.SYSTEMD).words


def commands(value: Word) -> list[Command]:
    """The commands of an Exec setting: one, or several with ` ; ` between them. After `@`, argv[0] is left out."""
    found: list[Command] = []
    words: list[Word] = []
    for word in [*split_words(value), None]:
        if word is not None and word.text != ";":
            words.append(word)
        elif words:
            found.append(_command(words))
            words = []
    return found


def _command(words: list[Word]) -> Command:
    first = words[0]
    bare = first.text.lstrip(_PREFIXES)
    prefix = first.text[: len(first.text) - len(bare)]
    rest = words[2:] if "@" in prefix else words[1:]
    return Command(prefix, (cut(first, len(prefix)), *rest))


def _logical_lines(source: Source, unsupported: list[Unsupported]) -> list[Word]:
    """Lines with their continuations, comments and template statements left out."""
    lines: list[Word] = []
    chars: list[str] = []
    offsets: list[int] = []
    text = source.text
    starts = [*source.line_starts, len(text)]
    for start, following in pairwise(starts):
        begin = start + 1 if start == 0 and text.startswith("\ufeff") else start
        line = text[begin:following].rstrip("\r\n")
        if _TEMPLATE_STATEMENT.fullmatch(line):
            unsupported.append(Unsupported(source.span(begin, begin + len(line)), "a template statement"))
            continue
        if line.lstrip(_BLANK)[:1] in ("#", ";"):
            continue
        continued = (len(line) - len(line.rstrip("\\"))) % 2 == 1
        chars.append(line[:-1] + " " if continued else line)
        offsets += range(begin, begin + len(line))
        if not continued:
            lines.append(_place(source, "".join(chars), offsets))
            chars, offsets = [], []
    if chars:
        lines.append(_place(source, "".join(chars), offsets))
    return lines


def _place(source: Source, text: str, offsets: list[int]) -> Word:
    start, end = (offsets[0], offsets[-1] + 1) if offsets else (0, 0)
    if source.text[start:end] == text:
        return Word(text, source.span(start, end))
    return Word(text, source.span(start, end), False, tuple(offsets))


class _Parser:
    def __init__(self, source: Source) -> None:
        self.is_unit = _UNIT_SUFFIX.fullmatch(source.path) is not None
        self.excerpt = False
        self.sections: list[Section] = []
        self.assignments: list[Assignment] = []
        self.unsupported: list[Unsupported] = []
        self.problems: list[Problem] = []

    def line(self, line: Word) -> None:
        line = _strip(line)
        text = line.text
        if not text:
            return
        key, equals, _ = text.partition("=")
        if text.startswith("["):
            if not text.endswith("]"):
                self.problems.append(Problem(line.span, "section header without a closing bracket"))
            self.sections.append(Section(text.strip("[]" + _BLANK), line.span))
        elif text.startswith(".include "):
            self.unsupported.append(Unsupported(line.span, "another file is included"))
        elif not equals or not _KEY.fullmatch(key.rstrip(_BLANK)):
            self.problems.append(Problem(line.span, "neither a section, an assignment nor a comment", self._help()))
        else:
            self._assignment(line, key)

    def _assignment(self, line: Word, key: str) -> None:
        name = cut(line, 0, len(key.rstrip(_BLANK)))
        value = _strip(cut(line, len(key) + 1))
        if not value.text:
            value = Word("", Span(line.span.source, line.span.end, line.span.end))
        section = self.sections[-1].name if self.sections else None
        if section is None and not self.is_unit:
            self.excerpt = True
        elif section is None:
            cure = "write the section, such as [Service], above it"
            self.problems.append(
                Problem(line.span, f"{name.text} stands outside of a section: systemd ignores it", cure)
            )
        if name.text.startswith(_WORD_LISTS):
            quote = split(value, Quoting.SYSTEMD).open_quote
            if quote is not None:
                self.problems.append(Problem(quote, f"this quote is never closed: systemd ignores {name.text}"))
        self.assignments.append(Assignment(key=name, value=value, span=line.span, section=section))

    def _help(self) -> str:
        if self.assignments and self.assignments[-1].value.text.endswith("\\"):
            return "the backslash above is followed by blanks, so the line is not continued"
        return ""


def _strip(word: Word) -> Word:
    start = len(word.text) - len(word.text.lstrip(_BLANK))
    end = len(word.text.rstrip(_BLANK))
    return cut(word, start, max(start, end))
