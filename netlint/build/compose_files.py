"""Which files make a Compose project together: base and override, COMPOSE_FILE, include, extends, environment files.

Only names are looked at here, and only files at hand are ever named in a result: what an `include` leads to outside of
them does not exist for netlint. Reading and merging is the loader's part (compose_load.py).
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator
from functools import cached_property

from msgspec import Struct, structs

from netlint.build.compose_environment import variables
from netlint.build.facts import Parsed
from netlint.build.interpolation import Environment, expand
from netlint.parse import dotenv
from netlint.parse.dotenv import EnvFile
from netlint.parse.tree import Mapping, Node, Scalar, Sequence
from netlint.pattern import pattern
from netlint.source import Source

# Without -f, `docker compose` takes the first of these in a folder and lays the first override over it, whatever their
# stems (compose-go cli/options.go).
BASES = ("compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml")
_OVERRIDES = (
    "compose.override.yml",
    "compose.override.yaml",
    "docker-compose.override.yml",
    "docker-compose.override.yaml",
)
_NOT_SERVICES = ("version", "name", "include", "services", "networks", "volumes", "secrets", "configs", "models")
_REFERS = pattern(r"\b(?:include|extends|env_file)\b")
MAX_FILES = 500  # of one project: an include that branches at each level stands for any number


class ProjectFiles(Struct, frozen=True):
    """The files of one project. `main` are given to Compose itself, later ones over earlier ones; `others` are those
    that they include and extend, and the environment files of them all.

    `directory` is the project's folder and `name` what that is called, where its path does not tell; `stated` is the
    `.env` whose COMPOSE_FILE names the main files.
    """

    main: tuple[str, ...]
    directory: str
    others: tuple[str, ...] = ()
    stated: str | None = None
    name: str = ""


class Include(Struct, frozen=True):
    """An entry of `include`."""

    paths: tuple[Scalar, ...]
    env_files: tuple[Scalar, ...] = ()
    directory: Scalar | None = None


class Library:
    """The Compose and environment files at hand. Files without a tree are parsed when they are asked for."""

    def __init__(self, sources: Iterable[tuple[Source, str]], parsed: Iterable[Parsed] = ()) -> None:
        self._sources: dict[str, Source] = {}
        self.compose: dict[str, None] = {}
        self.env_files: dict[str, None] = {}
        self._trees: dict[str, list[Node]] = {}
        self._variables: dict[str, EnvFile] = {}
        for file in parsed:
            if isinstance(file.tree, EnvFile):
                self._variables[file.source.path] = file.tree
            else:
                self._trees[file.source.path] = file.tree
        for source, kind in (*sources, *((file.source, file.format) for file in parsed)):
            self._sources[source.path] = source
            (self.compose if kind == "compose" else self.env_files)[source.path] = None

    def documents(self, path: str) -> list[Node]:
        if path not in self._trees:
            from netlint.parse import yaml  # noqa: PLC0415 - a run without Compose files does without

            self._trees[path] = yaml.parse(self._sources[path])[0]
        return self._trees[path]

    def variables(self, path: str) -> EnvFile | None:
        """The environment file at the path; None where there is none."""
        if path not in self.env_files:
            return None
        if path not in self._variables:
            self._variables[path] = dotenv.parse(self._sources[path])[0]
        return self._variables[path]

    def environment(self, files: Iterable[str], outer: Environment) -> Environment:
        """What the environment files at these paths set, as far as they are at hand, within `outer`."""
        found = [file for path in files if (file := self.variables(path)) is not None]
        return variables(found, outer) if found else outer

    def first_refused(self, path: str) -> int | None:
        """The line of an environment file that Compose refuses."""
        file = self.variables(path)
        return self._sources[path].position(file.invalid.start).line if file is not None and file.invalid else None

    def refers(self, path: str) -> bool:
        """Whether the text speaks of other files at all."""
        return _REFERS.search(self._sources[path].text) is not None

    @cached_property
    def by_folder(self) -> dict[str, list[str]]:
        """The names of the Compose files in each folder."""
        folders: dict[str, list[str]] = {}
        for path in self.compose:
            folder, name = posixpath.split(path)
            folders.setdefault(folder, []).append(name)
        return folders


def path_at(directory: str, text: str) -> str:
    """The path that `text` means in the directory; both as sources are named."""
    path = posixpath.normpath(posixpath.join(directory, text))
    return "" if path == "." else path


def folder_of(path: str) -> str:
    return posixpath.dirname(path)


def dotenv_of(directory: str) -> str:
    return path_at(directory, ".env")


def scalars(node: Node | None) -> tuple[Scalar, ...]:
    """The scalars of a list, or the one that is given instead of a list."""
    items = node.items if isinstance(node, Sequence) else (node,)
    return tuple(item for item in items if isinstance(item, Scalar) and item.value is not None)


def includes(document: Mapping) -> Iterator[Include]:
    node = document.get("include")
    for item in node.items if isinstance(node, Sequence) else ():
        if isinstance(item, Mapping):
            directory = scalars(item.get("project_directory"))
            yield Include(scalars(item.get("path")), scalars(item.get("env_file")), directory[0] if directory else None)
        elif isinstance(item, Scalar) and item.value is not None:
            yield Include((item,))


def is_version_1(document: Mapping) -> bool:
    """Whether the top level holds services itself, as in the first format of Compose files."""
    keys = document.keys()
    return not any(key in _NOT_SERVICES for key in keys) and any(
        isinstance(value, Mapping) and any(value.get(key) is not None for key in ("image", "build", "extends"))
        for _, value in document.items()
    )


def services_of(document: Mapping) -> Mapping | None:
    services = document if is_version_1(document) else document.get("services")
    return services if isinstance(services, Mapping) else None


def project_files(library: Library) -> list[ProjectFiles]:
    """The projects that the Compose files make; each file is in at least one of them.

    What another file includes is no project of its own. Neither is what another file extends, unless it is one that
    Compose takes without being told to.
    """
    stated = list(_stated(library))
    claimed = {path for project in stated for path in project.main}
    groups = [*stated, *_standard(library, claimed)]
    included: set[str] = set()
    extended: set[str] = set()
    for group in groups:
        for reference in _references(library, group):
            if reference.path not in group.main:
                (included if reference.key == "include" else extended).add(reference.path)
    roots: list[ProjectFiles] = []
    waiting: list[ProjectFiles] = []
    for group in groups:
        first = group.main[0]
        reached = first in included or (first in extended and posixpath.basename(first) not in BASES)
        (roots if group.stated is not None or not reached else waiting).append(group)
    projects = [structs.replace(group, others=_reached(library, group)) for group in roots]
    known = {path for project in projects for path in (*project.main, *project.others)}
    # An override whose base is included elsewhere stands alone; of files that include each other one is the first.
    for group in sorted(waiting, key=lambda one: (posixpath.basename(one.main[0]) not in BASES, one.main)):
        left = tuple(path for path in group.main if path not in known)
        if left:
            project = structs.replace(group, main=left)
            project = structs.replace(project, others=_reached(library, project))
            projects.append(project)
            known.update((*project.main, *project.others))
    order = {path: number for number, path in enumerate(library.compose)}
    return sorted(projects, key=lambda project: order[project.main[0]])


def _stated(library: Library) -> Iterator[ProjectFiles]:
    """The projects whose files COMPOSE_FILE names in a `.env`."""
    for path in library.env_files:
        folder, name = posixpath.split(path)
        if name == ".env":
            names = compose_file(library.environment([path], {}))
            found = [file for text in names if (file := path_at(folder, text)) in library.compose]
            if found:
                yield ProjectFiles(tuple(dict.fromkeys(found)), folder_of(found[0]), stated=path)


def compose_file(environment: Environment) -> list[str]:
    """The names in COMPOSE_FILE."""
    value = environment.get("COMPOSE_FILE")
    return [name for name in (value or "").split(environment.get("COMPOSE_PATH_SEPARATOR") or ":") if name]


def _standard(library: Library, claimed: set[str]) -> Iterator[ProjectFiles]:
    """Of each folder the base with its override, and every other file alone."""
    for folder, every in library.by_folder.items():
        names = [name for name in every if posixpath.join(folder, name) not in claimed]
        base = next((name for name in BASES if name in names), None)
        override = next((name for name in _OVERRIDES if name in names), None) if base is not None else None
        for name in names:
            if name != override:
                main = (name, override) if name == base and override is not None else (name,)
                yield ProjectFiles(tuple(posixpath.join(folder, one) for one in main), folder)


class _Reference(Struct, frozen=True):
    """A file that a Compose file names, by which key, and what holds inside it."""

    path: str
    directory: str
    environment: Environment
    key: str = "include"


def named_files(library: Library) -> Iterator[tuple[str, str]]:
    """The paths, at hand or not, that the Compose files name, each with the key: include, extends or env_file."""
    for path in library.compose:
        if library.refers(path):
            folder = folder_of(path)
            environment = library.environment([dotenv_of(folder)], {})
            for reference in _references_of(library, _Reference(path, folder, environment)):
                yield reference.path, reference.key


def project_environment(library: Library, project: ProjectFiles) -> Environment:
    """What the `.env` files set for the main files: that beside COMPOSE_FILE before that of the project's folder."""
    outer: Environment = library.environment([project.stated], {}) if project.stated is not None else {}
    return library.environment([dotenv_of(project.directory)], outer)


