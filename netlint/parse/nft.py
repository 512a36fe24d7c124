"""`nft list ruleset`, and the files that `nft -f` reads.

    file    = { table | removal | definition | include | command | ";" | newline }
    table   = [ "add" | "create" ] "table" [ family ] name [ "{" { chain | set | property | other } "}" ]
    chain   = "chain" name "{" { base | "policy" verdict | property | rule } "}"
    base    = "type" word "hook" word [ "device" … ] "priority" { word }
    set     = ( "set" | "map" ) name "{" { types | "flags" words | "elements" "=" braces | property } "}"
    types   = ( "type" | "typeof" ) words [ ":" words ]
    removal = ( "flush" | "delete" | "destroy" ) ( "ruleset" [ family ] | "table" [ family ] name
              | "chain" [ family ] table name | … )
    definition = ( "define" | "redefine" ) name "=" value
    command = ( "add" | "insert" | "create" ) ( "chain" | "rule" | "set" | "map" | "element" ) …
    family  = "ip" | "ip6" | "inet" | "arp" | "bridge" | "netdev"
    property = "flags" words | "comment" string | "size" number | "timeout" time | …

Rules are read by netlint/parse/nft_rule.py. Statements end at a newline or `;`.
"""

from __future__ import annotations

from netlint.parse.lines import is_prompt
from netlint.parse.nft_expression import NotUnderstoodError
from netlint.parse.nft_rule import RuleReader
from netlint.parse.nft_tokens import Tokens
from netlint.parse.nft_tree import (
    Base,
    Chain,
    Element,
    NftFile,
    Removal,
    Rule,
    Set,
    Table,
    Value,
)
from netlint.parse.tree import Problem, Unsupported
from netlint.source import Source, Span

_FAMILIES = frozenset(("ip", "ip6", "inet", "arp", "bridge", "netdev"))
_PROPERTIES = frozenset(
    ("flags", "comment", "size", "timeout", "gc-interval", "auto-merge", "policy", "typeof", "counter", "devices")
)
# What stands in a table and is neither chain, set nor map: read over, and told.
_OBJECTS = frozenset(("counter", "quota", "limit", "ct", "secmark", "synproxy", "flowtable"))


class _Table:
    def __init__(self, family: str, name: str, span: Span) -> None:
        self.family, self.name, self.span = family, name, span
        self.chains: dict[str, Chain] = {}
        self.sets: dict[str, Set] = {}
        self.closed = True


