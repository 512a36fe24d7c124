"""Variables of Ansible that a playbook itself sets to literals: `vars` of plays, blocks and tasks.

What a task sets (`set_fact`, `register`, `include_vars`), what `vars_files` and `vars_prompt` bring, is known to a run
only. Precedence: "Understanding variable precedence" in the documentation of ansible-core 2.18.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from netlint.parse.tree import Mapping, Node, Scalar, Sequence

_TEMPLATE = re.compile(r"\{\{(?P<inner>.{0,400}?)\}\}", re.DOTALL)
_EXPRESSION = re.compile(
    r"\s*(?P<name>[^\W\d]\w*)(?P<keys>(?:\.\w+|\[\s*(?:'[^'\]]*'|\"[^\"\]]*\"|\d+)\s*\])*)\s*"
    r"(?:\|\s*(?:default|d)\(\s*(?P<default>'[^'\\]*'|\"[^\"\\]*\"|\d+)\s*(?:,\s*[Tt]rue\s*)?\)\s*)?"
)
_KEY = re.compile(r"\.(\w+)|\[\s*(?:'([^']*)'|\"([^\"]*)\"|(\d+))\s*\]")
_LONGEST = 1 << 16  # characters of a value
_MOST = 100_000  # values that are looked up; those of templates in templates may be any number
_DEEPEST = 4


class Variables:
    """Literals by name, without those of `unknown`, which a run sets."""

    def __init__(self, unknown: frozenset[str] = frozenset(), *, every: bool = False) -> None:
        self.known: dict[str, Node] = {}
        self.unknown = unknown
        self.every = every  # anything may be set while it runs
        self.left = [_MOST]

    def extended(self, node: Node | None) -> Variables:
        """These with the `vars` of a play, block or task over them."""
        if not isinstance(node, Mapping):
            return self
        found = Variables(self.unknown, every=self.every)
        found.left = self.left
        found.known = self.known | {key.text: value for key, value in node.items()}
        return found

    def node(self, expression: str, name: str = "", item: Node | None = None) -> Node | None:
        """What a reference stands for, without its default; `name` is the variable of a loop, whose value is `item`."""
        found = _EXPRESSION.fullmatch(expression)
        if found is None or self.left[0] <= 0:
            return None
        self.left[0] -= 1
        if name and found["name"] == name:
            node = item
        else:
            node = None if self.is_open(found["name"]) else self.known.get(found["name"])
        for key in _KEY.finditer(found["keys"]):
            wanted = next(one for one in key.groups() if one is not None)
            if isinstance(node, Mapping):
                node = node.get(wanted)
            elif isinstance(node, Sequence) and wanted.isdecimal() and len(wanted) < 6:
                node = node.items[int(wanted)] if int(wanted) < len(node.items) else None
            else:
                node = None
        return node

    def is_open(self, name: str) -> bool:
        """Whether only a run tells what the variable is."""
        return self.every or name in self.unknown

    def value(self, expression: str, name: str = "", item: Node | None = None, depth: int = 0) -> str | None:
        """The text that an expression gives: a reference to a literal, or the literal that is its default."""
        found = _EXPRESSION.fullmatch(expression)
        if found is None:
            return None
        node = self.node(expression, name, item)
        if node is None and found["default"] is not None and not self.is_open(found["name"]):
            return found["default"].strip("'\"")
        if not isinstance(node, Scalar) or node.value is None or len(node.text) > _LONGEST:
            return None
        if isinstance(node.value, bool) or (node.plain and node.text.lower() in ("yes", "no", "on", "off")):
            return "True" if node.text.lower() in ("true", "yes", "on") else "False"
        return self._filled(node.text, name, item, depth)

    def _filled(self, text: str, name: str, item: Node | None, depth: int) -> str | None:
        """A value whose own templates are filled in."""
        if "{%" in text or "{#" in text or depth > _DEEPEST:
            return None
        parts, at, length = list[str](), 0, 0
        for template in _TEMPLATE.finditer(text):
            inner = self.value(template["inner"], name, item, depth + 1)
            if inner is None or length > _LONGEST:
                return None
            parts += [text[at : template.start()], inner]
            length += len(inner)
            at = template.end()
        whole = "".join([*parts, text[at:]])
        return whole if "{{" not in whole else None

    def resolved(self, node: Node, name: str = "", item: Node | None = None) -> Node:
        """The list or mapping that a node stands for that is one template; any other as it is."""
        if isinstance(node, Scalar) and (whole := _TEMPLATE.fullmatch(node.text.strip())) is not None:
            found = self.node(whole["inner"], name, item)
            return node if found is None or isinstance(found, Scalar) else found
        return node


def variables_of(documents: Iterable[Node]) -> Variables:
    """No variables yet, and which names a run sets."""
    unknown: set[str] = set()
    every = False
    pending, seen = list(documents), set[int]()
    while pending:
        match pending.pop():
            case Sequence(items=items) if id(items) not in seen:
                seen.add(id(items))
                pending.extend(items)
            case Mapping(entries=entries) if id(entries) not in seen:
                seen.add(id(entries))
                for entry in entries:
                    key, value = entry.key.text.rpartition(".")[2], entry.value
                    if key == "set_fact":
                        unknown |= _set_by(value)
                    elif key == "register" and isinstance(value, Scalar):
                        unknown.add(value.text)
                    elif key == "vars_prompt":
                        unknown |= {
                            name.text
                            for one in (value.items if isinstance(value, Sequence) else ())
                            if isinstance(one, Mapping) and isinstance(name := one.get("name"), Scalar)
                        }
                    every = every or key == "include_vars"
                    pending.append(value)
            case _:
                pass
    return Variables(frozenset(unknown), every=every)


def _set_by(value: Node) -> set[str]:
    if isinstance(value, Mapping):
        return {key.text for key, _ in value.items()}
    return set(re.findall(r"(\w+)=", value.text)) if isinstance(value, Scalar) else set()
