"""Values of a Compose file: interpolated, typed as Compose types them, with what is wrong about them reported."""

from __future__ import annotations

import re
from collections.abc import Callable

from msgspec import structs

from netlint.build.facts import HostFacts
from netlint.build.interpolation import UNKNOWN, Environment, Expanded, expand
from netlint.model.compose import MisplacedKey, UnsetVariable
from netlint.model.located import Located
from netlint.parse.tree import Entry, Mapping, Node, Scalar, Sequence, Unsupported
from netlint.pattern import pattern
from netlint.prefix import Address, Prefix, parse_address, parse_prefix
from netlint.source import Span

# As Compose casts a string where a boolean is due.
_BOOLEANS = {
    **dict.fromkeys(("true", "1", "t", "y", "yes", "on"), True),
    **dict.fromkeys(("false", "0", "f", "n", "no", "off"), False),
}
_INTEGER = pattern(r"[-+]?[0-9]{1,9}", re.ASCII)
_KINDS = {Mapping: "a mapping", Sequence: "a list", Scalar: "a single value"}


class Values:
    """Reads values of one project. Nothing is ever reported that rests on a variable.

    `environments` holds what the `.env` files set for each Compose file of the project, `guarded` the same for values
    that may hold secrets; `values_in` gives the variables in the file that an `env_file` names, without the values that
    are no addresses, ports or names of hosts. `unset` and `misplaced` gather what the project says of itself on the
    way.
    """

    def __init__(self, facts: HostFacts) -> None:
        self.facts = facts
        self.environments: dict[str, Environment] = {}
        self.guarded: dict[str, Environment] = {}
        self.values_in: Callable[[Scalar], Environment] = lambda _: {}
        self.misplaced: list[MisplacedKey] = []
        self._unset: dict[tuple[str, Span], UnsetVariable] = {}
        self._defaults: dict[str, Span] = {}
        self._reported: set[tuple[Span, str]] = set()

    def problem(self, span: Span, message: str, help: str = "") -> None:
        """Report a problem, once however many services an anchor brings it to."""
        if (span, message) not in self._reported:
            self._reported.add((span, message))
            self.facts.problem(span, message, help)

    def wrong_variable(self, span: Span) -> None:
        """Report a variable that Compose cannot read."""
        cure = "write ${NAME}, ${NAME:-default}, ${NAME:?message} or ${NAME:+value}, and $$ for a plain $"
        self.problem(span, "a variable is not written as Compose reads it", cure)

    def unsupported(self, span: Span, what: str) -> None:
        """Report what was read but has no model, once."""
        if (span, what) not in self._reported:
            self._reported.add((span, what))
            self.facts.unsupported(Unsupported(span, what))

    def mapping(self, node: Node | None, what: str) -> Mapping | None:
        """The node where it is a mapping; what is neither that nor empty is a problem."""
        if isinstance(node, Mapping):
            return node
        self._wrong_kind(node, what, "a mapping")
        return None

    def sequence(self, node: Node | None, what: str) -> tuple[Node, ...]:
        """The items of a list; what is neither that nor empty is a problem."""
        if isinstance(node, Sequence):
            return node.items
        self._wrong_kind(node, what, "a list")
        return ()

    def _wrong_kind(self, node: Node | None, what: str, wanted: str) -> None:
        if node is None or is_null(node) or (isinstance(node, Scalar) and not self.replaced(node).exact):
            return
        self.problem(node.span, f"{what} is {_KINDS[type(node)]}, not {wanted}")

    def replaced(self, scalar: Scalar, guarded: bool = False) -> Expanded:
        """The scalar with its variables replaced; `guarded`: of the `.env` files, only what is surely no secret."""
        environments = self.guarded if guarded else self.environments
        environment = environments.get(scalar.span.source) if environments else None
        return expand(scalar, environment) if environment else expand(scalar)

    def expand(self, node: Node | None, guarded: bool = False) -> Expanded | None:
        """The text of a scalar; None where there is none, or nothing in it."""
        if not isinstance(node, Scalar) or node.value is None:
            return None
        expanded = self.replaced(node, guarded)
        if expanded.error is not None:
            self.wrong_variable(expanded.error)
        for name in expanded.defaulted:
            self._defaults.setdefault(name, expanded.span)
        return expanded if expanded.text else None

    def note_unset(
        self, expanded: Expanded | None, key: str, owner: str, part: str = "", at: Span | None = None
    ) -> None:
        """Note the variables without a default in an address, subnet or port: in the `part` of a port that stands `at`,
        or in the whole text."""
        if expanded is None or expanded.known:
            return
        if not part and expanded.masked.strip(UNKNOWN):
            part = "middle"
        for name, span in expanded.unset:
            if at is None or (span.start < at.end and at.start < span.end):
                self._unset.setdefault((name, span), UnsetVariable(name, span, key, owner, part))

    def _has_env_file(self, path: str) -> bool:
        """Whether a `.env` file sets anything for the Compose file at `path`: the project's name is always there."""
        return any(name != "COMPOSE_PROJECT_NAME" for name in self.environments.get(path, ()))

    @property
    def unset(self) -> tuple[UnsetVariable, ...]:
        """The variables that were noted, with the place where the file gives them a default elsewhere."""
        return tuple(
            structs.replace(one, default=self._defaults.get(one.name), looked_up=self._has_env_file(one.span.source))
            for one in self._unset.values()
        )

    def known(self, node: Node | None) -> Expanded | None:
        """The same where no variable without a default has a part in it."""
        expanded = self.expand(node)
        return expanded if expanded is not None and expanded.known else None

    def string(self, node: Node | None, guarded: bool = False) -> Located[str] | None:
        """The text; variables without a default stay in it as they are written."""
        expanded = self.expand(node, guarded)
        return None if expanded is None else Located(expanded.text, expanded.span, expanded.exact)

    def distinct(self, node: Node | None) -> tuple[Located[str], ...]:
        """The texts of a list, or the one of a scalar; of equal ones the first, as Compose keeps them."""
        found: dict[str, Located[str]] = {}
        for text in self.strings(node):
            found.setdefault(text.value, text)
        return tuple(found.values())

    def strings(self, node: Node | None, guarded: bool = False) -> tuple[Located[str], ...]:
        """The texts of a list, or the one of a scalar."""
        items = node.items if isinstance(node, Sequence) else (node,)
        return tuple(text for item in items if (text := self.string(item, guarded)) is not None)

    def environment(self, node: Node | None, env_file: Node | None) -> tuple[tuple[str, Located[str]], ...]:
        """Names and values of a service's `environment`, and before them those in the files of its `env_file`.

        The place of the latter is where the Compose file names their file: no report ever quotes an environment file.
        """
        stated = self.pairs(node)
        if env_file is None:
            return stated
        known = {name for name, _ in stated}
        found: dict[str, Located[str]] = {}
        for item in env_file.items if isinstance(env_file, Sequence) else (env_file,):
            path = item.get("path") if isinstance(item, Mapping) else item
            if isinstance(path, Scalar):
                span = path.part(0, len(path.text))
                for name, value in self.values_in(path).items():
                    if name not in known:
                        found[name] = Located(value or "", span, False)
        return (*found.items(), *stated)

    def pairs(self, node: Node | None, guarded: bool = True) -> tuple[tuple[str, Located[str]], ...]:
        """Names and values, from a mapping or a list of `NAME=value`; without a value: empty and inexact."""
        if not isinstance(node, Mapping | Sequence):
            return ()
        return tuple(
            (key.text, self.string(value, guarded) or Located("", key.part(0, len(key.text)), not is_null(value)))
            for key, value in as_mapping(node, "=").items()
            if isinstance(value, Scalar)
        )

    def boolean(self, node: Node | None) -> Located[bool] | None:
        expanded = self.known(node)
        if expanded is None:
            return None
        value = _BOOLEANS.get(expanded.text.lower())
        return None if value is None else Located(value, expanded.span, expanded.exact)

    def integer(self, node: Node | None) -> Located[int] | None:
        expanded = self.known(node)
        if expanded is None:
            return None
        typed = expanded.scalar.value
        if isinstance(typed, int) and not isinstance(typed, bool):
            return Located(typed, expanded.span)
        if _INTEGER.fullmatch(expanded.text):
            return Located(int(expanded.text), expanded.span, expanded.exact)
        return None

    def address(self, node: Node | None, what: str, where: str, version: int | None = None) -> Located[Address] | None:
        """The address (of IP `version`) that the node holds, in a problem called the `what` of `where`."""
        self.note_unset(self.expand(node), what, where)
        expanded = self.known(node)
        if expanded is None:
            return None
        address = parse_address(expanded.text) if "%" not in expanded.text else None
        if address is None or (version is not None and address.version != version):
            if expanded.exact:
                kind = f"IPv{version} address" if address is not None else "address"
                self.problem(expanded.span, f"{what} {expanded.text} of {where} is no {kind}")
            return None
        return Located(address, expanded.span, expanded.exact)

    def prefix(self, node: Node | None, what: str, where: str) -> Located[Prefix] | None:
        """The prefix that the node holds, in a problem called the `what` of `where`. It needs a length in bits."""
        self.note_unset(self.expand(node), what, where)
        expanded = self.known(node)
        if expanded is None:
            return None
        base, slash, length = expanded.text.partition("/")
        prefix = parse_prefix(expanded.text) if length.isdigit() and "%" not in base else None
        if prefix is None:
            if expanded.exact and not slash and parse_address(base) is not None:
                bits = "64" if ":" in base else "24"
                self.problem(
                    expanded.span,
                    f"{what} {base} of {where} has no prefix length",
                    f"add the length of the network in bits, such as {base}/{bits}",
                )
            elif expanded.exact:
                self.problem(expanded.span, f"{what} {expanded.text} of {where} is no prefix")
            return None
        return Located(prefix, expanded.span, expanded.exact)


