"""Where reports go: which formats, which files, what a terminal may show."""

from __future__ import annotations

import os
import re
import sys
from argparse import Namespace
from collections.abc import Iterable, Mapping
from importlib import import_module

from netlint.arguments import FORMATS
from netlint.pattern import pattern
from netlint.run import Run
from netlint.source import Source
from netlint.suggest import did_you_mean

COLUMNS, NARROWEST = 100, 40  # of a text report that goes to no terminal, and to a very narrow one

# Terminals with links, by TERM_PROGRAM, and by a variable that each of them sets.
_LINKING = frozenset(("iTerm.app", "WezTerm", "vscode", "ghostty", "Hyper"))
_LINKING_VARIABLES = ("VTE_VERSION", "KITTY_WINDOW_ID", "WT_SESSION", "KONSOLE_VERSION", "ALACRITTY_WINDOW_ID")
FINGERPRINTED = ("json", "sarif", "gitlab")  # the formats that show the fingerprints of findings
_COMMAND = pattern(r"^\s*::|##\[", re.MULTILINE)


class UsageError(Exception):
    """Arguments that make no sense together."""


def report_outputs(specifications: Iterable[str]) -> list[tuple[str, str | None]]:
    """Format and file of each --format; only one may go to standard output."""
    outputs: list[tuple[str, str | None]] = []
    for specification in specifications:
        name, given, path = specification.partition("=")
        if name not in FORMATS:
            hint = did_you_mean(name, FORMATS) or f"; known are {', '.join(FORMATS)}"
            raise UsageError(f"--format: unknown format '{name}'{hint}")
        if given and not path:
            raise UsageError(f"--format: '{specification}' names no file")
        outputs.append((name, path if given else None))
    if sum(path is None for _, path in outputs) > 1:
        raise UsageError(
            "--format: only one format can go to standard output; give the others a file: --format sarif=FILE"
        )
    return outputs


def rendered(
    name: str, result: Run, arguments: Namespace, *, to_file: bool, originals: Mapping[str, Source] | None = None
) -> str:
    """The report in the format `name`. All but text and JSON name files by their paths in the git checkout.

    `originals` are the sources where those of the run are masked.
    """
    module = import_module(f"netlint.report.{name}")
    if name == "text":
        columns = COLUMNS
        if sys.stdout.isatty() and not to_file:
            import shutil  # noqa: PLC0415 - loads what packs archives

            columns = shutil.get_terminal_size().columns
        color = not to_file and wants_color(arguments.color)
        text = module.render(
            result,
            color=color,
            hyperlinks=not to_file and wants_hyperlinks(arguments.hyperlinks, color),
            verbose=arguments.verbose,
            quiet=arguments.quiet,
            columns=max(NARROWEST, columns),
        )
        return str(text) if to_file else without_commands(text)
    if name == "json":
        return str(module.render(result))
    from netlint.checkout import checkout_root, provenance  # noqa: PLC0415 - the text report does without git

    top = checkout_root(os.getcwd())
    checkout = top or os.getcwd()
    if name == "html":
        return str(module.render(result, checkout, originals))
    if name != "sarif":
        return str(module.render(result, checkout))
    return str(module.render(result, checkout, provenance(top) if top is not None else None, originals))


def without_commands(text: str) -> str:
    """`text` for a log of GitHub Actions, which would act on `::command::` at the beginning of a line and `##[command]`
    anywhere; unchanged elsewhere. Names in the input may hold either."""
    if os.environ.get("GITHUB_ACTIONS") != "true":
        return text
    return _COMMAND.sub(lambda found: f"{found[0][:-1]} {found[0][-1]}", text)


def complain(text: str) -> None:
    """Say something on standard error that names of the input may be in."""
    from netlint.report.terminal import clean  # noqa: PLC0415 - most runs have nothing to say

    print(without_commands(f"netlint: {clean(text)}"), file=sys.stderr)


def wants_color(choice: str) -> bool:
    if choice == "auto":
        return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    return choice == "always"


def wants_hyperlinks(choice: str, color: bool) -> bool:
    """Whether to print links (OSC 8); by itself only for a terminal that is known to hide what it does not know."""
    if choice != "auto":
        return choice == "always"
    environment = os.environ
    known = environment.get("TERM_PROGRAM", "") in _LINKING or any(name in environment for name in _LINKING_VARIABLES)
    return color and sys.stdout.isatty() and known


def write(text: str, path: str | None) -> None:
    if path is None:
        try:
            sys.stdout.write(text)
            sys.stdout.flush()
        except BrokenPipeError:
            raise
        except OSError as error:  # a full disk: what waits in the buffer would fail once more at the end
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise UsageError(f"standard output: {error.strerror}") from error
        return
    try:
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from error
