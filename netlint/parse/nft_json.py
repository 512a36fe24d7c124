"""`nft -j list ruleset`, as the tree of the text (libnftables-json(5)).

The document is an object with the list "nftables", whose members are tables, chains, sets, maps and rules in the order
of `nft list ruleset`. A rule is a list of statements, each an object with one key.
"""

from __future__ import annotations

from netlint.parse import json
from netlint.parse.nft_tree import (
    Action,
    Base,
    Braces,
    Chain,
    Comparison,
    Element,
    NftFile,
    Parts,
    Reference,
    Rule,
    Set,
    Statement,
    Table,
    Text,
    Unknown,
    Value,
    Verdict,
    VerdictMap,
)
from netlint.parse.tree import Mapping, Node, Problem, Scalar, Sequence, Unsupported
from netlint.source import Source

_VERDICTS = frozenset(("accept", "drop", "return", "continue", "jump", "goto"))
_PLAIN = frozenset(("counter", "log", "masquerade", "redirect", "dnat", "snat", "tproxy", "queue", "notrack", "quota"))
_OBJECTS = frozenset(("counter", "quota", "limit", "ct helper", "ct timeout", "ct expectation", "secmark", "flowtable"))
_FLAGS = ("flags", "bypass", "fanout")


class _NotUnderstoodError(Exception):
    pass


def _text(node: Node | None) -> str:
    """The text of a scalar; "" for anything else."""
    return node.text if isinstance(node, Scalar) and node.value is not None else ""


def _one(node: Node | None) -> tuple[str, Node]:
    """Key and value of an object with one member."""
    if isinstance(node, Mapping) and len(node.entries) == 1:
        return node.entries[0].key.text, node.entries[0].value
    raise _NotUnderstoodError


def _field(node: Node, key: str) -> Node:
    found = node.get(key) if isinstance(node, Mapping) else None
    if found is None:
        raise _NotUnderstoodError
    return found


def _items(node: Node | None) -> tuple[Node, ...]:
    return node.items if isinstance(node, Sequence) else ()


def _value(node: Node) -> Value:
    if isinstance(node, Scalar):
        if node.text.startswith("@"):
            return Reference(node.span, "@", node.text[1:])
        return Text(node.span, node.text)
    if isinstance(node, Sequence):
        return Parts(node.span, ",", tuple(_value(item) for item in node.items))
    key, inner = _one(node)
    match key:
        case "prefix":
            return Text(node.span, f"{_text(_field(inner, 'addr'))}/{_text(_field(inner, 'len'))}")
        case "range" if len(_items(inner)) == 2:
            return Text(node.span, "-".join(_text(item) for item in _items(inner)))
        case "set":
            items = _items(inner) if isinstance(inner, Sequence) else (inner,)
            return Braces(node.span, tuple(_element(item) for item in items))
        case "concat":
            return Parts(node.span, ".", tuple(_value(item) for item in _items(inner)))
        case "elem":
            return _value(_field(inner, "val"))
        case "|":
            return Parts(node.span, ",", tuple(_value(item) for item in _items(inner)))
    raise _NotUnderstoodError


def _element(node: Node) -> Element:
    pair = _items(node)
    key = pair[0] if len(pair) == 2 else node
    options: tuple[str, ...] = ()
    if isinstance(key, Mapping) and isinstance(inner := key.get("elem"), Mapping):
        options = tuple(entry.key.text for entry in inner.entries if entry.key.text != "val")
    if len(pair) != 2:
        return Element(node.span, _value(key), options=options)
    if isinstance(pair[1], Mapping) and (found := _verdict(pair[1])) is not None:
        return Element(node.span, _value(key), found, options=options)
    return Element(node.span, _value(key), None, _value(pair[1]), options)


def _verdict(node: Mapping) -> Verdict | None:
    key = node.entries[0].key.text if len(node.entries) == 1 else ""
    if key not in _VERDICTS:
        return None
    inner = node.entries[0].value
    chain = _text(inner.get("target")) if isinstance(inner, Mapping) else None
    return Verdict(node.span, key, chain)


def _selectors(node: Node) -> tuple[tuple[str, ...], ...]:
    key, inner = _one(node)
    if key == "concat":
        return tuple(_selector(*_one(item)) for item in _items(inner))
    return (_selector(key, inner),)


