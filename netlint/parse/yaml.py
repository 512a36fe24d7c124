"""YAML: the events of libyaml (or of PyYAML's own parser where that is missing) to a tree.

Scalars are typed as Compose's reader does (go-yaml: YAML 1.2's core schema, with 0b11 and 1_000 as integers and 010 as
an octal one): `on` and `yes` are strings, and so are `22:22` and dates.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from msgspec import Struct

from netlint.parse.tree import Entry, Mapping, Node, Problem, Scalar, Sequence, Value
from netlint.parse.yaml_events import (
    AliasEvent,
    DocumentEndEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    MarkedYAMLError,
    Parser,
    Reader,
    ScalarEvent,
    Scanner,
    SequenceEndEvent,
    SequenceStartEvent,
)
from netlint.pattern import pattern
from netlint.source import Source, Span

# Levels of nesting, aliases followed: whoever walks the tree by recursion must not run out of stack.
MAX_DEPTH = 200
_TOO_DEEP = f"more than {MAX_DEPTH} levels of mappings and lists in each other"
# Nodes that aliases may stand for in one file, each counted as often as it is reached.
MAX_ALIASED = 400_000

# What YAML's c-printable leaves out. Alternatives for what lies high: one class over it takes 5 ms to compile.
_FORBIDDEN = pattern(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f]|[\ud800-\udfff]|\ufffe|\uffff")
_PROPERTIES = pattern(r"(?:(?:&[\w-]+|!(?:<[^>]*>|[^\s,\[\]{}]*))(?:\s|(?<=\s)#[^\r\n\x85\u2028\u2029]*)*)*")
_CONSTANTS: dict[str, Value] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), float("inf")),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), float("-inf")),
}
_INTEGER = pattern(
    r"(?P<sign>[-+]?)(?:0[xX](?P<hex>[0-9a-fA-F]+)|0[oO]?(?P<octal>[0-7]+)|0[bB](?P<binary>[01]+)"
    r"|(?P<decimal>0|[1-9][0-9]*))"
)
_BASES = {"hex": 16, "octal": 8, "binary": 2, "decimal": 10}
_FLOAT = pattern(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
# What helps where a syntax error stands at such a text.
_CURES = {
    "\t": "indent with spaces: YAML allows no tabs there",
    "{%": "this is a template: render it first",
    "%": "write a value that starts with % in quotes",
    "@": "write a value that starts with @ in quotes",
    "`": "write a value that starts with ` in quotes",
}
_STANDARD = "tag:yaml.org,2002:"


class _PythonParser(Reader, Scanner, Parser):
    def __init__(self, text: str) -> None:
        Reader.__init__(self, text)
        Scanner.__init__(self)
        Parser.__init__(self)


def _parser(text: str) -> Any:
    try:
        from yaml._yaml import CParser  # noqa: PLC0415 - PyYAML can be built without libyaml
    except ImportError:
        return _PythonParser(text)
    return CParser(text)


class _Open:
    """A mapping or sequence whose end was not yet reached; `height` is how many levels its children have so far."""

    __slots__ = ("anchor", "children", "event", "height", "seen", "start")

    def __init__(self, event: Any, start: int, seen: int) -> None:
        self.event = event
        self.anchor: str | None = event.anchor
        self.start = start
        self.seen = seen
        self.height = 1
        self.children: list[Node] = []


class _Anchored(Struct, frozen=True):
    """What an alias stands for: the node, how many nodes it is with all below it, and how many levels."""

    node: Node
    size: int
    height: int


class _ExcessError(Exception):
    """The text stands for more than netlint reads."""

    def __init__(self, span: Span, message: str) -> None:
        super().__init__(message)
        self.span = span
        self.message = message


def parse(source: Source) -> tuple[list[Node], list[Problem]]:
    """The documents of the text, an empty one as a null scalar.

    A syntax error ends the reading: the documents before it are kept, the one it stands in is not.
    """
    composer = _Composer(source)
    documents: list[Node] = []
    try:
        documents.extend(composer.documents())
    except _ExcessError as error:
        composer.problems.append(Problem(error.span, error.message, fatal=not documents))
    except MarkedYAMLError as error:
        composer.problems.append(composer.syntax_error(error, fatal=not documents))
    return documents, composer.problems


@lru_cache(maxsize=4096)
def typed(text: str) -> Value:
    """The value of a plain scalar."""
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if text[0] not in "+-.0123456789" or ":" in text or "/" in text:
        return text
    digits = text.replace("_", "")
    found = _INTEGER.fullmatch(digits)
    if found is not None and len(digits) <= 70:
        kind = found.lastgroup or "decimal"
        number = int(found[kind], _BASES[kind])
        number = -number if found["sign"] == "-" else number
        if -(2**63) <= number < 2**64:
            return number
    if _FLOAT.fullmatch(digits):
        value = float(digits)
        return value if abs(value) != float("inf") else text
    return text


class _Composer:
    """Composes nodes from events, with a stack of its own instead of recursion."""

    def __init__(self, source: Source) -> None:
        text = source.text
        self.source = source
        self.text = text
        self.path = source.path
        self.problems: list[Problem] = []
        # libyaml does not count a byte order mark that it skips.
        self.base = 1 if text.startswith("\ufeff") else 0
        # a text of what is printed and of line ends, as nearly all are, holds none of them
        plain = text.replace("\n", " ").replace("\r", " ").replace("\t", " ").isprintable()
        found = None if plain else _FORBIDDEN.search(text)
        if found is not None:
            message = f"character U+{ord(found[0]):04X} is not allowed in YAML"
            self.problems.append(Problem(source.span(*found.span()), message))
            text = _FORBIDDEN.sub("\ufffd", text)
        self.parser = _parser(text[self.base :])
        self.seen = 0  # nodes so far, aliases followed
        self.aliased = 0
        self.anchors: dict[str, _Anchored | None] = {}  # None: still open

    def documents(self) -> Iterator[Node]:
        get_event = self.parser.get_event
        stack: list[_Open] = []
        root: Node | None = None
        while (event := get_event()) is not None:
            node: Node
            height = 0
            kind = type(event)
            if kind is ScalarEvent:
                self.seen += 1
                node = self.scalar(event)
                if event.anchor is not None:
                    self.anchors[event.anchor] = _Anchored(node, 1, 0)
            elif kind is MappingStartEvent or kind is SequenceStartEvent:
                self.open(event, stack)
                continue
            elif kind is MappingEndEvent or kind is SequenceEndEvent:
                opened = stack.pop()
                height = opened.height
                node = self.mapping(opened, event) if kind is MappingEndEvent else self.sequence(opened, event)
                if opened.anchor is not None:
                    self.anchors[opened.anchor] = _Anchored(node, self.seen - opened.seen, height)
            elif kind is AliasEvent:
                node, height = self.alias(event, len(stack))
            elif kind is DocumentStartEvent:
                self.anchors.clear()
                continue
            elif kind is DocumentEndEvent and root is not None:
                yield root
                root = None
                continue
            else:
                continue
            if stack:
                parent = stack[-1]
                parent.children.append(node)
                if height >= parent.height:
                    parent.height = height + 1
            else:
                root = node

    def open(self, event: Any, stack: list[_Open]) -> None:
        start = event.start_mark.index + self.base
        if event.anchor is not None or event.tag is not None:
            start = self.content(start, len(self.text))
        if len(stack) >= MAX_DEPTH:
            span = self.source.span(start, start + 1)
            raise _ExcessError(span, _TOO_DEEP)
        stack.append(_Open(event, start, self.seen))
        self.seen += 1
        if event.anchor is not None:
            self.anchors[event.anchor] = None

    def content(self, start: int, end: int) -> int:
        """Where the node that starts at `start` goes on behind its tag and anchor."""
        found = _PROPERTIES.match(self.text, start, end)
        return found.end() if found is not None else start

    def scalar(self, event: Any) -> Scalar:
        text, value, style, tag = self.text, event.value, event.style, event.tag
        start = event.start_mark.index + self.base
        end = event.end_mark.index + self.base
        if tag is not None or event.anchor is not None:
            start = self.content(start, end)
        at: int | None = None
        if not style:
            plain = tag != f"{_STANDARD}str"
            if text[start:end] == value:
                at = start
        elif style in "|>":
            plain = False
            end = start + len(text[start:end].rstrip())
        else:
            plain = False
            if text[start + 1 : end - 1] == value:
                at = start + 1
        is_typed = plain or (tag is not None and tag.startswith(_STANDARD) and tag != f"{_STANDARD}str")
        return Scalar(
            span=Span(self.path, start, end),
            text=value,
            value=typed(value) if is_typed else value,
            plain=not style,
            tag=tag,
            start=at,
        )

    def alias(self, event: Any, depth: int) -> tuple[Node, int]:
        """The node of an alias with its levels; an alias that cannot be followed is a null."""
        span = self.source.span(event.start_mark.index + self.base, event.end_mark.index + self.base)
        anchored = self.anchors.get(event.anchor)
        if anchored is None:
            known = event.anchor in self.anchors
            message = (
                f"alias *{event.anchor} stands inside what it refers to"
                if known
                else (f"alias *{event.anchor} refers to no anchor before it")
            )
            self.problems.append(Problem(span, message))
            self.seen += 1
            return Scalar(span=span, text="", value=None), 0
        self.seen += anchored.size
        self.aliased += anchored.size
        if self.aliased > MAX_ALIASED:
            raise _ExcessError(span, f"the aliases up to this one stand for more than {MAX_ALIASED} nodes")
        if depth + anchored.height > MAX_DEPTH:
            raise _ExcessError(span, f"alias *{event.anchor} leads to more than {MAX_DEPTH} levels in each other")
        match anchored.node:
            case Scalar(text=text, value=value, plain=plain, tag=tag):
                return Scalar(span=span, text=text, value=value, plain=plain, tag=tag), 0
            case Mapping(entries=entries, tag=tag, merges=merges):
                return Mapping(span=span, entries=entries, tag=tag, merges=merges), anchored.height
            case Sequence(items=items, tag=tag):
                return Sequence(span=span, items=items, tag=tag), anchored.height

    def span(self, opened: _Open, event: Any) -> Span:
        """From the first character to the last; the end event of a block stands only at the next token."""
        end = event.end_mark.index + self.base
        if not opened.event.flow_style:
            end = opened.children[-1].span.end if opened.children else opened.start
        return Span(self.source.path, opened.start, end)

    def sequence(self, opened: _Open, event: Any) -> Sequence:
        return Sequence(span=self.span(opened, event), items=tuple(opened.children), tag=opened.event.tag)

    def mapping(self, opened: _Open, event: Any) -> Mapping:
        children = iter(opened.children)
        entries: list[Entry] = []
        merges: list[Scalar] = []
        merged: list[Node] = []
        for key, value in zip(children, children, strict=True):
            if not isinstance(key, Scalar):
                what = "mapping" if isinstance(key, Mapping) else "list"
                cure = "a value that starts with { is a mapping: write it in quotes" if what == "mapping" else ""
                self.problems.append(Problem(key.span, f"a {what} stands where a key is expected", cure))
            elif key.text == "<<" and key.plain:
                merges.append(key)
                merged.append(value)
            else:
                entries.append(Entry(key=key, value=value))
        if merges:
            entries[:0] = self.merged(merged, {entry.key.text for entry in entries})
        return Mapping(
            span=self.span(opened, event), entries=tuple(entries), tag=opened.event.tag, merges=tuple(merges)
        )

    def merged(self, values: list[Node], known: set[str]) -> Iterator[Entry]:
        """The entries that merge keys bring: not those of `known` keys, and of equal ones the first."""
        for value in values:
            for source in value.items if isinstance(value, Sequence) else (value,):
                if not isinstance(source, Mapping):
                    message = "the merge key << takes a mapping or a list of mappings"
                    self.problems.append(Problem(source.span, message))
                    continue
                effective = {entry.key.text: entry for entry in source.entries}
                for text, entry in effective.items():
                    if text not in known:
                        known.add(text)
                        yield entry if entry.merged else Entry(key=entry.key, value=entry.value, merged=True)

    def syntax_error(self, error: MarkedYAMLError, fatal: bool) -> Problem:
        """What the parser says of a place; where something lacks its end, of the place where it begins."""
        found, around = error.problem_mark, error.context_mark
        context = (error.context or "").removeprefix("while scanning for the next token")
        lacks_end = context == "while scanning a simple key" or (found and found.index + self.base >= len(self.text))
        if found is None or (around is not None and lacks_end):
            found = around
        at = min(found.index + self.base, len(self.text)) if found is not None else 0
        if self.text[max(at - 1, 0) : at + 1] == "{%":
            at -= 1
        if "maximum nesting depth" in (error.problem or ""):  # libyaml 0.2.6 scans ahead to a limit of its own
            return Problem(self.source.span(at, at + 1), _TOO_DEEP, fatal=fatal)
        text = self.text[at : at + 2]
        cure = next((cure for start, cure in _CURES.items() if text.startswith(start)), "")
        if not cure and context and around is not None and not lacks_end:
            opened = re.sub(r"^while (?:parsing|scanning) an?", "the", context)
            cure = f"{opened} begins on line {self.source.position(around.index + self.base).line}"
        message = " ".join(filter(None, (error.problem, context)))
        end = at if text[:1] in ("", "\r", "\n") else at + 1
        return Problem(self.source.span(at, end), message or "this is no YAML", cure, fatal)
