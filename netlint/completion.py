"""Completion for shells, made by shtab from the parser of the command line."""

from __future__ import annotations

import argparse
from typing import Any

import shtab

from netlint.arguments import parser
from netlint.rule import load_rules, rules_folder

_FILES = {"paths", "config", "baseline", "changed_files", "write"}
_FOLDERS = {"rules"}


def completion(shell: str) -> str:
    """The script that completes commands, options, their values, files and names of rules."""
    top = parser()
    _mark(top, [name for rule in load_rules([rules_folder()]) for name in (rule.slug, rule.code)])
    return str(shtab.complete(top, shell))


def _mark(command: argparse.ArgumentParser, rules: list[str]) -> None:
    """Say which arguments are files, folders or rules."""
    for action in command._actions:
        if isinstance(action, argparse._SubParsersAction):
            for inner in action.choices.values():
                _mark(inner, rules)
        elif action.dest == "rule":
            action.choices = rules
        elif action.dest in _FILES | _FOLDERS and action.nargs != 0:
            marked: Any = action
            marked.complete = shtab.FILE if action.dest in _FILES else shtab.DIRECTORY
