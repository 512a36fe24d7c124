"""Translations of a firewall in words: published ports, masquerading, redirections."""

from __future__ import annotations

from collections.abc import Iterator

from netlint.model.host import Host
from netlint.model.netfilter import FirewallRule, NameMatch, PrefixMatch
from netlint.source import Span

_SAID = frozenset(("dport", "dports", "comment", "dst-type"))


def translations(host: Host) -> Iterator[tuple[str, Span]]:
    """Each rule that translates, in the order of the dump: what it does to what, and its place."""
    for ruleset in host.rulesets:
        for table in ruleset.tables.values():
            for _, rule in table.rules():
                words = _words(rule)
                if words:
                    yield words, rule.span


def _words(rule: FirewallRule) -> str:
    match rule.target:
        case "DNAT":
            return f"{_asked(rule)} leads to {rule.target_option('to-destination') or 'another address'}{_limits(rule)}"
        case "REDIRECT":
            port = rule.target_option("to-ports")
            where = f"port {port} of this host" if port else "this host"
            return f"{_asked(rule)} leads to {where}{_limits(rule)}"
        case "MASQUERADE":
            if _is_itself(rule):
                return f"{_prefix(rule.source)} reaches itself by its published {_asked(rule, where=False)}"
            return (
                f"{_sender(rule)} gets the address of the interface by which it leaves{_towards(rule)}{_limits(rule)}"
            )
        case "SNAT":
            return f"{_sender(rule)} gets {rule.target_option('to-source')} as source{_towards(rule)}{_limits(rule)}"
        case "NETMAP":
            return f"addresses are mapped to {rule.target_option('to')}: {_sender(rule)}{_towards(rule)}{_limits(rule)}"
        case _:
            return ""


def _is_itself(rule: FirewallRule) -> bool:
    """The engine's rule for a container that asks for its own published port."""
    source = rule.source
    return source is not None and source == rule.destination and source.prefix.is_host and not source.negated


def _asked(rule: FirewallRule, *, where: bool = True) -> str:
    """`tcp port 8500 of every address`."""
    found = rule.match("dport") or rule.match("dports")
    parts = [rule.protocol.name if rule.protocol is not None and not rule.protocol.negated else "every protocol"]
    if found is not None:
        parts.append(f"{'but ' if found.negated else ''}port {','.join(found.values)}")
    if where:
        local = rule.match("dst-type")
        everywhere = "every address of this host" if local is not None and "LOCAL" in local.values else "every address"
        parts.append(f"of {_prefix(rule.destination) if rule.destination is not None else everywhere}")
    return " ".join(parts)


def _sender(rule: FirewallRule) -> str:
    return f"what {_prefix(rule.source)} sends" if rule.source is not None else "whatever is sent"


def _towards(rule: FirewallRule) -> str:
    port = rule.match("dport") or rule.match("dports")
    asked = f" to {_prefix(rule.destination)}" if rule.destination is not None else ""
    if port is not None:
        asked += f" for {_asked(rule, where=False)}"
    elif rule.protocol is not None and not rule.protocol.negated:
        asked += f" by {rule.protocol.name}"
    return asked


def _limits(rule: FirewallRule) -> str:
    """For which interfaces it is, and that there are conditions which these words leave out."""
    limits = [text for text in (_link("from", rule.in_interface), _link("out by", rule.out_interface)) if text]
    if rule.target in ("DNAT", "REDIRECT") and rule.source is not None:
        limits.append(f"from {_prefix(rule.source)}")
    if any(match.option not in _SAID for match in rule.matches):
        limits.append("on further conditions")
    return f" ({', '.join(limits)})" if limits else ""


def _link(word: str, match: NameMatch | None) -> str:
    return f"{'unless ' if match.negated else ''}{word} {match.name}" if match is not None else ""


def _prefix(match: PrefixMatch | None) -> str:
    if match is None:
        return "everybody"
    shown = str(match.prefix.network_address) if match.prefix.is_host else str(match.prefix)
    return f"everything but {shown}" if match.negated else shown
