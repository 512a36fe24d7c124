"""Hosts as the configuration states them: `[[hosts]]` says which files describe a host or are deployed on it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence

from netlint.config import Config, StatedHost
from netlint.discover import Discovery, Input
from netlint.globs import ConfigPaths
from netlint.hosts import HostInputs, group


def group_stated(
    inputs: Iterable[Input], hosts: Sequence[StatedHost], shown: Callable[[str], str] = lambda path: path
) -> list[HostInputs]:
    """The hosts that the configuration states, and those that the rest of the inputs describes by itself.

    `shown` gives a path as the configuration writes it. The files of a Compose project go with its main file.
    """
    inputs = list(inputs)
    if not hosts:
        return group(inputs)
    paths = dict.fromkeys(item.source.path for item in inputs)
    projects = [project for one in group(inputs) for project in one.projects or ()]
    taken: set[str] = set()
    groups: list[HostInputs] = []
    for host in hosts:
        own = {path for path in paths if host.has(shown(path))}
        for project in projects:
            if not own.isdisjoint(project.main):
                own.update(path for path in (*project.main, *project.others) if path in paths)
        taken |= own
        groups += _one_host(host.name, group(item for item in inputs if item.source.path in own))
    return groups + group(item for item in inputs if item.source.path not in taken)


def idle_hosts(discovery: Discovery, config: Config) -> list[str]:
    """The stated hosts that have no input, if all that the configuration is for was looked at."""
    if not all_seen(discovery, config):
        return []
    shown = ConfigPaths(discovery.root, config.path).of
    paths = [shown(item.source.path) for item in discovery.inputs]
    return [host.name for host in config.hosts if not any(host.has(path) for path in paths)]


def all_seen(discovery: Discovery, config: Config) -> bool:
    """Whether the folder of the configuration, or one around it, was gone through."""
    folder = os.path.dirname(os.path.realpath(config.path or ""))
    root = os.path.realpath(discovery.root)
    return bool(discovery.directories) and os.path.commonpath((folder, root)) == root


def _one_host(name: str, parts: Sequence[HostInputs]) -> list[HostInputs]:
    """The parts as one host, but for a daemon.json too many, which stays a variant of its own."""
    variants = [one for one in parts if one.implied and {item.format for item in one.inputs} == {"daemon-json"}]
    whole = [one for one in parts if one not in variants]
    if not whole:
        whole, variants = list(variants[:1]), list(variants[1:])
    if not whole:
        return []
    linked = {item.source.path: item for one in whole for item in one.linked}
    return [
        HostInputs(
            name=name,
            implied=False,
            inputs=[item for one in whole for item in one.inputs],
            projects=tuple(project for one in whole for project in one.projects or ()),
            linked=tuple(linked.values()),
        ),
        *variants,
    ]
