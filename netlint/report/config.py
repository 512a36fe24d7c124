"""The configuration that holds, as the TOML file that would say the same."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from netlint.config import Config


def render_config(config: Config) -> str:
    """The configuration with what the command line adds to it; keys that say nothing are left out."""
    source = f"from {config.path}" if config.path is not None else "no configuration file was found or asked for"
    return "\n".join([f"# {''.join(source.splitlines())}", *_lines(config)]) + "\n"


def _lines(config: Config) -> Iterator[str]:
    if config.engine is not None:
        yield f"engine = {_string(str(config.engine))}"
    if config.reserved:
        yield f"reserved = {_list(f'{one.prefix} {one.name}' for one in config.reserved)}"
    for name, values in (("select", config.select), ("ignore", config.ignore)):
        if values:
            yield f"{name} = {_list(values)}"
    if config.warn_unused_ignores:
        yield "warn-unused-ignores = true"
    if config.severity:
        yield "[severity]"
        yield from (f"{_string(rule)} = {_string(str(severity))}" for rule, severity in config.severity)
    for entry in config.per_file:
        yield "[[per-file]]"
        yield f"paths = {_list(entry.paths)}"
        yield f"ignore = {_list(entry.ignore)}"
    for host in config.hosts:
        yield "[[hosts]]"
        yield f"name = {_string(host.name)}"
        yield f"sources = {_list(host.sources)}"
    for expectation in config.expect:
        yield "[[expect]]"
        yield f"flow = {_string(expectation.flow)}"
        yield f"verdict = {_string(expectation.verdict)}"
        if expectation.host is not None:
            yield f"host = {_string(expectation.host)}"


def _list(values: Iterable[str]) -> str:
    return f"[{', '.join(map(_string, values))}]"


def _string(text: str) -> str:
    """A basic string of TOML, which has JSON's escapes and no bare DEL."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
