"""`ip route`, `ip -6 route`, `ip route show table …`: one line a route.

    listing     = { prompt | route | nexthop | noise } ;
    route       = [ type ] destination { option } [ { "\\" } { "nexthop" { option } } ] ;
    nexthop     = whitespace "nexthop" { option } ;
    destination = "default" | address [ "/" length ] ;
    option      = flag | name value | "via" [ "inet" | "inet6" ] address | "encap" { word } ;

Tables with a million lines occur (full BGP feeds). What follows the destination is the same on most of their lines,
so it is parsed once for each text and shared; its offsets count from the end of the destination.
"""

from __future__ import annotations

import re
from _socket import AF_INET, inet_pton
from typing import NamedTuple

from msgspec import Struct

from netlint.parse.lines import command
from netlint.parse.tree import Problem, Unsupported
from netlint.prefix import Prefix, parse_prefix
from netlint.source import Source, Span

KINDS = frozenset(
    ("unicast", "local", "broadcast", "multicast", "anycast", "unreachable", "blackhole", "prohibit", "throw", "nat")
)
# A gateway's family is printed only where it is not that of the route (RFC 5549).
FAMILIES = ("inet", "inet6")
_AFTER_ENCAP = ("via", "dev", "nexthop")
FLAGS = frozenset(
    (
        "onlink", "linkdown", "dead", "pervasive", "offload", "trap", "notify", "cloned", "redirected", "unresolved",
        "rt_offload", "rt_trap", "offload_failed", "rt_offload_failed",
    )
)  # fmt: skip
# Options with one value. `mtu lock 1400` and its like have the word "lock" before it.
VALUES = frozenset(
    (
        "dev", "proto", "protocol", "scope", "src", "metric", "priority", "table", "pref", "preference", "tos",
        "dsfield", "weight", "realm", "realms", "nhid", "expires", "error", "age", "users", "used", "mtu", "advmss",
        "hoplimit", "window", "rtt", "rttvar", "rto_min", "ssthresh", "cwnd", "initcwnd", "initrwnd", "quickack",
        "reordering", "features", "congctl", "fastopen_no_cookie", "mark", "uid", "iif", "oif", "from",
        "ttl-propagate",
    )
)  # fmt: skip
_ALIASES = {"protocol": "proto", "priority": "metric", "preference": "metric"}
_WORD = re.compile(r"[^\s\\]+")
_DESTINATION = re.compile(r"[0-9A-Fa-f:.]+(?:/\d+)?\Z")
_NEXTHOP = re.compile(r"[\s\\]+nexthop\s")
_TABLE = re.compile(r"\btable\s+(\S+)")


class Option(NamedTuple):
    """`via 10.0.0.1`, or a flag such as `onlink`, whose value is "". `start` and `end` are those of the value (of the
    flag), counted from the end of the destination."""

    name: str
    value: str
    start: int
    end: int


class Options(Struct, frozen=True, eq=False):
    """What stands after a destination: `common` to all next hops, and one tuple for each `nexthop`.

    `unknown` are words no version of `ip` is known to print. Lines with the same text share one object.
    """

    common: tuple[Option, ...]
    hops: list[tuple[Option, ...]]
    unknown: tuple[Option, ...] = ()

    def get(self, name: str) -> Option | None:
        return next((option for option in self.common if option.name == name), None)


class RouteLine(NamedTuple):
    """A route. `span` covers the destination as written; `prefix` is None for `default`, whose version the line does
    not say."""

    span: Span
    prefix: Prefix | None
    options: Options
    kind: str | None = None


class Listing(Struct, kw_only=True):
    """The output of one command. `table` and `version` are what the command asked for, None where no prompt tells."""

    span: Span
    table: str | None = None
    version: int | None = None
    routes: list[RouteLine]
    unsupported: list[Unsupported]


_FULL = 0xFFFFFFFF
_LENGTHS = {str(n): (n, _FULL << (32 - n) & _FULL) for n in range(33)} | {"": (32, _FULL)}


def parse(source: Source) -> tuple[list[Listing], list[Problem]]:
    """One listing for each prompt that routes follow, or a single one; none where a text holds no route at all."""
    return _Parser(source).parse()


def parse_options(text: str) -> Options:
    """The options in `text`, which begins right after a destination."""
    common: list[Option] = []
    hops: list[list[Option]] = []
    unknown: list[Option] = []
    into = common
    words = [(found.group(), found.start(), found.end()) for found in _WORD.finditer(text)]
    at = 0
    while at < len(words):
        name, start, end = words[at]
        at += 1
        following = [word for word, _, _ in words[at : at + 2]]
        if name == "nexthop":
            into = []
            hops.append(into)
        elif name in FLAGS:
            into.append(Option(name, "", start, end))
        elif name == "encap" and following and following[0] not in _AFTER_ENCAP:
            start = words[at][1]
            while at < len(words) and words[at][0] not in _AFTER_ENCAP:
                end = words[at][2]
                at += 1
            into.append(Option(name, text[start:end], start, end))
        elif (name in VALUES or name == "via") and following:
            if len(following) == 2 and (following[0] == "lock" or (name == "via" and following[0] in FAMILIES)):
                if name == "via":
                    into.append(Option("family", *words[at]))
                at += 1
            value, start, end = words[at]
            at += 1
            into.append(Option(_ALIASES.get(name, name), value, start, end))
        else:
            unknown.append(Option(name, "", start, end))
    return Options(tuple(common), [tuple(hop) for hop in hops], tuple(unknown))


