"""One iptables rule: the words after `iptables`, or a line of iptables-save, into a record.

rule     = { command | address | name | match | target | option | counters | other }
command  = ( "-A" | "-C" | "-D" | "-I" | "-R" ) chain [ number ] | ( "-N" | "-X" | "-F" | "-Z" ) [ chain ]
         | "-P" chain policy | "-E" chain chain
address  = [ "!" ] ( "-s" | "-d" ) [ "!" ] range { "," range }
name     = [ "!" ] ( "-i" | "-o" | "-p" ) [ "!" ] word      | [ "!" ] "-f"
match    = "-m" module
target   = ( "-j" | "-g" ) chain
option   = [ "!" ] "--" name [ "!" ] { word }              (of the last match or target that knows it)
counters = "-c" packets bytes
other    = "-t" table | "-w" [ seconds ] | …
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from typing import NamedTuple

from msgspec import Struct

from netlint.parse.iptables_options import OptionForm, find_option, match_of_protocol
from netlint.parse.tree import Problem, Word
from netlint.prefix import Prefix, parse_prefix
from netlint.source import Span


class Addresses(Struct, frozen=True, gc=False):
    """`-s` or `-d`: a prefix each, or the text of what is none (a host name, a mask with gaps)."""

    ranges: tuple[Prefix | str, ...]
    negated: bool = False


class Name(Struct, frozen=True, gc=False):
    """`-i`, `-o` or `-p`."""

    text: str
    negated: bool = False


class MatchOption(Struct, frozen=True, gc=False):
    """One option of a match, by the name that iptables-save prints and without dashes.

    `option` is empty for a match that is named without options (`-m socket`), `module` for an option no match
    of the rule has.
    """

    module: str
    option: str
    values: tuple[str, ...] = ()
    negated: bool = False


class Jump(Struct, frozen=True, gc=False):
    """`-j` or `-g` (`goto`), and the options of the target: each name with the words after it."""

    target: str
    goto: bool = False
    options: tuple[tuple[str, tuple[str, ...]], ...] = ()


class RuleRecord(Struct, frozen=True, gc=False):
    """One command with its rule. `span` is from the first to the last word, counters before them included.

    `operation` is the letter of the command; `number` the rule's number in `-I chain number`, `-D` and `-R`.
    A policy (`-P`) is the target of `jump`. `chain` is empty where the command names none (`-F` alone).
    """

    span: Span
    chain: str
    operation: str = "A"
    number: int | None = None
    source: Addresses | None = None
    destination: Addresses | None = None
    in_interface: Name | None = None
    out_interface: Name | None = None
    protocol: Name | None = None
    fragment: bool | None = None
    matches: tuple[MatchOption, ...] = ()
    jump: Jump | None = None
    counters: tuple[int, int] | None = None


class RuleCommand(NamedTuple):
    """An `iptables` command. `table` is "filter" where `-t` does not say otherwise."""

    rule: RuleRecord
    table: str
    operation: str
    chain: str
    problems: list[Problem]


class Fault(NamedTuple):
    """A problem of the word number `at`."""

    at: int
    message: str
    help: str = ""


# Every spelling of iptables' own options; the value is what `Reader` does with it.
_SPELLINGS = {
    "A": ("-A", "--append"),
    "C": ("-C", "--check"),
    "D": ("-D", "--delete"),
    "I": ("-I", "--insert"),
    "R": ("-R", "--replace"),
    "N": ("-N", "--new-chain", "--new"),
    "X": ("-X", "--delete-chain"),
    "F": ("-F", "--flush"),
    "Z": ("-Z", "--zero"),
    "P": ("-P", "--policy"),
    "E": ("-E", "--rename-chain"),
    "L": ("-L", "--list"),
    "S": ("-S", "--list-rules"),
    "source": ("-s", "--source", "--src"),
    "destination": ("-d", "--destination", "--dst"),
    "in_interface": ("-i", "--in-interface"),
    "out_interface": ("-o", "--out-interface"),
    "protocol": ("-p", "--protocol", "--proto"),
    "fragment": ("-f", "--fragment", "--fragments"),
    "match": ("-m", "--match"),
    "jump": ("-j", "--jump"),
    "goto": ("-g", "--goto"),
    "counters": ("-c", "--set-counters"),
    "table": ("-t", "--table"),
    "wait": ("-w", "--wait", "-W", "--wait-interval"),
    "flag": ("-4", "--ipv4", "-6", "--ipv6", "-n", "--numeric", "-v", "--verbose", "-x", "--exact", "--line-numbers"),
    "other": ("-M", "--modprobe"),
}
_OPTIONS = {spelling: what for what, spellings in _SPELLINGS.items() for spelling in spellings}
_COMMANDS = frozenset("ACDIRNXFZPELS")
_NUMBERED = frozenset("DIRLSZ")
_UNKNOWN = OptionForm("", None)
_NUMERIC = "list the rules with -n, so that addresses stay numbers"


class Reader:
    """The parts of one rule, from its words. `literal` holds the numbers of words that were quoted: values always.

    `certain` is False where an option was given to a match or target only because it followed it. Addresses of
    another version than `version` are faults, of none where it is None.
    """

    at = 0
    certain = True
    operation = ""
    chain = ""
    number: int | None = None
    table: str | None = None
    source: Addresses | None = None
    destination: Addresses | None = None
    in_interface: Name | None = None
    out_interface: Name | None = None
    protocol: Name | None = None
    fragment: bool | None = None
    target: str | None = None
    goto = False
    counters: tuple[int, int] | None = None

    def __init__(self, words: Sequence[str], literal: Container[int] = (), version: int | None = None) -> None:
        self.words = words
        self.literal = literal
        self.version = version
        self.faults: list[Fault] = []
        self.loaded: list[str] = []
        self.matches: list[MatchOption] = []
        self.target_options: list[tuple[str, tuple[str, ...]]] = []
        self._read()

    @property
    def jump(self) -> Jump | None:
        return None if self.target is None else Jump(self.target, self.goto, tuple(self.target_options))

    def record(self, span: Span) -> RuleRecord:
        """The rule as read, standing at `span`."""
        return RuleRecord(
            span,
            self.chain,
            self.operation,
            self.number,
            self.source,
            self.destination,
            self.in_interface,
            self.out_interface,
            self.protocol,
            self.fragment,
            tuple(self.matches),
            self.jump,
            self.counters,
        )

    def _read(self) -> None:
        words, literal = self.words, self.literal
        count = len(words)
        negated = False
        while self.at < count:
            at = self.at
            word = words[at]
            self.at = at + 1
            if word[:1] not in {"-", "!"} or at in literal:
                self.faults.append(Fault(at, f"{word!r} belongs to no option"))
            elif word == "!":
                negated = True
                continue
            elif word == "--proto" and "policy" in self.loaded:  # not `-p` by another name
                self._option(at, "proto", None, negated)
            elif (what := _OPTIONS.get(word)) is not None:
                self._own(at, what, None, negated)
            elif word[:2] == "--":
                name, equals, value = word.partition("=")
                if (what := _OPTIONS.get(name)) is not None:
                    self._own(at, what, value, negated)
                else:
                    self._option(at, name[2:], value if equals else None, negated)
            elif (what := _OPTIONS.get(word[:2])) is not None:  # `-ptcp`
                self._own(at, what, word[2:], negated)
            else:
                self.faults.append(Fault(at, f"unknown option {word}"))
            negated = False

    def _own(self, at: int, what: str, attached: str | None, negated: bool) -> None:
        """One of iptables' own options; `attached` is a value in the same word."""
        match what:
            case "match":
                module = self._value(at, attached)
                self.loaded.append(module)
                self.matches.append(MatchOption(module, ""))
            case "jump" | "goto":
                self.target = self._value(at, attached)
                self.goto = what == "goto"
                self.target_options.clear()
                self.loaded.append(self.target)
            case "source":
                self.source = self._addresses(at, attached, negated)
            case "destination":
                self.destination = self._addresses(at, attached, negated)
            case "in_interface" | "out_interface" | "protocol":
                negated = self._inverse(negated)
                setattr(self, what, Name(self._value(at, attached), negated))
            case "fragment":
                self.fragment = not negated
            case "counters":
                self._counters(at, attached)
            case "table":
                self.table = self._value(at, attached)
            case "wait":
                if self._is_value(self.at) and self.words[self.at].isdigit():
                    self.at += 1
            case "flag":
                pass
            case "other":
                self._value(at, attached)
            case _:
                self._command(what, attached)

    def _option(self, at: int, written: str, attached: str | None, negated: bool) -> None:
        """An option of a match or a target: of the last one named that has it, else of the protocol's own match."""
        owner = ""
        form: OptionForm | None = None
        for owner in reversed(self.loaded):
            form = find_option(owner, written)
            if form is not None:
                break
        else:
            if self.protocol is not None:
                owner = match_of_protocol(self.protocol.text)
                form = find_option(owner, written)
            if form is None:
                owner = self.loaded[-1] if self.loaded else ""
                form = _UNKNOWN
                self.certain = False
        if form.words != 0:
            negated = self._inverse(negated)
        values = self._values(at, form, attached)
        if owner == self.target and owner:
            self.target_options.append((form.name or written, values))
            return
        if self.matches and self.matches[-1].module == owner and not self.matches[-1].option:
            self.matches.pop()
        self.matches.append(MatchOption(owner, form.name or written, values, negated))

    def _values(self, at: int, form: OptionForm, attached: str | None) -> tuple[str, ...]:
        if attached is not None:
            return (attached,)
        start = self.at
        if form.words is None:
            while self._is_value(self.at):
                self.at += 1
            return tuple(self.words[start : self.at])
        self.at = min(start + form.words, len(self.words))
        if self.at < start + form.words:
            self.faults.append(Fault(at, f"{self.words[at]} lacks a value"))
        return tuple(self.words[start : self.at])

    def _value(self, at: int, attached: str | None) -> str:
        """The word after option `at`; "" and a fault where the line ends before it."""
        if attached is not None:
            return attached
        if self.at >= len(self.words):
            self.faults.append(Fault(at, f"{self.words[at]} lacks a value"))
            return ""
        self.at += 1
        return self.words[self.at - 1]

    def _inverse(self, negated: bool) -> bool:
        """Whether the option is negated, before it (`! -s x`) or, as up to iptables 1.4.2, after it (`-s ! x`)."""
        at = self.at
        if at + 1 < len(self.words) and self.words[at] == "!" and at not in self.literal and self._is_value(at + 1):
            self.at += 1
            return True
        return negated

    def _is_value(self, at: int) -> bool:
        return at < len(self.words) and (at in self.literal or self.words[at][:1] not in {"-", "!"})

    def _addresses(self, at: int, attached: str | None, negated: bool) -> Addresses:
        negated = self._inverse(negated)
        place = at if attached is not None else min(self.at, len(self.words) - 1)
        text = self._value(at, attached)
        addresses = parse_addresses(text, negated)
        for part in addresses.ranges:
            if isinstance(part, Prefix):
                if self.version not in {None, part.version}:
                    self.faults.append(Fault(place, f"{part} is no IPv{self.version} address"))
            elif part and not _has_gaps(part):
                self.faults.append(Fault(place, f"{part} is not an address", _NUMERIC if part[0].isalpha() else ""))
        if negated and len(addresses.ranges) > 1:
            self.faults.append(Fault(place, "iptables takes no negation of several addresses"))
        return addresses

    def _counters(self, at: int, attached: str | None) -> None:
        packets, count = self._value(at, attached), self._value(at, None)
        if _is_number(packets) and _is_number(count):
            self.counters = (int(packets), int(count))
        else:
            self.faults.append(Fault(at, "-c needs two numbers"))

    def _command(self, operation: str, attached: str | None) -> None:
        self.operation = operation
        if attached is not None:
            self.chain = attached
        elif self._is_value(self.at):
            self.chain = self._value(self.at, None)
        elif operation in {"A", "C", "D", "I", "R", "N", "P", "E"}:
            self.faults.append(Fault(self.at - 1, f"-{operation} lacks a chain"))
        if operation in _NUMBERED and self._is_value(self.at) and _is_number(self.words[self.at]):
            self.number = int(self._value(self.at, None))
        elif operation in {"P", "E"}:
            self.target = self._value(self.at - 1, None)


