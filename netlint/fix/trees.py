"""The trees of the files that repairs change."""

from __future__ import annotations

from netlint.fix.layout import Layout
from netlint.fix.places import Places
from netlint.parse.tree import Node, Problem
from netlint.source import Source


def parsed(source: Source, format: str) -> tuple[list[Node], list[Problem]]:
    """The documents of a file of a format that is a tree."""
    if format == "daemon-json":
        from netlint.parse.json import parse  # noqa: PLC0415 - one or the other
    else:
        from netlint.parse.yaml import parse  # noqa: PLC0415
    return parse(source)


def layout(source: Source, format: str) -> Layout:
    documents, _ = parsed(source, format)
    return Layout(source, Places(documents))
