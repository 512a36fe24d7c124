"""The commands of the command line."""

from __future__ import annotations

import gc
import os
import shutil
import sys
from argparse import Namespace
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from importlib import import_module
from pathlib import Path

from msgspec import structs

from netlint.arguments import FORMATS, parser
from netlint.cli import FINDINGS, GAP, OK, USAGE
from netlint.config import Config, ConfigError, find_config, read_config, severity
from netlint.discover import Discovery, DiscoveryError, discover
from netlint.engine import build, check
from netlint.finding import Confidence, Severity
from netlint.model.daemon import EngineVersion
from netlint.rule import RuleError, load_rules, rules_folder, select
from netlint.run import Run

COLUMNS, NARROWEST = 100, 60  # of a text report that goes to no terminal, and to a very narrow one


class UsageError(Exception):
    """Arguments that make no sense together."""


def run(words: Sequence[str]) -> int:
    """Run the command that `words` spell."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a report must not die of a terminal that lacks a character
            stream.reconfigure(errors="backslashreplace")
    try:
        arguments = parser().parse_args(words)
    except SystemExit as stop:  # argparse has said what is wrong
        return stop.code if isinstance(stop.code, int) else USAGE
    commands: dict[str, Callable[[Namespace], int]] = {
        "check": check_command,
        "explain": explain_command,
        "rules": rules_command,
        "show": show_command,
    }
    gc.disable()  # the process is short, and a dump makes millions of objects without a cycle
    try:
        return commands[arguments.command](arguments)
    except (ConfigError, DiscoveryError, RuleError, UsageError) as error:
        print(f"netlint: {error}", file=sys.stderr)
        return USAGE
    except BrokenPipeError:  # `netlint … | head`: nobody reads on
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK
    except KeyboardInterrupt:
        return 130
    finally:
        gc.freeze()  # the interpreter would look through them all once more at its end
        gc.enable()


def check_command(arguments: Namespace) -> int:
    config = configuration(arguments)
    rules = load_rules([rules_folder(), *map(Path, arguments.rules)])
    outputs = report_outputs(arguments.formats or ["text"])
    discovery = discovered(arguments)
    result = check(discovery, rules, config, ignores=not arguments.no_ignores)
    shown = shown_part(result, arguments)
    for name, path in outputs:
        write(rendered(name, shown, arguments, to_file=path is not None), path)
    if arguments.statistics:
        print_statistics(shown)
    return exit_status(shown, discovery, arguments)


def shown_part(result: Run, arguments: Namespace) -> Run:
    """The run with the findings at or above the severity and confidence asked for and, with --changed-files, those
    that touch a changed file."""
    lowest, surest = severity(arguments.severity), Confidence[arguments.confidence.upper()]
    findings = [
        finding
        for finding in result.findings
        if (finding.severity or Severity.NOTE) >= lowest and (finding.confidence or Confidence.HIGH) >= surest
    ]
    below = len(result.findings) - len(findings)
    if arguments.changed_files is not None:
        root = Path(result.root)
        wanted = {os.path.realpath(name) for name in arguments.changed_files}
        changed = {path for path in result.sources if os.path.realpath(root / path) in wanted}
        findings = [
            finding
            for finding in findings
            if {finding.at.source, *(label.span.source for label in finding.related)} & changed
        ]
    return structs.replace(result, findings=tuple(findings), below=below)


def exit_status(result: Run, discovery: Discovery, arguments: Namespace) -> int:
    """The exit status, with its reason on standard error where it is a gap."""
    gaps = [file for file in result.coverage.files if file.status == "unread" and file.path in discovery.named]
    for file in gaps:
        print(f"netlint: {file.path}: not read: {file.reason}", file=sys.stderr)
    if not discovery.inputs:
        print("netlint: no input was recognised; nothing was checked", file=sys.stderr)
    if arguments.exit_zero:
        return OK
    lowest = severity(arguments.fail_on)
    if any((f.severity or Severity.NOTE) >= lowest and f.suppressed is None for f in result.findings):
        return FINDINGS
    return GAP if gaps or not discovery.inputs else OK


def explain_command(arguments: Namespace) -> int:
    rules = load_rules([rules_folder(), *map(Path, arguments.rules)])
    chosen = list(select(rules, [arguments.rule]))
    if len(chosen) > 1:
        raise UsageError(f"'{arguments.rule}' names {len(chosen)} rules; name one")
    from netlint.report.rules import render_explanation  # noqa: PLC0415

    write(render_explanation(chosen[0], color=wants_color(arguments.color)), None)
    return OK


def rules_command(arguments: Namespace) -> int:
    from netlint.report.rules import render_rules  # noqa: PLC0415

    write(render_rules(load_rules([rules_folder(), *map(Path, arguments.rules)]), arguments.format), None)
    return OK


def show_command(arguments: Namespace) -> int:
    from netlint.report.show import render_plan  # noqa: PLC0415

    config = configuration(arguments)
    discovery = discovered(arguments)
    site, _ = build(discovery, config)
    sources = {item.source.path: item.source for item in discovery.inputs}
    write(render_plan(site, sources, arguments.format), None)
    if not discovery.inputs:
        print("netlint: no input was recognised", file=sys.stderr)
        return GAP
    return OK


def configuration(arguments: Namespace) -> Config:
    """The configuration file's values with those of the command line over them."""
    if arguments.no_config:
        config = Config()
    elif arguments.config is not None:
        config = read_config(Path(arguments.config))
    else:
        first = Path(arguments.paths[0]) if arguments.paths and arguments.paths[0] != "-" else Path()
        found = find_config((first if first.is_dir() else first.parent).resolve())
        config = read_config(found) if found is not None else Config()
    if arguments.engine is not None:
        version = EngineVersion.parse(arguments.engine)
        if version is None:
            raise UsageError(f"--engine: '{arguments.engine}' is no Docker version such as 20.10")
        config = structs.replace(config, engine=version)
    for name in ("select", "ignore"):
        text = getattr(arguments, name, None)
        if text is not None:
            listed = tuple(part.strip() for part in text.split(",") if part.strip())
            config = structs.replace(config, **{name: listed if name == "select" else config.ignore + listed})
    return config


