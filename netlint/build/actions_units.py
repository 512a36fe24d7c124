"""What unit files run on a host besides dockerd: firewall commands, weave, containers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath

from msgspec import structs

from netlint.build.actions import add_commands, starts_docker
from netlint.build.docker_units import expand
from netlint.build.facts import HostFacts, Parsed
from netlint.model.action import DockerStart
from netlint.parse.shell import Command, Variable, commands_of
from netlint.parse.systemd import UnitFile, commands, split_words
from netlint.parse.tree import Word
from netlint.parse.words import cut

# What a start of the unit runs, in this order.
_STARTS = ("ExecStartPre", "ExecStart", "ExecStartPost")


def build_unit_actions(files: list[Parsed], facts: HostFacts) -> None:
    """Add what the units run when they start. `files` are the unit files and the environment files of the host."""
    environments = [file for file in files if file.format == "docker-defaults"]
    units: dict[str, list[UnitFile]] = {}
    for file in sorted((file for file in files if file.format == "systemd-unit"), key=_is_drop_in):
        units.setdefault(_unit_name(file), []).append(file.tree)
    facts.host_sources |= {file.source.path for file in files}
    for parts in units.values():
        variables = _environment(parts, environments)
        known = {variable.name: value for variable in variables for value in variable.values or ()}
        for key in _STARTS:
            for words in _command_lines(parts, key):
                _add(commands_of(_expanded(words, known), variables), facts)


def _add(found: Iterable[Command], facts: HostFacts) -> None:
    """Options of dockerd in units are read with its own settings (build/daemon.py)."""
    for command in found:
        if starts_docker(command):
            facts.actions.append(DockerStart(span=command.span, certain=command.certain))
        else:
            add_commands([command], facts)


def _is_drop_in(file: Parsed) -> tuple[bool, str]:
    path = PurePosixPath(file.source.path)
    return path.parent.name.endswith(".d"), path.name


def _unit_name(file: Parsed) -> str:
    path = PurePosixPath(file.source.path)
    return path.parent.name.removesuffix(".d") if _is_drop_in(file)[0] else path.name


def _command_lines(parts: Iterable[UnitFile], key: str) -> list[Sequence[Word]]:
    """The command lines that remain after resets: an empty assignment takes back those before it."""
    lines: list[Sequence[Word]] = []
    for part in parts:
        for assignment in part.all("Service", key):
            found = commands(assignment.value)
            if not found:
                lines.clear()
            lines += [command.words for command in found if command.words]
    return lines


def _expanded(words: Sequence[Word], known: dict[str, Word]) -> list[Word]:
    return [
        structs.replace(word, exact=False) if "$" in word.text else word
        for word in expand(words, known, set())
        if word.text
    ]


def _environment(parts: Iterable[UnitFile], files: Sequence[Parsed]) -> list[Variable]:
    """The variables of `Environment=`, and of the given files that `EnvironmentFile=` names, which hide the former."""
    found: dict[str, Variable] = {}
    named: set[str] = set()
    for part in parts:
        for assignment in part.all("Service", "Environment"):
            for word in split_words(assignment.value):
                name, equals, _ = word.text.partition("=")
                if equals:
                    found[name] = _variable(cut(word, 0, len(name)), cut(word, len(name) + 1))
        named |= {PurePosixPath(one.value.text.strip("-\"'")).name for one in part.all("Service", "EnvironmentFile")}
    for file in files:
        if PurePosixPath(file.source.path).name in named:
            found |= {one.name.text: _variable(one.name, one.value) for one in file.tree.variables}
    return list(found.values())


def _variable(name: Word, value: Word) -> Variable:
    return Variable(name=name.text, span=name.span, values=(value,), exported=True)
