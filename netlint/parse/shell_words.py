r"""Words of a shell: quotes, escapes and expansions, as written and not yet expanded.

word        = 1*( plain | escape | single | double | ansi | variable | opaque )
escape      = "\" any                         ; "\" newline vanishes
single      = "'" *any-but-quote "'"
double      = '"' *( escaped | variable | opaque | any ) '"'   ; escaped: "\" before $ ` " \ newline
ansi        = "$'" *( escape | any ) "'"
variable    = "$" name | "${" name [ subscript ] [ [":"] ( "-" | "=" | "+" | "?" ) word ] "}"
name        = identifier | 1*digit | "@" | "*" | "#" | "?" | "$" | "!" | "-"
opaque      = "$(" … ")" | "`" … "`" | "${" … "}" | "<(" … ")" | ">(" … ")"
"""

from __future__ import annotations

import re
from typing import NamedTuple, TypeAlias

from msgspec import Struct

_STOP = " \t\r\n;&|<>()"
_NAME = re.compile(r"[A-Za-z_]\w*|[0-9@*#?$!-]", re.ASCII)
_BRACED = re.compile(r"\$\{([A-Za-z_]\w*|\d+|[@*#?$!-])(\[[^\]\s}]*\])?(?=(:?[-=+?])|\})", re.ASCII)
PLACEHOLDER = re.compile(r"<[A-Za-z][\w -]*>(?=[\s;&|:/,.)\"']|$)", re.ASCII)
_ANSI = {"n": "\n", "t": "\t", "r": "\r", "e": "\x1b", "a": "\a"}
_DEEPEST = 40


class ShellError(Exception):
    """Text that is no shell command: what is wrong, and the characters where it shows."""

    def __init__(self, message: str, start: int, end: int) -> None:
        super().__init__(message)
        self.start = start
        self.end = end


class Literal(Struct, frozen=True):
    """Text after unquoting; `start` and `end` leave its quotes out."""

    text: str
    start: int
    end: int
    quoted: bool


class Variable(Struct, frozen=True):
    """`$name`, or `${name:-operand}` with its `operator` (`:-`, `=`, …); `all` for the subscripts `[@]` and `[*]`."""

    name: str
    start: int
    end: int
    quoted: bool
    operator: str = ""
    operand: RawWord | None = None
    all: bool = False


class Opaque(Struct, frozen=True):
    """An expansion that only a running shell can do."""

    start: int
    end: int
    quoted: bool


Piece: TypeAlias = "Literal | Variable | Opaque"


class RawWord(NamedTuple):
    """A word as written, quotes included; `pieces` are its parts."""

    start: int
    end: int
    pieces: tuple[Piece, ...]

    @property
    def plain(self) -> str | None:
        """The text of a word without quotes, escapes and expansions."""
        match self.pieces:
            case (Literal(text, start, end, False),) if end - start == len(text):
                return text
        return None


def read_word(text: str, at: int, stop: str = _STOP, depth: int = 0) -> RawWord:
    """The word that starts at `at` and ends before one of the characters `stop`, or at the end of `text`."""
    if depth > _DEEPEST:
        raise ShellError("expansions are nested too deeply", at, at + 1)
    start = at
    pieces: list[Piece] = []
    if text.startswith(("<(", ">("), at):
        at = skip_parentheses(text, at + 1)
        pieces.append(Opaque(start, at, False))
    while at < len(text):
        char = text[at]
        if char == "<" and (placeholder := PLACEHOLDER.match(text, at)) is not None:
            at = placeholder.end()
            pieces.append(Opaque(placeholder.start(), at, False))
        elif char in stop:
            break
        elif char == "'":
            end = _find(text, "'", at + 1, at, "a single quote is not closed")
            pieces.append(Literal(text[at + 1 : end], at + 1, end, True))
            at = end + 1
        elif char == '"':
            inner, at = _double(text, at, depth)
            pieces += inner
        elif text.startswith("$'", at):
            ansi, at = _ansi(text, at)
            pieces.append(ansi)
        elif char in "$`":
            piece, at = _expansion(text, at, False, depth)
            pieces.append(piece)
        else:
            plain, at = _plain(text, at, stop)
            pieces.append(plain)
    return RawWord(start, at, tuple(pieces))


def _plain(text: str, at: int, stop: str) -> tuple[Literal, int]:
    start, parts = at, []
    while at < len(text) and text[at] not in stop and text[at] not in "'\"`":
        if text[at] == "\\":
            if text.startswith("\\\r\n", at):
                at += 3
                continue
            if text[at + 1 : at + 2] != "\n":
                parts.append(text[at + 1 : at + 2])
            at += 2
        elif text[at] == "$" and _starts_expansion(text, at):
            break
        else:
            parts.append(text[at])
            at += 1
    at = min(at, len(text))
    return Literal("".join(parts), start, at, False), at


