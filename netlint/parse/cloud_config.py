"""cloud-init's user data (`#cloud-config`): the commands of `bootcmd` and `runcmd`, and the files of `write_files`.

A command is a string, which a shell reads, or a list of words; all commands of a key are one script. What a template
decides is passed over and said to be. Source: cloud-init's modules cc_bootcmd, cc_runcmd and cc_write_files.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import structs

from netlint.parse import shell, yaml
from netlint.parse.placed import Placed
from netlint.parse.provision import MAX_FILES, MAX_TEXT, Provision, Written, inner_path, unpacked
from netlint.parse.tree import Mapping, Node, Problem, Scalar, Sequence, Unsupported
from netlint.source import Source, Span

_TRUE = ("true", "yes", "on")
_COMMANDS = ("bootcmd", "runcmd")
_JINJA = re.compile(r"\{\{|\{%")
_PLAIN_WORD = re.compile(r"[\w@%+=:,./-]+")


def parse(source: Source) -> tuple[Provision, list[Problem]]:
    """The commands as scripts, one for each key, and the files that are written before `runcmd` runs."""
    found, problems, _ = read(source)
    return found, problems


def read(source: Source, without: frozenset[str] = frozenset()) -> tuple[Provision, list[Problem], frozenset[str]]:
    """The same without what stands under some keys, and all keys that there are."""
    documents, problems = yaml.parse(source)
    keys = frozenset(key.text for document in documents if isinstance(document, Mapping) for key, _ in document.items())
    unsupported: list[Unsupported] = []
    commands: list[shell.Command] = []
    texts: list[Placed] = []
    for key in _COMMANDS:
        placed = Placed(inner_path(source.path, key), source)
        for item in _under(documents, key) if key not in without else ():
            _add_command(item, placed, unsupported)
        if placed.length:
            script, more = shell.parse(placed.inner())
            commands += script.commands
            problems += (structs.replace(problem, span=placed.moved(problem.span)) for problem in more)
            unsupported += (structs.replace(item, span=placed.moved(item.span)) for item in script.unsupported)
            texts.append(placed)
    files = tuple(_written(source, documents, unsupported)) if "write_files" not in without else ()
    found = Provision(commands=tuple(commands), files=files, texts=tuple(texts), unsupported=tuple(unsupported))
    return found, problems, keys


def _under(documents: list[Node], *keys: str) -> Iterator[Node]:
    for document in documents:
        for key, value in document.items() if isinstance(document, Mapping) else ():
            if key.text in keys and isinstance(value, Sequence):
                yield from value.items


def _add_command(item: Node, placed: Placed, unsupported: list[Unsupported]) -> None:
    """Add the command as a line of a script."""
    words = item.items if isinstance(item, Sequence) else (item,)
    scalars = [word for word in words if isinstance(word, Scalar)]
    if placed.length + sum(len(word.text) for word in scalars) > MAX_TEXT:
        unsupported.append(Unsupported(item.span, "commands that are too long to follow"))
        return
    if len(scalars) < len(words) or any(_JINJA.search(word.text) for word in scalars):
        unsupported.append(Unsupported(item.span, "a command of cloud-init that is no literal"))
        return
    for word in scalars:
        if isinstance(item, Scalar) or _PLAIN_WORD.fullmatch(word.text):
            placed.add_scalar(word)
        else:
            _add_quoted(word, placed)
        placed.add(" ", _end(word))
    placed.add("\n", _end(item))


def _add_quoted(word: Scalar, placed: Placed) -> None:
    """Add a word of a list in quotes, as cloud-init's shellify() does."""
    placed.add("'", structs.replace(word.span, end=word.span.start))
    at = 0
    for part in word.text.split("'"):
        if at:
            placed.add("'\\''", word.span)
        placed.add_scalar(word, at, at + len(part))
        at += len(part) + 1
    placed.add("'", _end(word))


def _end(node: Node) -> Span:
    return structs.replace(node.span, start=node.span.end)


def _written(source: Source, documents: list[Node], unsupported: list[Unsupported]) -> Iterator[Written]:
    left = MAX_FILES
    for item in _under(documents, "write_files"):
        if not isinstance(item, Mapping):
            continue
        path, content, encoding, append = (item.get(key) for key in ("path", "content", "encoding", "append"))
        if not isinstance(path, Scalar) or not path.text.startswith("/") or _JINJA.search(path.text):
            continue
        if not isinstance(content, Scalar):
            if item.get("source") is not None:
                unsupported.append(Unsupported(path.span, f"what {path.text} is loaded from"))
            continue
        name = encoding.text if isinstance(encoding, Scalar) else ""
        text = unpacked(content, name) if left >= 0 else None
        left -= len(text or "")
        if text is None or left < 0:
            unsupported.append(Unsupported(path.span, f"the packed text of {path.text}"))
            continue
        placed = Placed(inner_path(source.path, path.text), source)
        if text == content.text:
            placed.add_scalar(content)
        else:
            placed.add(text, content.span, packed=True)
        yield Written(path=path, content=placed, append=isinstance(append, Scalar) and append.text.lower() in _TRUE)
