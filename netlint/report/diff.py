"""Changes of files as a unified diff."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from difflib import SequenceMatcher

from msgspec import Struct

from netlint.report.secrets import masked
from netlint.report.terminal import clean

_CONTEXT = 3
_NAME = re.compile(r"[\w.:-]{0,80}")
_LINE = re.compile(r"[^\n]*\n|[^\n]+")


class Diff(Struct, frozen=True):
    """The text of a diff; `hidden`: a changed line holds what must not be shown, so that the diff cannot be applied."""

    text: str
    hidden: bool


class _Hunk(Struct, frozen=True):
    old: range
    new: range


class _Text:
    """The lines of a text and those to be shown in their place."""

    def __init__(self, text: str, shown: str) -> None:
        self.lines = _LINE.findall(text)
        self.shown = [masked(line) for line in _LINE.findall(shown)]

    def open(self, lines: Iterable[int]) -> int:
        """How many of the lines, the first ones, can be shown as they are."""
        count = 0
        for line in lines:
            if not 0 <= line < len(self.lines) or self.lines[line] != self.shown[line]:
                break
            count += 1
        return count


def diff(path: str, before: str, after: str, shown_before: str, shown_after: str) -> Diff:
    """The diff of a file in the form of `git diff`; lines around a change that must not be shown are left out of it.
    The shown texts are of the same lines."""
    old, new = _Text(before, shown_before), _Text(after, shown_after)
    lines = [f"--- a/{clean(path)}\n", f"+++ b/{clean(path)}\n"]
    hidden = False
    for hunk in _hunks(old, new):
        lines.append(f"@@ -{_place(hunk.old)} +{_place(hunk.new)} @@\n")
        for mark, line, shown in _marked(old, new, hunk):
            hidden = hidden or shown != line
            lines.append(mark + _printable(shown))
    return Diff("".join(lines), hidden)


def _hunks(old: _Text, new: _Text) -> Iterator[_Hunk]:
    """Changes with the lines around them; changes whose lines meet are in one hunk."""
    pending: _Hunk | None = None
    for start, end, first, last in _changes(old.lines, new.lines):
        lead = old.open(range(start - 1, start - 1 - _CONTEXT, -1))
        tail = old.open(range(end, end + _CONTEXT))
        hunk = _Hunk(range(start - lead, end + tail), range(first - lead, last + tail))
        if pending is not None and pending.old.stop >= hunk.old.start:
            hunk = _Hunk(range(pending.old.start, hunk.old.stop), range(pending.new.start, hunk.new.stop))
        elif pending is not None:
            yield pending
        pending = hunk
    if pending is not None:
        yield pending


def _changes(old: list[str], new: list[str]) -> Iterator[tuple[int, int, int, int]]:
    """Lines from and to in the old and the new text; what both begin and end with is not compared."""
    same = 0
    while same < min(len(old), len(new)) and old[same] == new[same]:
        same += 1
    tail = 0
    while tail < min(len(old), len(new)) - same and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    matcher = SequenceMatcher(None, old[same : len(old) - tail], new[same : len(new) - tail])
    for kind, start, end, first, last in matcher.get_opcodes():
        if kind != "equal":
            yield start + same, end + same, first + same, last + same


def _marked(old: _Text, new: _Text, hunk: _Hunk) -> Iterator[tuple[str, str, str]]:
    """Each line with its mark, as it is and as it is shown."""
    first, other = hunk.old.start, hunk.new.start
    part, changed = old.lines[first : hunk.old.stop], new.lines[other : hunk.new.stop]
    for kind, start, end, begin, stop in SequenceMatcher(None, part, changed, autojunk=False).get_opcodes():
        before, after = range(first + start, first + end), range(other + begin, other + stop)
        paired = kind == "replace" and len(before) == len(after)
        for number, line in enumerate(before):
            shown = old.shown[line]
            if paired:
                shown = _revealed(old.lines[line], shown, new.lines[after[number]])
            yield " " if kind == "equal" else "-", old.lines[line], shown
        for number, line in enumerate(after if kind != "equal" else ()):
            shown = new.shown[line]
            if paired:
                shown = _revealed(new.lines[line], shown, old.lines[before[number]])
            yield "+", new.lines[line], shown


def _revealed(line: str, shown: str, other: str) -> str:
    """`shown` with the part of `line` in which it differs from the `other`, where that is a name or an address: it is
    what the fix is about."""
    start = _alike(line, other)
    end = _alike(line[start:][::-1], other[start:][::-1])
    if not all(_NAME.fullmatch(one, start, len(one) - end) for one in (line, other)):
        return shown
    return shown[:start] + line[start : len(line) - end] + shown[len(line) - end :]


def _alike(one: str, other: str) -> int:
    """How many characters both begin with."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((index for index, (mine, theirs) in pairs if mine != theirs), min(len(one), len(other)))


def _place(lines: range) -> str:
    if len(lines) == 1:
        return str(lines.start + 1)
    return f"{lines.start + (1 if len(lines) else 0)},{len(lines)}"


def _printable(line: str) -> str:
    """The line with what a terminal would act on as escapes; tabs and line ends stay, as a patch needs them."""
    body = line.rstrip("\r\n")
    end = line[len(body) :] if line.endswith("\n") else "\n\\ No newline at end of file\n"
    return "\t".join(clean(part) for part in body.split("\t")) + end
