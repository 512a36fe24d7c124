"""Regular expressions that are compiled when they are used first: a run on one file uses few of all there are."""

from __future__ import annotations

import re
from typing import cast

_METHODS = ("match", "fullmatch", "search", "finditer", "findall", "split", "sub", "subn")


class _Pattern:
    def __init__(self, text: str, flags: int) -> None:
        self._text, self._flags = text, flags

    def __getattr__(self, name: str) -> object:
        if name not in _METHODS:
            raise AttributeError(name)
        compiled = re.compile(self._text, self._flags)
        for method in _METHODS:
            setattr(self, method, getattr(compiled, method))  # the next call comes here no more
        return getattr(self, name)


def pattern(text: str, flags: int = 0) -> re.Pattern[str]:
    """`re.compile`, put off: the methods that match are there, and a wrong expression fails at its first use."""
    return cast("re.Pattern[str]", _Pattern(text, flags))
