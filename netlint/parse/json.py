"""JSON to the tree that it shares with YAML.

    text     = { noise | document } ;
    document = mapping | sequence | scalar alone on its line ;
    mapping  = "{" [ member { "," member } ] "}" ;
    member   = string ":" value ;
    sequence = "[" [ value { "," value } ] "]" ;
    value    = mapping | sequence | scalar ;
    scalar   = string | number | "true" | "false" | "null" ;

Between tokens stand white space and, as problems, comments and template marks. Syntax as Go's encoding/json has it,
which reads these files in dockerd: RFC 8259, any trailing text refused, a byte order mark allowed.
"""

from __future__ import annotations

import re
from json import JSONDecodeError, JSONDecoder
from math import isfinite

from netlint.parse.lines import is_prompt
from netlint.parse.tree import Entry, Mapping, Node, Problem, Scalar, Sequence
from netlint.source import Source, Span

MAX_DEPTH = 100  # two frames each, well inside Python's limit of 1,000; real files stay below 20

_DECODER = JSONDecoder()
_SPACE = re.compile(r"[ \t\r\n]*")
_LINE = re.compile(r"[^\n]*")
_SIMPLE_STRING = re.compile(r'"([^"\\\x00-\x1f]*)"')
_PLAIN_MEMBER = re.compile(rf"{_SIMPLE_STRING.pattern}[ \t\r\n]*:[ \t\r\n]*{_SIMPLE_STRING.pattern}")
# A string as it may be broken: it ends at its quote or, where that is missing, with its line.
_ANY_STRING = re.compile(r'"[^"\\\n]*(?:\\[^\n]?[^"\\\n]*)*(?P<closing>"?)')
_LITERAL = re.compile(
    r"(?:(?P<word>true|false|null)|-?(?:0|[1-9][0-9]*)(?P<real>(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?))"
    r"(?![\w.+$%{:-]|/[^/*])"
)
_WORDS = {"true": True, "false": False, "null": None}

# What Go refuses between tokens although a reader sees that it is no value.
_COMMENT = re.compile(r"//[^\n]*|/\*.*?(?:\*/|\Z)|#(?!\{)[^\n]*", re.DOTALL)
_TEMPLATE_BLOCK = re.compile(r"\{(?:%[^\n]{0,300}?%|#[^\n]{0,300}?#)\}")
_FOREIGN_SPACE = re.compile("[\\s\ufeff\u200b]+")

_TEMPLATE = re.compile(rf"{_TEMPLATE_BLOCK.pattern}|\{{\{{[^\n]{{0,300}}?\}}\}}|[$#]\{{[^}}\n]{{0,300}}\}}|\$\w+")
_TEMPLATE_MESSAGE = ("this is a mark of a template", "check the file that is made from it")
_BARE = re.compile(r"""'[^'\n]*'|[^\s,\[\]{}"]+""")
_BARE_KEY = re.compile(r"""'[^'\n]*'|[^\s,:\[\]{}"]+""")
# What decides where to read on after an error; the rest is passed over.
_STOP = re.compile(rf"{_TEMPLATE.pattern}|{_ANY_STRING.pattern}|(?<=\s)(?://|\#)[^\n]*|/\*(?s:.*?)\*/|[\[\]{{}},]")

_HTTP_HEADER = re.compile(r"(?:HTTP/[0-9.]+ [0-9]{3}|[A-Z]+ \S+ HTTP/[0-9.]+)[^\n]*\n(?:[\w-]+:[^\n]*(?:\n|\Z))*")
# After a `#` anything else is a comment.
_ROOT_COMMAND = re.compile(r"#[ ]?(?:sudo )?(?:docker [a-z]+ (?:inspect|ls)|docker (?:info|inspect|version)|ip |cat /)")
_FRAGMENT = re.compile(r'["\]},:]')


def parse(source: Source) -> tuple[list[Node], list[Problem]]:
    """The documents of the text in order (none for an empty one), each with exact spans, and the problems.

    A string's span includes its quotes. Prompts and HTTP headers around documents are passed over without a word.
    """
    parser = _Parser(source)
    documents = parser.documents()
    return documents, sorted(parser.problems, key=lambda problem: problem.span.start)


