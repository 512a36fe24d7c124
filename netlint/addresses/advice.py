"""Words that several rules on addresses share: how two ranges lie, and what is free instead."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from netlint.addresses.claims import Claim
from netlint.addresses.free import RFC1918, free_subnets
from netlint.prefix import Prefix

_COMFORTABLE = 24  # bits: 254 containers, for a suggestion in place of a network that took more than it needs


def free_like(prefix: Prefix, claims: Iterable[Claim], count: int = 1) -> list[Prefix]:
    """IPv4 subnets as long as `prefix`, or /24 where it is larger than /16, that nothing in `claims` holds.

    Docker's built-in pools 172.17.0.0/16 to 172.20.0.0/14 are offered last: the engine may take them at any time.
    """
    if prefix.version != 4:
        return []
    length = prefix.length if 16 <= prefix.length <= 29 else _COMFORTABLE
    taken = [claim.prefix for claim in claims]
    return list(islice(free_subnets([*taken, *BUILT_IN], length), count)) or list(
        islice(free_subnets(taken, length, RFC1918), count)
    )


# libnetwork/ipamutils: the local pools of an engine without default-address-pools
BUILT_IN = (Prefix(4, 0xAC110000, 16), Prefix(4, 0xAC120000, 15), Prefix(4, 0xAC140000, 14), Prefix(4, 0xAC180000, 13))


def free_help(prefix: Prefix, claims: Iterable[Claim]) -> str:
    """A help text that proposes another range."""
    free = free_like(prefix, claims)
    return "give the network a range of its own" + (f"; free here: {free[0]}" if free else "")
