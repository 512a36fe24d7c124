"""A firewall rule by its values, in the kernel's own words.

Below both the trees and the model: a dump has a million of these, and its parser makes them once for both.
"""

from __future__ import annotations

from msgspec import Struct

from netlint.prefix import Prefix
from netlint.source import Span


class PrefixMatch(Struct, frozen=True, gc=False):
    """`-s` or `-d`."""

    prefix: Prefix
    negated: bool = False


class NameMatch(Struct, frozen=True, gc=False):
    """`-i`, `-o` or `-p`. An interface name that ends in `+` stands for every name with that beginning."""

    name: str
    negated: bool = False

    def matches(self, name: str) -> bool:
        same = name.startswith(self.name[:-1]) if self.name.endswith("+") else name == self.name
        return same != self.negated


class SetMember(Struct, frozen=True, gc=False):
    """An element of a set, one part for each of the set's dimensions. `excluded`: it is an exception (`nomatch`).

    `lasting` is False for an element with a timeout: it may be gone by now.
    """

    parts: tuple[str, ...]
    excluded: bool = False
    lasting: bool = True


class IpSet(Struct, frozen=True, kw_only=True, gc=False):
    """A set of ipset or nftables. `type` is ipset's word for it ("hash:net", "hash:ip,port", "list:set").

    `sets` are those that a "list:set" holds, in the order of its members; None for one that was not given.
    """

    name: str
    span: Span
    type: str
    members: tuple[SetMember, ...]
    sets: tuple[IpSet | None, ...] = ()


class Match(Struct, frozen=True, gc=False):
    """One option of a match extension: `-m state ! --state NEW` is Match("state", "state", ("NEW",), True).

    `option` is the name that iptables-save prints, without dashes, and empty for a match without options (`-m
    socket`); `values` are the words after it. `-s`, `-d`, `-i` or `-o` with what is neither a prefix nor a name (a
    list, a mask with gaps) is an option "source", "destination", "in-interface" or "out-interface" of no module;
    "hidden" of no module stands for conditions that the listing does not show. `set` is the set that a `match-set`
    asks, where its members are known.
    """

    module: str
    option: str
    values: tuple[str, ...] = ()
    negated: bool = False
    set: IpSet | None = None


class FirewallRule(Struct, frozen=True, gc=False):
    """One rule of a chain. `target` is None for a rule that only counts; `target_options` are the options after it."""

    span: Span
    source: PrefixMatch | None = None
    destination: PrefixMatch | None = None
    in_interface: NameMatch | None = None
    out_interface: NameMatch | None = None
    protocol: NameMatch | None = None
    fragment: bool | None = None
    matches: tuple[Match, ...] = ()
    target: str | None = None
    goto: bool = False
    target_options: tuple[tuple[str, str], ...] = ()
    counters: tuple[int, int] | None = None

    def match(self, option: str) -> Match | None:
        return next((m for m in self.matches if m.option == option), None)

    def target_option(self, name: str) -> str | None:
        return next((value for key, value in self.target_options if key == name), None)

    @property
    def comment(self) -> str | None:
        found = self.match("comment")
        return found.values[0] if found and found.values else None

    @property
    def unconditional(self) -> bool:
        """True where the rule applies to every packet (a comment is no condition)."""
        return (
            self.source is None
            and self.destination is None
            and self.in_interface is None
            and self.out_interface is None
            and self.protocol is None
            and self.fragment is None
            and all(m.module == "comment" for m in self.matches)
        )
