"""Several listings of one firewall to one ruleset."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from netlint.build.facts import HostFacts
from netlint.model.netfilter import Ruleset, Table
from netlint.parse.tree import Unsupported

# Formats by how much they say, the best first. `hidden` is `iptables -L` without -v; `nft -j` does not tell what the
# extensions of xtables do.
RANKS = {"iptables-save": 0, "iptables-S": 1, "iptables-L": 2, "nft": 3, "nft-json": 4, "hidden": 5}
CONFIGURATION = 6
_LACKING = RANKS["nft-json"]


class Dump(Struct, frozen=True):
    """A ruleset of one file, and what chooses between files. `rank`: lower ones are preferred.

    `unsupported` is what was read and is not modelled, with the table that it is in.
    """

    ruleset: Ruleset
    rank: int
    counted: bool = False
    unsupported: tuple[tuple[str, Unsupported], ...] = ()

    @property
    def order(self) -> tuple[int, int, bool]:
        rules = sum(len(chain.rules) for table in self.ruleset.tables.values() for chain in table.chains.values())
        return self.rank, -rules, not self.counted


def merged(dumps: list[Dump], facts: HostFacts) -> list[Ruleset]:
    """One ruleset for each IP version and back end. What is only configured counts where nothing was listed.

    What is not modelled is told of the listings that were used.
    """
    versions = {dump.ruleset.version for dump in dumps if dump.rank != CONFIGURATION}
    dumps = [dump for dump in dumps if dump.rank != CONFIGURATION or dump.ruleset.version not in versions]
    groups: dict[tuple[int, str | None], list[Dump]] = {}
    for dump in dumps:
        groups.setdefault((dump.ruleset.version, _backend(dump.ruleset, dumps)), []).append(dump)
    return [_one(sorted(group, key=lambda dump: dump.order), facts) for group in groups.values()]


def _one(dumps: list[Dump], facts: HostFacts) -> Ruleset:
    """The best of the dumps of one firewall; the others add the tables that it lacks, or has only a part of."""
    first = dumps[0].ruleset
    tables: dict[str, Table] = {}
    used: dict[str, Dump] = {}
    for dump in dumps:
        for name, table in dump.ruleset.tables.items():
            if name not in tables or (dump.rank < _LACKING and table.complete and not tables[name].complete):
                tables[name], used[name] = table, dump
    told = {item for name, dump in used.items() for table_name, item in dump.unsupported if table_name == name}
    known = {(item.span, item.message) for item in facts.not_understood}
    for item in sorted(told - {Unsupported(*one) for one in known}):
        facts.unsupported(item)
    return replace(
        first,
        tables=tables,
        complete="filter" in tables and all(table.complete for table in tables.values()),
        backend=next((dump.ruleset.backend for dump in dumps if dump.ruleset.backend is not None), None),
        other_backend=next((dump.ruleset.other_backend for dump in dumps if dump.ruleset.other_backend), None),
    )


def _backend(ruleset: Ruleset, dumps: list[Dump]) -> str | None:
    """The back end of a ruleset; of a dump that does not say, the only one that others of its version have."""
    known = {dump.ruleset.backend for dump in dumps if dump.ruleset.version == ruleset.version} - {None}
    return known.pop() if ruleset.backend is None and len(known) == 1 else ruleset.backend
