"""Variables in the values of a Compose file.

text      = *( literal / "$$" / variable / "$" )          ; "$$" stands for "$"
variable  = "$" name / "${" name [ operator text ] "}"    ; braces in `text` come in pairs
operator  = ":-" / "-"                                    ; what stands for an unset variable
          / ":?" / "?"                                    ; the error message for an unset variable
          / ":+" / "+"                                    ; what stands for a variable that is set
name      = ( letter / "_" ) *( letter / digit / "_" )

Variables are looked up in the `.env` files of the project alone: the environment of the machine that netlint runs on
says nothing about the one that the file is for. So for what those files do not set, a default holds, `:+` gives
nothing, and a variable with neither stays as it is written.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from netlint.parse.tree import Scalar, Word
from netlint.pattern import pattern
from netlint.source import Span

_NAME = pattern(r"[A-Za-z_][A-Za-z0-9_]*")
_OPERATOR = pattern(r":?[-?+]")
# Deeper nesting of defaults is taken for an error in the expression.
_MAX_DEPTH = 50
# Stands for each character of a variable without a value in `Expanded.masked`; no address or port holds it.
UNKNOWN = "\ufffc"


class Expanded:
    """A scalar after interpolation.

    `text` holds what is set and defaults, and other variables as they are written. `exact`: no variable decides any of
    it. `known`: no variable does that is neither set nor has a default. `masked` is `text` with `UNKNOWN` for each
    character of such variables.
    `error` is the place of an expression that Compose refuses; the text then is as written, and nothing of it known.
    `unset` are the variables that are empty where the environment lacks them, with their places: not those with a
    default, nor those that Compose demands (`:?`). `defaulted` are the names of those with a default.
    """

    __slots__ = ("_inner", "_outer", "defaulted", "error", "exact", "known", "masked", "scalar", "text", "unset")

    def __init__(self, scalar: Scalar, pieces: Sequence[_Piece] = (), error: Span | None = None) -> None:
        self.scalar = scalar
        self.error = error
        self.exact = error is None
        self.known = error is None
        self.text = scalar.text
        self.masked = scalar.text if error is None else UNKNOWN * len(scalar.text)
        self.unset: tuple[tuple[str, Span], ...] = ()
        self.defaulted: tuple[str, ...] = ()
        # For each character its place in the scalar (-1: not there), and that of the whole variable that gives it.
        self._inner: list[int] | None = None
        self._outer: list[tuple[int, int]] = []
        if pieces:
            self.exact = all(piece.variable is None for piece in pieces)
            self.known = all(piece.known for piece in pieces)
            self.text = "".join(piece.text for piece in pieces)
            self.masked = "".join(piece.text if piece.known else UNKNOWN * len(piece.text) for piece in pieces)
            self.unset = tuple(
                (piece.name, scalar.part(piece.at, piece.at + len(piece.text)))
                for piece in pieces
                if piece.name and not piece.known
            )
            self.defaulted = tuple(piece.name for piece in pieces if piece.name and piece.known)
            self._inner = [piece.place(index) for piece in pieces for index in range(len(piece.text))]
            self._outer = [
                piece.variable or (piece.at + index, piece.at + index + 1)
                for piece in pieces
                for index in range(len(piece.text))
            ]

    def part(self, start: int, end: int) -> Span:
        """The span of characters `start` to `end` of `text`; where they do not adjoin in the source, of all variables
        that have a part in them."""
        if self._inner is None:
            return self.scalar.part(start, end)
        if start >= end:
            first = max(self._inner[start], 0) if start < len(self._inner) else len(self.scalar.text)
            return self.scalar.part(first, first)
        if self._inner[start] >= 0 and self._inner[end - 1] - self._inner[start] == end - 1 - start:
            return self.scalar.part(self._inner[start], self._inner[start] + end - start)
        return self.scalar.part(self._outer[start][0], self._outer[end - 1][1])

    @property
    def span(self) -> Span:
        """The content as written, without quotes, with all variables."""
        return self.scalar.part(0, len(self.scalar.text))

    def word(self) -> Word:
        """The same as a word, to be split."""
        if self._inner is None or self.scalar.start is None:
            return Word(self.text, self.span, self._inner is None and self.scalar.start is not None, (), self.exact)
        start = self.scalar.start
        places = zip(self._inner, self._outer, strict=True)
        offsets = tuple(start + (inner if inner >= 0 else outer[0]) for inner, outer in places)
        return Word(self.text, self.span, False, offsets, self.exact)


# None stands for a value that is set, but not to be seen here.
Environment: TypeAlias = Mapping[str, str | None]
_NOTHING: Environment = {}


def expand(scalar: Scalar, environment: Environment = _NOTHING) -> Expanded:
    """The scalar with its variables replaced as far as the `environment` and the file tell."""
    if "$" not in scalar.text:
        return Expanded(scalar)
    reader = _Reader(scalar.text, environment)
    try:
        reader.read(0, len(scalar.text), None, 0)
    except _ExpressionError as error:
        return Expanded(scalar, error=scalar.part(error.start, error.end))
    return Expanded(scalar, reader.pieces)


class _ExpressionError(Exception):
    def __init__(self, start: int, end: int) -> None:
        super().__init__()
        self.start = start
        self.end = end


class _Piece:
    """`text` stands at `at` (-1: not in the scalar), inside the outermost variable from and to which `variable` tells.
    `name` is that of a variable which is empty if it is not set (`known` False), or for which a default follows (True).
    """

    __slots__ = ("at", "known", "name", "text", "variable")

    def __init__(
        self, text: str, at: int, variable: tuple[int, int] | None, known: bool = True, name: str = ""
    ) -> None:
        self.text = text
        self.at = at
        self.variable = variable
        self.known = known
        self.name = name

    def place(self, index: int) -> int:
        """Where the character `index` of the text stands in the scalar."""
        return self.at + index if self.at >= 0 else -1


class _Reader:
    def __init__(self, text: str, environment: Environment) -> None:
        self.text = text
        self.environment = environment
        self.pieces: list[_Piece] = []

    def read(self, at: int, end: int, outer: tuple[int, int] | None, depth: int) -> None:
        """text, from `at` to `end`, in the variable `outer`."""
        text = self.text
        while at < end:
            dollar = text.find("$", at, end)
            if dollar < 0:
                dollar = end
            if dollar > at:
                self.pieces.append(_Piece(text[at:dollar], at, outer))
            if dollar == end:
                return
            name = _NAME.match(text, dollar + 1, end)
            if name is not None:
                at = name.end()
                self.plain(name[0], dollar, at, outer or (dollar, at))
            elif text.startswith("{", dollar + 1, end):
                at = self.braced(dollar, end, outer, depth)
            else:
                self.pieces.append(_Piece("$", dollar, outer))
                at = dollar + (2 if text.startswith("$", dollar + 1, end) else 1)

    def plain(self, name: str, start: int, end: int, outer: tuple[int, int]) -> None:
        """A variable without an operator, which stands from `start` to `end`."""
        value = self.environment.get(name)
        if value is not None:
            self.pieces.append(_Piece(value, -1, outer))
        else:
            unset = "" if name in self.environment else name
            self.pieces.append(_Piece(self.text[start:end], start, outer, known=False, name=unset))

    def braced(self, start: int, end: int, outer: tuple[int, int] | None, depth: int) -> int:
        """A variable in braces; where it ends."""
        text = self.text
        close = self.closing(start + 1, end)
        name = _NAME.match(text, start + 2, close)
        if name is None or depth >= _MAX_DEPTH:
            raise _ExpressionError(start, close + 1)
        outer = outer or (start, close + 1)
        operator = _OPERATOR.match(text, name.end(), close)
        if operator is None and name.end() < close:
            raise _ExpressionError(start, close + 1)
        value = self.environment.get(name[0])
        hidden = value is None and name[0] in self.environment
        if operator is None or hidden:
            self.plain(name[0], start, close + 1, outer)
            return close + 1
        if operator[0][0] == ":" and not value:
            value = None
        if operator[0][-1] == "+" and value is not None:
            self.read(operator.end(), close, outer, depth + 1)
        elif value is not None:
            self.pieces.append(_Piece(value, -1, outer))
        elif operator[0][-1] == "?":
            self.pieces.append(_Piece(text[start : close + 1], start, outer, known=False))
        elif operator[0][-1] == "-":
            self.pieces.append(_Piece("", start, outer, name=name[0]))
            self.read(operator.end(), close, outer, depth + 1)
        else:
            self.pieces.append(_Piece("", start, outer))
        return close + 1

    def closing(self, brace: int, end: int) -> int:
        """Where the brace is closed that opens at `brace`."""
        depth = 0
        for at in range(brace, end):
            if self.text[at] == "{":
                depth += 1
            elif self.text[at] == "}":
                depth -= 1
                if not depth:
                    return at
        raise _ExpressionError(brace - 1, end)
