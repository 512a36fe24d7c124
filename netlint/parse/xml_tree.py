"""XML with places, through expat: firewalld's zones, policies and direct rules.

Document types are refused: entities that expand without end are declared there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.parsers import expat

from msgspec import Struct

from netlint.parse.tree import Problem, Word
from netlint.source import Source, Span

_DEEPEST = 64


class Element(Struct, kw_only=True):
    """An element. `span` covers its start tag; `text` is what stands right in it, without blanks around."""

    name: str
    span: Span
    attributes: dict[str, Word]
    children: list[Element]
    text: str = ""

    def all(self, name: str) -> Iterator[Element]:
        """The children of that name."""
        return (child for child in self.children if child.name == name)

    def attribute(self, name: str) -> str | None:
        word = self.attributes.get(name)
        return word.text if word is not None else None


class _RefusedError(Exception):
    """The document holds what is not read."""


def parse(source: Source) -> tuple[Element | None, list[Problem]]:
    """The root element, or None with a problem."""
    data = source.text.encode("utf-8", "surrogatepass")
    blank = len(data) - len(data.lstrip())  # before an XML declaration there must be nothing
    plain = len(data) == len(source.text)

    def offset(at: int) -> int:
        return blank + at if plain else len(data[: blank + at].decode("utf-8", "ignore"))

    parser = expat.ParserCreate("utf-8")
    stack: list[Element] = []
    roots: list[Element] = []

    def start(name: str, attributes: dict[str, str]) -> None:
        begin = offset(parser.CurrentByteIndex)
        end = source.text.find(">", begin) + 1
        span = source.span(begin, end or len(source.text))
        words = {key: _value(source, span, key, value) for key, value in attributes.items()}
        element = Element(name=name, span=span, attributes=words, children=[])
        (stack[-1].children if stack else roots).append(element)
        stack.append(element)
        if len(stack) > _DEEPEST:
            raise _RefusedError("elements nested too deeply")

    def end(_: str) -> None:
        stack[-1].text = stack[-1].text.strip()
        stack.pop()

    def characters(text: str) -> None:
        if stack:
            stack[-1].text += text

    def doctype(*_: object) -> None:
        raise _RefusedError("a document type, which is not read")

    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler, parser.StartDoctypeDeclHandler = characters, doctype
    try:
        parser.Parse(data[blank:], True)
    except (expat.ExpatError, _RefusedError) as error:
        at = offset(max(parser.ErrorByteIndex, 0))
        what = str(error) if isinstance(error, _RefusedError) else expat.errors.messages[error.code]
        line = source.position(min(at, len(source.text))).line
        begin = source.line_starts[line - 1]
        span = source.span(begin, begin + len(source.line(line)))
        return (roots[0] if roots else None), [Problem(span, f"no XML: {what}", fatal=True)]
    return roots[0], []


def _value(source: Source, tag: Span, key: str, value: str) -> Word:
    found = re.search(rf"\s{re.escape(key)}\s*=\s*[\"'](?P<value>[^\"']*)", source.slice(tag))
    if found is None or found["value"] != value:
        return Word(value, tag, False)
    return Word(value, tag.part(found.start("value"), found.end("value")))
