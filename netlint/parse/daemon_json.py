"""daemon.json, also as a template that a tool fills in: the literal rest is read, what the template decides is open.

A mark that stands for a value becomes a scalar tagged OPEN. Directives (`{% … %}`, `<% … %>`, `%{ … }`, those of Go and
Mustache) are passed over, and so is what stands between those of a condition or a loop: nobody knows whether it is
there. A list with such a place in it gets an open item. A problem tells of each place.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from typing import NamedTuple

from msgspec.structs import replace

from netlint.parse import json
from netlint.parse.tree import Mapping, Node, Problem, Scalar, Sequence
from netlint.source import Source

OPEN = "template"  # the tag of a scalar that a template decides
MESSAGE = ("this is a mark of a template", "check the file that is made from it")
# Jinja2, Go and Mustache; Jinja2 and Django; ERB; Terraform; then comments, and variables of envsubst and the shell.
_MARK = (
    r"\{\{(?P<braces>.{0,400}?)\}\}|\{%(?P<jinja>.{0,400}?)%\}|<%(?P<erb>.{0,400}?)%>|%\{(?P<terraform>[^}]{0,400})\}"
    r"|(?P<comment>\{\#.{0,2000}?\#\})|[$\#]\{[^}\n]{0,300}\}|\$[A-Za-z_]\w*|\$\([^()\n]{0,300}\)"
)
_OUTSIDE = re.compile(rf'"|{_MARK}', re.DOTALL)
_INSIDE = re.compile(rf'"|\\.|\n|{_MARK}', re.DOTALL)
_ANY = re.compile(r"\{[{%\#]|<%|%\{|[$\#]\{|\$[A-Za-z_(]")
_BEGINS = {
    "braces": re.compile(r"[-~]?\s*(?:if\s|(?:range|with|block|define)\s+[.$(\"])|[#^]"),
    "jinja": re.compile(r"[-+]?\s*(?:if|for|macro|call|filter)\b"),
    "erb": re.compile(r"-?\s*(?:if|unless|for|case|while)\b|[^=#].*\bdo\b\s*(?:\|[^|]*\|)?\s*-?\Z", re.DOTALL),
    "terraform": re.compile(r"~?\s*(?:if|for)\b"),
}
_ENDS = {
    "braces": re.compile(r"[-~]?\s*end\s*[-~]?\Z|/(?!\*)"),
    "jinja": re.compile(r"[-+]?\s*end(?:if|for|macro|call|filter)\b"),
    "erb": re.compile(r"-?\s*(?:end\b|\})"),
    "terraform": re.compile(r"~?\s*end(?:if|for)\b"),
}
_SILENT = {
    "braces": re.compile(r"[-~]?\s*(?:else\b|/\*|!|>|\$\w+\s*:?=)"),
    "jinja": re.compile(r""),
    "erb": re.compile(r"(?!-?=)"),
    "terraform": re.compile(r""),
    "comment": re.compile(r""),
}
_REST = re.compile(r"[^\s,\[\]{}\":$#<]+")  # of a value that goes on behind its mark: {{ a }}4
_VISIBLE = re.compile(r"[^\r\n]")
_SPACE = re.compile(r"\s*")


class _Piece(NamedTuple):
    """A string with marks in it (`kind` "string"), or outside of strings a mark of a value ("value"), a directive
    ("silent") or a whole condition or loop ("region")."""

    start: int
    end: int
    kind: str


def parse(source: Source) -> tuple[list[Node], list[Problem]]:
    """The documents, and as problems each place at which a template decides and what else is wrong."""
    pieces = list(_pieces(source.text)) if _ANY.search(source.text) is not None else []
    if not pieces:
        return json.parse(source)
    masked, values, gaps = _masked(source.text, pieces)
    documents, problems = json.parse(Source(source.path, masked))
    whole = not documents  # nothing is left to read
    problems += (
        Problem(source.span(one.start, one.end), *MESSAGE, fatal=whole) for one in pieces if one.kind != "string"
    )
    found = [_restored(document, source.text, values, gaps) for document in documents]
    return found, sorted(problems, key=lambda problem: problem.span.start)


def _pieces(text: str) -> Iterator[_Piece]:
    """The pieces in order; of conditions and loops the outermost."""
    found: list[_Piece] = []
    begun: list[int] = []  # indices of `found`
    at = 0
    while (mark := _OUTSIDE.search(text, at)) is not None:
        at = mark.end()
        if mark[0] == '"':
            at, marked = _string_end(text, at)
            if marked:
                found.append(_Piece(mark.start(), at, "string"))
            continue
        kind = mark.lastgroup
        inner = mark[kind] if kind is not None else ""
        if kind in _ENDS and _ENDS[kind].match(inner) and begun:
            first = begun.pop()
            found[first:] = [_Piece(found[first].start, at, "region")]
        elif kind in _BEGINS and _BEGINS[kind].match(inner):
            begun.append(len(found))
            found.append(_Piece(*mark.span(), "silent"))
        else:
            silent = kind in _SILENT and _SILENT[kind].match(inner) is not None
            found.append(_Piece(*mark.span(), "silent" if silent else "value"))
    yield from found


def _string_end(text: str, at: int) -> tuple[int, bool]:
    """Where the string ends whose content begins at `at`, and whether a mark stands in it."""
    marked = False
    while (found := _INSIDE.search(text, at)) is not None:
        at = found.end()
        if found[0] == '"':
            return at, marked
        if found[0] == "\n":
            return found.start(), marked
        marked = marked or found[0][0] != "\\"
    return len(text), marked


def _masked(text: str, pieces: list[_Piece]) -> tuple[str, dict[int, int], list[int]]:
    """The text with strings of equal length for open values, and blanks for all else of the template; where the values
    begin and end; and where something was that may be there."""
    parts: list[str] = []
    values: dict[int, int] = {}
    gaps: list[int] = []
    ends = {piece.start: piece.end for piece in pieces if piece.kind == "value"}
    at, before = 0, ""
    for piece in pieces:
        start, end = piece.start, piece.end
        if start < at:
            continue
        between = text[at:start]
        before = between.rstrip()[-1:] or before
        parts.append(between)
        if piece.kind == "string":
            parts.append('"' + re.sub(r'["\\\n]', "'", text[start + 1 : end - 1]) + text[end - 1 : end])
            before = '"'
        else:
            if piece.kind == "value":
                end = _whole(text, end, ends)
            after = _next(text, end)
            if piece.kind != "silent" and _is_value(before, after, piece.kind):
                values[start] = end
                parts.append('"' + "_" * (end - start - 2) + '"')
                before = '"'
            else:
                gaps.append(start)
                parts.append(_VISIBLE.sub(" ", text[start:end]))
        at = end
    parts.append(text[at:])
    return "".join(parts), values, gaps


def _whole(text: str, end: int, ends: dict[int, int]) -> int:
    """Where a value ends that goes on behind a mark: `{{ a }}4{{ b }}`."""
    while True:
        rest = _REST.match(text, end)
        further = rest.end() if rest is not None else ends.get(end, end)
        if further == end:
            return end
        end = further


def _next(text: str, at: int) -> str:
    """The next character that is no white space."""
    found = _SPACE.match(text, at)
    return text[found.end() : found.end() + 1] if found is not None else ""


def _is_value(before: str, after: str, kind: str) -> bool:
    """Whether a mark between these characters stands for one value, or the items of a list, or a key."""
    if before == ":":
        return True
    if before in ("[", ","):
        return after not in ('"', "}", "{") or before == "["
    return before == "{" and after == ":" and kind == "value"


def _restored(node: Node, text: str, values: dict[int, int], gaps: list[int]) -> Node:
    """The node with open scalars where values were masked, and an open item in lists that may hold more."""
    match node:
        case Scalar():
            return _opened(node, text, values)
        case Sequence(items=items, span=span):
            kept = tuple(_restored(item, text, values, gaps) for item in items)
            first = bisect_left(gaps, span.start)
            if first < len(gaps) and gaps[first] < span.end:
                place = replace(span, start=gaps[first], end=gaps[first] + 1)
                written = text[place.start : place.end]
                kept = (*kept, Scalar(span=place, text=written, value=written, start=place.start, tag=OPEN))
            return replace(node, items=kept)
        case Mapping(entries=entries):
            restored = (
                replace(
                    entry,
                    key=_opened(entry.key, text, values),
                    value=_restored(entry.value, text, values, gaps),
                )
                for entry in entries
            )
            return replace(node, entries=tuple(restored))


def _opened(scalar: Scalar, text: str, values: dict[int, int]) -> Scalar:
    if values.get(scalar.span.start) != scalar.span.end:
        return scalar
    written = text[scalar.span.start : scalar.span.end]
    return replace(scalar, text=written, value=written, tag=OPEN, start=scalar.span.start)