def _selector(key: str, inner: Node) -> tuple[str, ...]:
    match key:
        case "meta":
            return "meta", _text(_field(inner, "key"))
        case "payload" if isinstance(inner, Mapping) and inner.get("protocol") is not None:
            return _text(_field(inner, "protocol")), _text(_field(inner, "field"))
        case "ct":
            words = [_text(inner.get(name)) for name in ("dir", "family", "key")] if isinstance(inner, Mapping) else []
            return ("ct", *(word for word in words if word))
        case "fib":
            flags = _field(inner, "flags")
            words = [_text(item) for item in _items(flags)] or [_text(flags)]
            return ("fib", *words, _text(_field(inner, "result")))
        case "tcp option" | "ip option" | "sctp chunk":
            return (
                (*key.split(), _text(_field(inner, "name")), *filter(None, [_text(inner.get("field"))]))
                if isinstance(inner, Mapping)
                else ()
            )
        case "socket" | "rt" | "osf":
            return key, _text(_field(inner, "key"))
    raise _NotUnderstoodError


def _comparison(node: Node, inner: Node) -> Comparison:
    left, operator = _field(inner, "left"), _text(_field(inner, "op"))
    mask: Value | None = None
    if isinstance(left, Mapping) and (masked := left.get("&")) is not None and len(_items(masked)) == 2:
        left, mask = _items(masked)[0], _value(_items(masked)[1])
    right = _value(_field(inner, "right"))
    return Comparison(node.span, _selectors(left), "==" if operator == "in" else operator, right, mask)


def _statement(node: Node) -> Statement:
    if isinstance(node, Mapping) and (verdict := _verdict(node)) is not None:
        return verdict
    key, inner = _one(node)
    match key:
        case "match":
            return _comparison(node, inner)
        case "vmap":
            return VerdictMap(node.span, _selectors(_field(inner, "key")), _value(_field(inner, "data")))
        case "reject":
            kind = _text(inner.get("type")) if isinstance(inner, Mapping) else ""
            name = _text(inner.get("expr")) if isinstance(inner, Mapping) else ""
            if kind == "tcp reset":
                kind, name = "tcp", "reset"
            return Action(node.span, key, ((kind, name),) if kind else ())
        case "xt":
            kind, name = _text(_field(inner, "type")), _text(_field(inner, "name"))
            return Action(node.span, f"xt {kind}", ((kind, name),), None, kind == "match")
        case "mangle":
            words = _selectors(_field(inner, "key"))[0]
            return Action(node.span, " ".join((*words, "set")), (("", _text(_field(inner, "value"))),))
        case "limit":
            return Action(node.span, key, _limit(inner), None, True)
        case "dnat" | "snat" | "masquerade" | "redirect" | "tproxy":
            return _translation(node, key, inner)
        case _ if key in _PLAIN:
            return Action(node.span, key, _arguments(inner), None, key == "quota")
    raise _NotUnderstoodError


def _arguments(inner: Node) -> tuple[tuple[str, str], ...]:
    if not isinstance(inner, Mapping):
        return (("name", _text(inner)),) if _text(inner) else ()
    found: list[tuple[str, str]] = []
    for entry in inner.entries:
        words = [_text(item) for item in _items(entry.value)] or [_text(entry.value)]
        found += [(word, "") for word in words] if entry.key.text in _FLAGS else [(entry.key.text, ",".join(words))]
    return tuple(found)


def _limit(inner: Node) -> tuple[tuple[str, str], ...]:
    words = dict(_arguments(inner))
    over = (("over", ""),) if words.get("inv") == "true" else ()
    return (*over, ("rate", f"{words.get('rate', '')}/{words.get('per', '')}"), ("burst", words.get("burst", "")))


def _translation(node: Node, key: str, inner: Node) -> Action:
    if not isinstance(inner, Mapping):
        return Action(node.span, key)
    written = [_value(part) for part in (inner.get("addr"), inner.get("port")) if part is not None]
    texts = [part.text for part in written if isinstance(part, Text)]
    if len(texts) != len(written):
        raise _NotUnderstoodError
    address = texts[0] if inner.get("addr") is not None else ""
    port = f":{texts[-1]}" if inner.get("port") is not None else ""
    target = f"[{address}]{port}" if port and address.count(":") > 1 else address + port
    flags = [_text(item) for item in _items(inner.get("flags"))] or [_text(inner.get("flags"))]
    value = Text(written[0].span, target) if written else None
    return Action(node.span, key, tuple((flag, "") for flag in flags if flag), value)


