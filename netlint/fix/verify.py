"""Whether a changed file says what the repairs of it say, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable

from netlint.finding import Add, Edit, Fix, Join, Nest, Remove
from netlint.fix.layout import UnfitError
from netlint.fix.places import HeldEntry, Path, Places
from netlint.fix.plain import Content, Items, Leaf, Pair, Pairs, differences, whole
from netlint.fix.trees import parsed
from netlint.parse.tree import Node, Scalar
from netlint.source import Source, Span


def changed(before: Source, after: str, format: str, fixes: Iterable[Fix]) -> list[tuple[str, str | None, str | None]]:
    """What differs between the file and `after`, as (path, old, new); UnfitError where it is not what `fixes` say."""
    documents, problems = parsed(before, format)
    now, more = parsed(Source(before.path, after), format)
    if len(more) > len(problems):
        raise UnfitError(f"the changed file could not be read: {more[-1].message}")
    expected = _Expected(before, format, documents)
    for fix in fixes:
        expected.take(fix)
    result = whole(now)
    strange = next(differences(expected.content, result), None)
    if strange is not None:
        raise UnfitError(f"more would change than meant: {strange[0]}")
    return list(differences(whole(documents), result))


class _Expected:
    """The content of a file after the changes of fixes."""

    def __init__(self, source: Source, format: str, documents: list[Node]) -> None:
        self.source = source
        self.format = format
        self.places = Places(documents)
        self.content = whole(documents)
        # Paths hold on the tree as it was: what they lead to is looked up before anything is taken out.
        self.original = _Lookup(self.content)

    def take(self, fix: Fix) -> None:
        for change in fix.changes:
            match change:
                case Edit():
                    self.edit(change, fix.safe)
                case Remove(span=span):
                    self.remove(span)
                case Add():
                    self.add(change)
                case Nest():
                    self.nest(change)
                case Join(key=key):
                    self.join(key)

    def ways(self, paths: list[Path], safe: bool = False) -> list[Path]:
        """All ways to what a change is about; what an anchor shares is for its author to change, unless it is safe."""
        if not paths:
            raise UnfitError("the place is not there")
        if len(paths) > 1 and not safe:
            raise UnfitError("an anchor shares the value with other places")
        return paths

    def edit(self, change: Edit, safe: bool) -> None:
        held = self.places.scalar(change.span)
        if held is None:
            entry = self.places.entry(change.span)
            if entry is None:
                raise UnfitError("the edit is of no value")
            text = self.token(entry.entry.key, change).text
            for path in self.ways(entry.paths):
                self.original.pair(path).key = text
            return
        scalar = self.token(held.scalar, change)
        for path in self.ways(held.paths, safe):
            leaf = self.original.at(path)
            if isinstance(leaf, Leaf):
                leaf.text, leaf.kind = scalar.text, type(scalar.value).__name__

    def token(self, scalar: Scalar, change: Edit) -> Scalar:
        """The scalar with the edit made in it, read by itself."""
        start, end = scalar.span.start, scalar.span.end
        text = self.source.text
        token = text[start : change.span.start] + change.text + text[change.span.end : end]
        documents, problems = parsed(Source("", token), self.format)
        if problems or len(documents) != 1 or not isinstance(documents[0], Scalar):
            raise UnfitError("the new value would be none")
        return documents[0]

    def remove(self, span: Span) -> None:
        held = self.places.entry(span)
        if held is not None:
            for path in self.ways(held.paths):
                self.original.take_pair(path)
            return
        item = self.places.item(span)
        for path in self.ways(item.paths if item is not None else []):
            self.original.take_item(path)

    def add(self, change: Add) -> None:
        root = self.places.root
        if change.below.start == change.below.end:
            if root is None:
                raise UnfitError("the file is no mapping")
            self.put(self.original.at((0,)), change)
            return
        held = self.places.entry(change.below)
        for path in self.ways(held.paths if held is not None else []):
            if change.beside:
                self.put(self.original.at(path[:-1]), change)
                continue
            pair = self.original.pair(path)
            if isinstance(pair.value, Leaf):
                pair.value = Pairs([])
            self.put(pair.value, change)

    def put(self, target: Content, change: Add) -> None:
        *way, last = change.path
        mapping = _reached(target, way)
        if not isinstance(change.value, tuple):
            text = str(change.value).lower() if isinstance(change.value, bool) else str(change.value)
            mapping.pairs.append(Pair(last, Leaf(text, type(change.value).__name__)))
            return
        items: list[Content] = [Leaf(item, "str") for item in change.value]
        present = mapping.get(last)
        if isinstance(present, Items):
            present.items += items
        else:
            mapping.pairs.append(Pair(last, Items(items)))

    def nest(self, change: Nest) -> None:
        held = [self.entry(key) for key in change.keys]
        held.sort(key=lambda one: one.number)
        moved: list[Pair] = []
        target: Content | None = None
        for one in held:
            (path,) = self.ways(one.paths)
            target = self.original.at(path[:-1])
            moved.append(self.original.take_pair(path))
        *way, last = change.path
        if target is not None:
            _reached(target, way).pairs.append(Pair(last, Items([Pairs(moved)])))

    def entry(self, key: Span) -> HeldEntry:
        held = self.places.entry(key)
        if held is None:
            raise UnfitError("the place is not there")
        return held

    def join(self, key: Span) -> None:
        held = self.places.item_around(key)
        for path in self.ways(held.paths if held is not None else []):
            before = self.original.at((*path[:-1], path[-1] - 1))
            item = self.original.take_item(path)
            if not isinstance(before, Pairs) or not isinstance(item, Pairs):
                raise UnfitError("the items are no mappings")
            before.pairs += item.pairs


def _reached(target: Content, way: Iterable[str]) -> Pairs:
    """The mapping below `target` that the keys of `way` lead to; made where it is missing."""
    for key in way:
        inner = target.get(key) if isinstance(target, Pairs) else None
        if inner is None and isinstance(target, Pairs):
            inner = Pairs([])
            target.pairs.append(Pair(key, inner))
        if inner is None:
            break
        target = inner
    if not isinstance(target, Pairs):
        raise UnfitError("there is something else")
    return target


class _Lookup:
    """Finds content by the paths that it had at first, whatever was taken out since."""

    def __init__(self, root: Items) -> None:
        self.root = root
        self.lists: dict[Path, list[Content]] = {}
        self.pairs: dict[Path, list[Pair]] = {}
        self.nodes: dict[Path, Content] = {}
        self._record((), root)

    def _record(self, path: Path, node: Content) -> None:
        self.nodes[path] = node
        match node:
            case Items(items=items):
                self.lists[path] = [*items]
                for index, item in enumerate(items):
                    self._record((*path, index), item)
            case Pairs(pairs=pairs):
                self.pairs[path] = [*pairs]
                for index, pair in enumerate(pairs):
                    self._record((*path, index), pair.value)

    def at(self, path: Path) -> Content:
        return self.nodes[path]

    def pair(self, path: Path) -> Pair:
        return self.pairs[path[:-1]][path[-1]]

    def take_pair(self, path: Path) -> Pair:
        parent, pair = self.at(path[:-1]), self.pair(path)
        assert isinstance(parent, Pairs)
        parent.pairs[:] = [one for one in parent.pairs if one is not pair]
        return pair

    def take_item(self, path: Path) -> Content:
        parent, item = self.at(path[:-1]), self.nodes[path]
        assert isinstance(parent, Items)
        parent.items[:] = [one for one in parent.items if one is not item]
        return item
