"""`ip address`, `ip link`, with `-d`, `-s`, `-o` and of old versions.

    listing  = { prompt | link | one-line } ;
    link     = index ":" name [ "@" peer ] ":" "<" flags ">" { word value } { detail } ;
    detail   = "link/" type [ mac ] | address | kind { word } | statistics ;
    address  = ( "inet" | "inet6" ) address [ "/" length ] [ "peer" address "/" length ] { word value } [ label ] ;
    one-line = index ":" name address | link with "\\" in place of line ends ;

Details are told apart by their first word, as indentation is lost in pasted text.
"""

from __future__ import annotations

import re
from itertools import pairwise

from msgspec import Struct

from netlint.parse.lines import command, words
from netlint.parse.tree import Problem, Unsupported, Word
from netlint.source import Source, Span

# What `ip -d link` prints first on the line of a link's kind.
KINDS = frozenset(
    (
        "bareudp", "bond", "bridge", "can", "dummy", "erspan", "geneve", "gre", "gretap", "gtp", "hsr", "ifb",
        "ip6erspan",
        "ip6gre", "ip6gretap", "ip6tnl", "ip6vti", "ipip", "ipoib", "ipvlan", "ipvtap", "macsec", "macvlan", "macvtap",
        "netkit", "nlmon", "openvswitch", "rmnet", "sit", "team", "tun", "vcan", "veth", "vlan", "vrf", "vti", "vxlan",
        "wireguard", "xfrm",
    )
)  # fmt: skip
# The words of a kind's line whose value says what the link stands on or collides with.
_KIND_VALUES = frozenset(("id", "local", "remote", "dev", "dstport", "group", "mode", "protocol", "table", "type"))
# Words of a bridge's line and of its ports' that decide who reaches whom.
REACH = ("vlan_filtering", "isolated", "locked")
_HEADER_VALUES = ("mtu", "master", "state")
# Lines that say nothing of addresses: lifetimes, counters, virtual functions, other names.
_IGNORED = re.compile(
    r"valid_lft|RX\b|TX\b|vf\b|alias\b|altname\b|parent|link-netns|\d+\s|prog/|protodown|wlan\b|query_rss"
    r"|\w+_slave\b|addrgenmode\b|numtxqueues\b|promiscuity\b|\.\.\.|#"
)
_HEADER = re.compile(
    r"\s*(?:(?P<index>\d+):\s+(?P<name>[^\s@:][^\s@]*?)(?:@(?P<peer>[^\s@]+?))?(?:(?P<colon>:)?\s|:?$)"
    r"|(?P<bare>[^\s@:<][^\s@]*?)(?:@(?P<bare_peer>[^\s@]+?))?:\s+(?=<))"
)
_ADDRESS_VALUES = frozenset(("peer", "brd", "any", "scope", "metric", "proto", "valid_lft", "preferred_lft"))
_ADDRESS_FLAGS = frozenset(
    (
        "secondary", "temporary", "dynamic", "permanent", "deprecated", "tentative", "dadfailed", "noprefixroute",
        "mngtmpaddr", "nodad", "optimistic", "home", "autojoin", "stable-privacy",
    )
)  # fmt: skip


class AddressLine(Struct, frozen=True, kw_only=True):
    """`inet 10.0.0.5/24 …`. `address` is as written, with its length; `peer` that of the other end."""

    span: Span
    address: Word
    peer: Word | None = None
    scope: str | None = None
    flags: tuple[str, ...] = ()
    label: str | None = None


class Link(Struct, kw_only=True):
    """One interface, or one line of it in the `-o` forms. `span` covers its name.

    `flags` is None in `ip -o addr`, which prints none. `peer` is what follows `@`. `kind` is the first word of the
    line that `-d` adds, `options` what that line tells, `reach` what it or that of a bridge's port says of who reaches
    whom.
    """

    span: Span
    name: str
    index: int | None = None
    peer: str | None = None
    flags: tuple[str, ...] | None = None
    mtu: Word | None = None
    master: Word | None = None
    state: Word | None = None
    type: str | None = None
    mac: Word | None = None
    kind: Word | None = None
    options: list[tuple[str, Word]]
    addresses: list[AddressLine]
    reach: list[tuple[str, Word]]


class Listing(Struct, kw_only=True):
    links: list[Link]
    unsupported: list[Unsupported]


def parse(source: Source) -> tuple[Listing, list[Problem]]:
    parser = _Parser(source)
    at = 0
    for line in source.text.split("\n"):
        parser.line(at, line.rstrip("\r"))
        at += len(line) + 1
    if not parser.listing.links and source.text.strip():
        parser.problems = [Problem(source.span(0, len(source.line(1))), "no interface in this listing", fatal=True)]
    return parser.listing, parser.problems


