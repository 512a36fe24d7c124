"""What a script is known to keep in its variables, and words expanded with it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from msgspec import Struct, structs

from netlint.parse.shell_words import Literal, Opaque, RawWord
from netlint.parse.shell_words import Variable as Reference
from netlint.parse.tree import Word
from netlint.source import Span

MAX_VALUE = 1 << 16  # characters that variables stand for in one word: `A=$A$A` twenty times is a million
_FINDS_PROGRAM = re.compile(r"(?:\$\(|`)\s*(?:which|command\s+-v|type\s+-p)\s+([\w./+-]+)\s*(?:2>\S+\s*)?[)`]")


class Variable(Struct, frozen=True, kw_only=True):
    """A variable as it was set last; `span` is its name there. `values` is None where only a running shell knows.

    `values` has one word, or the words of an array. `exported`: programs that are started see it.
    """

    name: str
    span: Span
    values: tuple[Word, ...] | None
    exported: bool = False

    @property
    def text(self) -> str | None:
        """The value as programs see it; None where it is unknown or only a guess."""
        if self.values is None or not all(word.exact for word in self.values):
            return None
        return " ".join(word.text for word in self.values)


class Variables:
    """The variables and positional parameters of one shell while its commands are gone through."""

    def __init__(self, known: dict[str, Variable], positional: Sequence[Word] | None = None) -> None:
        self.known = known
        self.positional = positional
        self.export_all = False

    def copy(self) -> Variables:
        copied = Variables(dict(self.known), self.positional)
        copied.export_all = self.export_all
        return copied

    def set(self, variable: Variable) -> None:
        before = self.known.get(variable.name)
        exported = variable.exported or self.export_all or (before is not None and before.exported)
        self.known[variable.name] = Variable(
            name=variable.name, span=variable.span, values=variable.values, exported=exported
        )

    def export(self, name: str) -> None:
        found = self.known.get(name)
        if found is not None:
            self.known[name] = Variable(name=name, span=found.span, values=found.values, exported=True)

    def take_over(self, outcomes: Sequence[Variables]) -> None:
        """Keep what holds whichever of `outcomes` came about; where they differ the value is unknown or inexact."""
        merged: dict[str, Variable] = {}
        for name in dict.fromkeys(name for outcome in outcomes for name in outcome.known):
            found = [outcome.known.get(name) for outcome in outcomes]
            some = [variable for variable in found if variable is not None]
            if len(some) == len(found) and all(variable == some[0] for variable in some):
                merged[name] = some[0]
                continue
            values = some[-1].values
            if values is None or len({v.values and _texts(v.values) for v in some}) > 1:
                values = None
            merged[name] = Variable(
                name=name,
                span=some[-1].span,
                values=None if values is None else tuple(structs.replace(word, exact=False) for word in values),
                exported=any(variable.exported for variable in some),
            )
        self.known = merged

    def expand(self, raw: RawWord, text: Word, run: Callable[[Opaque], None]) -> list[Word]:
        """The words that `raw`, a part of `text`, stands for; `run` is told of each command substitution.

        What cannot be expanded stays as written, and the word is then not exact.
        """
        literals = [piece for piece in raw.pieces if isinstance(piece, Literal)]
        if len(literals) == len(raw.pieces):
            return [_joined(text, raw, literals)]
        fields: list[tuple[str, bool]] = []
        current: str | None = None
        exact, room = True, MAX_VALUE
        for piece in raw.pieces:
            values: Sequence[Word] | None = None
            match piece:
                case Literal():
                    current = (current or "") + piece.text
                    continue
                case Reference():
                    values = self._values(piece, text, run)
                case Opaque():
                    found = _FINDS_PROGRAM.fullmatch(text.text[piece.start : piece.end])
                    if found is not None:
                        values = [Word(found[1], text.span)]
                    else:
                        run(piece)
            if values is not None:
                room -= sum(len(value.text) + 1 for value in values)
            if values is None or room < 0:
                current, exact = (current or "") + text.text[piece.start : piece.end], False
                continue
            whole = piece.quoted and not (isinstance(piece, Reference) and (piece.all or piece.name == "@"))
            if whole:
                values = [Word(" ".join(v.text for v in values), text.span, exact=all(v.exact for v in values))]
            elif not piece.quoted:
                values = [structs.replace(v, text=part) for v in values for part in v.text.split()]
            for index, value in enumerate(values):
                if index and current is not None:
                    fields.append((current, exact))
                    current, exact = "", True
                current, exact = (current or "") + value.text, exact and value.exact
        if current is not None:
            fields.append((current, exact))
        return [_word(text, field, raw.start, raw.end, exact) for field, exact in fields]

    def _values(self, piece: Reference, text: Word, run: Callable[[Opaque], None]) -> Sequence[Word] | None:
        if piece.name in ("@", "*"):
            return self.positional
        if piece.name.isdigit():
            index = int(piece.name)
            if self.positional is None or not index:
                return None
            return self.positional[index - 1 : index]
        variable = self.known.get(piece.name)
        operator = piece.operator.lstrip(":")
        if piece.operand is not None and operator == "+":
            set_here = variable is not None and variable.text
            return self.expand(piece.operand, text, run) if set_here else None
        empty = piece.operator.startswith(":") and variable is not None and variable.text == ""
        if piece.operand is not None and operator in ("-", "=") and (variable is None or empty):
            values = [
                structs.replace(word, exact=word.exact and empty) for word in self.expand(piece.operand, text, run)
            ]
            if operator == "=":
                span = text.part(piece.start + 2, piece.start + 2 + len(piece.name))
                self.set(Variable(name=piece.name, span=span, values=tuple(values)))
            return values
        if variable is None or variable.values is None:
            return None
        return variable.values if piece.all else variable.values[:1]


def _texts(words: Sequence[Word]) -> str:
    return "\0".join(word.text for word in words)


def _joined(text: Word, raw: RawWord, literals: Sequence[Literal]) -> Word:
    """A word that only quotes and escapes make differ from what is written."""
    content = "".join(piece.text for piece in literals)
    if len(literals) == 1:
        return _word(text, content, literals[0].start, literals[0].end)
    if text.verbatim and all(len(piece.text) == piece.end - piece.start for piece in literals):
        start = text.span.start
        offsets = tuple(start + at for piece in literals for at in range(piece.start, piece.end))
        return Word(content, text.part(raw.start, raw.end), False, offsets)
    return Word(content, text.part(raw.start, raw.end), False)


def _word(text: Word, content: str, start: int, end: int, exact: bool = True) -> Word:
    verbatim = text.verbatim and text.text[start:end] == content
    return Word(content, text.part(start, end), verbatim, (), exact)
