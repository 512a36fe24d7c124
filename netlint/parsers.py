"""The argument parser of the standard library with better manners: help that fits, errors that suggest."""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Iterator
from typing import Any, NoReturn

from netlint.pattern import pattern
from netlint.suggest import did_you_mean

_WIDEST = 100
_CHOICE = pattern(r"argument (?P<name>\S+): invalid choice: (?P<quote>['\"])(?P<given>.*?)(?P=quote)", re.DOTALL)
_UNKNOWN = pattern(r"unrecognized arguments: (?P<given>--?[\w-]+)")


class Help(argparse.HelpFormatter):
    """Paragraphs are filled; a paragraph with an indented line stands as it is written."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=26, width=_WIDEST - 2)

    def format_help(self) -> str:
        import shutil  # noqa: PLC0415 - argparse makes a formatter for each option, and asks few of them for text

        self._width = min(shutil.get_terminal_size().columns, _WIDEST) - 2
        self._max_help_position = min(self._max_help_position, max(self._width - 20, 4))
        return super().format_help()

    def add_argument(self, action: argparse.Action) -> None:
        super().add_argument(action)
        if isinstance(action, argparse._SubParsersAction):
            self._action_max_length += 2  # argparse forgets by how much it indents the commands

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        import textwrap  # noqa: PLC0415 - only where help is printed

        return "\n\n".join(
            part
            if "\n  " in part
            else textwrap.fill(" ".join(part.split()), width, initial_indent=indent, subsequent_indent=indent)
            for part in text.split("\n\n")
        )


class Parser(argparse.ArgumentParser):
    """Options are not abbreviated: one that is added later must not change what a script means."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **{"formatter_class": Help, "allow_abbrev": False, **options})
        self._words: list[str] = []

    def parse_args(self, args: Any = None, namespace: Any = None) -> Any:
        self._words = list(sys.argv[1:] if args is None else args)
        return super().parse_args(args, namespace)

    def error(self, message: str) -> NoReturn:
        """Print the usage and what is wrong, with what may have been meant; exit with status 2."""
        (self._chosen() if _UNKNOWN.search(message) else self).print_usage(sys.stderr)
        message = "\n".join(f"  {line}" if number else line for number, line in enumerate(message.splitlines()))
        self.exit(2, f"{self.prog}: {message}{self._hint(message)}\n")

    def _hint(self, message: str) -> str:
        if (found := _CHOICE.search(message)) is not None:
            names = (found["name"], *found["name"].split("/"))
            known = next((one for one in _actions(self) if _name(one) in names), None)
            hint = did_you_mean(found["given"], map(str, known.choices or ())) if known is not None else ""
            if not hint and found["name"] == "COMMAND" and os.path.exists(found["given"]):
                return f"; to check it: {self.prog} check {found['given']}"
            return hint
        if (found := _UNKNOWN.search(message)) is not None:
            chosen = self._chosen()
            return did_you_mean(found["given"], [name for one in _actions(chosen) for name in one.option_strings])
        return ""

    def _chosen(self) -> argparse.ArgumentParser:
        """The parser of the command that was given, this one where none was."""
        for action in _actions(self):
            if isinstance(action, argparse._SubParsersAction):
                choices: dict[str, argparse.ArgumentParser] = action.choices
                given = next((word for word in self._words if word in choices), None)
                if given is not None:
                    return choices[given]
        return self


def _actions(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    yield from parser._actions


def _name(action: argparse.Action) -> str | None:
    return "/".join(action.option_strings) or (action.metavar if isinstance(action.metavar, str) else action.dest)
