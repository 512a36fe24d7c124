"""`iptables -L` and `ip6tables -L`, with or without -n, -v, -x and --line-numbers, as the tree of iptables-save.

    file    = { prompt | chain | noise }
    chain   = "Chain" name "(" ( "policy" word [ packets "packets" "," bytes "bytes" ] | number "references" ) ")"
              header { row }
    header  = [ "num" ] [ "pkts" "bytes" ] "target" "prot" "opt" [ "in" "out" ] "source" "destination"
    row     = [ number ] [ packets bytes ] [ target ] protocol [ opt ] [ in out ] address address text
    address = [ "!" ] ( prefix | "anywhere" | name )
    text    = what matches and target print of themselves         (see netlint/parse/iptables_list_text.py)

Columns go by the words of the header; how wide they are printed says nothing, because long names push the rest aside.
A rule without a target leaves its column empty, and so does ip6tables with `opt`: what stands there tells.
"""

from __future__ import annotations

import re

from netlint.parse.iptables_list_text import read_text
from netlint.parse.iptables_rule import Addresses, Jump, Name, RuleRecord, parse_addresses
from netlint.parse.iptables_save import ChainLine, Header, SaveFile, TableBlock, count, shown_command
from netlint.parse.lines import is_prompt, lines
from netlint.parse.tree import Problem, Unsupported, Word
from netlint.source import Source, Span

_CHAIN = re.compile(
    r"Chain (?P<name>\S+) \((?:policy (?P<policy>\w+)"
    r"(?: (?P<packets>\d{1,20}[KMGT]?) packets, (?P<bytes>\d{1,20}[KMGT]?) bytes)?|-?\d+ references?)\)?"
)
_COLUMNS = ("num", "pkts", "bytes", "target", "prot", "opt", "in", "out", "source", "destination")
_NEEDED = frozenset(("target", "prot", "source", "destination"))
_WORD = re.compile(r"\S+")
_COUNT = re.compile(r"\d{1,20}[KMGT]?")
_OPT = frozenset(("--", "-f", "!f"))
_NO_INTERFACE = frozenset(("*", "any"))
_BUILT_IN = frozenset(("PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"))
# Without -n, iptables looks names up. These are what every /etc/networks and /etc/hosts has.
_NAMES = {"loopback/8": "127.0.0.0/8", "link-local/16": "169.254.0.0/16", "localhost": "127.0.0.1",
          "localhost.localdomain": "127.0.0.1"}  # fmt: skip
_NAMES_6 = {"localhost": "::1", "localhost6": "::1", "ip6-localhost": "::1"}
_BY_NAME = "address by name: 'iptables -n' shows the number"


class _Columns:
    """The words of a row in the columns of its header; `rest` is where the text after them begins."""

    def __init__(self, header: tuple[str, ...], words: list[Word]) -> None:
        self.words = words
        lead = sum(name in header for name in ("num", "pkts", "bytes"))
        self.numbers = dict(zip([name for name in _COLUMNS[:3] if name in header], words[:lead], strict=False))
        names = [name for name in header if name not in self.numbers]
        self.cells: dict[str, Word] = {}
        for absent in ((), ("target",), ("opt",), ("target", "opt")):
            columns = [name for name in names if name not in absent]
            cells = dict(zip(columns, words[lead:], strict=False))
            if len(cells) == len(columns) and _fits(cells):
                self.cells = cells
                self.rest = lead + len(columns)
                break

    def text(self, name: str) -> str | None:
        word = self.cells.get(name)
        return word.text if word is not None else None


def _fits(cells: dict[str, Word]) -> bool:
    if "opt" in cells:
        return cells["opt"].text in _OPT
    return all(_is_address(cells[side].text) for side in ("source", "destination"))


def _is_address(text: str) -> bool:
    text = text.removeprefix("!")
    return text == "anywhere" or text in _NAMES or not isinstance(parse_addresses(text, False).ranges[0], str)


class _Block:
    def __init__(self, span: Span, name: str | None, header: Header | None) -> None:
        self.span = span
        self.name = name
        self.header = header
        self.chains: list[ChainLine] = []
        self.rules: list[RuleRecord] = []
        self.interfaces = True


