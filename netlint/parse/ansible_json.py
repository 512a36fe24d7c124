"""Literal mappings and lists as the JSON that Ansible writes of them: `content` of the module copy, `to_json`."""

from __future__ import annotations

import json
import re

from msgspec.structs import replace

from netlint.parse.ansible_values import Items, is_template
from netlint.parse.placed import Placed
from netlint.parse.tree import Mapping, Node, Scalar, Sequence

_FILTER = re.compile(r"\s*\{\{(?P<reference>[^|{}]{1,200})\|\s*to_(?:nice_)?json\s*(?:\([^(){}]{0,200}\))?\s*\}\}\s*")
_TEMPLATE = re.compile(r"\s*\{\{(?P<inner>[^{}]{1,400})\}\}\s*")
_BARE = re.compile(r'[^"\\\x00-\x1f]*')  # characters that JSON does not escape
_LONGEST = 1 << 20
_DEEPEST = 20


def structure(content: Node, items: Items) -> Node | None:
    """The mapping or list that is written; None for what is a text."""
    if isinstance(content, Scalar):
        found = _FILTER.fullmatch(content.text)
        node = items.variables.node(found["reference"], items.name, items.node) if found is not None else None
        return None if isinstance(node, Scalar) else node
    return content


def add_json(node: Node, placed: Placed, items: Items, depth: int = 0) -> bool:
    """Add the node's JSON, each value at its place; False where a template is left in it, or it is too long."""
    if depth > _DEEPEST or placed.length > _LONGEST:
        return False
    start, end = replace(node.span, end=node.span.start), replace(node.span, start=node.span.end)
    whole = True
    match node:
        case Mapping():
            placed.add("{", start)
            for number, (key, value) in enumerate(node.items()):
                placed.add(", " if number else "", key.span)
                _add_string(key, placed)
                placed.add(": ", key.span)
                whole = add_json(value, placed, items, depth + 1) and whole
            placed.add("}", end)
        case Sequence(items=entries):
            placed.add("[", start)
            for number, value in enumerate(entries):
                placed.add(", " if number else "", value.span)
                whole = add_json(value, placed, items, depth + 1) and whole
            placed.add("]", end)
        case Scalar():
            whole = _add_scalar(node, placed, items, depth)
    return whole


def _add_scalar(node: Scalar, placed: Placed, items: Items, depth: int) -> bool:
    lower = node.text.lower()
    if is_template(node.text):
        found = _TEMPLATE.fullmatch(node.text)
        inner = items.variables.node(found["inner"], items.name, items.node) if found is not None else None
        if inner is not None and not (isinstance(inner, Scalar) and is_template(inner.text)):
            return add_json(inner, placed, items, depth + 1)
        value = items.value(found["inner"]) if found is not None else None
        placed.add(json.dumps(value if value is not None else node.text, ensure_ascii=False), node.span)
        return value is not None
    if isinstance(node.value, bool) or (node.plain and lower in ("yes", "no", "on", "off")):
        placed.add("true" if lower in ("true", "yes", "on") else "false", node.span)
    elif node.value is None:
        placed.add("null", node.span)
    elif isinstance(node.value, (int, float)):
        placed.add(json.dumps(node.value), node.span)
    else:
        _add_string(node, placed)
    return True


def _add_string(scalar: Scalar, placed: Placed) -> None:
    if _BARE.fullmatch(scalar.text) is None:
        placed.add(json.dumps(scalar.text, ensure_ascii=False), scalar.span)
        return
    placed.add('"', replace(scalar.span, end=scalar.span.start))
    placed.add_scalar(scalar)
    placed.add('"', replace(scalar.span, start=scalar.span.end))