class _Parser:
    def __init__(self, source: Source) -> None:
        self.source = source
        self.listing = Listing(links=[], unsupported=[])
        self.problems: list[Problem] = []
        self.link: Link | None = None
        # False while the output of another command runs
        self.ours = True
        # True right after a heading, where a line that lost its indentation can only go on with it
        self.heading = False

    def line(self, at: int, line: str) -> None:
        shown = command(line)
        if shown is not None:
            found = re.match(r"ip\s+(?:-\S+\s+)*(\S+)", shown)
            self.ours = found is not None and (
                "address".startswith(found[1]) or "link".startswith(found[1]) or found[1] == "add"
            )
            self.link = None
            return
        if not self.ours:
            return
        for start, segment in _segments(at, line):
            self._segment(start, segment)

    def _segment(self, at: int, text: str) -> None:
        found = _HEADER.match(text)
        if found is not None:
            self._header(at, text, found)
            return
        parts = words(self.source, at, at + len(text))
        if not parts:
            return
        first = parts[0].text
        if self.link is None:
            self.problems.append(Problem(parts[0].span.to(parts[-1].span), "not a line of an interface"))
            return
        self._detail(self.link, first, parts, text)
        self.heading = self.heading and first[:5] == "group"

    def _header(self, at: int, text: str, found: re.Match[str]) -> None:
        group = "name" if found["name"] is not None else "bare"
        name = found[group]
        rest = words(self.source, at + found.end(), at + len(text))
        span = self.source.span(at + found.start(group), at + found.end(group))
        index = int(found["index"]) if found["index"] is not None and len(found["index"]) < 10 else None
        peer = found["peer"] or found["bare_peer"]
        self.link = Link(span=span, name=name, index=index, peer=peer, options=[], addresses=[], reach=[])
        self.listing.links.append(self.link)
        self.heading = True
        if rest and rest[0].text.startswith("<"):
            self.link.flags = tuple(rest[0].text.strip("<>").split(","))
            self._heading_words(self.link, rest[1:])
        elif rest:
            self._detail(self.link, rest[0].text, rest, text[found.end() :])

    def _heading_words(self, link: Link, rest: list[Word]) -> None:
        for word, value in pairwise(rest):
            match word.text:
                case "mtu":
                    link.mtu = value
                case "master":
                    link.master = value
                case "state":
                    link.state = value

    def _detail(self, link: Link, first: str, parts: list[Word], text: str) -> None:
        if first in ("inet", "inet6"):
            if len(parts) < 2:
                self.problems.append(Problem(parts[0].span, "an address is missing"))
                return
            link.addresses.append(_address(parts))
        elif first.startswith("link/"):
            link.type = first[5:]
            if len(parts) > 1 and ":" in parts[1].text:
                link.mac = parts[1]
        elif first == "bridge_slave":
            link.reach += [(word.text, value) for word, value in pairwise(parts[1:]) if word.text in REACH]
        elif first in KINDS:
            link.kind = parts[0]
            if first == "bridge":
                link.reach += [(word.text, value) for word, value in pairwise(parts[1:]) if word.text in REACH]
            link.options += [(word.text, value) for word, value in pairwise(parts[1:]) if word.text in _KIND_VALUES]
        elif self.heading and not text[:1].isspace():
            self._heading_words(link, parts)
        elif not _IGNORED.match(text.lstrip()) and self.source.text[parts[0].span.start].isalpha():
            span = parts[0].span.to(parts[-1].span)
            self.listing.unsupported.append(Unsupported(span, f"interface detail {first!r}"))


def _segments(at: int, line: str) -> list[tuple[int, str]]:
    """The line cut at the backslashes that `ip -o` prints for line ends, with offsets."""
    found: list[tuple[int, str]] = []
    for part in line.split("\\"):
        found.append((at, part))
        at += len(part) + 1
    return found


def _address(parts: list[Word]) -> AddressLine:
    peer = None
    scope = None
    flags: list[str] = []
    label = None
    at = 2
    while at < len(parts):
        text = parts[at].text
        value = parts[at + 1] if at + 1 < len(parts) else None
        if text in _ADDRESS_FLAGS:
            flags.append(text)
        elif text in _ADDRESS_VALUES and value is not None:
            peer = value if text == "peer" else peer
            scope = value.text if text == "scope" else scope
            at += 1
        else:
            label = text
        at += 1
    return AddressLine(
        span=parts[0].span.to(parts[-1].span),
        address=parts[1],
        peer=peer,
        scope=scope,
        flags=tuple(flags),
        label=label,
    )
