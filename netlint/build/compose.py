"""Compose files to projects: which files are one project, what it is called, what it consists of."""

from __future__ import annotations

import re
from collections.abc import Iterable

from netlint.build.compose_merge import merge
from netlint.build.compose_networks import build_networks
from netlint.build.compose_services import build_services, is_partial
from netlint.build.compose_values import Values, is_null
from netlint.build.facts import HostFacts, Parsed
from netlint.model.compose import DuplicateKey, Project
from netlint.model.network import Network, Origin
from netlint.parse.tree import Mapping, duplicate_keys
from netlint.source import Span

# Without -f, `docker compose` takes the first of these in a folder and lays the first override over it, whatever their
# stems (compose-go cli/options.go).
_BASES = ("compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml")
_OVERRIDES = (
    "compose.override.yml",
    "compose.override.yaml",
    "docker-compose.override.yml",
    "docker-compose.override.yaml",
)
_NOT_SERVICES = ("version", "name", "include", "services", "networks", "volumes", "secrets", "configs", "models")


def build_projects(files: list[Parsed], facts: HostFacts) -> None:
    """Add every project to `facts.projects`, and the networks that its services use to `facts.networks`."""
    for group in _grouped(files):
        project = _project(group, facts)
        if project is not None:
            facts.projects.append(project)
            facts.networks += [network for network in project.networks if network.key and project.uses(network.key)]


def _grouped(files: Iterable[Parsed]) -> list[list[Parsed]]:
    """The files of each project: of each folder the base with its override, and every other file alone."""
    folders: dict[str, dict[str, Parsed]] = {}
    for file in files:
        folder, _, name = file.source.path.rpartition("/")
        folders.setdefault(folder, {})[name] = file
    groups = []
    for named in folders.values():
        base = next((name for name in _BASES if name in named), None)
        override = next((name for name in _OVERRIDES if name in named), None) if base is not None else None
        for name, file in named.items():
            if name == base and override is not None:
                groups.append([file, named[override]])
            elif name != override:
                groups.append([file])
    return groups


def _project(files: list[Parsed], facts: HostFacts) -> Project | None:
    """The project that the files make together; None where nothing is in them. A document lies over those before it."""
    values = Values(facts)
    layers: list[Mapping] = []
    for file in files:
        for document in file.tree:
            if isinstance(document, Mapping):
                layers.append(document)
            elif not is_null(document):
                values.problem(document.span, "a Compose file is a mapping with the key services")
    tree = merge(layers)
    if tree is None:
        return None
    version_1 = _is_version_1(tree)
    if version_1:
        services: Mapping | None = tree
    else:
        services = values.mapping(tree.get("services"), "services")
    services = services or Mapping(span=tree.span, entries=())
    stated = values.known(tree.get("name"))
    path = files[0].source.path
    name = normalised(stated.text) if stated is not None else _folder_name(path, facts.name)
    built = build_services(services, values, version_1=version_1)
    networks = [] if version_1 else build_networks(tree.get("networks"), name, values)
    on_default = [attachment for service in built if (attachment := service.attachment("default")) is not None]
    if on_default and all(network.key != "default" for network in networks):
        networks.append(
            Network(name=f"{name}_default", span=on_default[0].span, origin=Origin.COMPOSE, key="default", project=name)
        )
    return Project(
        name=name,
        span=stated.span if stated is not None else _head(tree, path),
        files=tuple(file.source.path for file in files),
        services=tuple(built),
        networks=tuple(networks),
        partial=is_partial(services),
        duplicate_keys=tuple(
            DuplicateKey(again.text, first.span, again.span)
            for layer in layers
            for first, again in duplicate_keys(layer)
        ),
    )


def normalised(name: str) -> str:
    """A project name as Compose makes it of a folder's name; empty where nothing is left."""
    return re.sub(r"[^a-z0-9_-]", "", name.lower()).lstrip("_-")


def _folder_name(path: str, host: str | None) -> str:
    folder = path.rpartition("/")[0].rpartition("/")[2]
    return normalised(folder) or normalised(host or "") or "default"


def _head(tree: Mapping, path: str) -> Span:
    """The place that stands for a project without a name of its own."""
    services = tree.entry("services")
    return services.key.span if services is not None else Span(path, tree.span.start, tree.span.start)


def _is_version_1(tree: Mapping) -> bool:
    """Whether the top level holds services itself, as in the first format of Compose files."""
    keys = tree.keys()
    return not any(key in _NOT_SERVICES for key in keys) and any(
        isinstance(value, Mapping) and (value.get("image") is not None or value.get("build") is not None)
        for _, value in tree.items()
    )