class _Parser:
    def __init__(self, source: Source) -> None:
        self.source = source
        self.memo: dict[str, Options] = {}
        self.problems: list[Problem] = []
        self.listing = Listing(span=source.span(0, 0), routes=[], unsupported=[])
        self.listings = [self.listing]
        # The options of the route whose next hops follow on lines of their own
        self.growing: Options | None = None
        # False while the output of another command runs
        self.ours = True

    def parse(self) -> tuple[list[Listing], list[Problem]]:
        path, memo = self.source.path, self.memo
        new, pton, number = tuple.__new__, inet_pton, int.from_bytes
        append = self.listing.routes.append
        at = 0
        for line in self.source.text.split("\n"):
            word, _, rest = line.partition(" ")
            options = memo.get(rest)
            # The usual line, whose tail was seen before and whose destination is an IPv4 prefix; all else below.
            if options is not None and self.ours:
                address, _, length = word.partition("/")
                try:
                    bits, mask = _LENGTHS[length]
                    first = number(pton(AF_INET, address), "big") & mask
                    append(
                        new(
                            RouteLine,
                            (
                                Span(path, at, at + len(word)),
                                Prefix(4, first, bits),
                                options,
                                None,
                            ),
                        )
                    )
                    at += len(line) + 1
                    continue
                except (KeyError, OSError, ValueError):
                    pass
            self._line(at, line)
            append = self.listing.routes.append
            at += len(line) + 1
        listings = [one for one in self.listings if one.routes or one.unsupported]
        if not listings and self.source.text.strip() and self.problems:
            self.problems.append(
                Problem(self.source.span(0, min(80, len(self.source.text))), "no route in this listing", fatal=True)
            )
            return [], self.problems
        return listings or self.listings[:1], self.problems

    def _line(self, at: int, line: str) -> None:
        found = _WORD.search(line)
        if found is None:
            return
        if self.ours and _NEXTHOP.match(line):
            self._continue(at, line)
            return
        if self.ours and self._route(at, line, found):
            return
        shown = command(line)
        if shown is not None:
            self._command(at, line, shown)
        elif self.ours and found.group() == "cache":
            self._drop_lookup()
        elif self.ours and not found.group().startswith(("#", "...")):
            whole = line.strip()
            start = at + line.index(whole)
            self.problems.append(Problem(self.source.span(start, start + len(whole)), "not a route"))

    def _route(self, at: int, line: str, first: re.Match[str]) -> bool:
        """Whether `line`, whose first word is `first`, is a route; if so it is added."""
        kind = first.group() if first.group() in KINDS else None
        found = _WORD.search(line, first.end()) if kind else first
        if found is None:
            return False
        word = found.group()
        prefix = None
        if word != "default":
            prefix = parse_prefix(word) if _DESTINATION.match(word) else None
            if prefix is None:
                return False
        # As the quick path cuts them: the tail begins after the one blank behind the destination.
        tail = line[found.end() :]
        options = self._options(tail, tail[1:] if tail[:1] == " " else None, at + found.end())
        span = self.source.span(at + found.start(), at + found.end())
        self.listing.routes.append(RouteLine(span, prefix, options, kind))
        return True

    def _options(self, tail: str, key: str | None, at: int) -> Options:
        options = self.memo.get(key) if key is not None else None
        if options is None:
            options = parse_options(tail)
            # A tail with a part that is reported, or that other lines may go on with, is not for sharing.
            if key is not None and not options.unknown:
                self.memo[key] = options
        for word in options.unknown:
            span = self.source.span(at + word.start, at + word.end)
            self.listing.unsupported.append(Unsupported(span, f"route option {word.name!r}"))
        return options

    def _continue(self, at: int, line: str) -> None:
        """A next hop on a line of its own."""
        routes = self.listing.routes
        if not routes:
            self.problems.append(Problem(self.source.span(at, at + len(line)), "a next hop without a route"))
            return
        route = routes[-1]
        if self.growing is None or route.options is not self.growing:
            # Other lines may share the options, so this route gets its own.
            self.growing = Options(route.options.common, [*route.options.hops], route.options.unknown)
            routes[-1] = route._replace(options=self.growing)
        shift = at - route.span.end
        for hop in self._options(line, None, at).hops:
            self.growing.hops.append(
                tuple(option._replace(start=option.start + shift, end=option.end + shift) for option in hop)
            )

    def _command(self, at: int, line: str, shown: str) -> None:
        tool, _, arguments = shown.partition(" ")
        options = arguments.split()
        objects = [word for word in options if not word.startswith("-")]
        self.ours = tool == "ip" and bool(objects) and "route".startswith(objects[0]) and objects[0] != ""
        span = self.source.span(at, at + len(line.rstrip()))
        if not self.ours:
            return
        table = _TABLE.search(arguments)
        self.listing = Listing(
            span=span,
            table=table[1] if table is not None and table[1] != "all" else None,
            version=6 if "-6" in options else 4 if "-4" in options else None,
            routes=[],
            unsupported=[],
        )
        self.listings.append(self.listing)

    def _drop_lookup(self) -> None:
        """`cache` under a line makes it an entry of the route cache or the answer of `ip route get`."""
        if self.listing.routes:
            route = self.listing.routes.pop()
            self.listing.unsupported.append(Unsupported(route.span, "entry of the route cache"))
