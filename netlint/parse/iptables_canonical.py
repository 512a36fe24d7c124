"""The parts of a rule as FirewallRule has them: each protocol by one name, without what says nothing."""

from __future__ import annotations

from typing import TypeAlias

from netlint.firewall_rule import Match, NameMatch, PrefixMatch
from netlint.parse.iptables_rule import Addresses, Jump, MatchOption, Name
from netlint.prefix import Prefix

Target: TypeAlias = tuple[str | None, bool, tuple[tuple[str, str], ...]]

# The names that iptables-save prints for protocols given otherwise (/etc/protocols).
_PROTOCOLS = {
    "1": "icmp",
    "2": "igmp",
    "4": "ipencap",
    "6": "tcp",
    "17": "udp",
    "33": "dccp",
    "41": "ipv6",
    "47": "gre",
    "50": "esp",
    "51": "ah",
    "58": "ipv6-icmp",
    "89": "ospf",
    "103": "pim",
    "112": "vrrp",
    "132": "sctp",
    "136": "udplite",
    "icmpv6": "ipv6-icmp",
}
_ANY_PROTOCOL = frozenset(("all", "any", "0"))
# Matches that say no more than the `-p` they need, when they come without options.
_PROTOCOL_MATCHES = frozenset(("tcp", "udp", "sctp", "dccp", "udplite", "icmp", "icmp6", "esp", "ah", "mh"))


class NotOnePrefixError(Exception):
    """`-s` or `-d` is a list, a name or has a mask with gaps."""


def prefix_match(addresses: Addresses) -> PrefixMatch | None:
    """None for a range that is every address."""
    ranges = addresses.ranges
    if len(ranges) != 1 or not isinstance(prefix := ranges[0], Prefix):
        raise NotOnePrefixError
    return PrefixMatch(prefix, addresses.negated) if prefix.length or addresses.negated else None


def interface_match(name: Name) -> NameMatch | None:
    """None for `+`, which is every interface."""
    return NameMatch(name.text, name.negated) if name.text != "+" or name.negated else None


def protocol_match(name: Name) -> NameMatch | None:
    """None for every protocol."""
    text = name.text.lower()
    text = _PROTOCOLS.get(text, text)
    return NameMatch(text, name.negated) if text not in _ANY_PROTOCOL or name.negated else None


def option_matches(options: tuple[MatchOption, ...]) -> tuple[Match, ...]:
    """The matches without those that only repeat the protocol."""
    return tuple(
        [
            Match(option.module, option.option, option.values, option.negated)
            for option in options
            if option.option or option.module not in _PROTOCOL_MATCHES
        ]
    )


def target_of(jump: Jump | None) -> Target:
    """`target`, `goto` and `target_options`."""
    if jump is None:
        return None, False, ()
    options = tuple([(name, " ".join(values)) for name, values in jump.options])
    return jump.target or None, jump.goto, options
