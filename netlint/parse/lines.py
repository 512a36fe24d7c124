"""What listings of commands have in common: shell prompts between them, and lines with their offsets."""

from __future__ import annotations

import re
from collections.abc import Iterator

from netlint.parse.tree import Word
from netlint.source import Source

_TOOLS = (
    "ip|route|netstat|ss|ifconfig|sysctl|cat|docker|bridge|brctl|iptables|ip6tables|iptables-save|nft|ping|resolvectl"
)
# `[root@host dir]# …`, `root@host:~# …`, `c1# …`, `$ …`
_PROMPT = re.compile(r"\s*(?:\[[^\]\n]*\][$#]|[\w.-]+@[^\s$#]*[$#]|\w*[$>])\s+(?P<command>\S.*)")
# `ip route show`, `# ip route`, `c1# ip route`, `# /sbin/ip route` (as a heading); indented, `bridge` is a link's kind
_TOOL = re.compile(rf"(?:[\w.-]*#\s*)?(?P<command>(?:sudo\s+)?(?:/[\w/.-]*/)?(?:{_TOOLS})(?:\s.*)?)$")
_BARE_PROMPT = re.compile(r"\s*(?:\[[^\]\n]*@[^\]\n]*\]|[\w.-]+@[^\s$#]*|\w*)[$#]\s*$")
_WORD = re.compile(r"\S+")


def command(line: str) -> str | None:
    """The command that `line` shows, after its prompt, without `sudo` and without the tool's folder; else None."""
    line = line.rstrip()
    found = _PROMPT.match(line) or _TOOL.match(line)
    if found is None:
        return None
    first, _, rest = found["command"].removeprefix("sudo ").lstrip().partition(" ")
    return f"{first.rpartition('/')[2]} {rest}".strip()


def is_prompt(line: str) -> bool:
    """Whether `line` shows a command, or is a prompt at which none was typed."""
    return _BARE_PROMPT.match(line) is not None or command(line) is not None


def lines(source: Source) -> Iterator[tuple[int, str]]:
    """Offset and text of each line, without its end."""
    text = source.text
    starts = source.line_starts
    for start, end in zip(starts, [*starts[1:], len(text)], strict=True):
        yield start, text[start:end].rstrip("\r\n")


def words(source: Source, start: int, end: int) -> list[Word]:
    """The words between two offsets."""
    return [
        Word(found.group(), source.span(found.start(), found.end()))
        for found in _WORD.finditer(source.text, start, end)
    ]
