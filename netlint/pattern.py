"""Regular expressions that are compiled, and modules that are imported, when they are used first.

A run on one file uses few of all there are.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType
from typing import cast

_compile = re.compile


class _Pattern:
    def __init__(self, text: str, flags: int) -> None:
        self._text, self._flags = text, flags

    def __getattr__(self, name: str) -> object:
        if name.startswith("__"):  # what Python itself looks for, a copy for example, is not a use
            raise AttributeError(name)
        found = getattr(_compile(self._text, self._flags), name)
        setattr(self, name, found)  # the next call comes here no more
        return found


def pattern(text: str, flags: int = 0) -> re.Pattern[str]:
    """`re.compile`, put off: methods and attributes are the compiled one's, a wrong expression fails at its first use.

    Not for the functions of `re`, which take compiled ones only.
    """
    return cast("re.Pattern[str]", _Pattern(text, flags))


@contextmanager
def patterns_later() -> Iterator[None]:
    """What is imported while this is open compiles its expressions when it uses them.

    For libraries that compile at import what netlint never asks of them.
    """
    re.compile = pattern  # type: ignore[assignment]
    try:
        yield
    finally:
        re.compile = _compile


class _Module(ModuleType):
    def __getattr__(self, name: str) -> object:
        if name.startswith("__"):  # as for patterns: import asks what it needs to know of any module
            raise AttributeError(name)
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        found = import_module(self.__name__)
        vars(self).update(vars(found))  # the next use comes here no more
        return getattr(found, name)


def modules_later(*names: str) -> None:
    """Put off the import of the modules `names` until something of them is used.

    For those that a library imports without a look at them.
    """
    for name in names:
        sys.modules.setdefault(name, _Module(name))
