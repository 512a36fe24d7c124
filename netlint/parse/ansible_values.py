"""Values of Ansible's tasks: arguments of modules, and what templates in them stand for."""

from __future__ import annotations

import re
from typing import NamedTuple

from netlint.parse.ansible_variables import Variables
from netlint.parse.placed import Placed
from netlint.parse.tree import Mapping, Node, Scalar, Word
from netlint.parse.words import Quoting, split
from netlint.source import Source, Span

_TEMPLATE = re.compile(r"\{\{(?P<inner>.{0,400}?)\}\}", re.DOTALL)
_ARGUMENT = re.compile(r"[a-z_]\w*=", re.IGNORECASE)


class Items(NamedTuple):
    """What variables stand for in one round of a task's loop; `node` is None where it has no loop."""

    variables: Variables
    name: str = ""
    node: Node | None = None

    def value(self, expression: str) -> str | None:
        """What the expression of a template gives where it is literal."""
        return self.variables.value(expression, self.name, self.node)


def is_template(text: str) -> bool:
    return "{{" in text or "{%" in text or "{#" in text


def arguments(node: Node | None) -> dict[str, Node]:
    """The arguments of a module: a mapping, or words `key=value` in a string."""
    if isinstance(node, Mapping):
        return {key.text: value for key, value in node.items()}
    found: dict[str, Node] = {}
    if isinstance(node, Scalar) and node.start is not None:
        for word in split(Word(node.text, node.part(0, len(node.text))), Quoting.SHELL).words:
            key, equals, value = word.text.partition("=")
            if equals and _ARGUMENT.match(word.text):
                start = word.span.start + len(key) + 1 if word.verbatim else None
                span = word.part(len(key) + 1, len(word.text)) if value else word.span
                found[key] = Scalar(span=span, text=value, value=value, plain=True, start=start)
    return found


def filled(scalar: Scalar, source: Source, items: Items) -> tuple[Placed, bool]:
    """The content with the values of the round put in, and whether a template is left: that is then a variable of the
    shell, as long as it was, which nobody sets."""
    placed, whole = Placed("", source), Placed("", source)
    whole.add_scalar(scalar)
    at, is_open = 0, False
    for found in _TEMPLATE.finditer(scalar.text):
        placed.add_scalar(scalar, at, found.start())
        place = whole.moved(Span("", *found.span()))
        value = items.value(found["inner"])
        if value is None:
            is_open = True
            value = "${" + re.sub(r"\W", "_", found[0][2:-1], flags=re.ASCII) + "}"
        placed.add(value, place)
        at = found.end()
    placed.add_scalar(scalar, at)
    return placed, is_open


def filled_word(scalar: Scalar, source: Source, items: Items) -> Word:
    """The content as one word, which is not exact where a template is left."""
    if not is_template(scalar.text) and scalar.start is not None:
        return Word(scalar.text, scalar.part(0, len(scalar.text)))
    placed, is_open = filled(scalar, source, items)
    text = placed.text
    return Word(text, scalar.span, False, (), not is_open and not is_template(text))
