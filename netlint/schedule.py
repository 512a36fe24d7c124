"""The order in which rules see hosts: of a large site one host after the other, so that few are at hand at a time."""

from __future__ import annotations

import gc
from collections.abc import Callable, Sequence
from functools import partial

from msgspec import Struct

from netlint.finding import Finding
from netlint.model.host import Site
from netlint.rule import Rule
from netlint.source import Span

_MANY = 12  # hosts: of fewer, each rule sees all, and there are parts enough for the processes
_TOGETHER = 4  # hosts to a part

Check = Callable[[Rule, Site], list[Finding]]


class _Part(Struct, frozen=True):
    """Rules, by number, that look at the hosts from `start` to `end` one by one; at all at once where `end` is 0."""

    rules: tuple[int, ...]
    start: int = 0
    end: int = 0


def found_by(
    rules: Sequence[Rule],
    site: Site,
    check: Check,
    jobs: int,
    progress: Callable[[str, int, int | None], None],
) -> list[Finding]:
    """What `check` finds, in the order of the rules and, for each, of the hosts. `jobs` processes do it."""
    # Compose files alone have no firewall to walk and little to hold: each rule sees them all at once
    many = len(site.hosts) >= _MANY and not all(host.compose_alone for host in site.hosts)
    parts = list(_parts(rules, site, many))
    do = partial(_done, rules, site, check, many)
    results: list[list[tuple[int, list[Finding]]]] = [[] for _ in parts]
    if many:
        gc.freeze()  # what is there stays, and none of the collections below goes through it
    if jobs > 1 and len(parts) > 1:
        from netlint.parallel import in_parallel  # noqa: PLC0415 - for large sites only

        for done, (number, result) in enumerate(in_parallel(do, parts, jobs)):
            results[number] = result
            progress("checking", done, len(parts))
    else:
        for number, part in enumerate(parts):
            what = rules[part.rules[0]].slug if part.end == 0 else site.hosts[part.start].name or "hosts"
            progress(f"checking {what}", number, len(parts))
            results[number] = do(part)
    if many:
        gc.unfreeze()
    by_rule: list[dict[tuple[str, Span], Finding]] = [{} for _ in rules]
    for result in results:
        for rule, findings in result:
            for finding in findings:
                by_rule[rule].setdefault((finding.message, finding.at), finding)
    return [finding for findings in by_rule for finding in findings.values()]


def _parts(rules: Sequence[Rule], site: Site, many: bool) -> list[_Part]:
    # first those that walk packets: one of the dear ones begun last would leave the other processes without work
    order = sorted(range(len(rules)), key=lambda number: "firewall" not in rules[number].needs)
    if not many:
        return [_Part((number,)) for number in order]
    alone = tuple(number for number, one in enumerate(rules) if one.each_host)
    starts = range(0, len(site.hosts), _TOGETHER) if alone else ()
    return [
        *(_Part((number,)) for number in order if number not in alone),
        *(_Part(alone, start, min(start + _TOGETHER, len(site.hosts))) for start in starts),
    ]


def _done(rules: Sequence[Rule], site: Site, check: Check, many: bool, part: _Part) -> list[tuple[int, list[Finding]]]:
    """The findings of each rule of a part that found anything, with the rule's number."""
    found: list[tuple[int, list[Finding]]] = []
    for one in [site.only(host) for host in site.hosts[part.start : part.end]] or [site]:
        found += [(number, findings) for number in part.rules if (findings := check(rules[number], one))]
    if many:
        gc.collect()  # walks through a host refer to themselves: megabytes that nobody looks at any more
    return found
