"""Values of trees and command lines as the model's located values: prefixes, numbers, booleans.

A value that a variable or template decides is no fault and gives None.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, TypeVar

from msgspec import structs

from netlint.model.located import Located
from netlint.parse.tree import Mapping, Node, Scalar, Sequence, Word
from netlint.parse.words import cut
from netlint.pattern import pattern
from netlint.prefix import Address, Prefix, parse_address, parse_interface, parse_prefix

if TYPE_CHECKING:
    from netlint.build.facts import HostFacts

T = TypeVar("T")

# Marks of templates and of what an installer replaces (`__CNI_MTU__`); and what a shell would expand.
_OPEN = pattern(r"\{\{|\{%|<%|\$|__[A-Z_]+__|<[\w -]+>")


def is_open(text: str) -> bool:
    """Whether something else is to be put in the place of the text, or of a part of it."""
    return _OPEN.search(text) is not None


def as_word(node: Node | None) -> Word | None:
    """The scalar as a word; None where there is none."""
    if not isinstance(node, Scalar):
        return None
    span = node.span if node.start is None else node.part(0, len(node.text))
    return Word(node.text, span, node.start is not None, exact=not is_open(node.text))


def at(node: Node | None, *keys: str) -> Node | None:
    """What stands below `keys`, one level after the other."""
    for key in keys:
        if not isinstance(node, Mapping):
            return None
        node = node.get(key)
    return node


def items(node: Node | None) -> tuple[Node, ...]:
    return node.items if isinstance(node, Sequence) else ()


def mappings(node: Node | None) -> list[Mapping]:
    return [item for item in items(node) if isinstance(item, Mapping)]


def any_of(results: Iterable[bool]) -> bool:
    """Whether any of the results is true, all of them made first."""
    return any(list(results))


def text_of(word: Word | None) -> Located[str] | None:
    return None if word is None or not word.text else Located(word.text, word.span, word.exact)


def _read(
    word: Word | None, facts: HostFacts, parse: Callable[[str], T | None], name: str, what: str
) -> Located[T] | None:
    if word is None or not word.text:
        return None
    value = parse(word.text)
    if value is not None:
        return Located(value, word.span, word.exact)
    if word.exact and not is_open(word.text):
        facts.problem(word.span, f"{name} {word.text} is no {what}")
    return None


def prefix_of(word: Word | None, facts: HostFacts, name: str) -> Located[Prefix] | None:
    return _read(word, facts, parse_prefix, name, "range of addresses")


def prefixes_of(word: Word | None, facts: HostFacts, name: str) -> list[Located[Prefix]]:
    """Those of a list with commas, as dual-stack clusters have them."""
    found: list[Located[Prefix]] = []
    start = 0
    for part in word.text.split(",") if word is not None else ():
        one = structs.replace(cut(word, start, start + len(part)), exact=word.exact) if word is not None else None
        located = prefix_of(one, facts, name)
        found += [located] if located is not None else []
        start += len(part) + 1
    return found


def interface_of(word: Word | None, facts: HostFacts, name: str) -> Located[tuple[Address, int]] | None:
    return _read(word, facts, parse_interface, name, "address with a prefix length")


def address_of(word: Word | None, facts: HostFacts, name: str) -> Located[Address] | None:
    return _read(word, facts, parse_address, name, "address")


def number_of(word: Word | None, facts: HostFacts, name: str) -> Located[int] | None:
    return _read(word, facts, lambda text: int(text) if text.isascii() and text.isdecimal() else None, name, "number")


def flag_of(word: Word | None) -> Located[bool] | None:
    """A boolean as Go's programs and YAML write it; None for anything else."""
    value = {"1": True, "t": True, "true": True, "0": False, "f": False, "false": False}.get(
        word.text.lower() if word is not None else ""
    )
    return Located(value, word.span, word.exact) if value is not None and word is not None else None
