"""Secrets in a line that a report quotes. Reports end in public build logs."""

from __future__ import annotations

import re
from functools import lru_cache

from netlint.pattern import pattern

_NAME = r"[\w.-]*(?:passw(?:or)?d|passphrase|secret|token|credential|(?:api|access|private|encryption)[_-]?key)[\w.-]*"
_VALUE = r"""(?:"(?P<double>[^"]+)|'(?P<single>[^']+)|(?P<bare>[^\s"',;}\]]+))"""
_SECRET = pattern(
    # `"name": value`, `name = value`, `name: value`, `--name value`; an image `name:tag` is none of them
    rf"""(?<![\w.-])(?:{_NAME}(?:["'][ \t]*:[ \t]*|["']?[ \t]*=[ \t]*|:[ \t]+)|--{_NAME}[ \t]+){_VALUE}"""
    r"|://[^\s/:@]*:(?P<login>[^\s/@]+)@",
    re.IGNORECASE,
)
_HARMLESS = pattern(r"\$\{?\w+\}?|true|false|null|none|yes|no", re.IGNORECASE)


@lru_cache(maxsize=64)  # a listing of one endless line has many findings
def masked(line: str) -> str:
    """`line` with a `*` for each character of a secret, so that columns stay what they are."""
    return _SECRET.sub(_mask, line)


def _mask(found: re.Match[str]) -> str:
    group = found.lastgroup or "bare"
    if _HARMLESS.fullmatch(found[group]):
        return found[0]
    start, end = (offset - found.start() for offset in found.span(group))
    return found[0][:start] + "*" * (end - start) + found[0][end:]
