"""netlint.toml, or the table [tool.netlint] of pyproject.toml."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from msgspec import Struct, structs

from netlint.finding import Severity
from netlint.model.daemon import EngineVersion
from netlint.model.host import Reserved
from netlint.prefix import parse_prefix

NAMES = ("netlint.toml", "pyproject.toml")


class ConfigError(Exception):
    """A configuration that cannot be used; the text names the file and the key."""


class PerFile(Struct, frozen=True):
    """Rules ignored in the files that a pattern matches (`*` also crosses `/`)."""

    paths: tuple[str, ...]
    ignore: tuple[str, ...]

    def covers(self, path: str) -> bool:
        return any(fnmatchcase(path, pattern) for pattern in self.paths)


class Config(Struct, frozen=True, kw_only=True):
    """What the user configured; rule names are checked when the rules are known. `path`: where it was read."""

    path: str | None = None
    engine: EngineVersion | None = None
    reserved: tuple[Reserved, ...] = ()
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    severity: tuple[tuple[str, Severity], ...] = ()
    per_file: tuple[PerFile, ...] = ()


def find_config(folder: Path) -> Path | None:
    """The nearest configuration at or above `folder`, up to the top of its git repository."""
    for place in (folder, *folder.parents):
        for name in NAMES:
            path = place / name
            if path.is_file() and (name != "pyproject.toml" or b"[tool.netlint" in path.read_bytes()):
                return path
        if (place / ".git").exists():
            break
    return None


def read_config(path: Path) -> Config:
    """The configuration in the file at `path`; ConfigError where it cannot be read or holds what it should not."""
    import tomllib  # noqa: PLC0415 - only where there is a configuration

    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path}: {error}") from error
    if path.name == "pyproject.toml":
        table = table.get("tool", {}).get("netlint", {})
    return structs.replace(parse_config(table, str(path)), path=str(path))


def parse_config(table: Mapping[str, Any], where: str = "configuration") -> Config:
    """The configuration that `table` states; ConfigError names `where` and the key."""
    readers = {
        "engine": _engine,
        "reserved": _reserved,
        "select": _strings,
        "ignore": _strings,
        "severity": _severities,
        "per-file": _per_file,
    }
    values: dict[str, Any] = {}
    for key, value in table.items():
        if key not in readers:
            near = difflib.get_close_matches(key, readers, n=1)
            raise ConfigError(f"{where}: unknown key '{key}'" + (f", did you mean {near[0]}?" if near else ""))
        try:
            values[key.replace("-", "_")] = readers[key](value)
        except ValueError as error:
            raise ConfigError(f"{where}: {key}: {error}") from error
    return Config(**values)


def _engine(value: object) -> EngineVersion:
    version = EngineVersion.parse(value) if isinstance(value, str) else None
    if version is None:
        raise ValueError(f'{value!r} is no Docker version such as "26.1"')
    return version


def _strings(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ValueError("expected a list of strings")
    return tuple(value)


def _reserved(value: object) -> tuple[Reserved, ...]:
    ranges = []
    for item in _strings(value):
        text, _, name = item.partition(" ")
        prefix = parse_prefix(text)
        if prefix is None:
            raise ValueError(f"'{text}' is no address range; write it as \"10.0.0.0/8 what it is for\"")
        ranges.append(Reserved(prefix, name.strip() or "reserved range"))
    return tuple(ranges)


def _severities(value: object) -> tuple[tuple[str, Severity], ...]:
    if not isinstance(value, dict):
        raise ValueError("expected a table of rule = severity")
    return tuple((rule, severity(text)) for rule, text in value.items())


def severity(text: object) -> Severity:
    """The severity of that name; ValueError for another text."""
    try:
        return Severity[str(text).upper()]
    except KeyError:
        raise ValueError(f"'{text}' is none of error, warning, note") from None


def _per_file(value: object) -> tuple[PerFile, ...]:
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise ValueError("expected [[per-file]] tables")
    entries = []
    for item in value:
        if set(item) != {"paths", "ignore"}:
            raise ValueError("a [[per-file]] table has the keys paths and ignore")
        entries.append(PerFile(_strings(item["paths"]), _strings(item["ignore"])))
    return tuple(entries)
