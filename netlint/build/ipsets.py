"""Sets of ipset, and the rules that ask them."""

from __future__ import annotations

from itertools import pairwise

from msgspec.structs import replace

from netlint.build.facts import HostFacts, Parsed
from netlint.model.netfilter import Chain, FirewallRule, IpSet, Match, Ruleset, SetMember, Table
from netlint.parse.ipset import Element, SetListing
from netlint.parse.tree import Unsupported

_DEEPEST = 4  # sets inside sets; the kernel takes one level


def build_sets(files: list[Parsed], facts: HostFacts) -> dict[str, IpSet]:
    """The sets by their names; of one that two files list, the first."""
    listings: dict[str, SetListing] = {}
    for file in files:
        tree: tuple[SetListing, ...] = file.tree
        for listing in tree:
            if not listing.type:
                facts.unsupported(Unsupported(listing.span, f"members of set {listing.name}, whose type is not shown"))
            else:
                listings.setdefault(listing.name, listing)
    return {name: _set(listing, listings) for name, listing in listings.items()}


def _set(listing: SetListing, listings: dict[str, SetListing], depth: int = 0) -> IpSet:
    members = tuple([_member(element) for element in listing.elements])
    inner: tuple[IpSet | None, ...] = ()
    if listing.type == "list:set" and depth < _DEEPEST:
        named = [listings.get(element.text) for element in listing.elements]
        inner = tuple(None if one is None else _set(one, listings, depth + 1) for one in named)
    return IpSet(name=listing.name, span=listing.span, type=listing.type, members=members, sets=inner)


def _member(element: Element) -> SetMember:
    options = element.options
    timeout = dict(pairwise(options)).get("timeout", "0")
    return SetMember(tuple(element.text.split(",")), "nomatch" in options, timeout == "0")


def with_sets(ruleset: Ruleset, sets: dict[str, IpSet]) -> Ruleset:
    """The ruleset with the sets in the matches that ask for them."""
    if not sets:
        return ruleset
    tables = {name: _table(table, sets) for name, table in ruleset.tables.items()}
    return replace(ruleset, tables=tables)


def _table(table: Table, sets: dict[str, IpSet]) -> Table:
    return replace(table, chains={name: _chain(chain, sets) for name, chain in table.chains.items()})


def _chain(chain: Chain, sets: dict[str, IpSet]) -> Chain:
    if not any(match.option == "match-set" for rule in chain.rules for match in rule.matches):
        return chain
    return replace(chain, rules=tuple(_rule(rule, sets) for rule in chain.rules))


def _rule(rule: FirewallRule, sets: dict[str, IpSet]) -> FirewallRule:
    return replace(rule, matches=tuple(_match(match, sets) for match in rule.matches))


def _match(match: Match, sets: dict[str, IpSet]) -> Match:
    if match.option != "match-set" or match.set is not None or not match.values:
        return match
    return replace(match, set=sets.get(match.values[0]))
