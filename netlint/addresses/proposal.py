"""Subnets for new networks: free on every host of the site, with what they were kept clear of and what is not known."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from itertools import islice
from typing import NamedTuple

from msgspec import Struct

from netlint.addresses.advice import BUILT_IN
from netlint.addresses.claims import claims
from netlint.addresses.free import RFC1918, free_subnets
from netlint.model.action import AddressChange, RouteChange, WeaveAddress
from netlint.model.host import Host, Site
from netlint.prefix import Prefix
from netlint.source import Span

UNIQUE_LOCAL = Prefix(6, 0xFC << 120, 7)
_ASSIGNED = Prefix(6, 0xFD << 120, 8)  # RFC 4193: the half of it that is assigned locally


class Taken(Struct, frozen=True):
    """A range that somebody holds on a host (None: the configuration); `what` names who."""

    prefix: Prefix
    what: str
    host: str | None
    span: Span | None


class Proposal(NamedTuple):
    """The subnets that are free, as many as there are up to the number asked for. `taken` is what they are clear of,
    `unknown` what nobody told, as (host, what)."""

    subnets: tuple[Prefix, ...]
    taken: tuple[Taken, ...]
    unknown: tuple[tuple[str | None, str], ...]


def propose(site: Site, length: int, count: int, within: Sequence[Prefix] = ()) -> Proposal:
    """`count` subnets of `length` bits inside `within`, by default private space of the version that `length` speaks
    for: IPv4 up to 32. The built-in pools of the engine are taken last, as it may take them at any time itself."""
    taken = list(_taken(site))
    ranges = [one.prefix for one in taken]
    blocks = list(within) or ([*RFC1918] if length <= 32 else [_own_block(ranges)])
    own_pools = all(host.daemon is not None and host.daemon.pools is not None for host in site.hosts)
    avoided = [] if own_pools and site.hosts else [*BUILT_IN]
    found = list(islice(free_subnets([*ranges, *avoided], length, blocks), count))
    if len(found) < count and avoided:
        more = free_subnets([*ranges, *found], length, blocks)
        found += islice(more, count - len(found))
    elif avoided:
        taken += [Taken(prefix, "built-in address pool of the engine", None, None) for prefix in avoided]
    return Proposal(tuple(found), tuple(taken), tuple(_unknown(site)))


def _own_block(ranges: Iterable[Prefix]) -> Prefix:
    """The /48 of unique local addresses that the site uses already, else one of its own: RFC 4193 wants it to be
    random, and a hash of what is there gives the same one again for the same input."""
    used = next((one for one in sorted(ranges) if UNIQUE_LOCAL.contains(one) and one.length >= 48), None)
    if used is not None:
        return Prefix(6, used.first >> 80 << 80, 48)
    digest = sha256("\n".join(sorted(map(str, ranges))).encode()).digest()
    return Prefix(6, _ASSIGNED.first | int.from_bytes(digest[:5], "big") << 80, 48)


def _taken(site: Site) -> Iterator[Taken]:
    for host in site.hosts:
        name = _name(host)
        for claim in claims(host, site):
            if claim.span is not None:
                yield Taken(claim.prefix, claim.what, name, claim.span)
        for action in host.actions:
            match action:
                case RouteChange(prefix=prefix) if action.operation != "delete" and not prefix.value.is_default:
                    yield Taken(prefix.value, "route that a script sets", name, prefix.span)
                case AddressChange() | WeaveAddress() if getattr(action, "operation", "") != "delete":
                    own = Prefix.of(action.address.value, action.length)
                    yield Taken(own, "address that a script sets", name, action.address.span)
    for reserved in site.reserved:
        yield Taken(reserved.prefix, f"reserved range {reserved.name}", None, None)


def _unknown(site: Site) -> Iterator[tuple[str | None, str]]:
    """What nobody told of each host that could hold more ranges."""
    if not any(not host.implied for host in site.hosts):
        yield None, "the host: its routes, addresses and networks"
    for host in site.hosts:
        name = _name(host)
        if not host.implied:
            if host.routes is None:
                yield name, "the routes (ip route)"
            if host.interfaces is None:
                yield name, "the addresses (ip address)"
            if not host.networks_listed:
                yield name, "the networks that the engine has (docker network inspect)"
            if host.daemon is None:
                yield name, "the engine's address pools (daemon.json)"
        for network in host.networks:
            if network.subnets_open:
                yield name, f"the subnet of network {network.name}, which a variable decides"
    if not site.reserved:
        yield None, "ranges that no file shows, such as those of other sites (reserved, in netlint.toml)"


def _name(host: Host) -> str | None:
    return host.name if host.name is not None else next((one.files[0] for one in host.projects), None)