def is_null(node: Node) -> bool:
    return isinstance(node, Scalar) and node.value is None


def as_mapping(node: Mapping | Sequence, separator: str = "") -> Mapping:
    """A list of names, or of names and values with a `separator` between them, as the mapping it stands for."""
    if isinstance(node, Mapping):
        return node
    entries = []
    for item in node.items:
        if not isinstance(item, Scalar):
            continue
        at = item.text.find(separator) if separator else -1
        value = Scalar(span=item.part(len(item.text), len(item.text)), text="", value=None)
        key = item
        if at >= 0:
            key, value = _cut(item, 0, at), _cut(item, at + 1, len(item.text))
        entries.append(Entry(key=key, value=value))
    return Mapping(span=node.span, entries=tuple(entries), tag=node.tag)


def as_pairs(node: Node) -> Node:
    """A mapping, whose values may be lists, as the list of `name=value` that it stands for."""
    if not isinstance(node, Mapping):
        return node
    items = []
    for key, value in node.items():
        for one in value.items if isinstance(value, Sequence) else (value,):
            if isinstance(one, Scalar):
                text = f"{key.text}={one.text}"
                items.append(Scalar(span=one.part(0, len(one.text)), text=text, value=text))
    return Sequence(span=node.span, items=tuple(items), tag=node.tag)


def _cut(scalar: Scalar, start: int, end: int) -> Scalar:
    text = scalar.text[start:end]
    at = scalar.start + start if scalar.start is not None else None
    return Scalar(span=scalar.part(start, end), text=text, value=text, start=at)