class _Parser:
    def __init__(self, source: Source) -> None:
        self.path = source.path
        self.text = source.text
        self.at = 0
        self.problems: list[Problem] = []
        self.open: list[str] = []  # the closing brackets that are due
        self.ended = False  # the end of the text inside a document is one problem, not one for each bracket

    def documents(self) -> list[Node]:
        text, found = self.text, list[Node]()
        noise: tuple[int, int] | None = None
        self.at = 1 if text.startswith("\ufeff") else 0
        while True:
            self.at = _end(_SPACE, text, self.at)
            if self.at == len(text):
                break
            at = self.at
            node = None if self.surroundings() else self.document()
            if node is not None:
                found.append(node)
            elif self.at == at:
                if not found and _FRAGMENT.match(text, at):
                    break  # the inside of a document: nothing below is a document of its own
                self.at = _end(_LINE, text, at)
                noise = (noise[0] if noise else at, self.at)
                continue
            if noise:
                self.noise(*noise)
                noise = None
        if not found and (noise or self.at < len(text)):
            start, end = noise or (self.at, _end(_LINE, text, self.at))
            hint = "a document begins with { or ["
            self.problems.insert(0, Problem(Span(self.path, start, end), "this is no JSON document", hint, fatal=True))
        elif noise:
            self.noise(*noise)
        return found

    def surroundings(self) -> bool:
        """Pass over what may stand around a document; False where nothing of that kind does."""
        text, at = self.text, self.at
        self.at = _end(_HTTP_HEADER, text, at)
        end = _end(_LINE, text, self.at)
        if (text[self.at : self.at + 1] != "#" or _ROOT_COMMAND.match(text, self.at)) and is_prompt(
            text[self.at : min(end, self.at + 300)]
        ):
            self.at = end
        if self.at == at:
            self.skip()
        return self.at > at

    def document(self) -> Node | None:
        """The document that begins here; None, without moving, where none does."""
        text, at = self.text, self.at
        self.ended = False
        if text[at] == "{":
            return None if _TEMPLATE.match(text, at) else self.mapping()
        if text[at] == "[":
            return self.sequence()
        alone = _LITERAL.match(text, at) or _SIMPLE_STRING.match(text, at)
        if alone is None or text[alone.end() : _end(_LINE, text, at)].strip():
            return None
        return self.value()

    def noise(self, start: int, end: int) -> None:
        self.problem(start, end, "this text is no part of a JSON document")

    # Values

    def value(self) -> Node | None:
        """The value at this place; None, past it, where there is none."""
        text, at = self.text, self.at
        first = text[at : at + 1]
        if first == '"':
            return self.string()
        if first == "{" and not _TEMPLATE.match(text, at):
            return self.mapping()
        if first == "[":
            return self.sequence()
        literal = _LITERAL.match(text, at)
        if literal is not None:
            return self.literal(literal)
        if first == "":
            self.end_of_text()
        elif first in ",]}":
            self.problem(at, at + 1, f"a value is missing before {first}")
        else:
            self.bad_value()
        return None

    def literal(self, found: re.Match[str]) -> Scalar | None:
        start, end = found.span()
        text = found[0]
        self.at = end
        value: bool | int | float | None
        if found["word"]:
            value = _WORDS[text]
        elif found["real"] or len(text) > 400:  # int() refuses thousands of digits
            value = float(text)
            if not isfinite(value):
                self.problem(start, end, "this number is out of range")
                return None
        else:
            value = int(text)
        return Scalar(span=Span(self.path, start, end), text=text, value=value, plain=True, start=start)

    def string(self) -> Scalar:
        text, start = self.text, self.at
        simple = _SIMPLE_STRING.match(text, start)
        if simple is not None:
            self.at = end = simple.end()
            content = simple[1]
            return Scalar(span=Span(self.path, start, end), text=content, value=content, start=start + 1)
        try:
            content, end = _DECODER.raw_decode(text, start)
        except JSONDecodeError as error:
            return self.broken_string(error)
        if not content.isascii():  # a lone surrogate cannot be printed; Go reads U+FFFD for it
            content = content.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        self.at = end
        return Scalar(span=Span(self.path, start, end), text=content, value=content)

    def broken_string(self, error: JSONDecodeError) -> Scalar:
        text, start = self.text, self.at
        found = _ANY_STRING.match(text, start)
        assert found is not None
        self.at = end = found.end()
        closed = bool(found["closing"])
        if not closed:
            self.at = end = start + len(found[0].rstrip())
            self.problem(start, end, "this string has no closing quote")
        elif "escape" in error.msg:
            self.problem(error.pos, min(error.pos + 2, end), "JSON has no such escape", r"a backslash is written \\")
        else:
            self.problem(error.pos, error.pos + 1, "a control character must be written as an escape")
        content = text[start + 1 : end - closed]
        return Scalar(span=Span(self.path, start, end), text=content, value=content, start=start + 1)

    # Brackets

    def mapping(self) -> Mapping | None:
        start = self.at
        if not self.enter("}"):
            return None
        entries: list[Entry] = []
        comma_due = False
        while self.another(comma_due):
            comma_due = True
            if self.text[self.at] != '"':
                self.bad_key()
                continue
            plain = _PLAIN_MEMBER.match(self.text, self.at)
            if plain is not None:
                entries.append(self.plain_member(plain))
                continue
            key = self.string()
            self.skip()
            if self.text[self.at : self.at + 1] == ":":
                self.at += 1
                self.skip()
                value = self.value()
                if value is not None:
                    entries.append(Entry(key=key, value=value))
            elif self.at < len(self.text):
                self.problem(key.span.start, key.span.end, "a colon and a value are missing after this key")
                self.resynchronise()
        return Mapping(span=Span(self.path, start, self.at), entries=tuple(entries))

    def plain_member(self, found: re.Match[str]) -> Entry:
        """A member of two strings without escapes. Listings are full of them: this halves the time of a large one."""
        path, at = self.path, found.start()
        self.at = end = found.end()
        key, value = found.groups()
        start = end - len(value) - 2
        return Entry(
            key=Scalar(span=Span(path, at, at + len(key) + 2), text=key, value=key, start=at + 1),
            value=Scalar(span=Span(path, start, end), text=value, value=value, start=start + 1),
        )

    def sequence(self) -> Sequence | None:
        start = self.at
        if not self.enter("]"):
            return None
        items: list[Node] = []
        comma_due = False
        while self.another(comma_due):
            comma_due = True
            value = self.value()
            if value is not None:
                items.append(value)
        return Sequence(span=Span(self.path, start, self.at), items=tuple(items))

    def enter(self, closing: str) -> bool:
        """Begin at a bracket; False, past what it encloses, where it lies too deep."""
        if len(self.open) >= MAX_DEPTH:
            self.problem(self.at, self.at + 1, f"brackets nest deeper than {MAX_DEPTH} levels here")
            self.resynchronise()
            return False
        self.open.append(closing)
        self.at += 1
        return True

    def another(self, comma_due: bool) -> bool:
        """Whether another member follows, which is then here; past the closing bracket where none does."""
        text, closing = self.text, self.open[-1]
        while True:
            self.skip()
            at = self.at
            char = text[at : at + 1]
            if char == closing:
                self.at += 1
            elif char == ",":
                self.at += 1
                self.skip()
                if not comma_due:
                    self.problem(at, at + 1, "a value is missing before this comma")
                elif text[self.at : self.at + 1] == closing:
                    self.problem(at, at + 1, f"JSON has no comma before {closing}")
                comma_due = False
                continue
            elif char == "":
                self.end_of_text()
            elif char in "]}":
                self.problem(at, at + 1, f"{closing} is due here")
                if char not in self.open:
                    self.at += 1
                    continue
            elif comma_due and char != '"' and (closing == "}" or not (char in "{[" or _LITERAL.match(text, at))):
                end = _end(_BARE, text, at)
                self.problem(at, max(end, at + 1), f", or {closing} is due here")
                self.resynchronise()
                continue
            else:
                if comma_due:
                    self.problem(at, at + 1, "a comma is missing before this")
                return True
            self.open.pop()
            return False

    # Errors

    def problem(self, start: int, end: int, message: str, help: str = "") -> None:
        self.problems.append(Problem(Span(self.path, start, end), message, help))

    def end_of_text(self) -> None:
        """Report the end of the text inside a document, once for all brackets that are open."""
        if not self.ended:
            self.ended = True
            end = len(self.text.rstrip())
            due = "".join(reversed(self.open))
            self.problem(end - 1, end, f"the text ends where {due} is due")

    def bad_value(self) -> None:
        start = self.at
        if template := _TEMPLATE.match(self.text, start):
            self.at = template.end()
            self.problem(start, self.at, *_TEMPLATE_MESSAGE)
        else:
            self.at = max(_end(_BARE, self.text, start), start + 1)  # a control character is no word
            word = self.text[start : self.at].lower()
            self.problem(start, self.at, "this is no JSON value", f"write {word}" if word in _WORDS else "")
        self.resynchronise()

    def bad_key(self) -> None:
        start = self.at
        self.at = max(_end(_TEMPLATE, self.text, start), _end(_BARE_KEY, self.text, start))
        self.problem(start, max(self.at, start + 1), "a key must be a string in double quotes")
        self.resynchronise()

    def resynchronise(self) -> None:
        """Move to the next comma or closing bracket of this level."""
        depth = 0
        for stop in _STOP.finditer(self.text, self.at):
            match stop[0]:
                case "{" | "[":
                    depth += 1
                case "}" | "]" if depth:
                    depth -= 1
                case "," | "}" | "]" if not depth:
                    self.at = stop.start()
                    return
        self.at = len(self.text)

    # Between tokens

    def skip(self) -> None:
        while True:
            char = self.text[self.at : self.at + 1]
            if char in " \t\r\n":
                self.at = at = _end(_SPACE, self.text, self.at)
                char = self.text[at : at + 1]
            if (char not in "/#{" and char <= "~") or not self.skip_foreign():
                return

    def skip_foreign(self) -> bool:
        """Pass over what is not JSON and yet no value, with a problem; False where there is none."""
        text, start = self.text, self.at
        at = end = _end(_COMMENT, text, start)
        while at > start:  # lines of comment in a row are one problem
            end = at
            following = _end(_SPACE, text, end)
            at = _end(_COMMENT, text, following)
            if at == following:
                break
        if end > start:
            self.problem(start, start + len(text[start:end].rstrip()), "JSON has no comments")
        elif (end := _end(_TEMPLATE_BLOCK, text, start)) > start:
            self.problem(start, end, *_TEMPLATE_MESSAGE)
        elif (end := _end(_FOREIGN_SPACE, text, start)) > start:
            self.problem(start, end, f"U+{ord(text[start]):04X} is no white space of JSON")
        self.at = end
        return end > start


def _end(pattern: re.Pattern[str], text: str, at: int) -> int:
    """Where the match of `pattern` at this place ends; the place itself where it does not match."""
    found = pattern.match(text, at)
    return found.end() if found is not None else at