def _is_number(text: str) -> bool:
    """True for what fits the kernel's 64-bit counters, roughly."""
    return text.isdecimal() and len(text) <= 20


def _has_gaps(text: str) -> bool:
    """True for an address with a mask that is no prefix length (`10.0.0.1/255.0.255.0`), which iptables accepts."""
    base, slash, mask = text.partition("/")
    return bool(slash) and parse_prefix(base) is not None and parse_prefix(mask) is not None


def parse_addresses(text: str, negated: bool) -> Addresses:
    """The ranges of `a,b`; as in iptables, missing parts of an IPv4 address are zero (`10/8`)."""
    ranges: list[Prefix | str] = []
    for part in text.split(","):
        prefix = parse_prefix(part)
        if prefix is None:
            base, slash, length = part.partition("/")
            padded = base + ".0" * (3 - base.count("."))
            prefix = parse_prefix(padded + slash + length) if base[:1].isdigit() else None
        ranges.append(part if prefix is None else prefix)
    return Addresses(tuple(ranges), negated)


def parse_rule_words(words: Sequence[Word], version: int) -> RuleCommand:
    """The command that the words after `iptables` (`version` 4) or `ip6tables` (6) are; `words` is not empty."""
    reader = Reader([word.text for word in words], version=version)
    problems = [
        Problem(words[fault.at].span, fault.message, fault.help) for fault in reader.faults if words[fault.at].exact
    ]
    record = reader.record(words[0].span.to(words[-1].span))
    return RuleCommand(record, reader.table or "filter", record.operation, record.chain, problems)
