"""`ip -br address` and `ip -br link`: one line an interface.

line = name [ "@" peer ] state { address "/" length | "peer" address | "metric" number | mac | "<" flags ">" } ;
"""

from __future__ import annotations

from msgspec import Struct

from netlint.parse.lines import command, lines, words
from netlint.parse.tree import Problem, Word
from netlint.source import Source, Span

# The operational states of RFC 2863 as the kernel names them.
STATES = ("UNKNOWN", "NOTPRESENT", "DOWN", "LOWERLAYERDOWN", "TESTING", "DORMANT", "UP")


class BriefLink(Struct, frozen=True, kw_only=True):
    """One interface. `span` covers its name; `addresses` are as written, each with the peer that follows it."""

    span: Span
    name: str
    peer: str | None
    state: str
    mac: Word | None = None
    flags: tuple[str, ...] | None = None
    addresses: tuple[tuple[Word, Word | None], ...] = ()


def parse(source: Source) -> tuple[list[BriefLink], list[Problem]]:
    links: list[BriefLink] = []
    problems: list[Problem] = []
    ours = True
    for start, line in lines(source):
        parts = words(source, start, start + len(line))
        if not parts:
            continue
        shown = command(line)
        if shown is not None:
            ours = shown.startswith("ip ") and "-br" in shown
        elif not ours:
            continue
        elif len(parts) > 1 and parts[1].text in STATES:
            links.append(_link(parts))
        elif not parts[0].text.startswith(("#", "...")):
            problems.append(Problem(parts[0].span.to(parts[-1].span), "not a line of an interface"))
    if not links and source.text.strip():
        problems = [Problem(source.span(0, len(source.line(1))), "no interface in this listing", fatal=True)]
    return links, problems


def _link(parts: list[Word]) -> BriefLink:
    name, _, peer = parts[0].text.partition("@")
    addresses: list[tuple[Word, Word | None]] = []
    mac = None
    flags = None
    at = 2
    while at < len(parts):
        word = parts[at]
        at += 1
        if word.text.startswith("<"):
            flags = tuple(word.text.strip("<>").split(","))
        elif word.text == "metric":
            at += 1
        elif word.text == "peer":
            if at < len(parts) and addresses:
                addresses[-1] = (addresses[-1][0], parts[at])
            at += 1
        elif len(word.text) == 17 and word.text.count(":") == 5:
            mac = word
        else:
            addresses.append((word, None))
    return BriefLink(
        span=parts[0].part(0, len(name)),
        name=name,
        peer=peer or None,
        state=parts[1].text,
        mac=mac,
        flags=flags,
        addresses=tuple(addresses),
    )