def discovered(arguments: Namespace) -> Discovery:
    paths = arguments.paths or ["."]
    stdin = sys.stdin.buffer if "-" in paths else None
    return discover(paths, stdin=stdin, as_format=arguments.as_format, stdin_filename=arguments.stdin_filename)


def report_outputs(specifications: Iterable[str]) -> list[tuple[str, Path | None]]:
    """Format and file of each --format; only one may go to standard output."""
    outputs: list[tuple[str, Path | None]] = []
    for specification in specifications:
        name, given, path = specification.partition("=")
        if name not in FORMATS:
            raise UsageError(f"--format: unknown format '{name}'; known are {', '.join(FORMATS)}")
        if given and not path:
            raise UsageError(f"--format: '{specification}' names no file")
        outputs.append((name, Path(path) if given else None))
    if sum(path is None for _, path in outputs) > 1:
        raise UsageError(
            "--format: only one format can go to standard output; give the others a file: --format sarif=FILE"
        )
    return outputs


def rendered(name: str, result: Run, arguments: Namespace, *, to_file: bool) -> str:
    module = import_module(f"netlint.report.{name}")
    if name == "sarif":
        return str(module.render(result, checkout=os.getcwd()))
    if name != "text":
        return str(module.render(result))
    columns = shutil.get_terminal_size().columns if sys.stdout.isatty() and not to_file else COLUMNS
    color = not to_file and wants_color(arguments.color)
    return str(
        module.render(
            result, color=color, verbose=arguments.verbose, quiet=arguments.quiet, columns=max(NARROWEST, columns)
        )
    )


def wants_color(choice: str) -> bool:
    if choice == "auto":
        return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    return choice == "always"


def write(text: str, path: Path | None) -> None:
    if path is None:
        sys.stdout.write(text)
        sys.stdout.flush()
        return
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from error


def print_statistics(result: Run) -> None:
    counts = Counter((f.code, f.rule) for f in result.findings if f.suppressed is None)
    for (code, slug), count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        print(f"{count:6}  {code} {slug}", file=sys.stderr)