def _double(text: str, at: int, depth: int) -> tuple[list[Piece], int]:
    """Pieces between the double quotes that open at `at`; at least one, so that `""` is a word."""
    opened, at = at, at + 1
    pieces: list[Piece] = []
    start, parts = at, list[str]()
    while True:
        if at >= len(text):
            raise ShellError("a double quote is not closed", opened, opened + 1)
        char = text[at]
        expands = char == "`" or (char == "$" and _starts_expansion(text, at) and text[at + 1] != "'")
        if char == '"' or expands:
            if at > start or (char == '"' and not pieces):
                pieces.append(Literal("".join(parts), start, at, True))
            if char == '"':
                return pieces, at + 1
            piece, at = _expansion(text, at, True, depth)
            pieces.append(piece)
            start, parts = at, []
        elif char == "\\" and text[at + 1 : at + 2] in ("$", "`", '"', "\\", "\n"):
            parts.append(text[at + 1].rstrip("\n"))
            at += 2
        else:
            parts.append(char)
            at += 1


def _ansi(text: str, at: int) -> tuple[Literal, int]:
    start, parts = at + 2, list[str]()
    end = start
    while end < len(text) and text[end] != "'":
        if text[end] == "\\":
            end += 1
            parts.append(_ANSI.get(text[end : end + 1], text[end : end + 1]))
        else:
            parts.append(text[end])
        end += 1
    if end >= len(text):
        raise ShellError("a single quote is not closed", at, at + 2)
    return Literal("".join(parts), start, end, True), end + 1


def _starts_expansion(text: str, at: int) -> bool:
    following = text[at + 1 : at + 2]
    return following in ("{", "(", "'") or _NAME.match(following) is not None


def _expansion(text: str, at: int, quoted: bool, depth: int) -> tuple[Piece, int]:
    if text[at] == "`":
        end = at + 1
        while end < len(text) and text[end] != "`":
            end += 2 if text[end] == "\\" else 1
        if end >= len(text):
            raise ShellError("a backquote is not closed", at, at + 1)
        return Opaque(at, end + 1, quoted), end + 1
    if text.startswith("$(", at):
        end = skip_parentheses(text, at + 1)
        return Opaque(at, end, quoted), end
    if text.startswith("${", at):
        return _braced(text, at, quoted, depth)
    found = _NAME.match(text, at + 1)
    if found is None:  # a lone dollar sign stands for itself
        return Literal("$", at, at + 1, quoted), at + 1
    return Variable(found.group(), at, found.end(), quoted), found.end()


def _braced(text: str, at: int, quoted: bool, depth: int) -> tuple[Piece, int]:
    found = _BRACED.match(text, at)
    if found is None or found[2] not in (None, "[@]", "[*]"):
        end = _skip_braces(text, at + 1)
        return Opaque(at, end, quoted), end
    operator, operand, end = found[3] or "", None, found.end()
    if operator:
        operand = read_word(text, end + len(operator), "}", depth + 1)
        end = operand.end
    if end >= len(text):
        raise ShellError("${ is not closed", at, at + 2)
    return Variable(found[1], at, end + 1, quoted, operator, operand, found[2] is not None), end + 1


def skip_parentheses(text: str, at: int) -> int:
    """The place after the parenthesis that closes the one at `at`; quotes and comments inside are respected."""
    return _skip(text, at, "(", ")")


def _skip_braces(text: str, at: int) -> int:
    return _skip(text, at, "{", "}")


def _skip(text: str, at: int, opening: str, closing: str) -> int:
    opened, stack = at, list[str]()
    while at < len(text):
        char = text[at]
        if char == "\\":
            at += 1
        elif char == '"':
            if stack and stack[-1] == '"':
                stack.pop()
            else:
                stack.append('"')
        elif stack and stack[-1] == '"':
            if text.startswith("$(", at):
                stack.append(")")
                at += 1
        elif char == "'":
            at = _find(text, "'", at + 1, at, "a single quote is not closed")
        elif char == "#" and opening == "(" and text[at - 1] in " \t\n":
            at = text.find("\n", at)
            if at < 0:
                break
        elif char == opening:
            stack.append(closing)
        elif char in (closing, ")") and stack and stack[-1] == char:
            stack.pop()
            if not stack:
                return at + 1
        at += 1
    raise ShellError(f"{opening} is not closed", opened, opened + 1)


def _find(text: str, what: str, at: int, opened: int, message: str) -> int:
    found = text.find(what, at)
    if found < 0:
        raise ShellError(message, opened, opened + 1)
    return found
