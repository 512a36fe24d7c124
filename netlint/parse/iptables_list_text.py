"""The text behind the columns of a row of `iptables -L`.

    text    = { "[goto]" | match | option of the target | unknown }
    match   = [ "!" ] opening { [ "!" ] option }      (see netlint/parse/iptables_list_phrases.py)

Each option is printed at most once for a match, so that one which takes any word does not take the next match's.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from netlint.parse.iptables_list_phrases import number_of, openings, options
from netlint.parse.iptables_options import find_option
from netlint.parse.iptables_rule import MatchOption
from netlint.parse.tree import Unsupported
from netlint.source import Source

_TCP_FLAGS = ("FIN", "SYN", "RST", "PSH", "ACK", "URG")
_LOG_FLAGS = {1: "log-tcp-sequence", 2: "log-tcp-options", 4: "log-ip-options", 8: "log-uid", 32: "log-macdecode"}
_LOG_LEVELS = ("emerg", "alert", "crit", "error", "warn", "notice", "info", "debug")
_USUAL_LEVELS = ("4", "warn", "warning")
_PORT_OPTIONS = frozenset(("sport", "dport", "sports", "dports", "ports"))
_ALL_BITS = 0xFFFFFFFF
_HEX = re.compile(r"0x[0-9A-Fa-f]{1,2}")
_WORD = re.compile(r"\S+")
_BLANK = re.compile(r"\s*")
_SEPARATOR = re.compile(r"([,:])")
_CODE = re.compile(r" codes? ")
_ESCAPE = re.compile(r"\\(.)")


class Text(NamedTuple):
    """What the text of a rule says; what was not understood of it is a match "text" of no module."""

    matches: tuple[MatchOption, ...]
    options: tuple[tuple[str, tuple[str, ...]], ...]
    goto: bool
    unsupported: list[Unsupported]


class _Reader:
    def __init__(self, source: Source, start: int, end: int, target: str | None) -> None:
        self.source, self.start = source, start
        self.text = source.text[start:end]
        self.at = 0
        self.target = target if target is not None and target.isupper() else ""
        self.owner = ""
        self.used: set[re.Pattern[str]] = set()
        self.negated = False
        self.unknown: int | None = None  # where text begins that is not understood, and the matches before it
        self.before = 0
        self.matches: list[MatchOption] = []
        self.options: list[tuple[str, tuple[str, ...]]] = []
        self.goto = False
        self.unsupported: list[Unsupported] = []

    def run(self) -> Text:
        text = self.text
        while True:
            self._skip()
            if self.at >= len(text):
                break
            at = self.at
            if text.startswith("[goto]", at):
                self.goto = True
                self.at += len("[goto]")
            elif text[at] == "!" and not self.negated:
                self.negated = True
                self.at += 1
                continue
            elif not (self._option(self.owner) or self._option(self.target) or self._opening()):
                self._take_unknown()
                continue
            self._end_unknown(at)
        self._end_unknown(len(text))
        return Text(tuple(self.matches), tuple(self.options), self.goto, self.unsupported)

    def _skip(self) -> None:
        found = _BLANK.match(self.text, self.at)
        self.at = found.end() if found is not None else self.at

    def _opening(self) -> bool:
        """Read the words that begin a match, and its first option where there are none."""
        before = self.at, self.owner, self.used
        for owner, pattern in openings():
            found = pattern.match(self.text, self.at)
            if found is None:
                continue
            self.at, self.owner, self.used = found.end(), owner, set()
            if found.end() == found.start() and not self._option(owner):
                self.at, self.owner, self.used = before
                continue
            if found.end() > found.start():
                self.matches.append(MatchOption(owner, ""))
            return True
        return False

    def _option(self, owner: str) -> bool:
        for pattern in options(owner):
            found = pattern.match(self.text, self.at) if pattern not in self.used else None
            if found is None or found.end() == found.start():
                continue
            self.used.add(pattern)
            self._add(owner, found)
            self.at = found.end()
            return True
        return False

    def _add(self, owner: str, found: re.Match[str]) -> None:
        groups = found.groupdict()
        negated = self.negated or groups.pop("n", None) is not None
        self.negated = False
        if owner.isupper():
            self._add_target(groups)
            return
        for group, written in groups.items():
            if written is None:
                continue
            option = group.replace("_", "-")
            inverse = written.startswith("!") and owner != "comment"
            value = written.lstrip("! ") if inverse else written
            values = self._values(owner, option, value, found.end(group) - len(value))
            if self.matches and self.matches[-1] == MatchOption(owner, ""):
                self.matches.pop()
            self.matches.append(MatchOption(owner, option, values, negated or inverse))

    def _values(self, owner: str, option: str, value: str, at: int) -> tuple[str, ...]:
        """The words of an option as iptables-save prints them."""
        form = find_option(owner, option)
        if form is not None and form.words == 0:
            return ()
        if option in _PORT_OPTIONS:
            return (self._ports(value, at),)
        match option:
            case "tcp-flags":
                return tuple(_flags(part) for part in value.split("/"))
            case "match-set" | "chunk-types":
                return tuple(value.split())
            case "icmp-type" | "icmpv6-type":
                return ("any" if value == "255" else _CODE.sub("/", value),)
            case "hashlimit-mode":
                return (value.replace("-", ","),)
        return (value if owner == "comment" else _unquoted(value),)

    def _ports(self, value: str, at: int) -> str:
        """Ports with numbers for the services; one that is not in the table is reported."""
        parts = _SEPARATOR.split(value)
        numbers = [part if part in ",:" else number_of(part) for part in parts]
        if None in numbers:
            span = self.source.span(self.start + at, self.start + at + len(value))
            self.unsupported.append(Unsupported(span, "port by name: 'iptables -n' shows the number"))
        return "".join(number or part for number, part in zip(numbers, parts, strict=True))

    def _add_target(self, groups: dict[str, str | None]) -> None:
        verb = groups.pop("verb", None)
        for group, written in groups.items():
            if written is None:
                continue
            option = group.replace("_", "-")
            if self.target == "LOG" and option in ("flags", "log-level"):
                self._add_log(option, written)
                continue
            form = find_option(self.target, option)
            if verb is not None:
                values: tuple[str, ...] = (_xmark(verb, written),)
            elif form is not None and form.words == 0:
                values = ()
            elif form is not None and form.words == 2:
                values = tuple(written.split())
            else:
                values = (_unquoted(written),)
            self.options.append((option, values))

    def _add_log(self, option: str, value: str) -> None:
        if option == "flags":
            self.options += [(name, ()) for bit, name in _LOG_FLAGS.items() if int(value) & bit]
        elif value not in _USUAL_LEVELS:
            self.options.append((option, (str(_LOG_LEVELS.index(value)) if value in _LOG_LEVELS else value,)))

    def _take_unknown(self) -> None:
        if self.unknown is None:
            self.unknown, self.before = self.at, len(self.matches)
        word = _WORD.match(self.text, self.at)
        self.at = word.end() if word is not None else len(self.text)
        self.negated = False

    def _end_unknown(self, at: int) -> None:
        if self.unknown is None:
            return
        text = self.text[self.unknown : at].rstrip()
        place = self.start + self.unknown
        self.matches.insert(self.before, MatchOption("", "text", (text,)))
        self.unsupported.append(Unsupported(self.source.span(place, place + len(text)), "text of a match or target"))
        self.unknown = None


def _flags(part: str) -> str:
    """TCP flags by their names: of `0x17`, or of the names themselves."""
    if _HEX.fullmatch(part) is None:
        return part
    bits = int(part, 16)
    return ",".join(name for place, name in enumerate(_TCP_FLAGS) if bits >> place & 1) or "NONE"


def _unquoted(text: str) -> str:
    if len(text) > 1 and text[0] in '"`' and text[-1] in "\"'":
        return _ESCAPE.sub(r"\1", text[1:-1])
    return text


def _xmark(verb: str, value: str) -> str:
    """What MARK and CONNMARK do, as `--set-xmark` says it."""
    try:
        number = int(value.partition("/")[0], 0)
    except ValueError:
        return value
    match verb:
        case "set":
            return f"{value}/0xffffffff"
        case "and":
            return f"0x0/{number ^ _ALL_BITS:#x}"
        case "or":
            return f"{value}/{value}"
        case "xor":
            return f"{value}/0x0"
        case _:
            return value


def read_text(source: Source, start: int, end: int, target: str | None) -> Text:
    """What stands between two offsets, for a rule with `target`."""
    return _Reader(source, start, end, target).run()
