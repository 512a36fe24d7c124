"""ufw: `ufw status verbose`, its files of rules with the tuples in their comments, and its settings.

status  = "Status:" word { "Default:" … | row } ;
row     = [ "[" number "]" ] to action [ direction ] from ;       the columns stand two blanks apart
tuple   = "### tuple ###" action protocol port address sport source [ direction [ "_" interface ] ] … ;
setting = key "=" value ;
"""

from __future__ import annotations

import re

from msgspec import Struct

from netlint.parse.lines import lines
from netlint.parse.tree import Problem, Word
from netlint.source import Source

_ACTION = re.compile(
    r"^\s*(?:\[\s*\d+\]\s*)?(?P<to>\S.*?)\s{2,}(?P<action>ALLOW|DENY|REJECT|LIMIT)(?:\s+(?P<direction>IN|OUT|FWD))?"
    r"(?:\s{2,}|\s+)(?P<from>\S.*?)\s*(?:#.*)?$"
)
_TUPLE = re.compile(
    r"^### tuple ### (?P<route>route:)?(?P<action>allow|deny|reject|limit)(?:_log(?:-all)?)? (?P<protocol>\S+)"
    r" (?P<port>\S+) \S+ \S+ (?P<from>\S+)(?P<rest>.*)$"
)
_STATUS = re.compile(r"^Status:\s+(?P<status>\w+)")
_DEFAULT = re.compile(r"^Default:\s+(?P<incoming>\w+) \(incoming\)(?:.*?(?P<routed>\w+) \(routed\))?")
_SETTING = re.compile(r"^\s*(?P<key>[A-Z_]+)\s*=\s*[\"']?(?P<value>[\w./ -]*?)[\"']?\s*$")


# What `ufw status` adds to a port: "(v6)", the name of the profile "(Nginx Full)", an interface "on eth0".
_ADDED = re.compile(r"\s*\((?:[^()]|\([^()]*\))*\)|\s+on\s+(?P<interface>\S+)")


class UfwRow(Struct, frozen=True):
    """A rule as written: `to` is `8080/tcp` or `8080` or a name, `source` an address or "Anywhere". `limited`: it is
    for one interface only."""

    span: Word
    action: str
    to: str
    protocol: str | None
    source: str
    outgoing: bool
    routed: bool
    limited: bool = False


class UfwFile(Struct, frozen=True):
    """`settings` holds those of the files in /etc, and "status", "incoming" and "routed" of `ufw status`."""

    settings: dict[str, Word]
    rows: list[UfwRow]
    for_docker: bool


def parse(source: Source) -> tuple[UfwFile, list[Problem]]:
    found = UfwFile({}, [], re.search(r"^\s*(?::|-[AI] )DOCKER-USER\b", source.text, re.MULTILINE) is not None)
    for start, line in lines(source):
        for name, pattern in (("status", _STATUS), ("incoming", _DEFAULT), ("routed", _DEFAULT)):
            stated = pattern.match(line)
            if stated is not None and stated[name] is not None:
                found.settings[name] = Word(
                    stated[name], source.span(start + stated.start(name), start + stated.end(name))
                )
        setting = _SETTING.match(line)
        if setting is not None:
            span = source.span(start + setting.start("value"), start + setting.end("value"))
            found.settings[setting["key"]] = Word(setting["value"], span)
        row = _row(source, start, line)
        if row is not None:
            found.rows.append(row)
    return found, []


def _row(source: Source, start: int, line: str) -> UfwRow | None:
    stated = _TUPLE.match(line)
    whole = Word(line.strip(), source.span(start + len(line) - len(line.lstrip()), start + len(line.rstrip())))
    if stated is not None:
        protocol = None if stated["protocol"] == "any" else stated["protocol"]
        outgoing = re.search(r"\bout(?:_\S+)?$", stated["rest"].split(" comment=")[0].strip()) is not None
        to = "" if stated["port"] == "any" else stated["port"]
        return UfwRow(whole, stated["action"], to, protocol, stated["from"], outgoing, stated["route"] is not None)
    listed = _ACTION.match(line)
    if listed is None:
        return None
    limited = any(one["interface"] is not None for one in _ADDED.finditer(listed["to"]))
    address, _, port = _ADDED.sub("", listed["to"]).rpartition(" ")
    if "/" in port and not re.search(r"/[a-z]", port):  # 10.0.0.0/8: a rule for every port of addresses
        address, port = listed["to"], ""
    named, _, protocol = port.partition("/")
    to = f"{address} {named}".strip()
    return UfwRow(
        whole,
        listed["action"].lower(),
        "" if to == "Anywhere" else to,
        protocol or None,
        _ADDED.sub("", listed["from"]),
        listed["direction"] == "OUT",
        listed["direction"] == "FWD",
        limited,
    )
