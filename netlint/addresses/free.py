"""Subnets that nobody claims."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator

from netlint.prefix import Prefix

# The order in which to offer private space (RFC 1918) for a Docker network: 172.16/12 first, from which Docker's own
# built-in pools come; 10/8 next, which companies, VPNs and swarm (its default pool) like; 192.168/16 last, as home and
# office LANs, hotspots and consumer routers live there, and a laptop meets them all.
RFC1918 = (Prefix(4, 0xAC100000, 12), Prefix(4, 0x0A000000, 8), Prefix(4, 0xC0A80000, 16))


def free_subnets(taken: Iterable[Prefix], length: int, within: Iterable[Prefix] = RFC1918) -> Iterator[Prefix]:
    """The subnets of `length` bits inside `within` that overlap nothing in `taken` nor each other.

    The ranges of `within` in their order, each from its lowest address on; ranges smaller than `length` have none.
    """
    spans: dict[int, list[tuple[int, int]]] = {4: [], 6: []}
    for prefix in sorted(taken):
        merged = spans[prefix.version]
        if merged and prefix.first <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], prefix.last))
        else:
            merged.append((prefix.first, prefix.last))
    firsts = {version: [first for first, _ in merged] for version, merged in spans.items()}
    for block in within:
        bits = 32 if block.version == 4 else 128
        if not block.length <= length <= bits:
            continue
        merged = spans[block.version]
        size = 1 << (bits - length)
        at = block.first
        while at <= block.last:
            nearest = bisect_right(firsts[block.version], at + size - 1) - 1
            if nearest >= 0 and merged[nearest][1] >= at:
                at = (merged[nearest][1] // size + 1) * size
            else:
                yield Prefix(block.version, at, length)
                at += size
