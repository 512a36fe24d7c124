"""Patterns of paths, with the meaning that they have in `.gitignore`.

`*` and `?` stand for characters of one name, `**` for any number of directories. A pattern without a slash in front or
inside is for that name anywhere; any other is for the path from the configuration's folder. What names a directory is
for everything in it.
"""

from __future__ import annotations

import os
import re
from functools import lru_cache

from netlint.pattern import pattern

_PART = pattern(r"\*\*/|/\*\*$|\*\*|\*|\?|\[!?[^\]/]+\]|.", re.DOTALL)


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    anchored = "/" in pattern.rstrip("/")
    text = "" if anchored else "(?:.*/)?"
    for found in _PART.finditer(pattern.strip("/")):
        match found[0]:
            case "**/":
                text += "(?:.*/)?"
            case "/**":
                text += "/.*"
            case "**":
                text += ".*"
            case "*":
                text += "[^/]*"
            case "?":
                text += "[^/]"
            case part if len(part) > 1:
                negated = part[1] == "!"
                inner = re.sub(r"[\\^&|~\[]", r"\\\g<0>", part[2:-1] if negated else part[1:-1])
                inner = inner.replace("--", r"\--")  # two of them will be the difference of sets one day
                text += f"[^/{inner}]" if negated else f"[{inner}]"
            case part:
                text += re.escape(part)
    return re.compile(f"{text}(?:/.*)?", re.DOTALL)


def wrong(pattern: str) -> str:
    """What is wrong with a pattern; empty for a good one."""
    if not pattern.strip("/"):
        return f"pattern '{pattern}' names nothing"
    try:
        _compiled(pattern)
    except re.error as error:
        return f"pattern '{pattern}': {error.msg}"
    return ""


def matches(path: str, pattern: str) -> bool:
    """Whether the path, in POSIX form and relative, is one that `pattern` is for."""
    return bool(pattern.strip("/")) and _compiled(pattern).fullmatch(path) is not None


class ConfigPaths:
    """Paths of a run as the configuration writes them: from its own folder, where they lie below that."""

    def __init__(self, root: str, config: str | None) -> None:
        folder = os.path.dirname(os.path.realpath(config)) if config is not None else None
        self._prefix: str | None = None
        if folder is not None and os.path.isdir(root):
            below = os.path.relpath(os.path.realpath(root), folder)
            self._prefix = "" if below == "." else f"{below}/"

    def of(self, path: str) -> str:
        if self._prefix is None:
            return path
        full = os.path.normpath(self._prefix + path)
        return path if full.startswith("../") else full
