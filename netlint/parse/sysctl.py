"""sysctl.conf(5), sysctl.d(5) and what `sysctl -a` prints.

    line    = [ "-" ] key [ blank ] "=" [ blank ] value | comment | complaint ;
    comment = ( "#" | ";" ) … ;

A key is written with dots, or with slashes as below /proc/sys; there a dot belongs to a name (`eth0.100`).
"""

from __future__ import annotations

import re
from typing import NamedTuple

from msgspec import Struct, structs

from netlint.parse.lines import command, lines
from netlint.parse.tree import Problem, Unsupported, Word
from netlint.source import Source, Span

_SETTING = re.compile(r"(?P<ignore>-?)\s*(?P<key>[^\s=#;][^\s=]*)\s*=[^\S\n]*(?P<value>.*)")
# sysctl.d: `-net.ipv4.conf.eth0.rp_filter` keeps a pattern from setting that key.
_EXCLUDED = re.compile(r"-[\w./*-]+$")
# `sysctl -a` as an ordinary user, and `sysctl -p` with the names of the files it reads.
_COMPLAINT = re.compile(r"(?:sysctl:|\* Applying\b|error:)")


class Setting(NamedTuple):
    """`key = value`. `key` is in the notation with dots; `optional`: a failure to set it does not count."""

    span: Span
    key: str
    key_span: Span
    value: Word
    optional: bool = False


class Settings(Struct, frozen=True):
    settings: list[Setting]
    unsupported: list[Unsupported]


def parse(source: Source) -> tuple[Settings, list[Problem]]:
    tree = Settings([], [])
    problems: list[Problem] = []
    for start, line in lines(source):
        text = line.strip()
        if not text or text[0] in "#;" or _COMPLAINT.match(text) or command(line) is not None:
            continue
        at = start + line.index(text)
        span = source.span(at, at + len(text))
        found = _SETTING.match(text)
        if found is not None:
            key_span = source.span(at + found.start("key"), at + found.end("key"))
            value = Word(found["value"], source.span(at + found.start("value"), at + found.end("value")))
            tree.settings.append(Setting(span, normalise(found["key"]), key_span, value, bool(found["ignore"])))
        elif _EXCLUDED.match(text):
            tree.unsupported.append(Unsupported(span, "key excluded from patterns"))
        else:
            problems.append(Problem(span, "not a setting", "write key = value"))
    if not tree.settings and problems:
        problems.append(structs.replace(problems.pop(), fatal=True))
    return tree, problems


def normalise(key: str) -> str:
    """The key with dots. Where a slash comes first, slashes and dots change places, as sysctl(8) reads it."""
    separator = re.search(r"[./]", key)
    if separator is not None and separator.group() == "/":
        return key.translate(str.maketrans("./", "/."))
    return key
