"""The fingerprint that GitHub's code scanning follows an alert by: a hash of the text that begins at its line.

The value is that of the action `codeql-action/upload-sarif`: the first hundred characters from the start of the line
that are neither space nor tab, line ends as one `\\n`, then U+FFFF for the end of the file and zeros. They are UTF-16
code units and make a number to the base 37, modulo 2 to the 64th. A suffix counts the lines of the same hash.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from itertools import accumulate

WINDOW = 100
_BASE = 37
_MODULUS = 1 << 64
_POWERS = [pow(_BASE, WINDOW - 1 - index, _MODULUS) for index in range(WINDOW)]
_BLANKS = str.maketrans("", "", " \t")
_ASTRAL = re.compile("[\U00010000-\U0010ffff]")


def line_hashes(text: str, lines: Iterable[int]) -> dict[int, str]:
    """The hash of each of `lines` (from 1) of `text`, as `c129715d7a2bc9a3:1`."""
    wanted = set(lines)
    units = text.replace("\r\n", "\n").replace("\r", "\n").translate(_BLANKS)
    units = _ASTRAL.sub(_pair, units) + "\uffff" + "\0" * WINDOW
    starts = [0, *accumulate(len(line) + 1 for line in units.split("\n"))][:-1]
    windows = {units[starts[line - 1] : starts[line - 1] + WINDOW] for line in wanted if line <= len(starts)}
    times: Counter[str] = Counter()
    found: dict[int, str] = {}
    for line, start in enumerate(starts[: max(wanted, default=0)], start=1):
        window = units[start : start + WINDOW]
        if window in windows:
            times[window] += 1
            if line in wanted:
                found[line] = f"{_number(window):x}:{times[window]}"
    return found


def _number(window: str) -> int:
    return sum(ord(unit) * power for unit, power in zip(window, _POWERS, strict=True)) % _MODULUS


def _pair(found: re.Match[str]) -> str:
    """A character beyond the first plane as the two UTF-16 code units that JavaScript sees."""
    code = ord(found[0]) - 0x10000
    return chr(0xD800 + (code >> 10)) + chr(0xDC00 + (code & 0x3FF))
