"""Brace expansion, as bash, zsh and ksh have it: `app{1..3}`, `10.0.0.{11,12}`.

brace    = "{" ( range | list ) "}" ;
range    = number ".." number [ ".." step ] | letter ".." letter ;
list     = text "," text { "," text } ;

Words with quotes, variables or nested braces stay as they are written.
"""

from __future__ import annotations

import re

from netlint.parse.shell_words import RawWord

MOST = 256  # words that one word becomes; more are not known
_BRACE = re.compile(
    r"\{(?:(?P<first>-?\d{1,6})\.\.(?P<last>-?\d{1,6})(?:\.\.(?P<step>-?\d{1,4}))?"
    r"|(?P<from>[A-Za-z])\.\.(?P<to>[A-Za-z])|(?P<list>[^{}\s,]*(?:,[^{}\s,]*)+))\}"
)
_NESTED = re.compile(r"\{[^{}]{0,999}\{")


def braces(raw: RawWord) -> list[str] | None:
    """The texts that a word becomes; none where they are too many, None where it has no braces that expand."""
    text = raw.plain
    if text is None or "{" not in text or _BRACE.search(text) is None or _NESTED.search(text) is not None:
        return None
    found = [""]
    at = 0
    for brace in _BRACE.finditer(text):
        values = _values(brace)
        if len(found) * len(values) > MOST:
            return []
        found = [f"{one}{text[at : brace.start()]}{value}" for one in found for value in values]
        at = brace.end()
    return [one + text[at:] for one in found]


def _values(brace: re.Match[str]) -> list[str]:
    if brace["list"] is not None:
        return brace["list"].split(",")
    if brace["from"] is not None:
        first, last, step, width = ord(brace["from"]), ord(brace["to"]), 1, 0
    else:
        first, last, step = int(brace["first"]), int(brace["last"]), abs(int(brace["step"] or 1)) or 1
        padded = any(re.match(r"-?0\d", brace[one]) for one in ("first", "last"))
        width = max(len(brace["first"]), len(brace["last"])) if padded else 0
    sign = 1 if first <= last else -1
    numbers = range(first, last + sign, sign * step)
    if len(numbers) > MOST:
        return [""] * (MOST + 1)
    return [chr(one) if brace["from"] is not None else f"{one:0{width}d}" for one in numbers]
