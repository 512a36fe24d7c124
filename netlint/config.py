"""netlint.toml, or the table [tool.netlint] of pyproject.toml."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct, structs

from netlint.finding import Severity
from netlint.globs import matches, wrong
from netlint.model.daemon import EngineVersion
from netlint.model.given import Expectation, Reserved
from netlint.prefix import parse_prefix
from netlint.suggest import did_you_mean

VERDICTS = ("accept", "drop", "keeps-source")
NAMES = ("netlint.toml", "pyproject.toml")


class ConfigError(Exception):
    """A configuration that cannot be used; the text names the file and the key."""


class PerFile(Struct, frozen=True):
    """Rules ignored in the files that a pattern matches (netlint/globs.py)."""

    paths: tuple[str, ...]
    ignore: tuple[str, ...]

    def covers(self, path: str) -> bool:
        return any(matches(path, pattern) for pattern in self.paths)


class StatedHost(Struct, frozen=True):
    """A host, and patterns of the paths that belong to it. A file may belong to several: a project runs on each."""

    name: str
    sources: tuple[str, ...]

    def has(self, path: str) -> bool:
        return any(matches(path, pattern) for pattern in self.sources)


class Config(Struct, frozen=True, kw_only=True):
    """What the user configured; rule names are checked when the rules are known. `path`: where it was read, and `text`
    what stands there."""

    path: str | None = None
    text: str = ""
    engine: EngineVersion | None = None
    reserved: tuple[Reserved, ...] = ()
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    severity: tuple[tuple[str, Severity], ...] = ()
    per_file: tuple[PerFile, ...] = ()
    warn_unused_ignores: bool = False
    hosts: tuple[StatedHost, ...] = ()
    expect: tuple[Expectation, ...] = ()


def find_config(folder: str | os.PathLike[str]) -> str | None:
    """The nearest configuration at or above `folder`, up to the top of its git repository."""
    place = os.path.realpath(folder)
    while True:
        for name in NAMES:
            path = os.path.join(place, name)
            if os.path.isfile(path) and (name != "pyproject.toml" or _speaks_of_netlint(path)):
                return path
        above = os.path.dirname(place)
        if above == place or os.path.exists(os.path.join(place, ".git")):
            return None
        place = above


def _speaks_of_netlint(path: str) -> bool:
    with open(path, "rb") as file:
        return b"[tool.netlint" in file.read()


def read_config(path: str | os.PathLike[str]) -> Config:
    """The configuration in the file at `path`; ConfigError where it cannot be read or holds what it should not."""
    import tomllib  # noqa: PLC0415 - only where there is a configuration

    try:
        with open(path, encoding="utf-8") as file:
            text = file.read()
        table = tomllib.loads(text)
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error
    except ValueError as error:
        raise ConfigError(f"{path}: {error}") from error
    if os.path.basename(path) == "pyproject.toml":
        tools = table.get("tool")
        table = tools.get("netlint", {}) if isinstance(tools, dict) else {}
        if not isinstance(table, dict):
            raise ConfigError(f"{path}: tool.netlint: expected a table")
    return structs.replace(parse_config(table, str(path)), path=str(path), text=text)


def parse_config(table: Mapping[str, Any], where: str = "configuration") -> Config:
    """The configuration that `table` states; ConfigError names `where` and the key."""
    readers = {
        "engine": _engine,
        "reserved": _reserved,
        "select": _strings,
        "ignore": _strings,
        "severity": _severities,
        "per-file": _per_file,
        "warn-unused-ignores": _flag,
        "hosts": _hosts,
        "expect": _expect,
    }
    values: dict[str, Any] = {}
    for key, value in table.items():
        if key not in readers:
            raise ConfigError(f"{where}: unknown key '{key}'{did_you_mean(key, readers)}")
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


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError("expected true or false")
    return value


def _patterns(value: object) -> tuple[str, ...]:
    for pattern in _strings(value):
        if problem := wrong(pattern):
            raise ValueError(problem)
    return _strings(value)


def _tables(value: object, name: str, keys: Iterable[str], optional: Iterable[str] = ()) -> list[dict[str, Any]]:
    """The tables of `[[name]]`, each with all of `keys` and perhaps some of `optional`."""
    keys, optional = list(keys), list(optional)
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise ValueError(f"expected [[{name}]] tables")
    for item in value:
        for key in item:
            if key not in (*keys, *optional):
                raise ValueError(f"unknown key '{key}'{did_you_mean(key, (*keys, *optional))}")
        missing = [key for key in keys if key not in item]
        if missing:
            more = f", and may have {' and '.join(optional)}" if optional else ""
            raise ValueError(f"a [[{name}]] table has the keys {' and '.join(keys)}{more}")
    return value


def _per_file(value: object) -> tuple[PerFile, ...]:
    tables = _tables(value, "per-file", ("paths", "ignore"))
    return tuple(PerFile(_patterns(item["paths"]), _strings(item["ignore"])) for item in tables)


def _hosts(value: object) -> tuple[StatedHost, ...]:
    hosts: list[StatedHost] = []
    for item in _tables(value, "hosts", ("name", "sources")):
        if not isinstance(item["name"], str) or not item["name"]:
            raise ValueError("the name of a [[hosts]] table is a string")
        if item["name"] in (host.name for host in hosts):
            raise ValueError(f"two hosts are called '{item['name']}'")
        hosts.append(StatedHost(item["name"], _patterns(item["sources"])))
    return tuple(hosts)


def _expect(value: object) -> tuple[Expectation, ...]:
    from netlint.dataplane.flow import FlowError, parse_flow  # noqa: PLC0415 - loads lark

    expectations = []
    for item in _tables(value, "expect", ("flow", "verdict"), ("host",)):
        if not all(isinstance(text, str) for text in item.values()):
            raise ValueError("the values of an [[expect]] table are strings")
        if item["verdict"] not in VERDICTS:
            hint = did_you_mean(item["verdict"], VERDICTS)
            raise ValueError(f"verdict '{item['verdict']}' is none of {', '.join(VERDICTS)}{hint}")
        try:
            parse_flow(item["flow"])
        except FlowError as error:
            raise ValueError(f"a flow cannot be understood\n{error}") from None
        expectations.append(Expectation(flow=item["flow"], verdict=item["verdict"], host=item.get("host")))
    return tuple(expectations)
