"""The indented lines that `docker info` and `docker version` print.

    text   = { line | prompt | warning } ;
    line   = indent key [ ":" [ " " value ] ]
           | program " version " version [ "," build ] ;      (* docker --version, docker-compose version *)

A line belongs to the line above it that is indented less. Layouts differ: until 18.06 the server's part stands at the
margin, since 18.09 below `Server:`. A key may hold colons without a space after them (`10.0.0.5:2377`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct

from netlint.parse.lines import is_prompt
from netlint.parse.tree import Problem, Word
from netlint.source import Source

_SEPARATOR = re.compile(r":(?:[ \t]+|$)")
_ONE_LINE = re.compile(r"(?P<key>docker(?:[- ]compose)? version):?[ \t]+(?P<value>v?\d[^\s,]*)", re.IGNORECASE)
_WARNING = re.compile(r"WARNING:|\[DEPRECATION NOTICE\]|DEPRECATED:")
_FAILURE = re.compile(
    r"ERROR:|errors pretty printing info|error during connect:|Cannot connect to the Docker daemon"
    r"|Got permission denied|permission denied while",
    re.IGNORECASE,
)


class Line(Struct, frozen=True, kw_only=True):
    """One line with those that are indented below it. `value` is None where nothing follows the key."""

    key: Word
    value: Word | None
    lines: tuple[Line, ...] = ()

    def get(self, key: str) -> Line | None:
        """The line below with this key, whatever its case."""
        return next((line for line in self.lines if line.is_named(key)), None)

    def is_named(self, key: str) -> bool:
        return self.key.text.lower() == key.lower()

    def walk(self) -> Iterator[Line]:
        """This line and all below it."""
        stack = [self]
        while stack:
            line = stack.pop()
            yield line
            stack.extend(reversed(line.lines))


def parse(source: Source) -> tuple[list[Line], list[Problem]]:
    """The lines at the margin, each with what belongs to it.

    Prompts and the client's warnings are left out. A failure of the command (no access to the engine) is a problem.
    """
    problems: list[Problem] = []
    root = _Open(-1)
    stack = [root]
    for found in re.finditer(r"[^\r\n]+", source.text):
        text = found[0].strip()
        start = found.end() - len(found[0].lstrip())
        if not text or _WARNING.match(text):
            continue
        if is_prompt(text):
            _close(stack, 0)
        elif _FAILURE.match(text):
            span = source.span(start, start + len(text))
            problems.append(Problem(span, "the command failed here: a part of its output is missing"))
        else:
            indent = len(found[0][: start - found.start()].expandtabs())
            _close(stack, indent)
            stack.append(_Open(indent, *_split(source, text, start)))
    _close(stack, 0)
    if not any(line.value for top in root.lines for line in top.walk()) and source.text.strip():
        whole = source.span(0, len(source.text))
        problems.append(Problem(whole, "this is no output of docker info or docker version", fatal=True))
    return root.lines, problems


class _Open:
    """A line to which lines may yet be added."""

    def __init__(self, indent: int, key: Word | None = None, value: Word | None = None) -> None:
        self.indent = indent
        self.key = key
        self.value = value
        self.lines: list[Line] = []


def _close(stack: list[_Open], indent: int) -> None:
    """Finish the lines that a line with `indent` cannot belong to."""
    while stack[-1].key is not None and stack[-1].indent >= indent:
        done = stack.pop()
        assert done.key is not None
        stack[-1].lines.append(Line(key=done.key, value=done.value, lines=tuple(done.lines)))


def _split(source: Source, text: str, start: int) -> tuple[Word, Word | None]:
    """Key and value of the stripped line `text` that stands at `start`."""
    stated = _ONE_LINE.match(text)
    if stated is not None:
        words = [Word(stated[group], source.span(start, start).part(*stated.span(group))) for group in ("key", "value")]
        return words[0], words[1]
    colon = _SEPARATOR.search(text, 1)
    if colon is None:
        return Word(text, source.span(start, start + len(text))), None
    key = Word(text[: colon.start()], source.span(start, start + colon.start()))
    if colon.end() == len(text):
        return key, None
    return key, Word(text[colon.end() :], source.span(start + colon.end(), start + len(text)))
