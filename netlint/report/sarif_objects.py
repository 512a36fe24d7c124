"""Objects of sarif-om as JSON values. (jschema_to_python, which its documentation names, is 17 times slower and loses
`level: warning`.)"""

from __future__ import annotations

from typing import Any

import attr
import sarif_om as om

# What an absent property means depends on another object: an absent level is that of the rule.
_ALWAYS = frozenset({"level"})


def plain(value: Any) -> Any:
    """`value` with mappings in place of objects, and without the properties that have the default of the standard.

    AttributeError for an attribute that SARIF does not have: the classes take any assignment.
    """
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if not attr.has(type(value)):
        return value
    fields: tuple[Any, ...] = attr.fields(type(value))
    unknown = vars(value).keys() - {field.name for field in fields}
    if unknown:
        raise AttributeError(f"{type(value).__name__} has no {', '.join(sorted(unknown))}")
    found = {}
    for field in fields:
        item = getattr(value, field.name)
        name = field.metadata["schema_property_name"]
        default = field.default.factory() if hasattr(field.default, "factory") else field.default
        if name in _ALWAYS or (item is not None and item != default):
            found[name] = plain(item)
    return found


def sentence(text: str) -> om.Message:
    return om.Message(text=literal(text.rstrip(".")) + ".")


def literal(text: str) -> str:
    """`text` with brackets escaped where `[…](…)` in it would become a link."""
    return link_text(text) if "](" in text else text


def link_text(text: str) -> str:
    return text.replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]")
