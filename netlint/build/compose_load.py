"""The files of a Compose project to one tree: what is extended and included is brought in, and all is merged.

In the order of compose-go: in each document the services take up what they extend, then what is included joins it, then
it is laid over the documents before it. Each value keeps the place that wrote it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from netlint.build.compose_environment import guarded, variables
from netlint.build.compose_files import (
    MAX_FILES,
    Include,
    Library,
    ProjectFiles,
    compose_file,
    dotenv_of,
    folder_of,
    includes,
    is_version_1,
    path_at,
    project_environment,
    scalars,
    services_of,
)
from netlint.build.compose_merge import Replaced, extended, merge, surely_differ
from netlint.build.compose_values import Values, is_null
from netlint.build.interpolation import Environment
from netlint.parse.tree import Entry, Mapping, Node, Scalar, Sequence
from netlint.pattern import pattern
from netlint.source import Span

_SECTIONS = ("services", "networks", "volumes", "secrets", "configs", "models")
_REMOTE = pattern(r"[a-z][a-z0-9+.-]*://|git@|github\.com/", re.IGNORECASE)
_MAX_INHERITED = 200_000  # values that services take over from others
_NAMED = 4  # links of a circle that a message names
_MAX_NESTED = 50  # services that extend each other, files that include each other


class Loader:
    """Loads one project. Afterwards `files` and `documents` hold what it was made of, `replaced` which of its values
    took the place of others, and `incomplete` tells whether something that belongs to it is not at hand."""

    def __init__(self, library: Library, values: Values) -> None:
        self.library = library
        self.values = values
        self.documents: list[Mapping] = []
        self.files: list[str] = []
        self.incomplete = False
        self.replaced: Replaced = {}
        self._directories: dict[str, str] = {}
        self._loads = 0
        self._inherited = 0
        # Of each mapping of services, which the library keeps: what they are by name, and with all that they extend.
        self._by_name: dict[int, dict[str, Node]] = {}
        self._services: dict[tuple[int, str], Node] = {}
        self._bases: dict[str, Mapping | None] = {}
        values.values_in = self._values_in
        self._names: frozenset[str] = frozenset()

    def project(self, files: ProjectFiles) -> tuple[Mapping | None, Environment]:
        """What the files are together, None where nothing is in them, and the variables that are set for it."""
        environment = project_environment(self.library, files)
        return self._model(files.main, files.directory, environment, ()), environment

    def name(self, name: str, tree: Mapping) -> None:
        """Make the project's name known to its values, and to those that may be secrets the names of its services."""
        services = services_of(tree)
        names = frozenset(services.keys() if services is not None else ())
        self._names = names
        shared: dict[int, tuple[Environment, Environment]] = {}
        for path, environment in self.values.environments.items():
            if id(environment) not in shared:
                full = {**environment, "COMPOSE_PROJECT_NAME": name}
                shared[id(environment)] = full, guarded(full, {*names, name})
            self.values.environments[path], self.values.guarded[path] = shared[id(environment)]

    def check_environment(self, files: ProjectFiles, at: Span) -> None:
        """Report what is wrong in `.env`, and files that its COMPOSE_FILE names but that are not there.

        That is said at a place `at` of the project: no report ever quotes a `.env`.
        """
        for path in dict.fromkeys([files.stated or "", dotenv_of(files.directory)]):
            self._check_variables(path, at)
        if files.stated is None:
            return
        folder = folder_of(files.stated)
        for name in compose_file(self.library.environment([files.stated], {})):
            if path_at(folder, name) not in self.library.compose:
                self._not_at_hand(path_at(folder, name), name, at, "named by COMPOSE_FILE in .env", True)

    def _check_variables(self, path: str, at: Span) -> None:
        line = self.library.first_refused(path)
        if line is not None:
            self.values.problem(at, f"{path} cannot be read as Compose reads it: line {line} does not set a variable")

    def _model(
        self, paths: Iterable[str], directory: str, environment: Environment, chain: tuple[str, ...]
    ) -> Mapping | None:
        layers = []
        for path in paths:
            self._loads += 1
            self._enter(path, directory, environment)
            for document in self.library.documents(path):
                if isinstance(document, Mapping):
                    layers.append(self._with_included(self._with_extended(document, path), path, (*chain, path)))
                elif not is_null(document):
                    self.values.problem(document.span, "a Compose file is a mapping with the key services")
        return merge(layers, self.replaced)

    def _enter(self, path: str, directory: str, environment: Environment) -> None:
        if path not in self._directories:
            self.files.append(path)
            self.values.environments[path] = environment
            self._directories[path] = directory
            self.documents += [document for document in self.library.documents(path) if isinstance(document, Mapping)]

    # include

    def _with_included(self, document: Mapping, path: str, chain: tuple[str, ...]) -> Mapping:
        node = document.get("include")
        if node is None or is_version_1(document):
            return document
        self.values.sequence(node, "include")
        for include in includes(document):
            model = self._included(include, path, chain)
            if model is not None:
                document = self._joined(document, model)
        return document

    def _included(self, include: Include, path: str, chain: tuple[str, ...]) -> Mapping | None:
        directory, environment = self._directories[path], self.values.environments[path]
        paths = []
        for node in include.paths:
            found = self._found(node, directory, "included here")
            if found is None:
                return None
            if found in chain:
                self.incomplete = True
                if "$" not in node.text:
                    span = node.part(0, len(node.text))
                    self.values.problem(span, f"{found} includes itself{_through(chain, found)}")
                return None
            paths.append(found)
        if not paths:
            return None
        inside = folder_of(paths[0])
        if include.directory is not None:
            stated = self.values.known(include.directory)
            if stated is None:
                self.incomplete = True
                return None
            inside = path_at(directory, stated.text)
        if self._loads >= MAX_FILES or len(chain) > _MAX_NESTED:
            self._unsupported(include.paths[0].span, "one of too many files that include each other: it is not read")
            return None
        named = [self.values.known(node) for node in include.env_files]
        files = [path_at(directory, one.text) for one in named if one is not None]
        files = files if include.env_files else [dotenv_of(inside)]
        for file in files:
            self._check_variables(file, include.paths[0].span)
        environment = self.library.environment(files, environment)
        return self._model(paths, inside, environment, chain)

    def _joined(self, document: Mapping, model: Mapping) -> Mapping:
        """The document with what an included model defines."""
        for section in _SECTIONS:
            theirs = model.entry(section)
            if theirs is None or not isinstance(theirs.value, Mapping):
                continue
            ours = document.get(section)
            if ours is None or is_null(ours):
                document = _with(document, theirs)
            elif isinstance(ours, Mapping):
                known = {entry.key.text: entry for entry in ours.entries}
                for key, value in theirs.value.items():
                    before = known.get(key.text)
                    if before is not None and surely_differ(before.value, value):
                        self._conflict(section, before.key, key)
                added = tuple(entry for entry in theirs.value.entries if entry.key.text not in known)
                both = Mapping(span=ours.span, entries=(*ours.entries, *added), tag=ours.tag, merges=ours.merges)
                document = _with(document, Entry(key=theirs.key, value=both))
        return document

    def _conflict(self, section: str, ours: Scalar, theirs: Scalar) -> None:
        self.values.problem(
            ours.part(0, len(ours.text)),
            f"{section.removesuffix('s')} {ours.text} is defined in {theirs.span.source} too, which is included",
            "Compose refuses two definitions that differ: change it in compose.override.yaml, or rename one",
        )

    # extends

    def _with_extended(self, document: Mapping, path: str) -> Mapping:
        services = services_of(document)
        if services is None or not any(_extends(body) is not None for _, body in services.items()):
            return document
        entries = tuple(
            Entry(key=key, value=self._service(key.text, services, path, ()) if _extends(body) is not None else body)
            for key, body in services.items()
        )
        resolved = Mapping(span=services.span, entries=entries, tag=services.tag)
        if services is document:
            return resolved
        entry = document.entry("services")
        return _with(document, Entry(key=entry.key, value=resolved)) if entry is not None else document

    def _service(self, name: str, services: Mapping, path: str, chain: tuple[tuple[str, str], ...]) -> Node:
        """The service with all that it extends, as far as that is at hand. It is one of `services`."""
        known = self._services.get((id(services), name))
        if known is not None:
            return known
        body = self._bodies(services)[name]
        base = _extends(body)
        if isinstance(body, Mapping) and base is not None:
            chain = (*chain, (path, name))
            found = self._base(name, base, services, path, chain)
            inherited = self._service(*found, chain) if found is not None else None
            if isinstance(inherited, Mapping):
                if self._inherited <= _MAX_INHERITED:
                    self._inherited += _size(inherited)
                if self._inherited <= _MAX_INHERITED:
                    body = extended(inherited, body, self.replaced)
                else:
                    self._unsupported(base.span, "the services of this project extend too much: not all is followed")
        self._services[id(services), name] = body
        return body

    def _bodies(self, services: Mapping) -> dict[str, Node]:
        found = self._by_name.get(id(services))
        if found is None:
            found = self._by_name[id(services)] = {key.text: body for key, body in services.items()}
        return found

    def _base(
        self, name: str, node: Node, services: Mapping, path: str, chain: tuple[tuple[str, str], ...]
    ) -> tuple[str, Mapping, str] | None:
        """Name, surroundings and file of the service that the service `name` extends."""
        file = node.get("file") if isinstance(node, Mapping) else None
        stated = node.get("service") if isinstance(node, Mapping) else node
        target = self.values.known(stated)
        if target is None:
            self.incomplete = True
            if not isinstance(stated, Scalar) or is_null(stated):
                self.values.problem(node.span, f"extends of service {name} names no service")
            return None
        where = path
        surroundings: Mapping | None = services
        for scalar in scalars(file):
            found = self._found(scalar, self._directories[path], "extended here")
            if found is None:
                return None
            where, surroundings = found, self._surroundings(found, path) if found != path else services
        if surroundings is None or target.text not in self._bodies(surroundings):
            self.incomplete = True
            if target.exact:
                self.values.problem(target.span, f"service {name} extends {target.text}, which {where} does not define")
            return None
        if (where, target.text) in chain:
            self.incomplete = True
            if target.exact:
                through = _through(chain, (where, target.text))
                self.values.problem(target.span, f"service {target.text} extends itself{through}")
            return None
        if len(chain) > _MAX_NESTED:
            self._unsupported(target.span, f"more than {_MAX_NESTED} services extend each other: no more are followed")
            return None
        return target.text, surroundings, where

    def _surroundings(self, path: str, extending: str) -> Mapping | None:
        """The services of a file that one of another file extends. Its own includes do not count."""
        if path not in self._bases:
            self._enter(path, folder_of(path), self.values.environments[extending])
            documents = (one for one in self.library.documents(path) if isinstance(one, Mapping))
            tree = merge(documents, self.replaced)
            self._bases[path] = services_of(tree) if tree is not None else None
        return self._bases[path]

    # files

    def _found(self, node: Scalar, directory: str, role: str) -> str | None:
        """The path at hand that the scalar names; None where there is none, which then is reported."""
        expanded = self.values.known(node)
        if expanded is None:
            self.incomplete = True
            return None
        path = path_at(directory, expanded.text)
        if path in self.library.compose:
            return path
        self._not_at_hand(path, expanded.text, expanded.span, role, expanded.exact)
        return None

    def _not_at_hand(self, path: str, written: str, span: Span, role: str, exact: bool) -> None:
        self.incomplete = True
        if not exact:
            return
        if _REMOTE.match(written):
            self._unsupported(span, f"{written}, {role}, is fetched by Compose; netlint reads no remote files")
            return
        reason = self.values.facts.missing(path)
        if reason:
            self.values.problem(span, f"{path}, {role}, {reason}")
        else:
            self._unsupported(span, f"{path}, {role}, is not among the files that were given")

    def _unsupported(self, span: Span, what: str) -> None:
        self.incomplete = True
        self.values.unsupported(span, what)

    def _values_in(self, node: Scalar) -> Environment:
        """The variables that the file sets which an `env_file` names; without the values that may be secrets."""
        expanded = self.values.known(node)
        directory = self._directories.get(node.span.source)
        if expanded is None or directory is None:
            return {}
        file = self.library.variables(path_at(directory, expanded.text))
        if file is None:
            return {}
        told = guarded(variables((file,), {}), self._names)
        return {one.name: told.get(one.name) for one in file.variables}


