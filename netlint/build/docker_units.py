"""Docker's unit files as systemd merges them: which count, in what order, what they start, with what environment."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePosixPath

from msgspec import Struct

from netlint.build.facts import Parsed
from netlint.parse.command_line import DaemonCommand, daemon_command
from netlint.parse.environment import EnvironmentFile
from netlint.parse.systemd import Assignment, UnitFile, commands, split_words
from netlint.parse.tree import Word
from netlint.parse.words import Quoting, cut, places, split
from netlint.source import Span

_BASE = re.compile(r"docker\.service(?:\.\w+)?")
_DROP_INS = "docker.service.d"
# systemd.unit(5), load path of the system manager: the first folder that has a file of some name hides the others
_LOAD_PATH = ("etc/systemd/system", "run/systemd/system", "usr/local/lib/systemd/system", "lib/systemd/system")
_REFERENCE = re.compile(r"\$(?:\{(\w+)\}|(\w+))", re.ASCII)
_DEEPEST = 8


class Start(Struct, kw_only=True):
    """One `ExecStart=`; `command` is None where it does not start dockerd. `effective` until an empty one resets it;
    `after_reset`: one did so before it."""

    assignment: Assignment
    program: str
    command: DaemonCommand | None
    effective: bool = True
    after_reset: bool = False


class Unit(Struct, kw_only=True):
    """A unit with its drop-ins, merged. `excerpt`: only a part of it was given, so that anything may be missing."""

    files: list[Parsed]
    starts: list[Start]
    variables: dict[str, Word]
    environment_files: list[str]
    excerpt: bool
    reset: bool = False

    @property
    def name(self) -> str:
        """The name of the unit file, which a folder of drop-ins has too."""
        path = PurePosixPath(self.files[0].source.path)
        return path.parent.name.removesuffix(".d") if is_drop_in(path) else path.name


def is_drop_in(path: PurePosixPath) -> bool:
    return path.parent.name.endswith((".service.d", ".socket.d"))


def docker_units(files: Iterable[Parsed]) -> list[Unit]:
    """docker.service with its drop-ins, and each other unit that starts dockerd."""
    docker: list[Parsed] = []
    units: list[Unit] = []
    for file in files:
        path = PurePosixPath(file.source.path)
        if _BASE.fullmatch(path.name) or path.parent.name == _DROP_INS:
            docker.append(file)
        else:
            unit = _merged([file])
            if any(start.command is not None for start in unit.starts):
                units.append(unit)
    return [_merged(_load_order(docker)), *units] if docker else units


def _load_order(files: list[Parsed]) -> list[Parsed]:
    """The unit file, then its drop-ins by name; of files of one name only the one that systemd reads."""

    def key(file: Parsed) -> tuple[bool, str, int]:
        path = PurePosixPath(file.source.path)
        folder = str(path.parent).removesuffix(_DROP_INS).rstrip("/")
        rank = next((at for at, place in enumerate(_LOAD_PATH) if folder.endswith(place)), -1)
        return path.parent.name == _DROP_INS, path.name, rank

    chosen: dict[tuple[bool, str], Parsed] = {}
    for file in sorted(files, key=key):
        chosen.setdefault(key(file)[:2], file)
    return list(chosen.values())


def _merged(files: list[Parsed]) -> Unit:
    unit = Unit(files=files, starts=[], variables={}, environment_files=[], excerpt=False)
    for file in files:
        tree: UnitFile = file.tree
        unit.excerpt = unit.excerpt or tree.excerpt
        for one in tree.all("Service", "ExecStart"):
            _add_start(unit, one)
        for one in tree.all("Service", "Environment"):
            if not one.value.text:
                unit.variables.clear()
            for word in split_words(one.value):
                name, equals, _ = word.text.partition("=")
                if equals:
                    unit.variables[name] = cut(word, len(name) + 1)
        for one in tree.all("Service", "EnvironmentFile"):
            if one.value.text:
                unit.environment_files.append(one.value.text.strip("\"'").removeprefix("-"))
            else:
                unit.environment_files.clear()
    return unit


def _add_start(unit: Unit, assignment: Assignment) -> None:
    found = commands(assignment.value)
    if not found:
        unit.reset = True
        for start in unit.starts:
            start.effective = False
    for command in found:
        daemon = daemon_command(command.words)
        unit.starts.append(
            Start(assignment=assignment, program=command.program, command=daemon, after_reset=unit.reset)
        )


def read_by(unit: Unit, files: Sequence[Parsed]) -> list[Parsed]:
    """Those of the environment files that the unit's `EnvironmentFile=` name, as far as their paths here go.

    A file whose path says nothing of its place on the host is taken for the one meant, and so is any for an excerpt.
    """
    if unit.excerpt:
        return list(files)
    named = [_path_words(path) for path in unit.environment_files]
    found = [file for file in files if any(_same_tail(path, _path_words(file.source.path)) for path in named)]
    if found or not named:
        return found
    return [file for file in files if not {"default", "sysconfig"} & set(_path_words(file.source.path))]


def _path_words(path: str) -> list[str]:
    """`etc/default/docker` and `etc-default-docker.txt` give the same."""
    return [word for word in re.split(r"[^A-Za-z0-9]+", path) if word and word not in ("txt", "conf", "env")]


def _same_tail(wanted: list[str], have: list[str]) -> bool:
    """Whether the last two words agree, or the only one."""
    length = min(2, len(wanted), len(have))
    return length > 0 and wanted[-length:] == have[-length:]


def environment(unit: Unit, files: Iterable[Parsed]) -> dict[str, Word]:
    """The variables that the unit's commands see: those of the environment `files` hide those of `Environment=`."""
    known = dict(unit.variables)
    for file in files:
        tree: EnvironmentFile = file.tree
        known |= {variable.name.text: variable.value for variable in tree.variables}
    return known


