"""What an nftables ruleset consists of, as text or as JSON."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

from msgspec import Struct

from netlint.parse.tree import Unsupported
from netlint.source import Span


class Text(Struct, frozen=True, gc=False):
    """A word as written: a number, name, address, prefix (`10.0.0.0/8`) or range (`80-90`)."""

    span: Span
    text: str


class Reference(Struct, frozen=True, gc=False):
    """`@name` (`kind` "@": a set or map) or `$name` (a definition)."""

    span: Span
    kind: str
    name: str


class Parts(Struct, frozen=True):
    """`a . b` (`kind` ".") or `a, b` (`kind` ",")."""

    span: Span
    kind: str
    parts: tuple[Value, ...]


class Braces(Struct, frozen=True):
    """`{ … }`: an anonymous set or map."""

    span: Span
    elements: tuple[Element, ...]


Value: TypeAlias = Text | Reference | Parts | Braces


class Verdict(Struct, frozen=True, gc=False):
    """`accept`, `drop`, `return`, `continue`, `jump CHAIN`, `goto CHAIN`."""

    span: Span
    kind: str
    chain: str | None = None


class Element(Struct, frozen=True):
    """An element of a set; of a map, with the verdict or value that it leads to. `options` are words behind the key."""

    span: Span
    key: Value
    verdict: Verdict | None = None
    value: Value | None = None
    options: tuple[str, ...] = ()


class Comparison(Struct, frozen=True):
    """`ip saddr != 10.0.0.0/8`. `left` is the selector in words, several for a concatenation.

    `operator` is "==" where none is written; `mask` is that of `meta mark & MASK` or of `tcp flags syn / MASK`.
    """

    span: Span
    left: tuple[tuple[str, ...], ...]
    operator: str
    right: Value
    mask: Value | None = None


class VerdictMap(Struct, frozen=True):
    """`iifname vmap @jumps`."""

    span: Span
    left: tuple[tuple[str, ...], ...]
    map: Value


class Action(Struct, frozen=True):
    """Any other statement: its name ("counter", "log", "dnat", "meta mark set", "xt match") and its arguments by their
    names; "" is the name of one that has none. `condition`: it decides whether the rule goes on."""

    span: Span
    name: str
    arguments: tuple[tuple[str, str], ...] = ()
    value: Value | None = None
    condition: bool = False

    def argument(self, name: str) -> str | None:
        return next((value for key, value in self.arguments if key == name), None)


class Unknown(Struct, frozen=True, gc=False):
    """Statements that are not understood, to the end of their rule."""

    span: Span
    text: str


Statement: TypeAlias = Comparison | VerdictMap | Verdict | Action | Unknown


class Rule(Struct, frozen=True):
    span: Span
    statements: tuple[Statement, ...]
    comment: str | None = None


class Base(Struct, frozen=True):
    """`type filter hook forward priority filter`. `priority` as written: `filter`, `-100`, `dstnat + 10`."""

    type: str
    hook: str
    priority: str


class Chain(Struct, frozen=True, kw_only=True):
    """`span` is the first line, from `chain` to the name."""

    name: str
    span: Span
    base: Base | None = None
    policy: str | None = None
    rules: tuple[Rule, ...] = ()


class Set(Struct, frozen=True, kw_only=True):
    """A named set or map. `key` and `value` are its types in words, `value` empty for a set."""

    name: str
    span: Span
    key: tuple[str, ...] = ()
    value: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    elements: tuple[Element, ...] = ()


class Table(Struct, frozen=True, kw_only=True):
    """`span` is from `table` to the name. `closed` is False where its last brace is not there."""

    family: str
    name: str
    span: Span
    chains: tuple[Chain, ...] = ()
    sets: tuple[Set, ...] = ()
    closed: bool = True


class Removal(NamedTuple):
    """`flush ruleset`, `delete table ip nat`, `flush chain ip nat POSTROUTING`. Names are None where none are."""

    span: Span
    verb: str
    kind: str
    family: str | None = None
    table: str | None = None
    chain: str | None = None


class NftFile(Struct, frozen=True, kw_only=True):
    """`configuration`: it is written for `nft -f`, and nothing says that the kernel has it loaded.

    `definitions` are those of `define`, by name.
    """

    span: Span
    tables: tuple[Table, ...]
    removals: tuple[Removal, ...] = ()
    definitions: tuple[tuple[str, Value], ...] = ()
    configuration: bool = False
    unsupported: tuple[Unsupported, ...] = ()
