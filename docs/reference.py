"""The reference pages: options from the parser, configuration from its schema, formats from the tables of the code."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from netlint.arguments import FORMATS, parser
from netlint.formats import FORMATS as INPUTS

SCHEMA = Path(__file__).parent / "schema/config.json"
_CONFIGURATION = """# Configuration

`netlint.toml`, or the table `[tool.netlint]` of `pyproject.toml`: the nearest one at or above what is checked, up to
the top of its git repository. `--config FILE` names another, `--no-config` uses none, and `--show-config` prints what
holds. An unknown key is an error.

```toml title="netlint.toml"
engine = "26.1"
reserved = ["10.0.0.0/8 company network", "192.168.50.0/24 office VPN"]
ignore = ["port-on-all-interfaces"]
[severity]
subnet-not-canonical = "error"
[[per-file]]
paths = ["examples/"]
ignore = ["NL2"]
[[hosts]]
name = "edge-1"
sources = ["edge/compose.yaml", "monitoring/compose.yaml", "hosts/edge-1/**"]
[[expect]]
flow = "tcp from internet to container web:443"
verdict = "accept"
```

Rules are named by slug (`subnet-overlap`), code (`NL101`) or the beginning of a code (`NL1`). Paths are written as in
`.gitignore`, from the folder of the configuration file. Editors find the [schema](../schema/config.json) by a first
line `#:schema https://raw.githubusercontent.com/container-netlint/netlint/main/docs/schema/config.json`.

"""
_SUPPRESSIONS = """
## In the files themselves

| comment | which findings of the rule it suppresses |
|---|---|
| `# netlint: ignore[subnet-overlap] the lab LAN is gone` | those on its line, or on the line below it |
| `# netlint: ignore-file[NL3] a lab machine` | those in the whole file; within its first ten lines |

`;` in unit files, `//` where JSON has comments. Plain JSON has none: use `[[per-file]]`. The text behind the bracket is
the reason, which goes into the reports; without one, the suppression is itself a note. `--warn-unused-ignores` reports
comments that suppress nothing and, where the whole folder of the configuration is checked, entries of `[[per-file]]`
that do not.
"""
_INPUTS = """Files are known by their content first and their name second. `--as FORMAT` says what standard input, or a
file given by name, is taken for. What is recognised and not read is named in the report."""
_OUTPUTS = {
    "text": "people, on a terminal",
    "json": "programs: version 1, [schema](../schema/report-v1.json)",
    "sarif": "GitHub code scanning, editors, collectors: SARIF 2.1.0",
    "github": "annotations of a run of GitHub Actions",
    "gitlab": "GitLab's Code Quality widget",
    "junit": "Jenkins, GitLab, Azure Pipelines: tests",
    "markdown": "the summary of a job, a comment",
    "html": "people, in a browser or on paper: one file, without scripts, that loads nothing",
}


def pages() -> dict[str, str]:
    """The text of each page by its name in docs/reference/."""
    return {"command-line.md": command_line(), "configuration.md": configuration(), "formats.md": formats()}


def command_line() -> str:
    """A section for each command. The text of argparse itself differs between versions of Python."""
    top = parser()
    lines = ["# Command line", "", top.description or "", ""]
    for action in top._actions:
        if isinstance(action, argparse._SubParsersAction):
            helps = {choice.dest: choice.help or "" for choice in action._choices_actions}
            lines += ["| command | |", "|---|---|"]
            lines += [f"| [`netlint {name}`](#netlint-{name}) | {cell(text)} |" for name, text in helps.items()]
            for name, command in action.choices.items():
                lines += ["", *_command(f"netlint {name}", command)]
    return "\n".join(lines) + "\n"


def _command(name: str, command: argparse.ArgumentParser) -> Iterator[str]:
    yield f"## {name}"
    yield ""
    yield from ["```text", (command.usage or "").strip(), "```", ""]
    yield " ".join((command.description or "").split())
    for group in command._action_groups:
        actions = [action for action in group._group_actions if action.help and action.dest != "help"]
        if actions:
            title = group.title if group.title not in ("options", "positional arguments") else ""
            yield from ["", f"| {title or 'argument'} | |", "|---|---|"]
            yield from (f"| {_spelt(action)} | {cell(action.help or '')} |" for action in actions)
    if command.epilog:
        yield from ["", "```text", command.epilog, "```"]


def _spelt(action: argparse.Action) -> str:
    """The argument as it is written: `--fail-on LEVEL`, `-q`, `PATH`."""
    metavar = action.metavar if isinstance(action.metavar, str) else action.dest.upper()
    if isinstance(action.metavar, str) or not action.choices:
        value = metavar
    else:
        value = "{" + ",".join(map(str, action.choices)) + "}"
    if not action.option_strings:
        return f"`{metavar}`"
    several = " …" if action.nargs in ("*", "+") else ""
    names = ", ".join(f"`{name}`" for name in action.option_strings[1:])
    first = action.option_strings[0] if action.nargs == 0 else f"{action.option_strings[0]} {value}{several}"
    return f"`{first}`" + (f", {names}" if names else "")


def configuration() -> str:
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    lines = ["| key | value | what it says |", "|---|---|---|"]
    lines += _keys("", schema, schema["$defs"])
    return _CONFIGURATION + "\n".join(lines) + "\n" + _SUPPRESSIONS


def _keys(above: str, schema: dict[str, Any], named: dict[str, Any]) -> Iterator[str]:
    for key, given in schema["properties"].items():
        value = {**named[given["$ref"].rpartition("/")[2]], **given} if "$ref" in given else given
        inner = value.get("items", {})
        tables = "properties" in inner
        name = f"`{above}{key}`" if not tables else f"`[[{key}]]`"
        yield f"| {name} | {cell(_kind(value))} | {cell(value.get('description', ''))} |"
        if tables:
            yield from _keys(f"{key}.", inner, named)


def _kind(value: dict[str, Any]) -> str:
    if "enum" in value:
        return ", ".join(f"`{one}`" for one in value["enum"])
    match value["type"]:
        case "array":
            return "tables" if "properties" in value["items"] else "list of strings"
        case "object":
            return f"table of {_kind(value['additionalProperties'])}"
        case kind:
            return str(kind)


def formats() -> str:
    """What netlint reads and what it writes."""
    lines = [
        "# Formats",
        "",
        "## What is read",
        "",
        _INPUTS,
        "",
        "| format | what it is |",
        "|---|---|",
        *(f"| `{name}` | {cell(known.title)} |" for name, known in INPUTS.items() if known.parser),
        "",
        "Recognised, so that it is taken for nothing else, and not read: "
        + ", ".join(known.title for known in INPUTS.values() if not known.parser)
        + ".",
        "",
        "## What is written",
        "",
        "`--format F=FILE` can be given several times.",
        "",
        "| format | for | |",
        "|---|---|---|",
    ]
    for name in FORMATS:
        about = (import_module(f"netlint.report.{name}").__doc__ or "").strip().partition("\n")[0].rstrip(":.")
        lines.append(f"| `{name}` | {_OUTPUTS[name]} | {cell(about)} |")
    return "\n".join(lines) + "\n"


def cell(text: str) -> str:
    """`text` for a cell of a Markdown table."""
    return " ".join(text.replace("|", "\\|").split())