class _Parser:
    def __init__(self, source: Source) -> None:
        self.source = source
        self.tokens = Tokens(source)
        self.reader = RuleReader(self.tokens)
        self.problems: list[Problem] = []
        self.unsupported: list[Unsupported] = []
        self.tables: dict[tuple[str, str], _Table] = {}
        self.removals: list[Removal] = []
        self.definitions: dict[str, Value] = {}
        self.configuration = source.text.startswith("#!")

    def run(self) -> None:
        tokens = self.tokens
        while tokens.next.kind != "end":
            if tokens.next.kind == "newline":
                tokens.take()
                continue
            start = tokens.at
            try:
                self.statement()
            except NotUnderstoodError:
                tokens.at = start
                self.skip("this is no statement of nft")
            if tokens.at == start:
                tokens.take()
        if not self.tables and not self.removals and not self.configuration and self.source.text.strip():
            whole = self.source.span(0, len(self.source.text))
            self.problems = [Problem(whole, "no table of nftables in it", fatal=True)]

    def statement(self) -> None:
        tokens = self.tokens
        word = tokens.next.text if tokens.next.kind == "word" else ""
        then = tokens.ahead(1).text
        if word in ("flush", "delete", "destroy"):
            self.configuration = True
            self.removal()
        elif word == "table" or (word in ("add", "create") and then == "table"):
            self.configuration |= word != "table"
            self.table()
        elif word in ("define", "redefine"):
            self.configuration = True
            self.definition()
        elif word in ("add", "insert", "create", "replace", "include", "undefine", "reset"):
            self.configuration = True
            self.command(word, then)
        else:
            self.skip("this is no statement of nft")

    def skip(self, message: str) -> None:
        """Pass over what is no statement, to the end of its line; without a word where a prompt stands there."""
        tokens = self.tokens
        start = tokens.next
        line = self.source.line(self.source.position(start.start).line)
        while tokens.next.kind not in ("newline", "end"):
            tokens.take()
        if not is_prompt(line):
            self.problems.append(Problem(tokens.span(start), message))

    def name(self) -> str:
        if self.tokens.next.kind not in ("word", "string"):
            raise NotUnderstoodError
        return self.tokens.take().text

    def family(self) -> str:
        if self.tokens.is_word(*_FAMILIES) and self.tokens.ahead(1).kind in ("word", "string"):
            return self.tokens.take().text
        return "ip"

    def removal(self) -> None:
        tokens = self.tokens
        start = tokens.take()
        kind = self.name()
        family = table = chain = None
        if kind == "ruleset":
            family = tokens.take().text if tokens.is_word(*_FAMILIES) else None
        elif kind in ("table", "chain"):
            family = self.family()
            table = self.name()
            chain = self.name() if kind == "chain" else None
        else:
            while tokens.next.kind not in ("newline", "end"):
                tokens.take()
        self.removals.append(Removal(tokens.span(start), start.text, kind, family, table, chain))
        while tokens.next.kind not in ("newline", "end"):
            tokens.take()

    def definition(self) -> None:
        self.tokens.take()
        name = self.name()
        if not self.tokens.takes("="):
            raise NotUnderstoodError
        self.definitions[name] = self.reader.value()

    def command(self, word: str, then: str) -> None:
        """What changes a table line by line: chains and rules are carried out, the rest is told."""
        tokens = self.tokens
        start = tokens.take()
        if then in ("chain", "rule") and word != "replace":
            tokens.take()
            family, table = self.family(), self.name()
            name = self.name()
            target = self.tables.setdefault((family, table), _Table(family, table, tokens.span(start)))
            chain = target.chains.get(name) or Chain(name=name, span=tokens.span(start))
            if then == "chain":
                if tokens.takes("{"):
                    chain = self.chain_body(name, chain.span, target)
            else:
                if tokens.is_word("position", "handle", "index"):
                    raise NotUnderstoodError
                one = self.reader.rule()
                rules = (one, *chain.rules) if word == "insert" else (*chain.rules, one)
                chain = Chain(name=name, span=chain.span, base=chain.base, policy=chain.policy, rules=rules)
            target.chains[name] = chain
            return
        self.reader.rest(start)
        what = "include, whose files are not followed" if word == "include" else f"nft {word} {then}"
        self.unsupported.append(Unsupported(tokens.span(start), what))

    def table(self) -> None:
        tokens = self.tokens
        start = tokens.next
        tokens.takes("add", "create")
        tokens.take()
        family, name = self.family(), self.name()
        span = tokens.span(start)
        table = self.tables.setdefault((family, name), _Table(family, name, span))
        if not tokens.takes("{"):
            return
        while True:
            tokens.skip_newlines()
            if tokens.takes("}"):
                return
            if tokens.next.kind == "end":
                table.closed = False
                self.problems.append(Problem(span, f"table {name} has no end", "a listing without it was cut short"))
                return
            begin = tokens.at
            try:
                self.entry(table)
            except NotUnderstoodError:
                tokens.at = begin
                self.over(table, "this is no part of a table")

    def entry(self, table: _Table) -> None:
        """A chain, set or property of a table."""
        tokens = self.tokens
        start = tokens.next
        if tokens.is_word("chain", "set", "map"):
            kind = tokens.take().text
            name = self.name()
            span = tokens.span(start)
            if not tokens.takes("{"):
                raise NotUnderstoodError
            if kind == "chain":
                table.chains[name] = self.chain_body(name, span, table)
            else:
                table.sets[name] = self.set_body(name, span, table)
        elif tokens.is_word("flags", "comment"):
            self.reader.rest(tokens.take())
        elif tokens.is_word(*_OBJECTS):
            span = self.over(table)
            if start.text != "counter":  # which decides nothing
                self.unsupported.append(Unsupported(span, f"{start.text} of a table"))
        else:
            raise NotUnderstoodError

    def over(self, table: _Table, message: str = "") -> Span:
        """Pass over a line and the braces that open in it."""
        tokens = self.tokens
        start = tokens.take()
        depth = int(start.text == "{")
        while tokens.next.kind != "end" and (depth or tokens.next.kind != "newline"):
            if tokens.next.text == "}" and not depth:
                break
            token = tokens.take()
            depth += (token.text == "{") - (token.text == "}")
        if tokens.next.kind == "end" and depth:
            table.closed = False
        span = tokens.span(start)
        if message:
            self.problems.append(Problem(span, message))
        return span

    def chain_body(self, name: str, span: Span, table: _Table) -> Chain:
        tokens = self.tokens
        base = policy = None
        rules: list[Rule] = []
        while True:
            tokens.skip_newlines()
            if tokens.takes("}"):
                break
            if tokens.next.kind == "end":
                table.closed = False
                break
            if tokens.is_word("type") and tokens.ahead(2).text == "hook":
                base = self.base()
            elif tokens.is_word("policy"):
                tokens.take()
                policy = self.reader.rest(tokens.next).text
            elif tokens.is_word("comment", "flags", "devices"):
                self.reader.rest(tokens.take())
            else:
                at = tokens.at
                rules.append(self.reader.rule())
                if tokens.at == at:
                    tokens.take()
        return Chain(name=name, span=span, base=base, policy=policy, rules=tuple(rules))

    def base(self) -> Base:
        tokens = self.tokens
        tokens.take()
        kind = self.name()
        tokens.take()
        hook = self.name()
        while tokens.next.kind not in ("newline", "end") and not tokens.is_word("priority"):
            tokens.take()
        tokens.takes("priority")
        start = tokens.next
        words = []
        while tokens.next.kind in ("word", "sign") and tokens.next.text != "}":
            words.append(tokens.take().text)
        return Base(kind, hook, " ".join(words) if start.kind != "newline" else "0")

    def set_body(self, name: str, span: Span, table: _Table) -> Set:
        tokens = self.tokens
        sides: list[list[str]] = [[], []]
        flags: list[str] = []
        elements: tuple[Element, ...] = ()
        while True:
            tokens.skip_newlines()
            if tokens.takes("}"):
                break
            if tokens.next.kind == "end":
                table.closed = False
                break
            start = tokens.next
            if tokens.takes("type", "typeof"):
                sides = _types(self.line_words())
            elif tokens.takes("flags"):
                flags = [word for word in self.line_words() if word != ","]
            elif tokens.takes("elements"):
                if not tokens.takes("=") or tokens.next.text != "{":
                    raise NotUnderstoodError
                elements = self.reader.braces().elements
            elif tokens.is_word(*_PROPERTIES):
                self.reader.rest(tokens.take())
            else:
                self.over(table, "this is no part of a set")
                if tokens.last() is start and tokens.next.kind == "end":
                    break
        return Set(
            name=name, span=span, key=tuple(sides[0]), value=tuple(sides[1]), flags=tuple(flags), elements=elements
        )

    def line_words(self) -> list[str]:
        words = []
        while not self.reader.ended():
            words.append(self.tokens.take().text)
        return words


def _types(words: list[str]) -> list[list[str]]:
    """The types of a set's elements, and of what a map leads to."""
    at = words.index(":") if ":" in words else len(words)
    return [words[:at], words[at + 1 :]]


def _is_configuration(parser: _Parser, source: Source) -> bool:
    name = source.path.rpartition("/")[2]
    return parser.configuration or name.endswith((".conf", ".nft", ".rules"))


def parse(source: Source) -> tuple[NftFile, list[Problem]]:
    """The tables in order, with what else the file does."""
    parser = _Parser(source)
    parser.run()
    tables = tuple(
        Table(
            family=one.family,
            name=one.name,
            span=one.span,
            chains=tuple(one.chains.values()),
            sets=tuple(one.sets.values()),
            closed=one.closed,
        )
        for one in parser.tables.values()
    )
    tree = NftFile(
        span=source.span(0, len(source.text)),
        tables=tables,
        removals=tuple(parser.removals),
        definitions=tuple(parser.definitions.items()),
        configuration=_is_configuration(parser, source),
        unsupported=tuple(parser.unsupported),
    )
    return tree, parser.problems
