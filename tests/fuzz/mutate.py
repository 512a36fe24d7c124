"""Inputs that are nearly right: samples with lines, words and characters moved, broken, repeated and replaced."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from random import Random

_WORD = re.compile(r"[\w./:-]+|[^\w\s]")
# What parsers trip over: limits of numbers, addresses and names, marks of YAML, JSON, shells and templates, and
# characters that are no text.
_AWKWARD = (
    *"0 -1 00 007 1e999 0x1f 0b1 1_0 65535 65536 4294967296 99999999999999999999 1.5 NaN inf ٣ ²".split(),
    *"0.0.0.0 0.0.0.0/0 10.0.0.0/33 10.0.0.0/-1 10.0.0.5/24 256.1.1.1 1.2.3 :: ::/0 ::1%eth0 fe80::1/129 [::]".split(),
    *"10.0.0.0/255.0.255.0 0/1 default any lo eth0 eth0@if5 br-000000000000 docker0 veth+ + !".split(),
    *"$ $$ ${ ${} ${A} ${A:-b} ${A:-${B:-c}} ${A:?x} $(A) `A` {{ }} {{.A}} {% %} <% %s".split(),
    *"& &a *a * << <<: !! !reset !override !!int --- ... ? - -- | > |- >+2 % @ ~ null true no on".split(),
    *"{ } [ ] {} [] , : # -A -I -N -P -j -m --dport --dport= --src-range ! -s -d -p tcp/udp 80: :80 80-79".split(),
    *"1:2:3 a=b =b a= //c /*d */ table chain set map elements hook policy accept drop jump goto return ct".split(),
    *"state counter @set via dev scope services networks ipam config subnet ports external ExecStart=".split(),
    *"[Service] DOCKER_OPTS= bip hosts é".split(),
    *("", " ", "\t", "\n", "\r", "\r\n", "\n\n", '"', "'", '\\"', "\\", "\\\n", "\\u12", "\\ud800", "\\x", "\x00"),
    *("\x1b[2J", "\x85", "\u2028", "\ufeff", "\ufffc", "\ufffd", "\U0001f40b", "\ud800", "e\u0301"),
    *("A" * 300, "9" * 400, "(" * 60, "[" * 60, "{" * 60, "${A:-" * 60, "- " * 60, ": " * 40, "'" * 31, "\\" * 33),
)


def mutated(random: Random, samples: Sequence[str], most: int = 6000) -> str:
    """One of the samples, rather a short one, with a few changes; at most `most` characters."""
    text = min(random.choice(samples), random.choice(samples), key=len)  # what breaks a parser is small
    for _ in range(random.choice((1, 1, 1, 2, 2, 3, 5, 9))):
        text = random.choice(_CHANGES)(random, text, random.choice(samples))[:most]
    return text


def _lines(random: Random, text: str, other: str) -> str:
    lines = text.splitlines(keepends=True) or [""]
    one, two = random.randrange(len(lines)), random.randrange(len(lines))
    match random.randrange(7):
        case 0:
            del lines[one]
        case 1:
            lines.insert(two, lines[one])
        case 2:
            lines[one], lines[two] = lines[two], lines[one]
        case 3:
            del lines[min(one, two) : max(one, two)]
        case 4:
            lines.insert(one, random.choice(other.splitlines(keepends=True) or [""]))
        case 5:
            lines[one] = " " * random.randrange(9) + lines[one].lstrip(" ")
        case 6:
            lines[one] = lines[one].rstrip("\r\n") + random.choice(("", " ", "\r", "\t", " \\\n"))
    return "".join(lines)


def _words(random: Random, text: str, other: str) -> str:
    found = [*_WORD.finditer(text)]
    if not found:
        return text + random.choice(_AWKWARD)
    one = random.choice(found)
    match random.randrange(5):
        case 0:
            new = ""
        case 1:
            new = random.choice(found)[0]
        case 2:
            new = random.choice([*_WORD.findall(other)] or [""])
        case 3:
            new = one[0] + random.choice(_AWKWARD)
        case _:
            new = random.choice(_AWKWARD)
    return text[: one.start()] + new + text[one.end() :]


def _characters(random: Random, text: str, other: str) -> str:
    at = random.randrange(len(text) + 1)
    match random.randrange(4):
        case 0:
            return text[:at] + text[at + 1 :]
        case 1:
            return text[:at] + random.choice(_AWKWARD) + text[at:]
        case 2:
            return text[:at] + chr(random.choice((random.randrange(128), random.randrange(0x3000)))) + text[at + 1 :]
    return text[:at]


def _chunks(random: Random, text: str, other: str) -> str:
    start = random.randrange(len(text) + 1)
    end = min(start + random.choice((3, 20, 200)), len(text))
    match random.randrange(3):
        case 0:
            return text[:start] + text[start:end] * random.choice((2, 3, 30)) + text[end:]
        case 1:
            at = random.randrange(len(other) + 1)
            return text[:start] + other[at : at + 200] + text[end:]
    return text[:start] + text[end:]


_CHANGES: tuple[Callable[[Random, str, str], str], ...] = (_lines, _lines, _words, _words, _words, _characters, _chunks)


def reduced(text: str, fails: Callable[[str], bool], most: int = 2000) -> str:
    """A shorter text that fails as `text` does: lines, then characters are left out as long as it still does."""
    for split in (lambda one: one.splitlines(keepends=True), list):
        parts = split(text)
        size = max(len(parts) // 2, 1)
        while most > 0:
            at = 0
            while at < len(parts) and most > 0:
                most -= 1
                shorter = parts[:at] + parts[at + size :]
                if fails("".join(shorter)):
                    parts = shorter
                else:
                    at += size
            if size == 1:
                break
            size //= 2
        text = "".join(parts)
    return text
