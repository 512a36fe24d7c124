"""Setup scripts: the commands a POSIX or bash script runs, in order, as far as reading alone can tell.

Variables that hold literals are put in, loops over literal words are unrolled, functions are followed where they are
called, and `sudo`, `env`, `nohup` and `sh -c` are seen through. Listings copied from a terminal are read by their
prompts. A command that only may run (a branch, a loop over unknown words, the right side of `||`) is not `certain`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from msgspec import Struct

from netlint.parse.shell_run import Command, Output, Redirect, Shell
from netlint.parse.shell_variables import Variable, Variables
from netlint.parse.tree import Problem, Unsupported, Word
from netlint.source import Source, Span

__all__ = ["Command", "Redirect", "Script", "Variable", "commands_of", "parse", "read"]

_PROMPT = re.compile(r"[ \t]*(?:\[[\w.-]+@[^\]\n]*\][ \t]?|[\w.-]+@[\w.-]+:[^#$\n]*|(?=\$ ))[#$](?:[ \t]+|$)")
_HASH_PROMPT = re.compile(r"[ \t]*[#$][ \t]+(?=[^\s#])")


class Script(Struct, frozen=True, kw_only=True):
    span: Span
    commands: tuple[Command, ...]
    unsupported: tuple[Unsupported, ...] = ()


def parse(source: Source) -> tuple[Script, list[Problem]]:
    """The commands of a setup script or of a copied terminal session."""
    return read(Word(_without_prompts(source.text), source.span(0, len(source.text))))


def read(whole: Word) -> tuple[Script, list[Problem]]:
    """The commands of a script that is a part of a text, at its places there."""
    output = Output()
    shell = Shell(whole, output, Variables({}))
    shell.run_text()
    shell.run_uncalled()
    script = Script(span=whole.span, commands=tuple(output.commands), unsupported=tuple(output.unsupported))
    return script, output.problems


def commands_of(words: Sequence[Word], variables: Sequence[Variable] = ()) -> list[Command]:
    """The commands that a command line of a unit file (`/bin/sh -c '…'`) runs where `variables` are set."""
    if not words:
        return []
    output = Output()
    known = {variable.name: variable for variable in variables}
    shell = Shell(words[0], output, Variables(known))
    shell.start(words, words[0].span.to(words[-1].span), True, known)
    return output.commands


def _without_prompts(text: str) -> str:
    """`text` with the prompts and the output of a terminal session blanked out, all characters in their places."""
    lines = text.splitlines(keepends=True)
    if text.startswith("#!"):
        return text
    prompt = _PROMPT
    if not any(prompt.match(line) for line in lines):
        prompt = _HASH_PROMPT
        if not all(prompt.match(line) for line in lines if line.strip()):
            return text
    kept, continued = list[str](), False
    for line in lines:
        found = prompt.match(line)
        start = found.end() if found is not None else 2 if line.startswith("> ") else 0 if continued else len(line)
        content = line.rstrip("\r\n")
        start = min(start, len(content))
        kept.append(" " * start + line[start:])
        continued = start < len(content) and content.endswith("\\")
    return "".join(kept)
