"""`resolvectl status`, `resolvectl dns` and `systemd-resolve --status`: the name servers that systemd-resolved asks.

    status = { heading | key ":" { server } newline { indent server newline } } ;
    dns    = { ( "Global" | "Link" number "(" name ")" ) ":" { server } } ;
    server = address [ ":" port ] [ "%" interface ] [ "#" name ] ;

They come out as the directives of a resolv.conf.
"""

from __future__ import annotations

import re

from netlint.parse.lines import is_prompt, lines
from netlint.parse.resolv_conf import Directive
from netlint.parse.tree import Problem, Word
from netlint.source import Source

_SERVERS = re.compile(r"\s*(?:(?:Current |Fallback )?DNS Servers?|Global|Link \d+ \([^)]+\)):")
_KEY = re.compile(r"\s*[A-Za-z][\w./ -]*(?:\([^)]*\))?:?(?:\s|$)")
_SERVER = re.compile(
    r"\[?(?P<address>(?:\d{1,3}\.){3}\d{1,3}|[0-9a-fA-F]*:[0-9a-fA-F:.]+)\]?(?::\d+)?(?:%\S+?)?(?:#\S+)?"
)
_WORD = re.compile(r"\S+")


def parse(source: Source) -> tuple[list[Directive], list[Problem]]:
    """A directive `nameserver` for each server, in the order in which they stand; those of fallback are left out."""
    found: list[Directive] = []
    inside = known = False
    for start, line in lines(source):
        heading = _SERVERS.match(line)
        at = heading.end() if heading is not None else 0
        if heading is not None:
            known, inside = True, "Fallback" not in heading[0]
        elif is_prompt(line) or not line.strip() or (_KEY.match(line) and not _SERVER.match(line.strip())):
            inside = False
        if not inside:
            continue
        for word in _WORD.finditer(line, at):
            server = _SERVER.fullmatch(word[0])
            if server is not None:
                begin = start + word.start() + server.start("address")
                span = source.span(begin, begin + len(server["address"]))
                found.append(Directive(span, "nameserver", (Word(server["address"], span),)))
    problems = []
    if not known and source.text.strip():
        problems = [Problem(source.span(0, len(source.line(1))), "no name servers in this listing", fatal=True)]
    return found, problems
