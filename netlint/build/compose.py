"""Compose files to projects: which files are one project, what it is called, what it consists of."""

from __future__ import annotations

import posixpath
import re

from netlint.build.compose_consistency import check_consistency, check_variables
from netlint.build.compose_files import BASES, Library, ProjectFiles, is_version_1, project_files
from netlint.build.compose_load import Loader
from netlint.build.compose_networks import build_networks
from netlint.build.compose_services import build_services, first_partial
from netlint.build.compose_shape import check_shape
from netlint.build.compose_values import Values
from netlint.build.facts import HostFacts, Parsed
from netlint.model.compose import DuplicateKey, Project
from netlint.model.located import Located
from netlint.model.network import Network, Origin
from netlint.parse.tree import Mapping, Scalar, duplicate_keys
from netlint.source import Span


def build_projects(files: list[Parsed], facts: HostFacts) -> None:
    """Add every project to `facts.projects`, and the networks that its services use to `facts.networks`."""
    library = Library((), [*files, *facts.linked])
    groups = project_files(library) if facts.project_files is None else facts.project_files
    for group in groups:
        project = build_project(group, library, facts)
        if project is not None:
            facts.projects.append(project)
            facts.networks += [network for network in project.networks if network.key and project.uses(network.key)]
    used = {path for group in groups for path in group.others}
    for file in files:
        if file.format == "env-file" and file.source.path not in used:
            facts.leave_unread(file.source, "no Compose file that was given makes use of it")


def build_weave(files: list[Parsed], facts: HostFacts) -> None:
    """Weave as a service of the projects, which are built before."""
    images = [service.image for project in facts.projects for service in project.services]
    if any(image is not None and "weaveworks/" in image.value for image in images):
        from netlint.build.weave import build_weave_services  # noqa: PLC0415 - few projects run weave

        build_weave_services(files, facts)


def build_project(files: ProjectFiles, library: Library, facts: HostFacts) -> Project | None:
    """The project that the files make together; None where nothing is in them."""
    values = Values(facts)
    loader = Loader(library, values)
    tree, environment = loader.project(files)
    if tree is None:
        return None
    version_1 = is_version_1(tree)
    if version_1:
        services: Mapping | None = tree
    else:
        services = values.mapping(tree.get("services"), "services")
    services = services or Mapping(span=tree.span, entries=())
    stated = values.known(tree.get("name"))
    version = values.known(tree.get("version"))
    head = stated.span if stated is not None else _head(tree, files.main[0])
    chosen = environment.get("COMPOSE_PROJECT_NAME") or (stated.text if stated is not None else "")
    name = normalised(chosen) if chosen else _folder_name(files.name or files.directory, facts.name)
    loader.name(name, tree)
    loader.check_environment(files, head)
    partial = first_partial(services)
    built = build_services(services, values, version_1=version_1)
    if not version_1:
        check_variables(loader.documents, values)
    _note_refused(files, tree, partial, version_1, values)
    if not version_1 and partial is None:
        check_shape(tree, services, values)
        check_consistency(built, values, complete=not loader.incomplete and _stands_alone(files, library))
    networks = [] if version_1 else build_networks(tree.get("networks"), name, values)
    on_default = [attachment for service in built if (attachment := service.attachment("default")) is not None]
    if on_default and all(network.key != "default" for network in networks):
        networks.append(
            Network(name=f"{name}_default", span=on_default[0].span, origin=Origin.COMPOSE, key="default", project=name)
        )
    return Project(
        name=name,
        span=head,
        files=tuple(loader.files),
        services=tuple(built),
        networks=tuple(networks),
        partial=partial is not None,
        incomplete=loader.incomplete,
        version=Located(version.text, version.span, version.exact) if version is not None else None,
        misplaced=tuple(values.misplaced),
        unset=values.unset,
        replaced=tuple(loader.replaced.items()),
        duplicate_keys=tuple(
            DuplicateKey(again.text, first.span, again.span)
            for document in loader.documents
            for first, again in duplicate_keys(document)
        ),
    )


def _note_refused(files: ProjectFiles, tree: Mapping, partial: Scalar | None, version_1: bool, values: Values) -> None:
    """Say of files that Compose 2 refuses as they are, though they have their use, how they are read."""
    if version_1:
        what = (
            "this file has the first format, without services: Compose 2 refuses it, and docker-compose 1 reads it so"
        )
        values.unsupported(_head(tree, files.main[0]), what)
    elif partial is not None and posixpath.basename(files.main[0]) in BASES:
        what = f"service {partial.text} has neither image nor build: Compose takes the file only with another over it"
        values.unsupported(partial.part(0, len(partial.text)), what)


def _stands_alone(files: ProjectFiles, library: Library) -> bool:
    """Whether it is no file that is laid over another: Compose takes it by itself, or there is no other."""
    folder, name = posixpath.split(files.main[0])
    others = {posixpath.join(folder, other) for other in library.by_folder.get(folder, ())}
    return name in BASES or files.stated is not None or not others - {*files.main, *files.others}


def normalised(name: str) -> str:
    """A project name as Compose makes it of a folder's name; empty where nothing is left."""
    return re.sub(r"[^a-z0-9_-]", "", name.lower()).lstrip("_-")


def _folder_name(directory: str, host: str | None) -> str:
    return normalised(directory.rpartition("/")[2]) or normalised(host or "") or "default"


def _head(tree: Mapping, path: str) -> Span:
    """The place in the file at `path` that stands for a project without a name of its own."""
    services = tree.entry("services")
    if services is not None and services.key.span.source == path:
        return services.key.span
    start = tree.span.start if tree.span.source == path else 0
    return Span(path, start, start)
