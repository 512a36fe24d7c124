"""User data of cloud-init in all its forms: a `#cloud-config`, a `#cloud-boothook`, and what holds several of these:
a MIME message or a `#cloud-config-archive`.

Each part is read as a file of its own, and its places lead to where it stands. Of several cloud-configs a key of a
later one replaces that of an earlier one, unless it says how to merge. Source: cloud-init's user_data.py and handlers.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from msgspec import structs

from netlint.decode import decode
from netlint.parse import cloud_config, shell, yaml
from netlint.parse.placed import Placed
from netlint.parse.provision import MAX_WRITTEN, Provision, decoded, inflated, inner_path
from netlint.parse.tree import Mapping, Problem, Scalar, Sequence, Unsupported
from netlint.source import Source, Span

if TYPE_CHECKING:
    from email.message import Message

_MOST_PARTS = 1000
_MOST_TEXT = 1 << 20  # characters of all parts; clouds take 16 to 64 KiB
_DEEPEST = 8
_HEADER = re.compile(r"[\w-]+:.*(?:\r?\n[ \t]+\S.*)*(?:\r?\n|\Z)")
_ENVELOPE = re.compile(r"From .*\n")  # of a mailbox, as Python writes it above a message
_BLANK = re.compile(r"[ \t]*(?:\r?\n|\Z)")
_TEMPLATE = re.compile(r"## *template: *jinja[^\n]*\n")
_SHELL = re.compile(r"#!\s*\S*(?:/|env\s+)(?:ba|da|k|z|a)?sh\b|\s*(?!#!)")
_MARK = re.compile(r"\{\{|\{%")
# What a text is by its beginning, where its type is missing or says nothing.
_STARTS = (
    ("#include", "text/x-include-url"),
    ("#!", "text/x-shellscript"),
    ("#cloud-config-archive", "text/cloud-config-archive"),
    ("#cloud-config-jsonp", "text/cloud-config-jsonp"),
    ("#cloud-config", "text/cloud-config"),
    ("#cloud-boothook", "text/cloud-boothook"),
    ("#part-handler", "text/part-handler"),
)
_SAY_NOTHING = ("text/plain", "text/x-not-multipart", "application/octet-stream", "text/jinja2", "")
_PACKED = re.compile(r"application/(?:x-)?(?:gzip|gzip-compressed|gzipped|compress|compressed)")
_UNREAD = {
    "text/x-include-url": "what is included from elsewhere",
    "text/x-include-once-url": "what is included from elsewhere",
    "text/part-handler": "a handler of parts",
    "text/cloud-config-jsonp": "a patch of cloud-configs",
}
# When scripts run: hooks first, then `bootcmd`, scripts of every boot, and last `runcmd` and scripts by their names.
_STAGES = {
    "text/cloud-boothook": 0,
    "text/x-shellscript-per-once": 2,
    "text/x-shellscript-per-boot": 2,
    "text/x-shellscript-per-instance": 2,
    "text/x-shellscript": 3,
}
_EACH_BOOT = ("text/cloud-boothook", "text/x-shellscript-per-boot")


class _Part(NamedTuple):
    """A part: its type, its name if it has one, its text, and whether it says how it is merged with those before."""

    type: str
    name: str
    content: Placed
    merges: bool = False


def parse(source: Source) -> tuple[Provision, list[Problem]]:
    """The commands of all parts in the order in which they run, and the files that they write."""
    reader = _Reader(source)
    start = source.text[:512].lstrip("\ufeff \t\r\n")
    kind = _kind(start)
    if kind == "text/cloud-config":
        return cloud_config.parse(source)
    whole = Placed(source.path, source)
    whole.add(source.text, source.span(0, len(source.text)), verbatim=True)
    if kind == "text/cloud-config-archive":
        reader.archive(whole, 0)
    elif kind:
        reader.part(_Part(kind, "", reader.copy(whole)), 0)
    else:
        reader.message(whole, len(source.text) - len(source.text.lstrip("\ufeff \t\r\n")), len(source.text), 0)
    return reader.result()


def _kind(text: str) -> str:
    text = text[found.end() :] if (found := _TEMPLATE.match(text)) is not None else text
    return next((kind for start, kind in _STARTS if text.startswith(start)), "")


class _Message:
    """What the headers of a part say of it."""

    def __init__(self, headers: str) -> None:
        self.headers = headers

    @cached_property
    def parsed(self) -> Message:
        from email.parser import HeaderParser  # noqa: PLC0415 - only here, and it takes 20 ms

        return HeaderParser().parsestr(self.headers.replace("\r\n", "\n"))

    def value(self, name: str) -> str:
        return str(self.parsed.get(name, "")).strip().lower()

    @property
    def merges(self) -> bool:
        return bool(self.value("Merge-Type") or self.value("X-Merge-Type"))


class _Reader:
    def __init__(self, source: Source) -> None:
        self.source = source
        self.parts: list[_Part] = []
        self.holders: list[Placed] = []
        self.unsupported: list[Unsupported] = []
        self.problems: list[Problem] = []
        self.left = _MOST_TEXT
        self.over = False
        self.number = 0

    def copy(self, text: Placed, start: int = 0, end: int | None = None, *, cut: bool = False) -> Placed:
        """Characters of `text` under a name of their own, without carriage returns."""
        self.number += 1
        found = Placed(inner_path(self.source.path, f"part-{self.number:03}"), self.source)
        end = text.length if end is None else end
        if not cut or "\r" not in text.text[start:end]:
            found.extend(text, start, end)
            return found
        for line in text.text[start:end].splitlines(keepends=True):
            if line.endswith("\r\n"):
                found.extend(text, start, start + len(line) - 2)
                found.extend(text, start + len(line) - 1, start + len(line))
            else:
                found.extend(text, start, start + len(line))
            start += len(line)
        return found

    def is_over(self, text: Placed, start: int, end: int, depth: int) -> bool:
        """Whether there is more than anybody would write."""
        if self.over:
            return True
        self.over = depth > _DEEPEST or self.number >= _MOST_PARTS or self.left < 0
        if self.over:
            place = text.moved(Span("", start, min(end, start + 1)))
            self.unsupported.append(Unsupported(place, "parts that are too many"))
        return self.over

    def message(self, text: Placed, start: int, end: int, depth: int) -> None:
        """Read a MIME message or a part of one: headers, an empty line, the body."""
        if self.is_over(text, start, end, depth):
            return
        whole = text.text
        at = found.end() if (found := _ENVELOPE.match(whole, start, end)) is not None else start
        start = at
        while at < end and (header := _HEADER.match(whole, at, end)) is not None:
            at = header.end()
        headers = _Message(whole[start:at])
        blank = _BLANK.match(whole, at, end)
        body = blank.end() if blank is not None else at
        kind = headers.parsed.get_content_type() if headers.headers.strip() else "text/plain"
        boundary = headers.parsed.get_boundary() if kind.startswith("multipart/") else None
        if boundary is not None:
            for first, last in _between(whole, boundary, body, end):
                if self.over:
                    break
                self.message(text, first, last, depth + 1)
            return
        place = text.moved(Span("", body, max(body, end)))
        name = headers.parsed.get_filename() or ""
        encoding = headers.value("Content-Transfer-Encoding")
        if encoding in ("", "7bit", "8bit", "binary") and _PACKED.fullmatch(kind) is None:
            self.left -= end - body
            self.part(_Part(kind, name, self.copy(text, body, end, cut=True), headers.merges), depth)
            return
        inner = _unpacked(whole[body:end], encoding)
        self.left -= len(inner or "")
        if inner is None or self.left < 0:
            self.unsupported.append(Unsupported(place, f"the packed part {name}".rstrip()))
            return
        content = self.copy(text, body, body)
        content.add(inner.replace("\r\n", "\n"), place, packed=True)
        self.part(_Part("" if _PACKED.fullmatch(kind) else kind, name, content, headers.merges), depth)

    def part(self, part: _Part, depth: int) -> None:
        """Take a part, or what it holds."""
        text = part.content.text
        kind = part.type if part.type not in _SAY_NOTHING else _kind(text.lstrip()) or part.type
        if kind == "text/cloud-config-archive":
            self.archive(part.content, depth + 1)
        elif kind in _UNREAD:
            self.unsupported.append(Unsupported(_first_line(part.content), _UNREAD[kind]))
        elif kind == "text/cloud-config" or kind in _STAGES:
            if kind in _EACH_BOOT:
                part.content.path += ":boot"
            self.parts.append(part._replace(type=kind))

    def archive(self, content: Placed, depth: int) -> None:
        """Read a `#cloud-config-archive`: a list of texts, or of mappings with `type` and `content`."""
        inner = content.inner()
        if content.path != self.source.path:
            self.holders.append(content)
        documents, problems = yaml.parse(inner)
        self.problems += (structs.replace(problem, span=content.moved(problem.span)) for problem in problems)
        for document in documents:
            for item in document.items if isinstance(document, Sequence) else ():
                node = item.get("content") if isinstance(item, Mapping) else item
                given = item.get("type") if isinstance(item, Mapping) else None
                name = item.get("filename") if isinstance(item, Mapping) else None
                if not isinstance(node, Scalar) or self.is_over(content, node.span.start, node.span.end, depth):
                    continue
                self.left -= len(node.text)  # an alias of YAML may stand for any text
                self.number += 1
                text = Placed(inner_path(self.source.path, f"part-{self.number:03}"), inner)
                text.add_scalar(node)
                kind = given.text.lower() if isinstance(given, Scalar) else _kind(node.text) or "text/cloud-config"
                self.part(_Part(kind, name.text if isinstance(name, Scalar) else "", text), depth)

    def result(self) -> tuple[Provision, list[Problem]]:
        """All parts together."""
        commands: list[tuple[int, str, int, list[shell.Command]]] = []
        found: list[Provision] = []
        texts: list[Placed] = []
        replaced: frozenset[str] = frozenset()
        for number, part in reversed(list(enumerate(self.parts, 1))):
            if part.type == "text/cloud-config":
                read, problems, keys = cloud_config.read(part.content.inner(), replaced)
                found.insert(0, read)
                self.holders.append(part.content)
                if not part.merges and keys.isdisjoint(("merge_how", "merge_type")):
                    replaced |= keys
                commands += ((stage, name, number, list(ones)) for stage, name, ones in _staged(read))
            else:
                script, problems = self.script(part)
                texts.append(part.content)
                name = part.name or f"part-{number:03}"
                commands.append((_STAGES[part.type], name, number, list(script)))
            self.problems += (structs.replace(problem, span=part.content.moved(problem.span)) for problem in problems)
        provision = Provision(
            commands=tuple(one for *_, ones in sorted(commands, key=lambda one: one[:3]) for one in ones),
            files=tuple(one for read in found for one in read.files),
            texts=(*texts, *(text for read in found for text in read.texts)),
            holders=tuple(self.holders),
            unsupported=(*self.unsupported, *(one for read in found for one in read.unsupported)),
        )
        return provision, self.problems

    def script(self, part: _Part) -> tuple[tuple[shell.Command, ...], list[Problem]]:
        """The commands of a script, at their places in it."""
        inner = part.content.inner()
        text = inner.text.lstrip()
        if text.startswith("#cloud-boothook"):  # what it runs is all that comes after, with a shebang of its own or not
            text = text.partition("\n")[2].lstrip()
        if _TEMPLATE.match(text) and _MARK.search(text):
            self.unsupported.append(Unsupported(_first_line(part.content), "a script that a template completes"))
            return (), []
        if _SHELL.match(text) is None:
            return (), []
        script, problems = shell.parse(inner)
        self.unsupported += script.unsupported
        return script.commands, problems


def _staged(read: Provision) -> Iterator[tuple[int, str, list[shell.Command]]]:
    """The commands of a cloud-config by their keys: what stage of the boot runs them, and under what name."""
    for text in read.texts:
        ones = [one for one in read.commands if one.span.source == text.path]
        yield (1, "", ones) if text.path.endswith(":bootcmd") else (3, "runcmd", ones)


def _between(text: str, boundary: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Where the parts of a message stand that a boundary parts. The last may lack its end."""
    delimiter = re.compile(rf"^--{re.escape(boundary)}(?P<last>--)?[ \t]*\r?$\n?", re.MULTILINE)
    first: int | None = None
    for found in delimiter.finditer(text, start, end):
        if first is not None:
            last = found.start() - 1 if text[found.start() - 1 : found.start()] == "\n" else found.start()
            yield first, max(first, last - (text[last - 1 : last] == "\r"))
        first = found.end()
        if found["last"]:
            return
    if first is not None and first < end:
        yield first, end


def _unpacked(text: str, encoding: str) -> str | None:
    """The text of a part; None where it is broken, too large or binary."""
    written = text.encode("utf-8", "surrogateescape")
    data: bytes | None = written
    if encoding == "base64":
        data = decoded(written)
    elif encoding == "quoted-printable":
        data = binascii.a2b_qp(written)
    elif encoding not in ("", "7bit", "8bit", "binary"):
        return None
    if data is not None and data.startswith(b"\x1f\x8b"):
        data = inflated(data)
    return decode(data) if data is not None and len(data) <= MAX_WRITTEN else None


def _first_line(content: Placed) -> Span:
    return content.moved(Span("", 0, max(1, len(content.text.partition("\n")[0]))))
