r"""Command lines that start dockerd, quoted in documents, scripts and process listings.

line       = *word command | option *word          ; a line that begins with an option is the tail of a command
command    = program *word
program    = "dockerd" | "docker" "daemon" | "docker" "-d"     ; with a path or a vendor's suffix

What stands before the program (a prompt, `sudo`, `ExecStart=`, the columns of ps) is passed over, `\` joins lines, and
an operator of the shell ends the command.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from msgspec import Struct

from netlint.parse.tree import Problem, Unsupported, Word
from netlint.parse.words import Quoting, place, split
from netlint.source import Source, Span

_DOCKERD = re.compile(r"(?:.*[/=}])?dockerd(?:-current|-latest|-ce|-rootless\.sh)?")
_DOCKER = re.compile(r"(?:.*[/=}])?docker(?:-current|-latest)?")
_CLIENT_COMMANDS = ("run", "create", "exec", "build", "start", "compose", "container", "service", "network", "plugin")
_ROOT_PROMPT = re.compile(r"#\s+(?:sudo\s+)?(?:/\S*/)?docker")
_OPTION = re.compile(r"--?[A-Za-z]")
_SHELL_END = re.compile(r"[;&|]+|(?:\d*|&)>.*")
_SWITCH_WITHIN = 40  # words; without a bound a row of "docker -x" takes quadratic time
_PROCESSES = re.compile(r"\s*(?:USER|UID|F|PID)\s.*\b(?:COMMAND|CMD)[ \t]*\r?$", re.MULTILINE)  # heading of ps
_CONTINUED = re.compile(r"\\\r?\n")


class DaemonCommand(Struct, frozen=True):
    """One start of dockerd. `program` is None where only its options are quoted."""

    program: Word | None
    arguments: tuple[Word, ...]
    span: Span


class CommandLines(Struct, frozen=True, kw_only=True):
    span: Span
    commands: tuple[DaemonCommand, ...]
    unsupported: tuple[Unsupported, ...] = ()


def parse(source: Source) -> tuple[CommandLines, list[Problem]]:
    """The commands that start dockerd; other lines but comments, and but those of ps, are
    `unsupported`. None at all is fatal."""
    found: list[DaemonCommand] = []
    unsupported: list[Unsupported] = []
    problems: list[Problem] = []
    listed = _PROCESSES.match(source.text) is not None
    for line in _logical_lines(source):
        text = line.text.strip()
        if not text or (text.startswith("#") and not _ROOT_PROMPT.match(text)):
            continue
        parts = split(line, Quoting.SHELL)
        words, open_quote = parts.words, parts.open_quote
        command = daemon_command(words)
        if command is None and _OPTION.match(text):
            command = _command(None, words)
        if command is None and listed:
            continue  # another program
        if command is None:
            unsupported.append(Unsupported(words[0].span.to(words[-1].span), "no command that starts dockerd"))
            continue
        found.append(command)
        if open_quote is not None:
            problems.append(Problem(open_quote, "this quote is never closed"))
    whole = source.span(0, len(source.text))
    if not found:
        problems.append(Problem(whole, "no command line of dockerd", fatal=True))
    return CommandLines(span=whole, commands=tuple(found), unsupported=tuple(unsupported)), problems


def daemon_command(words: Sequence[Word]) -> DaemonCommand | None:
    """The start of dockerd among `words`, also behind wrappers such as `env` and `sh -c`; None where there is none."""
    for index, word in enumerate(words):
        if _DOCKERD.fullmatch(word.text) and _takes_options(words, index + 1):
            return _command(word, words[index + 1 :])
        if _DOCKER.fullmatch(word.text):
            switch = _daemon_switch(words, index + 1)
            if switch is not None:
                return _command(word, [*words[index + 1 : switch], *words[switch + 1 :]])
        if "docker" in word.text and " " in word.text:
            inner = split(word, Quoting.SHELL).words
            command = daemon_command(inner) if len(inner) > 1 else None
            if command is not None:
                return command
    return None


def _takes_options(words: Sequence[Word], index: int) -> bool:
    """Prose goes on in words (`so dockerd connects`), a command in options, variables or not at all."""
    return index >= len(words) or not words[index].text[:1].isalnum()


def _daemon_switch(words: Sequence[Word], index: int) -> int | None:
    """Where `daemon` or `-d` stands among the words after `docker`."""
    if index < len(words) and words[index].text == "daemon":
        return index if _takes_options(words, index + 1) else None
    after_option = False
    for at in range(index, min(len(words), index + _SWITCH_WITHIN)):
        text = words[at].text
        if text in ("-d", "--daemon", "-d=true"):
            return at
        if text in _CLIENT_COMMANDS or not (text.startswith("-") or after_option):
            return None
        after_option = text.startswith("-") and "=" not in text
    return None


def _command(program: Word | None, words: Sequence[Word]) -> DaemonCommand | None:
    end = next((at for at, word in enumerate(words) if _SHELL_END.fullmatch(word.text)), len(words))
    arguments = tuple(words[:end])
    ends = [word.span for word in (program, *arguments) if word is not None]
    return DaemonCommand(program, arguments, ends[0].to(ends[-1])) if ends else None


def _logical_lines(source: Source) -> list[Word]:
    lines: list[Word] = []
    text, at = source.text, 0
    while at < len(text):
        chars: list[str] = []
        offsets: list[int] = []
        begin = at
        while at < len(text) and text[at] not in "\r\n":
            joint = _CONTINUED.match(text, at)
            if joint is not None:
                chars.append(" ")
                offsets.append(at)
                at = joint.end()
            else:
                chars.append(text[at])
                offsets.append(at)
                at += 1
        line = "".join(chars)
        lines.append(place(source.path, line, offsets, source.span(begin, at), line == text[begin:at]))
        at += 1
    return lines
