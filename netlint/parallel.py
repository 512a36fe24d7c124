"""Rules on several processors: the site is built once; processes that fork off take rules until none is left."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Sequence

from netlint.config import Config
from netlint.finding import Finding
from netlint.model.host import Site
from netlint.rule import Rule

_Check = Callable[[Rule, Site, Config], list[Finding]]


class _Work:
    """What the processes inherit; nothing but findings goes from one to the other."""

    rules: Sequence[Rule] = ()
    site: Site
    config: Config
    check: _Check


def check_in_parallel(
    check: _Check,
    rules: Sequence[Rule],
    site: Site,
    config: Config,
    jobs: int,
    progress: Callable[[str, int, int | None], None],
) -> list[Finding]:
    """The findings of all rules in the order of the rules, by `jobs` processes; by this one where it cannot fork."""
    if "fork" not in multiprocessing.get_all_start_methods():
        return [finding for one in rules for finding in check(one, site, config)]
    _Work.rules, _Work.site, _Work.config, _Work.check = rules, site, config, staticmethod(check)
    found: dict[int, list[Finding]] = {}
    # first those that walk packets: one of the dear ones begun last would leave the other processes without work
    order = sorted(range(len(rules)), key=lambda number: "firewall" not in rules[number].needs)
    with multiprocessing.get_context("fork").Pool(min(jobs, len(rules)) or 1) as pool:
        for number, findings in pool.imap_unordered(_one, order):
            found[number] = findings
            progress("checking", len(found), len(rules))
    return [finding for number in range(len(rules)) for finding in found[number]]


def _one(number: int) -> tuple[int, list[Finding]]:
    return number, _Work.check(_Work.rules[number], _Work.site, _Work.config)