def _extends(body: Node | None) -> Node | None:
    return body.get("extends") if isinstance(body, Mapping) else None


def _size(node: Node) -> int:
    """How many values the node holds."""
    count, pending = 0, [node]
    while pending and count <= _MAX_INHERITED:
        one = pending.pop()
        count += 1
        if isinstance(one, Mapping):
            pending.extend(entry.value for entry in one.entries)
        elif isinstance(one, Sequence):
            pending.extend(one.items)
    return count


def _through(chain: tuple[Any, ...], again: object) -> str:
    """` through a and b` for what stands in the chain since `again`."""
    names = [name if isinstance(name, str) else name[1] for name in chain[chain.index(again) + 1 :]]
    if len(names) > _NAMED:
        names = [*names[: _NAMED - 1], f"{len(names) - _NAMED + 1} more"]
    return f" through {' and '.join(filter(None, (', '.join(names[:-1]), names[-1])))}" if names else ""


def _with(document: Mapping, entry: Entry) -> Mapping:
    """The document with the entry in place of that of the same key."""
    others = [one for one in document.entries if one.key.text != entry.key.text]
    before = document.entry(entry.key.text)
    kept = Entry(key=before.key, value=entry.value) if before is not None else entry
    return Mapping(span=document.span, entries=(*others, kept), tag=document.tag, merges=document.merges)