def expand(words: Iterable[Word], known: Mapping[str, Word], used: set[str]) -> list[Word]:
    """The words with the variables of `known` in their places, the names of these added to `used`.

    `$NAME` as a word of its own gives as many words as its value has, with their places in the value; inside a word
    only `${NAME}` is replaced and keeps the place of the reference. Unknown variables stay as they are written.
    systemd.service(5), "Command lines".
    """
    result: list[Word] = []
    for word in words:
        whole = _REFERENCE.fullmatch(word.text)
        name = whole[1] or whole[2] if whole is not None else None
        if name is not None and name in known:
            used.add(name)
            value = known[name]
            result += split(value, Quoting.SYSTEMD).words if word.text[1] != "{" else [value]
        else:
            result.append(_replaced(word, known, used))
    return result


def expand_sourced(variable: str, known: Mapping[str, list[Word]], used: set[str], depth: int = 0) -> list[Word]:
    """The words that a shell makes of `variable`, whose assignments stand in `known`, the last one first.

    `DOCKER_OPTS="$DOCKER_OPTS --ipv6"` refers to the assignment before it.
    """
    used.add(variable)
    values = known.get(variable, [])
    result: list[Word] = []
    for word in split(values[0], Quoting.SYSTEMD).words if values else []:
        whole = _REFERENCE.fullmatch(word.text)
        name = whole[1] or whole[2] if whole is not None else None
        if name is not None and name in known and depth < _DEEPEST:
            earlier = {**known, variable: values[1:]}
            result += expand_sourced(name, earlier, used, depth + 1)
        else:
            result.append(_replaced(word, {key: values[0] for key, values in known.items() if values}, used))
    return result


def _replaced(word: Word, known: Mapping[str, Word], used: set[str]) -> Word:
    """The word with each `${NAME}` that is known replaced; the value's characters get the place of the reference."""
    chars: list[str] = []
    offsets: list[int] = []
    where = places(word)
    at = 0
    for reference in _REFERENCE.finditer(word.text):
        value = known.get(reference[1] or "")
        if value is None:
            continue
        used.add(reference[1])
        chars.append(word.text[at : reference.start()] + value.text)
        offsets += where[at : reference.start()]
        start, end = reference.span()
        offsets += [where[start], *[where[end - 1]] * (len(value.text) - 1)][: len(value.text)]
        at = end
    if not chars:
        return word
    chars.append(word.text[at:])
    offsets += where[at:]
    return Word("".join(chars), word.span, False, tuple(offsets))


def first_line(file: Parsed) -> Span:
    """The first line that holds anything: the place that stands for a file as a whole."""
    text = file.source.text
    start = len(text) - len(text.lstrip())
    line = text[start:].partition("\n")[0].rstrip() if start < len(text) else ""
    return file.source.span(start, start + len(line))
