"""Ports as `docker run --publish` takes them: `[[ADDRESS:][HOST]:]CONTAINER[/PROTOCOL]`, each a port or a range."""

from __future__ import annotations

import re

from netlint.build.facts import HostFacts
from netlint.model.compose import PortRange, PublishedPort
from netlint.model.located import Located
from netlint.parse.tree import Word

_PUBLISHED = re.compile(
    r"(?:(?:(?P<address>\[[^\]]*\]|[^:\[\]]*):)?(?P<host>[\d-]*):)?(?P<container>\d+(?:-\d+)?)(?:/(?P<protocol>\w+))?"
)
_RANGE = re.compile(r"(\d+)(?:-(\d+))?")


def parse_published(word: Word, facts: HostFacts) -> list[PublishedPort]:
    """The port that a value of `--publish` asks for; none, and a problem, where it is no such value.

    A value that a variable leaves open is passed over. Without a host port the engine chooses one.
    """
    found = _PUBLISHED.fullmatch(word.text)
    target = _ports(found["container"]) if found is not None else None
    published = _ports(found["host"]) if found is not None and found["host"] else None
    if found is None or target is None or (found["host"] and published is None):
        if word.exact:
            facts.problem(word.span, f"{word.text} is no port to publish", "write it as [address:]host:container")
        return []
    address = None
    if found["address"]:
        start, end = found.span("address")
        brackets = int(found["address"].startswith("["))
        place = word.part(start + brackets, end - brackets)
        address = Located(found["address"].strip("[]"), place, word.exact)
    return [
        PublishedPort(
            target=target,
            span=word.span,
            published=published,
            published_span=word.part(*found.span("host")) if published is not None else None,
            address=address,
            protocol=(found["protocol"] or "tcp").lower(),
            exact=word.exact,
        )
    ]


def _ports(text: str) -> PortRange | None:
    found = _RANGE.fullmatch(text)
    if found is None:
        return None
    first, last = int(found[1]), int(found[2] or found[1])
    return PortRange(first, last) if first <= last <= 65535 else None
