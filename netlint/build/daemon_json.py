"""daemon.json to options."""

from __future__ import annotations

from netlint.build.dockerd_options import DockerdOption, OptionType, by_flag, by_key, closest
from netlint.build.dockerd_values import is_exact, make_pool, text_error
from netlint.model.daemon import Option, OptionValue, Pool, Setting
from netlint.model.located import Located
from netlint.parse.daemon_json import OPEN
from netlint.parse.tree import Entry, Mapping, Node, Scalar, Sequence
from netlint.source import Source, Span


def read_options(root: Mapping, source: Source) -> list[Option]:
    """An option for each entry, those of equal keys included: for encoding/json the last of them holds."""
    return [_option(entry, source) for entry in root.entries]


def read_pools(root: Mapping) -> list[Pool] | None:
    """The entries of default-address-pools that are objects; None where there is no such list."""
    pools = root.get("default-address-pools")
    if not isinstance(pools, Sequence):
        return None
    return [
        _pool(item) if isinstance(item, Mapping) else make_pool(item.span, _located(item), None, Setting.FILE)
        for item in pools.items
        if isinstance(item, Mapping) or (isinstance(item, Scalar) and item.tag == OPEN)
    ]


def _option(entry: Entry, source: Source) -> Option:
    key = entry.key.text
    spec = by_key(key)
    flag = by_flag(key) if spec is None and len(key) > 1 else None
    value, error = _value(entry.value, spec, source)
    items = entry.value.items if isinstance(entry.value, Sequence) else ()
    texts = tuple(_located(item) for item in items if isinstance(item, Scalar))
    exact = is_exact(value) if isinstance(value, str) else all(text.exact for text in texts)
    exact = exact and not (isinstance(entry.value, Scalar) and entry.value.tag == OPEN)
    return Option(
        name=key,
        value=value,
        span=_span(entry.value),
        name_span=_span(entry.key),
        setting=Setting.FILE,
        items=texts,
        known=spec is not None or flag is not None or not is_exact(key),
        exact=exact and is_exact(key),
        ignored=flag is not None,
        suggestion=_suggestion(key, flag) if spec is None and is_exact(key) else "",
        type_error=error,
        since=spec.since if spec is not None else None,
        removed=spec.removed if spec is not None else None,
    )


def _suggestion(key: str, flag: DockerdOption | None) -> str:
    if flag is None:
        return closest(key) or ""
    # dockerd knows --http-proxy, but its file has the proxies in an object of their own
    return "proxies" if flag.flag.endswith("-proxy") else flag.key


def _value(node: Node, spec: DockerdOption | None, source: Source) -> tuple[OptionValue, str]:
    """The value, and what dockerd has against its type. `null` leaves every option at its default."""
    if isinstance(node, Scalar) and node.tag == OPEN:
        return node.text, ""
    if isinstance(node, Scalar):
        value = node.text if isinstance(node.value, float) else node.value
        return value, _scalar_error(node, spec.type) if spec is not None and node.value is not None else ""
    if isinstance(node, Sequence) and (spec is None or spec.type is not OptionType.POOLS):
        texts = tuple(item.text for item in node.items if isinstance(item, Scalar))
        return texts, _sequence_error(node, spec.type) if spec is not None else ""
    return source.slice(node.span), _structure_error(node, spec.type) if spec is not None else ""


def _scalar_error(node: Scalar, kind: OptionType) -> str:
    match kind, node.value:
        case (OptionType.BOOL, bool()) | (OptionType.STR, str()):
            return ""
        case OptionType.INT, int() if not isinstance(node.value, bool):
            return ""
        case OptionType.ADDRESS, str(text):
            return text_error(kind, text)
    return _wrong(kind, node)


def _sequence_error(node: Sequence, kind: OptionType) -> str:
    if kind not in (OptionType.LIST, OptionType.ADDRESSES):
        return _wrong(kind, node)
    for item in node.items:
        if isinstance(item, Scalar) and item.tag == OPEN:
            continue
        if not isinstance(item, Scalar) or not isinstance(item.value, str):
            return f"{_wrong(kind, node)} with {_called(item)} in it"
        error = text_error(kind, item.text)
        if error:
            return f"each item {error}"
    return ""


def _structure_error(node: Node, kind: OptionType) -> str:
    if kind is OptionType.POOLS and isinstance(node, Sequence):
        wrong = next((item for item in node.items if not isinstance(item, Mapping) and item.tag != OPEN), None)
        return "" if wrong is None else f"{_wrong(kind, node)} with {_called(wrong)} in it"
    if isinstance(node, Mapping) and kind is OptionType.MAP:
        for key, value in node.items():
            if not isinstance(value, Scalar) or not isinstance(value.value, str | None):
                return f"{key.text} must be a string, not {_called(value)}"
        return ""
    return "" if isinstance(node, Mapping) and kind is OptionType.OBJECT else _wrong(kind, node)


def _wrong(kind: OptionType, node: Node) -> str:
    return f"must be {kind.value}, not {_called(node)}"


def _called(node: Node) -> str:
    match node:
        case Mapping():
            return "an object"
        case Sequence():
            return "a list"
        case Scalar(value=bool()):
            return "true or false"
        case Scalar(value=None):
            return "null"
        case Scalar(value=str()):
            return "a string"
        case Scalar(value=float()):
            return "a fraction"
    return "a number"


def _pool(node: Mapping) -> Pool:
    """encoding/json matches the names of fields without regard to case."""
    fields = {key.text.lower(): value for key, value in node.items()}
    base, size = fields.get("base"), fields.get("size")
    written = _located(base) if isinstance(base, Scalar) and base.value is not None else None
    bits = size.value if isinstance(size, Scalar) else None
    length = (
        Located(bits, _span(size))
        if size is not None and isinstance(bits, int) and not isinstance(bits, bool)
        else None
    )
    if isinstance(size, Scalar) and size.tag == OPEN:
        length = Located(0, _span(size), exact=False)
    return make_pool(node.span, written, length, Setting.FILE)


def _located(node: Scalar) -> Located[str]:
    return Located(node.text, _span(node), is_exact(node.text) and node.tag != OPEN)


def _span(node: Node) -> Span:
    """The place of the content, quotes left out."""
    return node.part(0, len(node.text)) if isinstance(node, Scalar) else node.span
