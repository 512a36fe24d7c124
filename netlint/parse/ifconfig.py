"""`ifconfig` of net-tools, old and new, busybox and, as far as the layouts agree, BSD.

    block   = name ( "Link encap:" type [ "HWaddr" mac ] | ":" "flags=" number "<" flags ">" "mtu" number ) { line } ;
    line    = "inet" [ "addr:" ] address { word } | "inet6" [ "addr:" ] address { word } | "ether" mac | FLAGS | other ;

A block begins in the first column. Counters and media lines are of no interest and passed over.
"""

from __future__ import annotations

import re

from msgspec import Struct

from netlint.parse.lines import command, lines
from netlint.parse.tree import Problem, Word
from netlint.source import Source, Span

_OLD = re.compile(r"(?P<name>\S+)\s+Link encap:")
_NEW = re.compile(r"(?P<name>[^\s:][^\s]*?):\s+flags=[0-9a-fx]+<(?P<flags>[^>]*)>")
_INET = re.compile(r"\s+(?P<family>inet6?)\s+(?:addr:\s?)?(?P<address>[0-9A-Fa-f.:]+(?:%\S+?)?(?:/\d+)?)(?=\s|$)")
_MASK = re.compile(r"\b(?:netmask\s+|Mask:|prefixlen\s+)(\S+)")
_PEER = re.compile(r"(?:\bdestination\s+|\bP-t-P:|-->\s+)(\S+)")
_SCOPE = re.compile(r"\bScope:(\w+)|\bscopeid\s+\S*<([a-z]+)")
_MTU = re.compile(r"\b(?:MTU:|mtu\s+)(\d+)")
_MAC = re.compile(r"\b(?:HWaddr|ether)\s+([0-9A-Fa-f]{1,2}(?::[0-9A-Fa-f]{1,2}){5})\b")
# The line of flags in the old layout: "UP BROADCAST RUNNING MULTICAST  MTU:1500  Metric:1".
_OLD_FLAGS = re.compile(r"\s+(?P<flags>(?:[A-Z]+ )*[A-Z]+)\s+MTU:")


class AddressLine(Struct, frozen=True, kw_only=True):
    """`inet …`. `address` is as written; `mask` is a dotted or hexadecimal netmask or a length, None where the length
    follows the address."""

    span: Span
    address: Word
    mask: Word | None = None
    peer: Word | None = None
    scope: str | None = None


class Block(Struct, kw_only=True):
    """One interface, or one alias (`eth0:1`) of it. `span` covers its name; `flags` is None where no line has them."""

    span: Span
    name: str
    flags: tuple[str, ...] | None = None
    mtu: Word | None = None
    mac: Word | None = None
    addresses: list[AddressLine]


def parse(source: Source) -> tuple[list[Block], list[Problem]]:
    blocks: list[Block] = []
    problems: list[Problem] = []
    for start, line in lines(source):
        if not line.strip():
            continue
        found = _NEW.match(line) or _OLD.match(line)
        if found is not None:
            span = source.span(start + found.start("name"), start + found.end("name"))
            blocks.append(Block(span=span, name=found["name"], addresses=[]))
            if "flags" in found.groupdict():
                blocks[-1].flags = tuple(found["flags"].split(",")) if found["flags"] else ()
        elif not line[0].isspace():
            if command(line) is None and not line.startswith("#"):
                problems.append(Problem(source.span(start, start + len(line)), "not a line of an interface"))
            continue
        if blocks:
            _line(source, blocks[-1], start, line, problems)
    if not blocks and source.text.strip():
        problems = [Problem(source.span(0, len(source.line(1))), "no interface in this listing", fatal=True)]
    return blocks, problems


def _line(source: Source, block: Block, start: int, line: str, problems: list[Problem]) -> None:
    def word(pattern: re.Pattern[str]) -> Word | None:
        found = pattern.search(line)
        return Word(found[1], source.span(start + found.start(1), start + found.end(1))) if found is not None else None

    found = _INET.match(line)
    if found is not None:
        scope = _SCOPE.search(line)
        block.addresses.append(
            AddressLine(
                span=source.span(start + found.start("family"), start + len(line.rstrip())),
                address=Word(
                    found["address"], source.span(start + found.start("address"), start + found.end("address"))
                ),
                mask=word(_MASK) if "/" not in found["address"] else None,
                peer=word(_PEER),
                scope=(scope[1] or scope[2]).lower() if scope is not None else None,
            )
        )
        return
    if line.lstrip().startswith("inet"):
        problems.append(Problem(source.span(start, start + len(line)), "not an address"))
        return
    block.mtu = block.mtu or word(_MTU)
    block.mac = block.mac or word(_MAC)
    flags = _OLD_FLAGS.match(line)
    if flags is not None and block.flags is None:
        block.flags = tuple(flags["flags"].split())
