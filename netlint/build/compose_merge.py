"""Several Compose files to one, by the rules of `docker compose -f a -f b` (compose-go, package override)."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import TypeAlias

from netlint.build.compose_values import as_mapping, as_pairs, is_null
from netlint.parse.tree import Entry, Mapping, Node, Scalar, Sequence
from netlint.source import Span


class _Way(Enum):
    """How values meet where their kinds do not say: mappings merge key by key, lists append, scalars replace."""

    REPLACE = "the later one replaces the earlier"
    PAIRS = "both are mappings, though either may be written as a list of NAME=value"
    NAMES = "both are mappings, though either may be written as a list of names, which then have nothing"
    SERVICES = "the same, where a name of a list has an empty mapping"
    LIST = "both are lists, though either may be written as a single value"
    HOSTS = "both are lists of NAME=value, though either may be written as a mapping"
    IPAM = "the later one replaces the earlier, whose entries lend what they have to those of the same subnet"


# Where relative paths stand, which mean something else in another folder.
_PATHS = {"build", "configs", "develop", "env_file", "file", "label_file", "secrets", "volumes"}
_WAYS = {
    ("networks", "*", "ipam", "config"): _Way.IPAM,
    ("networks", "*", "labels"): _Way.PAIRS,
    ("services", "*", "annotations"): _Way.PAIRS,
    ("services", "*", "command"): _Way.REPLACE,
    ("services", "*", "depends_on"): _Way.SERVICES,
    ("services", "*", "deploy", "labels"): _Way.PAIRS,
    ("services", "*", "dns"): _Way.LIST,
    ("services", "*", "dns_opt"): _Way.LIST,
    ("services", "*", "dns_search"): _Way.LIST,
    ("services", "*", "entrypoint"): _Way.REPLACE,
    ("services", "*", "env_file"): _Way.LIST,
    ("services", "*", "environment"): _Way.PAIRS,
    ("services", "*", "extra_hosts"): _Way.HOSTS,
    ("services", "*", "healthcheck", "test"): _Way.REPLACE,
    ("services", "*", "labels"): _Way.PAIRS,
    ("services", "*", "networks"): _Way.NAMES,
    ("services", "*", "sysctls"): _Way.PAIRS,
}


# Values that replaced others, by their places: where those stand.
Replaced: TypeAlias = dict[Span, Span]


def merge(layers: Iterable[Mapping], replaced: Replaced) -> Mapping | None:
    """The layers on top of each other, later ones over earlier ones; None of none. Each value keeps its own span, and
    those that replace one of another file are noted."""
    result: Mapping | None = None
    for layer in layers:
        result = _without_resets(layer) if result is None else _merge_mappings(result, layer, (), replaced)
    return result


def extended(base: Mapping, service: Mapping, replaced: Replaced) -> Mapping:
    """The `service` laid over the `base` that it extends. What it resets or overrides, it does in files before its own
    too, so those tags stay."""
    over = Mapping(span=service.span, entries=tuple(one for one in service.entries if one.key.text != "extends"))
    merged = _merge_mappings(_without_resets(base), over, ("services", ""), replaced)
    resets = tuple(entry for entry in over.entries if entry.value.tag == "!reset")
    return Mapping(span=service.span, entries=(*merged.entries, *resets), tag=service.tag)


def surely_differ(one: Node, other: Node) -> bool:
    """Whether two definitions of one thing differ in what no notation, variable or relative path accounts for."""
    match one, other:
        case Scalar(), Scalar():
            plain = not any("$" in node.text or is_null(node) or isinstance(node.value, bool) for node in (one, other))
            return plain and one.text != other.text
        case Sequence(), Sequence():
            pairs = zip(one.items, other.items, strict=False)
            return len(one.items) != len(other.items) or any(surely_differ(*pair) for pair in pairs)
        case Mapping(), Mapping():
            for key in {*one.keys(), *other.keys()} - _PATHS:
                ours, theirs = one.get(key), other.get(key)
                given = ours if theirs is None else theirs if ours is None else None
                if given is not None and _says_something(given):
                    return True
                if ours is not None and theirs is not None and surely_differ(ours, theirs):
                    return True
    return False


def _says_something(node: Node) -> bool:
    match node:
        case Scalar(value=value):
            return not (value is None or isinstance(value, bool))
        case Sequence(items=items):
            return bool(items)
        case Mapping(entries=entries):
            return bool(entries)


def _without_resets(mapping: Mapping) -> Mapping:
    """The same mapping where nothing in it is tagged `!reset`."""
    entries = []
    changed = False
    for entry in mapping.entries:
        value = entry.value
        if value.tag == "!reset":
            changed = True
            continue
        if isinstance(value, Mapping):
            value = _without_resets(value)
        elif isinstance(value, Sequence):
            value = _without_reset_items(value)
        if value is not entry.value:
            changed = True
            entry = Entry(key=entry.key, value=value, merged=entry.merged)  # noqa: PLW2901
        entries.append(entry)
    if not changed:
        return mapping
    return Mapping(span=mapping.span, entries=tuple(entries), tag=mapping.tag)


def _without_reset_items(sequence: Sequence) -> Sequence:
    kept = tuple(item for item in sequence.items if item.tag != "!reset")
    return sequence if len(kept) == len(sequence.items) else Sequence(span=sequence.span, items=kept, tag=sequence.tag)


def _merge_mappings(base: Mapping, over: Mapping, path: tuple[str, ...], replaced: Replaced) -> Mapping:
    entries = {key.text: Entry(key=key, value=value) for key, value in base.items()}
    for key, value in over.items():
        before = entries.get(key.text)
        if value.tag == "!reset":
            entries.pop(key.text, None)
        elif before is None or value.tag == "!override":
            entries[key.text] = Entry(key=key, value=_without_resets(value) if isinstance(value, Mapping) else value)
            if before is not None:
                _note(before.value, value, replaced)
        else:
            entries[key.text] = Entry(key=before.key, value=_merge(before.value, value, (*path, key.text), replaced))
    return Mapping(span=base.span, entries=tuple(entries.values()))


def _note(base: Node, over: Node, replaced: Replaced) -> None:
    if base.span.source != over.span.source and not is_null(base):
        replaced[over.span] = base.span


def _merge(base: Node, over: Node, path: tuple[str, ...], replaced: Replaced) -> Node:
    if is_null(over):
        return base
    way = _WAYS.get((path[0], "*", *path[2:])) if len(path) > 2 else None
    if way is _Way.REPLACE:
        _note(base, over, replaced)
        return over
    if way is _Way.IPAM and isinstance(base, Sequence) and isinstance(over, Sequence):
        _note(base, over, replaced)
        return _merge_ipam(base, over, replaced)
    if way is _Way.LIST:
        base, over = _as_sequence(base), _as_sequence(over)
    elif way is _Way.HOSTS:
        base, over = as_pairs(base), as_pairs(over)
    elif way is _Way.SERVICES:
        base, over = _as_conditions(base), _as_conditions(over)
    elif way in (_Way.PAIRS, _Way.NAMES):
        separator = "=" if way is _Way.PAIRS else ""
        base = as_mapping(base, separator) if isinstance(base, Sequence) else base
        over = as_mapping(over, separator) if isinstance(over, Sequence) else over
    if isinstance(base, Mapping) and isinstance(over, Mapping):
        return _merge_mappings(base, over, path, replaced)
    if isinstance(base, Sequence) and isinstance(over, Sequence):
        return Sequence(span=base.span, items=(*base.items, *_without_reset_items(over).items))
    _note(base, over, replaced)
    return _without_resets(over) if isinstance(over, Mapping) else over


def _merge_ipam(base: Sequence, over: Sequence, replaced: Replaced) -> Sequence:
    """The later entries, each with what an earlier one of its subnet adds. As in compose-go 2.9, where an earlier entry
    that meets a later one of another subnet a second time lends itself to that one too."""
    items: list[Mapping] = []
    for earlier in (item for item in base.items if isinstance(item, Mapping)):
        lent = earlier
        for later in (item for item in over.items if isinstance(item, Mapping)):
            at = next((number for number, item in enumerate(items) if _subnet(item) == _subnet(later)), None)
            if at is None and _subnet(later) != _subnet(lent):
                items.append(later)
                continue
            merged = _merge_mappings(lent, later, (), replaced)
            items = [merged if item is lent else item for item in items]
            at = next((number for number, item in enumerate(items) if _subnet(item) == _subnet(merged)), None)
            lent = merged
            if at is None:
                items.append(merged)
            else:
                items[at] = merged
    return Sequence(span=over.span, items=tuple(items) if base.items else over.items)


def _subnet(entry: Mapping) -> str | None:
    subnet = entry.get("subnet")
    return subnet.text if isinstance(subnet, Scalar) else None


def _as_conditions(node: Node) -> Node:
    if not isinstance(node, Sequence):
        return node
    entries = (
        Entry(key=entry.key, value=Mapping(span=entry.key.span, entries=())) for entry in as_mapping(node).entries
    )
    return Mapping(span=node.span, entries=tuple(entries), tag=node.tag)


def _as_sequence(node: Node) -> Node:
    return Sequence(span=node.span, items=(node,)) if isinstance(node, Scalar) and not is_null(node) else node
