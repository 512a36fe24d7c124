r"""The words of an nftables text.

    token   = newline | ";" | string | sign | word
    string  = '"' { character } '"'
    sign    = "{" | "}" | "(" | ")" | "," | "=" | "==" | "!=" | "<=" | ">=" | "<" | ">" | "!" | "|" | "&" | "^" | "<<"
            | ">>" | "@" | "$" | "." | ":" | "/"             ; the last three only where a blank follows
    word    = "[" IPv6 address "]" [ ":" port ] | { character }     ; a number, name, address, prefix or range

A comment (`# …`) goes to the end of its line; a backslash joins it to the next.
"""

from __future__ import annotations

import re

from msgspec import Struct

from netlint.source import Source, Span

_TOKEN = re.compile(
    r"""(?:[^\S\n]|\\\r?\n|\#[^\n]*)*
    (?: (?P<newline>\n) | (?P<string>"[^"\n]*"?)
      | (?P<sign>[{}();,@$]|==|!=|<=|>=|<<|>>|[=<>!|&^]|[.:/](?=\s|$))
      | (?P<word>\[[0-9a-fA-F:.]+\](?:-\[[0-9a-fA-F:.]+\])?(?::[\w-]+)? | [^\s{}();,@$=<>!|&^"\#]+) | (?P<end>\Z) )""",
    re.VERBOSE,
)


class Token(Struct, frozen=True):
    """`kind` is "newline" (also for `;`), "string", "sign", "word" or "end"; the text of a string is without quotes."""

    kind: str
    text: str
    start: int
    end: int


class Tokens:
    """The tokens of a text from a place on, with one that is next."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.all: list[Token] = []
        at = 0
        while True:
            found = _TOKEN.match(source.text, at)
            if found is None:  # a character no token begins with stands for itself
                found = re.compile(r"\s*(?P<word>\S)").match(source.text, at)
                if found is None:
                    break
            kind = found.lastgroup or "end"
            text = found[kind]
            start, at = found.span(kind)
            if kind == "string":
                text = text[1:-1] if len(text) > 1 and text[-1] == '"' else text[1:]
            self.all.append(Token("newline" if text == ";" and kind == "sign" else kind, text, start, at))
            if kind == "end":
                break
        if not self.all or self.all[-1].kind != "end":
            self.all.append(Token("end", "", len(source.text), len(source.text)))
        self.at = 0

    @property
    def next(self) -> Token:
        return self.all[self.at]

    def ahead(self, count: int) -> Token:
        """The token `count` places behind the next one."""
        return self.all[min(self.at + count, len(self.all) - 1)]

    def take(self) -> Token:
        token = self.all[self.at]
        if token.kind != "end":
            self.at += 1
        return token

    def takes(self, *texts: str) -> Token | None:
        """Take the next token if it is one of these words or signs."""
        token = self.all[self.at]
        return self.take() if token.text in texts and token.kind in ("word", "sign") else None

    def is_word(self, *texts: str) -> bool:
        return self.next.kind == "word" and self.next.text in texts

    def skip_newlines(self) -> None:
        while self.next.kind == "newline":
            self.at += 1

    def last(self) -> Token:
        """The token before the next one."""
        return self.all[max(self.at - 1, 0)]

    def span(self, start: Token, end: Token | None = None) -> Span:
        """From one token to another, by default to the last one taken."""
        end = end or self.last()
        return self.source.span(start.start, max(end.end, start.end))

    def text(self, start: Token, end: Token) -> str:
        return self.source.text[start.start : end.end]
