"""`ufw` and `firewall-cmd` in scripts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from msgspec.structs import replace

from netlint.build.facts import HostFacts
from netlint.build.frontends import port_ranges
from netlint.model.frontends import Firewalld, PortRule, Ufw, Zone
from netlint.model.located import Located
from netlint.parse.shell import Command
from netlint.parse.tree import Unsupported, Word
from netlint.prefix import parse_prefix

_UFW_ACTIONS = ("allow", "deny", "reject", "limit")
_ASKS = re.compile(
    r"--(?:list|get|query|state|info|version|help|check|path|runtime-to-permanent|reload|quiet)\S*|-[qhV]"
)


def build_ufw_command(command: Command, facts: HostFacts) -> None:
    """Add what `ufw` is told; commands that only may run say nothing for sure."""
    words = [word for word in command.words[1:] if not word.text.startswith("--")]
    if not words or not command.certain:
        return
    known = facts.ufw or Ufw(span=command.span)
    verb = words[0].text
    if verb in ("enable", "disable"):
        facts.ufw = replace(known, enabled=Located(verb == "enable", command.span))
    elif verb == "default" and len(words) > 1:
        if len(words) < 3 or words[2].text in ("incoming", "in"):
            policy = {"block": "deny"}.get(words[1].text, words[1].text)
            facts.ufw = replace(known, incoming=Located(policy, command.span))
    elif verb in (*_UFW_ACTIONS, "route", "insert", "prepend"):
        rule = _ufw_rule(words, command)
        facts.ufw = replace(known, rules=(*known.rules, rule)) if rule is not None else known


def _ufw_rule(words: Sequence[Word], command: Command) -> PortRule | None:
    texts = [word.text for word in words]
    routed = texts[0] == "route"
    texts = texts[routed:]
    texts = texts[2:] if texts[:1] == ["insert"] else texts[1:] if texts[:1] == ["prepend"] else texts
    if not texts or texts[0] not in _UFW_ACTIONS or "out" in texts[1:2]:
        return None
    action, rest = texts[0], [text for text in texts[1:] if text not in ("in", "log", "log-all")]
    if "comment" in rest:
        rest = rest[: rest.index("comment")]
    if rest[:1] == ["on"]:
        rest = rest[2:]
    if len(rest) == 1:  # `ufw allow 22/tcp`, `ufw allow OpenSSH`
        text, _, protocol = rest[0].partition("/")
        ports = port_ranges(text)
        return PortRule(span=command.span, action=action, ports=ports, protocol=protocol or None) if ports else None
    values = dict(pairwise(rest))
    source = values.get("from", "any")
    prefix = None if source == "any" else parse_prefix(source)
    # `from A port P to any port Q`: the port behind `to` is the host's
    after = rest[rest.index("to") :] if "to" in rest else [] if "from" in rest else rest
    port = dict(pairwise(after)).get("port")
    ports = port_ranges(port) if port is not None else ()
    if ports is None or (source != "any" and prefix is None):
        return None
    return PortRule(
        span=command.span, action=action, ports=ports, protocol=values.get("proto"), source=prefix, routed=routed
    )


def build_firewall_cmd(command: Command, facts: HostFacts) -> None:
    """Add what `firewall-cmd` is told of zones; direct rules, policies and sets have no model."""
    options = list(_options(command.words[1:]))
    if not command.certain or all(_ASKS.fullmatch(name) or name in ("--permanent", "--zone") for name, _ in options):
        return
    known = facts.firewalld or Firewalld(span=command.span)
    default = next((value for name, value in options if name == "--set-default-zone" and value is not None), None)
    if default is not None:
        setting = ("DefaultZone", Located(default.text, default.span))
        facts.firewalld = replace(known, settings=(*known.settings, setting))
        return
    named = next((value.text for name, value in options if name == "--zone" and value is not None), known.default_zone)
    before = next((zone for zone in known.zones if zone.name == named), Zone(name=named, span=command.span))
    zone = _changed(before, options, command)
    if zone is None:
        facts.unsupported(Unsupported(command.span, "the firewall-cmd command"))
        return
    others = tuple(one for one in known.zones if one.name != named)
    facts.firewalld = replace(known, zones=(*others, zone))


def _options(words: Sequence[Word]) -> Iterator[tuple[str, Word | None]]:
    """Each option with its value, which stands behind `=` or in the next word."""
    at = 0
    while at < len(words):
        name, equals, value = words[at].text.partition("=")
        if equals:
            start = len(name) + 1
            yield name, Word(value, words[at].part(start, start + len(value)), words[at].verbatim)
        elif name.startswith(("--add-", "--remove-", "--change-", "--set-", "--zone")) and at + 1 < len(words):
            at += 1
            yield name, words[at]
        else:
            yield name, None
        at += 1


def _changed(zone: Zone, options: list[tuple[str, Word | None]], command: Command) -> Zone | None:
    for name, value in options:
        located = Located(value.text, value.span) if value is not None else None
        match name:
            case "--add-interface" | "--change-interface" if located is not None:
                zone = replace(zone, interfaces=(*zone.interfaces, located))
            case "--remove-interface" if located is not None:
                kept = tuple(one for one in zone.interfaces if one.value != located.value)
                zone = replace(zone, interfaces=kept)
            case "--add-source" | "--change-source" if located is not None:
                zone = replace(zone, sources=(*zone.sources, located))
            case "--set-target" if located is not None:
                zone = replace(zone, target=None if located.value == "default" else located)
            case "--add-port" | "--add-service" if value is not None:
                text, _, protocol = value.text.partition("/")
                ports = port_ranges(text)
                if ports is not None:
                    rule = PortRule(span=command.span, action="allow", ports=ports, protocol=protocol or None)
                    zone = replace(zone, rules=(*zone.rules, rule))
            case "--permanent" | "--zone":
                pass
            case _ if name.startswith(("--remove-", "--add-masquerade", "--timeout")) or _ASKS.fullmatch(name):
                pass
            case _:
                return None
    return zone
