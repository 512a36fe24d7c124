"""Resolvers, from resolv.conf and from what systemd-resolved says of itself."""

from __future__ import annotations

from netlint.build.facts import HostFacts, Parsed
from netlint.model.host import Resolver
from netlint.model.located import Located
from netlint.prefix import Address, parse_address
from netlint.source import Span


def build_resolver(files: list[Parsed], facts: HostFacts) -> None:
    """Set the host's resolver: the name servers of all files, each once, in order."""
    servers: dict[Address, Located[Address]] = {}
    first: Span | None = None
    for file in files:
        first = first or Span(file.source.path, 0, 0)
        for directive in file.tree:
            if directive.keyword != "nameserver":
                continue
            word = directive.values[0]
            address = parse_address(word.text)
            if address is None:
                facts.problem(word.span, f"{word.text!r} is no address, the resolver skips it")
            else:
                servers.setdefault(address, Located(address, word.span))
    if first is not None:
        facts.resolver = Resolver(span=first, nameservers=tuple(servers.values()))
