"""cloud-init's user data (`#cloud-config`): the commands of `bootcmd` and `runcmd`, and the texts of `write_files`.

A command is a string, which a shell reads, or a list of words. What is a template, folded, or holds a here-document is
passed over and said to be. Source: cloud-init's modules cc_bootcmd, cc_runcmd and cc_write_files.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct

from netlint.parse import shell, yaml
from netlint.parse.tree import Mapping, Node, Problem, Scalar, Sequence, Unsupported
from netlint.source import Source

_COMMANDS = ("bootcmd", "runcmd")
_TEMPLATE = re.compile(r"\{\{|\{%")
_LITERAL = re.compile(r"\|[-+\d]*[ \t]*(?:#[^\n]*)?\r?\n")
_PLAIN_WORD = re.compile(r"[\w@%+=:,./-]+")


class Written(Struct, frozen=True, kw_only=True):
    """A file that `write_files` makes. `source` has its text at the places where it stands in the user data."""

    path: str
    source: Source


class CloudConfig(Struct, frozen=True, kw_only=True):
    script: shell.Script
    files: tuple[Written, ...]
    unsupported: tuple[Unsupported, ...] = ()


def parse(source: Source) -> tuple[CloudConfig, list[Problem]]:
    """The commands as one script, in the order of the file, and the files that are written."""
    documents, problems = yaml.parse(source)
    unsupported: list[Unsupported] = []
    text = _shell_text(source, documents, unsupported)
    script, more = shell.parse(Source(source.path, text))
    files = tuple(_written(source, documents))
    return CloudConfig(script=script, files=files, unsupported=tuple(unsupported)), [*problems, *more]


def shell_text(source: Source) -> str:
    """The text with all but the commands blanked out, each character at its place."""
    return _shell_text(source, yaml.parse(source)[0], [])


def _shell_text(source: Source, documents: list[Node], unsupported: list[Unsupported]) -> str:
    kept = [" "] * len(source.text)
    for item in _under(documents, *_COMMANDS):
        pieces = _pieces(source, item)
        if pieces is None:
            unsupported.append(Unsupported(item.span, "a command of cloud-init that is no literal"))
            continue
        for start, end in pieces:
            kept[start:end] = source.text[start:end]
        if pieces and pieces[-1][1] < len(kept):
            kept[pieces[-1][1]] = "\n"
    return "".join(kept)


def _under(documents: list[Node], *keys: str) -> Iterator[Node]:
    for document in documents:
        for key, value in document.items() if isinstance(document, Mapping) else ():
            if key.text in keys and isinstance(value, Sequence):
                yield from value.items


def _pieces(source: Source, item: Node) -> list[tuple[int, int]] | None:
    """Where the command stands, from and to; None where it cannot be read from there."""
    if isinstance(item, Sequence):
        words = [_literal(source, word) for word in item.items]
        found = [word for word in words if word is not None]
        plain = all(_PLAIN_WORD.fullmatch(source.text, *word) for word in found)
        return found if len(found) == len(words) and plain else None
    place = _literal(source, item)
    return None if place is None or "<<" in source.text[slice(*place)] else [place]


def _literal(source: Source, node: Node | None) -> tuple[int, int] | None:
    """Where the content of a scalar stands, line for line; None for a template and for what is folded."""
    if not isinstance(node, Scalar) or _TEMPLATE.search(node.text):
        return None
    if node.start is not None:
        return node.start, node.start + len(node.text)
    header = _LITERAL.match(source.text, node.span.start)
    return (header.end(), node.span.end) if header is not None else None


def _written(source: Source, documents: list[Node]) -> Iterator[Written]:
    for item in _under(documents, "write_files"):
        path, content = (item.get("path"), item.get("content")) if isinstance(item, Mapping) else (None, None)
        place = _literal(source, content)
        encoded = isinstance(item, Mapping) and any(item.get(key) is not None for key in ("encoding", "append"))
        if isinstance(path, Scalar) and place is not None and not encoded:
            start, end = place
            padding = " " * (start - 1) + "\n" if start else ""
            yield Written(path=path.text, source=Source(source.path, padding + source.text[start:end]))