def _read(node: Node) -> Statement:
    try:
        return _statement(node)
    except _NotUnderstoodError:
        key = node.entries[0].key.text if isinstance(node, Mapping) and node.entries else "statement"
        return Unknown(node.span, key)


class _Builder:
    def __init__(self, source: Source) -> None:
        self.source = source
        self.tables: dict[tuple[str, str], Table] = {}
        self.chains: dict[tuple[str, str], dict[str, Chain]] = {}
        self.rules: dict[tuple[str, str, str], list[Rule]] = {}
        self.sets: dict[tuple[str, str], list[Set]] = {}
        self.problems: list[Problem] = []
        self.unsupported: list[Unsupported] = []

    def add(self, item: Node) -> None:
        """Take one member of the list "nftables"."""
        kind, inner = _one(item)
        if not isinstance(inner, Mapping):
            raise _NotUnderstoodError
        family, name = _text(inner.get("family")), _text(inner.get("name"))
        table = (family, _text(inner.get("table")))
        match kind:
            case "metainfo":
                pass
            case "table":
                self.tables[family, name] = Table(family=family, name=name, span=inner.span)
            case "chain":
                hook = _text(inner.get("hook"))
                base = Base(_text(inner.get("type")), hook, _text(inner.get("prio"))) if hook else None
                policy = _text(inner.get("policy")) or None
                self.chains.setdefault(table, {})[name] = Chain(name=name, span=inner.span, base=base, policy=policy)
            case "set" | "map":
                self.sets.setdefault(table, []).append(self.set(inner, name))
            case "rule":
                statements = tuple(_read(node) for node in _items(inner.get("expr")))
                rule = Rule(inner.span, statements, _text(inner.get("comment")) or None)
                self.rules.setdefault((*table, _text(inner.get("chain"))), []).append(rule)
            case "counter":
                pass  # it decides nothing
            case _ if kind in _OBJECTS:
                self.unsupported.append(Unsupported(item.span, f"{kind} of a table"))
            case _:
                raise _NotUnderstoodError

    def set(self, inner: Mapping, name: str) -> Set:
        def words(key: str) -> tuple[str, ...]:
            value = inner.get(key)
            return tuple(_text(item) for item in _items(value)) or ((_text(value),) if _text(value) else ())

        elements = tuple(_element(item) for item in _items(inner.get("elem")))
        key = " . ".join(words("type"))
        return Set(
            name=name,
            span=inner.span,
            key=tuple(key.split()),
            value=words("map"),
            flags=words("flags"),
            elements=elements,
        )

    def tree(self) -> NftFile:
        tables = []
        for place, table in self.tables.items():
            chains = tuple(
                Chain(
                    name=chain.name,
                    span=chain.span,
                    base=chain.base,
                    policy=chain.policy,
                    rules=tuple(self.rules.get((*place, chain.name), ())),
                )
                for chain in self.chains.get(place, {}).values()
            )
            sets = tuple(self.sets.get(place, ()))
            tables.append(Table(family=table.family, name=table.name, span=table.span, chains=chains, sets=sets))
        whole = self.source.span(0, len(self.source.text))
        return NftFile(span=whole, tables=tuple(tables), unsupported=tuple(self.unsupported))


def parse(source: Source) -> tuple[NftFile, list[Problem]]:
    """The tables in order. A span covers the object that says it."""
    documents, problems = json.parse(source)
    builder = _Builder(source)
    listed = False
    for document in documents:
        members = document.get("nftables") if isinstance(document, Mapping) else None
        listed = listed or isinstance(members, Sequence)
        for item in _items(members):
            try:
                builder.add(item)
            except _NotUnderstoodError:
                problems.append(Problem(item.span, "this is no part of nft -j list ruleset"))
    if not listed and source.text.strip():
        whole = source.span(0, len(source.text))
        problems = [Problem(whole, 'no list "nftables" in it', fatal=True)]
    return builder.tree(), problems
