"""`netlint plan`: subnets for new networks that nothing in the input claims."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from netlint.addresses.proposal import Proposal, Taken, propose
from netlint.model.host import Site
from netlint.prefix import Prefix, parse_prefix
from netlint.report.json import encode
from netlint.report.terminal import clean, table
from netlint.source import Source

_ROWS = 40  # ranges that the text lists; a host may have a million routes
MOST = 100_000


class PlanError(Exception):
    """A plan that asks for nothing that can be."""


def plan(
    site: Site, sources: Mapping[str, Source], *, length: int, count: int, within: tuple[str, ...], format: str
) -> tuple[str, bool]:
    """The proposal as "text" or "json", and whether there are as many subnets as were asked for."""
    proposal = propose(site, length, count, _ranges(length, count, within))
    report = _Report(proposal, sources, length, count)
    text = report.json() if format == "json" else "\n".join(report.lines()) + "\n"
    return text, len(proposal.subnets) == count


def _ranges(length: int, count: int, within: tuple[str, ...]) -> list[Prefix]:
    if not 1 <= count <= MOST:
        raise PlanError(f"--count: {count} is not between 1 and {MOST}")
    ranges = []
    for text in within:
        prefix = parse_prefix(text)
        if prefix is None or "/" not in text:
            raise PlanError(f"--from: '{text}' is no range such as 10.20.0.0/16 or fd12:3456:789a::/48")
        if not prefix.length <= length:
            raise PlanError(f"--prefix: a /{length} does not fit into {prefix}")
        ranges.append(prefix)
    most = 128 if not ranges or any(one.version == 6 for one in ranges) else 32
    if not 1 <= length <= most:
        raise PlanError(f"--prefix: {length} is not between 1 and {most}")
    return ranges


class _Report:
    def __init__(self, proposal: Proposal, sources: Mapping[str, Source], length: int, count: int) -> None:
        self.proposal = proposal
        self.sources = sources
        self.length = length
        self.count = count

    def lines(self) -> Iterator[str]:
        subnets, taken, unknown = self.proposal
        yield from map(str, subnets)
        if len(subnets) < self.count:
            found = (
                f"only {len(subnets)} of {self.count} /{self.length} subnets are"
                if subnets
                else f"no /{self.length} subnet is"
            )
            yield f"{found} free"
        yield ""
        yield f"kept clear of {len(taken)} range{'s' if len(taken) != 1 else ''}"
        rows = sorted(taken, key=lambda one: (one.prefix, one.what))
        yield from table([self.row(one) for one in rows[:_ROWS]], indent="  ")
        if len(rows) > _ROWS:
            yield f"  and {len(rows) - _ROWS} more (--format json lists all)"
        if unknown:
            yield ""
            yield "not known"
            yield from ("  " + clean(f"{host}: {what}" if host else what) for host, what in unknown)

    def row(self, one: Taken) -> tuple[str, str, str]:
        at = self.at(one)
        where = f"{at[0]}:{at[1]}" if at is not None else "netlint.toml" if "reserved" in one.what else ""
        return str(one.prefix), clean(one.what), clean(where)

    def at(self, one: Taken) -> tuple[str, int] | None:
        source = self.sources.get(one.span.source) if one.span is not None else None
        return None if source is None or one.span is None else (source.path, source.position(one.span.start).line)

    def json(self) -> str:
        subnets, taken, unknown = self.proposal
        kept = []
        for one in taken:
            at = self.at(one)
            place = {"file": at[0], "line": at[1]} if at is not None else {"file": None, "line": None}
            kept.append({"prefix": str(one.prefix), "what": one.what, "host": one.host, **place})
        return encode(
            {
                "version": 1,
                "prefix": self.length,
                "asked": self.count,
                "subnets": [str(subnet) for subnet in subnets],
                "kept_clear_of": kept,
                "not_known": [{"host": host, "what": what} for host, what in unknown],
            }
        )
