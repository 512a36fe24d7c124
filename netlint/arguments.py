"""The command line."""

from __future__ import annotations

import argparse

from netlint import __version__

FORMATS = ("text", "json", "sarif")
SEVERITIES = ("error", "warning", "note")
CONFIDENCES = ("high", "medium", "low")

_EXIT = """exit status:
  0  nothing at or above --fail-on
  1  findings at or above --fail-on
  2  usage or configuration error; nothing was checked
  3  coverage gap: no input was recognised, or a file given by name could not be read"""


def parser() -> argparse.ArgumentParser:
    """The parser of the whole command line; `command` in its result names the command."""
    top = argparse.ArgumentParser(
        prog="netlint",
        description="Static analyser for the network configuration of container hosts: Compose files, daemon.json, "
        "systemd units, firewall dumps, routes and what else a server dump holds, read together.",
        epilog=_EXIT,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("--version", action="version", version=f"netlint {__version__}")
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True)
    _check(
        commands.add_parser(
            "check",
            help="check files, directories, archives or a server dump",
            epilog=_EXIT,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
    )
    _explain(commands.add_parser("explain", help="what a rule means, why it matters, how to fix it"))
    _rules(commands.add_parser("rules", help="list every rule"))
    _show(commands.add_parser("show", help="the model: hosts, address plan, networks, published ports"))
    return top


def _inputs(command: argparse.ArgumentParser) -> None:
    group = command.add_argument_group("input")
    group.add_argument(
        "paths",
        nargs="*",
        metavar="PATH",
        help="file, directory, .tar, .tar.gz or .zip archive, or - for standard input (default: .)",
    )
    group.add_argument(
        "--as",
        dest="as_format",
        metavar="FORMAT",
        help="take standard input, and every file given by name, as FORMAT (such as iptables-save)",
    )
    group.add_argument("--stdin-filename", metavar="NAME", help="what to call standard input (default: stdin)")
    group.add_argument("--engine", metavar="VERSION", help="Docker version where the input does not say, such as 20.10")
    group.add_argument("--config", metavar="FILE", help="configuration (default: netlint.toml or pyproject.toml above)")
    group.add_argument("--no-config", action="store_true", help="use no configuration")


def _rule_choice(command: argparse.ArgumentParser) -> None:
    group = command.add_argument_group("rules")
    group.add_argument("--select", metavar="RULE,…", help="only these rules: slug, code or prefix of a code (NL1)")
    group.add_argument("--ignore", metavar="RULE,…", help="leave these rules out")
    group.add_argument("--rules", metavar="DIR", action="append", default=[], help="load more rules from DIR")


def _check(command: argparse.ArgumentParser) -> None:
    _inputs(command)
    command.add_argument(
        "--changed-files",
        nargs="*",
        metavar="FILE",
        help="read everything, report only what touches these files (for pre-commit)",
    )
    _rule_choice(command)
    report = command.add_argument_group("report")
    report.add_argument(
        "--format",
        action="append",
        dest="formats",
        metavar="F[=FILE]",
        help=f"{', '.join(FORMATS)}; repeatable, each to its own FILE (default: text)",
    )
    report.add_argument("--severity", choices=SEVERITIES, default="note", help="lowest shown (default: note)")
    report.add_argument("--confidence", choices=CONFIDENCES, default="medium", help="lowest shown (default: medium)")
    report.add_argument("--fail-on", choices=SEVERITIES, default="warning", help="lowest that fails (default: warning)")
    report.add_argument("--exit-zero", action="store_true", help="exit 0 whatever was found")
    report.add_argument("--no-ignores", action="store_true", help="show suppressed findings as well")
    report.add_argument("--statistics", action="store_true", help="count findings by rule, on standard error")
    report.add_argument("--quiet", "-q", action="store_true", help="findings only, no summary of what was read")
    report.add_argument("--verbose", "-v", action="store_true", help="name every file that was read or not")
    report.add_argument("--color", choices=("auto", "always", "never"), default="auto", help="colour (default: auto)")


def _explain(command: argparse.ArgumentParser) -> None:
    command.add_argument("rule", metavar="RULE", help="slug or code")
    command.add_argument("--rules", metavar="DIR", action="append", default=[], help="load more rules from DIR")
    command.add_argument("--color", choices=("auto", "always", "never"), default="auto", help="colour (default: auto)")


def _rules(command: argparse.ArgumentParser) -> None:
    command.add_argument("--format", choices=("text", "json", "markdown"), default="text", help="default: text")
    command.add_argument("--rules", metavar="DIR", action="append", default=[], help="load more rules from DIR")


def _show(command: argparse.ArgumentParser) -> None:
    _inputs(command)
    command.add_argument("--format", choices=("text", "json"), default="text", help="default: text")
