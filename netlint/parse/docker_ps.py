"""`docker ps`, `docker compose ps` and `docker port`: containers and the ports they publish.

    table = { prompt | heading | row } ;
    row   = cells below the titles of the heading; "PORTS" holds { port "," } ;
    port  = [ address ":" ports "->" ] ports "/" protocol ;

A cell belongs to the title above it. Pasted text may have lost its columns: then the first word is the container's id,
the last its name, and ports are known by their shape. `--format json` prints one object a line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct

from netlint.parse import json
from netlint.parse.lines import is_prompt, lines
from netlint.parse.tree import Mapping, Node, Problem, Scalar, Sequence, Word
from netlint.source import Source

_TITLE = re.compile(r"CONTAINER ID|\S+(?: \S+)*")
_COLUMNS = {
    "CONTAINER ID": "id", "ID": "id", "IMAGE": "image", "NAMES": "name", "NAME": "name", "PORTS": "ports",
    "STATUS": "status", "STATE": "status", "NETWORKS": "networks", "SERVICE": "service", "COMMAND": "command",
    "CREATED": "created", "SIZE": "size", "CREATED AT": "created", "LOCAL VOLUMES": "volumes", "MOUNTS": "mounts",
}  # fmt: skip
_HEADING = re.compile(
    r"\s*(?:CONTAINER ID|ID|NAMES?|Name)\s{2,}.*\b(?:PORTS|Ports|STATUS|IMAGE|NAMES|Command)|CONTAINER ID "
)
_PORT = re.compile(
    r"(?:(?P<address>\[[0-9A-Fa-f:.]+\]|[0-9A-Fa-f.:]*[0-9A-Fa-f.]|:|::)?:(?P<published>\d+(?:-\d+)?)->)?"
    r"(?P<target>\d+(?:-\d+)?)(?:/(?P<protocol>tcp|udp|sctp))"
)
_MAPPED = re.compile(
    r"\s*(?:(?P<name>[\w.-]+)\s+)?(?P<target>\d+(?:-\d+)?)/(?P<protocol>tcp|udp|sctp)\s+->\s+"
    r"(?P<address>\[[0-9A-Fa-f:.]+\]|[0-9A-Fa-f.:]*?):(?P<published>\d*)\s*$"
)
_OF_PORT = re.compile(r"docker\s+(?:container\s+)?port\s+(?P<name>[\w.-]+)")
_IN_PATH = re.compile(r"docker[-_]port[-_](?P<name>[\w.-]+?)(?:\.txt|\.out|\.log)?$")
_TITLED = re.compile(r"#\s*(?P<name>[A-Za-z0-9][\w.-]*)\s*$")
_UP = re.compile(r"Up\b|running", re.IGNORECASE)
_DOWN = re.compile(r"Exited|Created|Dead|Removal|Exit \d|exited|created|dead", re.IGNORECASE)


class PortCell(Struct, frozen=True):
    """`0.0.0.0:8080->80/tcp` in its parts; address and published are None for a port that is only exposed."""

    whole: Word
    address: Word | None
    published: Word | None
    target: str
    protocol: str


class ContainerRow(Struct, frozen=True):
    """A container; a cell that the listing does not have is None. `running` is None where it does not tell."""

    id: Word | None
    name: Word | None
    image: Word | None
    running: bool | None
    ports: list[PortCell]
    networks: tuple[str, ...]


def parse(source: Source) -> tuple[list[ContainerRow], list[Problem]]:
    if re.search(r'^[ \t]*\[?[ \t]*\{"', source.text, re.MULTILINE):
        return _json_lines(source)
    rows: list[ContainerRow] = []
    problems: list[Problem] = []
    columns: list[tuple[int, str]] | None = None
    known, mapped_to = False, None
    in_path = _IN_PATH.search(source.path.rpartition("/")[2])
    for start, line in lines(source):
        if not line.strip() or set(line.strip()) <= set("-"):
            continue
        mapping = _MAPPED.match(line)
        if mapping is not None:
            name = _word(source, start, mapping, "name") or mapped_to
            if name is None and in_path is not None:
                name = Word(in_path["name"], source.span(start, start + len(line)), False)
            known = True
            if mapping["published"]:
                rows.append(ContainerRow(None, name, None, True, [_cell(source, start, mapping)], ()))
        elif (titled := _TITLED.match(line)) is not None:
            mapped_to, known = _word(source, start, titled, "name"), True
        elif is_prompt(line) or line.startswith("+ "):
            whose = _OF_PORT.search(line)
            mapped_to = _word(source, start, whose, "name") if whose is not None else None
            columns, known = None, True
        elif _HEADING.match(line):
            columns, known = _heading(line), True
        elif columns is not None:
            row = _row(source, start, line, columns)
            if row is not None:
                rows.append(row)
            elif rows and re.match(r"\s+", line):  # docker-compose v1 breaks long cells
                rows[-1].ports.extend(_ports(source, start, line))
            elif line.strip() != "...":
                problems.append(Problem(source.span(start, start + len(line)), "not a row of a list of containers"))
        else:
            problems.append(Problem(source.span(start, start + len(line)), "not a row of a list of containers"))
    if not known and source.text.strip():
        problems = [Problem(source.span(0, len(source.line(1))), "this is no list of containers", fatal=True)]
    return rows, problems


def _word(source: Source, start: int, found: re.Match[str], group: str) -> Word | None:
    if found[group] is None:
        return None
    return Word(found[group], source.span(start + found.start(group), start + found.end(group)))


def _cell(source: Source, start: int, found: re.Match[str]) -> PortCell:
    whole = source.span(start + found.start(), start + found.end())
    return PortCell(
        Word(found[0].strip(), whole, found[0] == found[0].strip()),
        _word(source, start, found, "address"),
        _word(source, start, found, "published"),
        found["target"],
        found["protocol"],
    )


def _publishers(node: Node | None) -> Iterator[PortCell]:
    """The ports of `docker compose ps --format json` of Compose 2.0 to 2.20."""
    for item in node.items if isinstance(node, Sequence) else ():
        if not isinstance(item, Mapping):
            continue
        words = {
            key: Word(value.text, value.part(0, len(value.text)), value.start is not None)
            for key in ("URL", "TargetPort", "PublishedPort", "Protocol")
            if isinstance(value := item.get(key), Scalar)
        }
        target, protocol, published = words.get("TargetPort"), words.get("Protocol"), words.get("PublishedPort")
        if target is None or protocol is None:
            continue
        address = words.get("URL")
        public = published is not None and published.text != "0"
        yield PortCell(
            Word(target.text, item.span, False),
            address if public and address is not None and address.text else None,
            published if public else None,
            target.text,
            protocol.text,
        )


def _within(whole: Word, found: re.Match[str]) -> PortCell:
    """The port in a text that stands otherwise in the source: all its parts stand where the text does."""
    address, published = (
        Word(found[group], whole.span, False) if found[group] is not None else None
        for group in ("address", "published")
    )
    return PortCell(Word(found[0], whole.span, False), address, published, found["target"], found["protocol"])


def _ports(source: Source, start: int, text: str) -> list[PortCell]:
    return [_cell(source, start, found) for found in _PORT.finditer(text)]


def _heading(line: str) -> list[tuple[int, str]]:
    """Offset and field of each column."""
    titles = re.split(r"\s{2,}|\t", line.strip())
    if len(titles) == 1:  # the blanks were squeezed on the way here
        return [(-1, "")]
    found, at = [], 0
    for title in titles:
        at = line.index(title, at)
        found.append((at, _COLUMNS.get(title.upper(), "")))
        at += len(title)
    return found


def _row(source: Source, start: int, line: str, columns: list[tuple[int, str]]) -> ContainerRow | None:
    cells: dict[str, Word] = {}
    squeezed = columns[0][0] < 0
    if not squeezed:
        ends = [at for at, _ in columns[1:]] + [len(line)]
        for (at, field), end in zip(columns, ends, strict=True):
            if at and line[at - 1 : at] not in ("", " ", "\t"):
                squeezed = True  # the rows do not stand under their titles
                break
            text = line[at:end].strip()
            if text and field:
                begin = start + line.index(text, at)
                cells[field] = Word(text, source.span(begin, begin + len(text)))
    if squeezed:
        cells = {}
        words = list(re.finditer(r"\S+", line))
        if len(words) < 3 or not re.fullmatch(r"[0-9a-f]{12,64}", words[0][0]):
            return None
        for field, word in (("id", words[0]), ("image", words[1]), ("name", words[-1])):
            cells[field] = Word(word[0], source.span(start + word.start(), start + word.end()))
        cells["status"] = Word(line, source.span(start, start + len(line)))
    name = cells.get("name")
    identity = cells.get("id")
    if (name is None and identity is None) or (
        identity is not None and not re.fullmatch(r"[0-9a-f]{12,64}", identity.text)
    ):
        return None
    if name is None and line[:1].isspace():
        return None
    if name is not None and "," in name.text:  # old engines list the aliases of links
        first = min(name.text.split(","), key=lambda one: one.count("/"))
        at = name.text.index(first)
        name = Word(first, name.span.part(at, at + len(first)))
    status = cells["status"].text if "status" in cells else ""
    running = True if _UP.search(status) else False if _DOWN.search(status) else None
    ports = cells.get("ports")
    found = _ports(source, ports.span.start, ports.text) if ports is not None else []
    if squeezed:
        found = _ports(source, start, line)
    networks = tuple(cells["networks"].text.split(",")) if "networks" in cells else ()
    return ContainerRow(identity, name, cells.get("image"), running, found, networks)


def _json_lines(source: Source) -> tuple[list[ContainerRow], list[Problem]]:
    documents, problems = json.parse(source)
    rows = []
    listed = [item for one in documents for item in (one.items if isinstance(one, Sequence) else (one,))]
    for document in listed:
        if not isinstance(document, Mapping):
            continue
        cells = {
            key: Word(value.text, value.part(0, len(value.text)), value.start is not None)
            for key in ("ID", "Names", "Name", "Image", "Ports", "State", "Status", "Networks")
            if isinstance(value := document.get(key), Scalar)
        }
        name = cells.get("Names") or cells.get("Name")
        if name is None or "Image" not in cells:
            continue
        status = (cells.get("State") or cells.get("Status") or Word("", document.span)).text
        running = True if _UP.search(status) else False if _DOWN.search(status) else None
        ports = cells.get("Ports")
        found = _ports(source, ports.span.start, ports.text) if ports is not None and ports.verbatim else []
        if ports is not None and not ports.verbatim:  # Go writes `-\u003e` for the arrow
            found = [_within(ports, one) for one in _PORT.finditer(ports.text)]
        if ports is None:
            found = list(_publishers(document.get("Publishers")))
        networks = tuple(cells["Networks"].text.split(",")) if "Networks" in cells else ()
        rows.append(ContainerRow(cells.get("ID"), name, cells["Image"], running, found, networks))
    return rows, problems