def _references(library: Library, project: ProjectFiles) -> Iterator[_Reference]:
    environment = project_environment(library, project)
    for path in project.main:
        for reference in _references_of(library, _Reference(path, project.directory, environment)):
            if reference.path in library.compose:
                yield reference


def _reached(library: Library, project: ProjectFiles) -> tuple[str, ...]:
    """The files that the main ones lead to, and the environment files of them all."""
    environment = project_environment(library, project)
    pending = [_Reference(path, project.directory, environment) for path in reversed(project.main)]
    names = [dotenv_of(project.directory), *([project.stated] if project.stated is not None else [])]
    found = {name: None for name in names if name in library.env_files}
    seen: set[tuple[str, str]] = set()
    while pending and len(seen) < MAX_FILES:
        at = pending.pop()
        if (at.path, at.directory) in seen:
            continue
        seen.add((at.path, at.directory))
        for reference in _references_of(library, at):
            if reference.path in library.env_files:
                found[reference.path] = None
            elif reference.path in library.compose:
                found[reference.path] = None
                pending.append(reference)
    return tuple(path for path in found if path not in project.main)


def _references_of(library: Library, at: _Reference) -> Iterator[_Reference]:
    """The files, at hand or not, that the file at `at` names. Of names that a variable decides, its default counts."""
    if not library.refers(at.path):
        return
    for document in library.documents(at.path):
        if not isinstance(document, Mapping):
            continue
        for include in includes(document):
            yield from _included(library, include, at)
        services = services_of(document)
        for _, body in services.items() if services is not None else ():
            if not isinstance(body, Mapping):
                continue
            base = body.get("extends")
            for name in _names(scalars(base.get("file")) if isinstance(base, Mapping) else (), at):
                yield _Reference(name, folder_of(name), at.environment, "extends")
            for name in _names(env_files(body.get("env_file")), at):
                yield _Reference(name, at.directory, at.environment, "env_file")


def env_files(node: Node | None) -> tuple[Scalar, ...]:
    """The paths of `env_file`, in each of its forms."""
    items = node.items if isinstance(node, Sequence) else (node,)
    return tuple(path for item in items for path in scalars(item.get("path") if isinstance(item, Mapping) else item))


def _included(library: Library, include: Include, at: _Reference) -> Iterator[_Reference]:
    paths = _names(include.paths, at)
    if not paths:
        return
    directory = next(iter(_names((include.directory,), at)), "") if include.directory is not None else None
    inside = folder_of(paths[0]) if directory is None else directory
    files = _names(include.env_files, at) or [dotenv_of(inside)]
    environment = library.environment(files, at.environment)
    for name in files:
        yield _Reference(name, inside, environment, "env_file")
    for name in paths:
        yield _Reference(name, inside, environment)


def _names(nodes: Iterable[Scalar], at: _Reference) -> list[str]:
    expanded = (expand(node, at.environment) for node in nodes)
    return [path_at(at.directory, one.text) for one in expanded if one.known and one.text]