class _Parser:
    def __init__(self, source: Source) -> None:
        self.source = source
        self.problems: list[Problem] = []
        self.unsupported: list[Unsupported] = []
        self.blocks: list[_Block] = []
        self.block: _Block | None = None
        self.header: Header | None = None
        self.table: str | None = None
        self.columns: tuple[str, ...] = ()

    def run(self) -> None:
        for start, line in lines(self.source):
            text = line.strip()
            begin = start + len(line) - len(line.lstrip())
            span = self.source.span(begin, begin + len(text))
            if (chain := _CHAIN.match(text)) is not None:
                self._chain(span, chain)
            elif not text:
                pass
            elif (header := _header(text)) is not None:
                self._columns(header)
            elif is_prompt(text):
                self.header, self.table = shown_command(span, text)
                self.block = None
            elif self.block is not None:
                self._row(span)
        if not self.blocks and self.source.text.strip():
            whole = self.source.span(0, len(self.source.text))
            self.problems.append(Problem(whole, "no chain of iptables -L in it", fatal=True))

    def _chain(self, span: Span, found: re.Match[str]) -> None:
        name, policy = found["name"], found["policy"]
        block = self.block
        known = {chain.name for chain in block.chains} if block is not None else set()
        # the built-in chains of a table come first, so one behind others begins another table
        if block is None or name in known or (name in _BUILT_IN and not known <= _BUILT_IN):
            block = self.block = _Block(span, self.table, self.header)
            self.blocks.append(block)
        counters = (count(found["packets"]), count(found["bytes"])) if found["packets"] else None
        block.chains.append(ChainLine(span, name, policy, counters))

    def _columns(self, header: tuple[str, ...]) -> None:
        self.columns = header
        block = self.block
        if block is None:
            return
        interfaces = "in" in header
        if block.rules and block.interfaces != interfaces:  # another command's output follows
            last = block.chains.pop()
            block = self.block = _Block(last.span, self.table, self.header)
            block.chains.append(last)
            self.blocks.append(block)
        block.interfaces = interfaces

    def _row(self, span: Span) -> None:
        block = self.block
        if block is None:
            return
        text = self.source.text
        found = [Word(m.group(), self.source.span(*m.span())) for m in _WORD.finditer(text, span.start, span.end)]
        row = _Columns(self.columns, found) if self.columns else None
        if row is None or not row.cells:
            self.problems.append(Problem(span, "not a line of iptables -L"))
            return
        source, destination = (self._addresses(row.cells[side]) for side in ("source", "destination"))
        target = row.text("target")
        rest = found[row.rest].span.start if row.rest < len(found) else span.end
        told = read_text(self.source, rest, span.end, target)
        self.unsupported += told.unsupported
        opt = row.text("opt")
        block.rules.append(
            RuleRecord(
                span,
                block.chains[-1].name,
                source=source,
                destination=destination,
                in_interface=_interface(row.text("in")),
                out_interface=_interface(row.text("out")),
                protocol=_name(row.text("prot") or "all"),
                fragment=None if opt not in ("-f", "!f") else opt == "-f",
                matches=told.matches,
                jump=Jump(target, told.goto, told.options) if target is not None else None,
                counters=_counters(row.numbers),
            )
        )

    def _addresses(self, word: Word) -> Addresses | None:
        """None for any address; a name stays a text."""
        text = word.text.removeprefix("!")
        negated = text != word.text
        if text == "anywhere" and not negated:
            return None
        six = self.header is not None and self.header.tool == "ip6tables"
        addresses = parse_addresses((_NAMES_6 if six else _NAMES).get(text, text), negated)
        if any(isinstance(part, str) and not part[:1].isdigit() for part in addresses.ranges):
            self.unsupported.append(Unsupported(word.span, _BY_NAME))
        return addresses


def _header(text: str) -> tuple[str, ...] | None:
    words = tuple(text.split())
    found = tuple(name for name in _COLUMNS if name in words)
    return found if words == found and _NEEDED.issubset(found) else None


def _interface(text: str | None) -> Name | None:
    return None if text is None or text in _NO_INTERFACE else _name(text)


def _name(text: str) -> Name:
    return Name(text.removeprefix("!"), text.startswith("!"))


def _counters(numbers: dict[str, Word]) -> tuple[int, int] | None:
    texts = [numbers[name].text for name in ("pkts", "bytes") if name in numbers]
    if len(texts) == 2 and all(_COUNT.fullmatch(text) for text in texts):
        return count(texts[0]), count(texts[1])
    return None


def parse(source: Source) -> tuple[SaveFile, list[Problem]]:
    """What each command listed, in order, as blocks with `listed` set."""
    parser = _Parser(source)
    parser.run()
    tables = tuple(
        TableBlock(
            span=block.span,
            name=block.name,
            header=block.header,
            chains=tuple(block.chains),
            rules=tuple(block.rules),
            committed=False,
            listed=True,
            interfaces=block.interfaces,
        )
        for block in parser.blocks
    )
    tree = SaveFile(span=source.span(0, len(source.text)), tables=tables, unsupported=tuple(parser.unsupported))
    return tree, parser.problems
