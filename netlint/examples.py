"""The examples in a rule's documentation: what its tests run and its page shows.

A section `## Bad: title` or `## Good: title` holds fences; one fence is one file, several are one host. The fence's
info string names the file: ```` ```yaml title="compose.yaml" ````. A trailing `# <- error` (`//` in JSON, `;` in unit
files, `<!-- <- error -->` in XML; `warning` and `note` likewise) marks a line on which the rule speaks, and is not part
of the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct

_SECTION = re.compile(r"^## (Bad|Good)(?:: (.*))?$", re.MULTILINE)
_FENCE = re.compile(r'^(`{3,})(\w*)(?: title="([^"]+)")?[ ]*\n(.*?)^\1[ ]*$', re.MULTILINE | re.DOTALL)
_MARK = re.compile(r"[ \t]*(?:#|//|;|<!--) <- (error|warning|note)(?: -->)?[ \t]*$", re.MULTILINE)


class ExampleFile(Struct, frozen=True, kw_only=True):
    """A file of an example. `marks` are the lines (from 1) on which the rule speaks, with the severity."""

    path: str
    text: str
    language: str
    marks: tuple[tuple[int, str], ...]


class Example(Struct, frozen=True, kw_only=True):
    bad: bool
    title: str
    files: tuple[ExampleFile, ...]


def examples(documentation: str) -> Iterator[Example]:
    """The examples of a rule's documentation in order; ValueError for a fence without a title."""
    sections = list(_SECTION.finditer(documentation))
    fences = [fence.span() for fence in _FENCE.finditer(documentation)]
    headings = [
        found.start()
        for found in re.finditer(r"^#{1,2} ", documentation, re.MULTILINE)
        if not any(start < found.start() < end for start, end in fences)  # a comment in a file is no heading
    ]
    for section in sections:
        end = next((at for at in headings if at > section.start()), len(documentation))
        files = []
        for fence in _FENCE.finditer(documentation, section.end(), end):
            if fence[3] is None:
                raise ValueError(f"a fence under '{section[0]}' has no title")
            text, marks = unmarked(fence[4])
            files.append(ExampleFile(path=fence[3], text=text, language=fence[2], marks=marks))
        yield Example(bad=section[1] == "Bad", title=section[2] or "", files=tuple(files))


def unmarked(text: str) -> tuple[str, tuple[tuple[int, str], ...]]:
    """`text` without its marks, and the marks."""
    marks = tuple((text.count("\n", 0, found.start()) + 1, found[1]) for found in _MARK.finditer(text))
    return _MARK.sub("", text), marks
