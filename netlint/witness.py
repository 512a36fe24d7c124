"""Ways of packets as the witnesses of findings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netlint.finding import Step, Witness

if TYPE_CHECKING:
    from collections.abc import Iterable

    from netlint.dataplane.journey import Journey
    from netlint.dataplane.leg import Leg
    from netlint.dataplane.unreached import Unreached
    from netlint.dataplane.walk import Passage


def journey_witness(journey: Journey, *, answer: bool = False) -> Witness:
    """The packet and its steps, with those of its answer where that is asked for or does not come back."""
    steps = list(journey.steps)
    if answer or journey.answered is False:
        steps += [step for leg in journey.answer for step in leg.steps]
    return Witness(packet=str(journey.packet), steps=_steps(steps))


def leg_witness(leg: Leg) -> Witness:
    return Witness(packet=str(leg.entered), steps=_steps(leg.steps))


def unreached_witness(unreached: Unreached) -> Witness | None:
    """A packet that a rule is for, and its way to the rule that takes it."""
    if unreached.packet is None:
        return None
    return Witness(packet=str(unreached.packet), steps=_steps(unreached.steps))


def _steps(passages: Iterable[Passage]) -> tuple[Step, ...]:
    """All but those that led nowhere."""
    return tuple(Step(passage.span, passage.text) for passage in passages if not passage.idle)
