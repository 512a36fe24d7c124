"""Whether what the configuration expects of flows holds."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from netlint.dataplane.journey import Journey, Walker
from netlint.model.given import Expectation
from netlint.model.host import Site


class Checked(Struct, frozen=True):
    """An expectation and what became of its packet. `error` says why there is no packet: the flow names what is not
    there. `holds` is what the journey shows, sure where the journey is certain; `came` says in words what it shows."""

    expectation: Expectation
    journey: Journey | None
    holds: bool
    came: str = ""
    error: str = ""


def checked(site: Site) -> Iterator[Checked]:
    """Every expectation of the configuration, checked."""
    if not site.expectations:
        return
    from netlint.dataplane.flow import FlowError, parse_flow  # noqa: PLC0415 - loads lark
    from netlint.dataplane.trip import plan_trip  # noqa: PLC0415

    walker = Walker(site.every)
    for one in site.expectations:
        try:
            trip = plan_trip(walker, parse_flow(one.flow), one.host)
        except FlowError as error:
            yield Checked(one, None, False, error=str(error).rpartition("^ ")[2])
            continue
        journey = walker.journey(trip.host, trip.packet)
        reached = trip.reaches(journey)
        holds, came = _judged(one.verdict, journey, reached)
        yield Checked(one, journey, holds, came)


def _judged(verdict: str, journey: Journey, reached: bool) -> tuple[bool, str]:
    if verdict == "drop":
        return not reached, "arrives" if reached else ""
    if not journey.accepted:
        return False, f"is {journey.verdict}"
    if not reached:
        return False, f"ends at {journey.arrives.destination}"
    if verdict == "keeps-source":
        return journey.keeps_source, f"arrives from {journey.arrives.source}"
    return journey.answered is not False, "arrives, but its answer does not come back"
