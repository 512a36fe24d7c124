"""`netlint trace`: one packet's way, step by step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import structs

from netlint.dataplane.flow import parse_flow
from netlint.dataplane.journey import Journey, Walker
from netlint.dataplane.packet import Packet
from netlint.dataplane.trip import Trip, plan_trip
from netlint.dataplane.walk import Passage
from netlint.model.host import Site
from netlint.report.json import encode
from netlint.report.terminal import clean
from netlint.source import Source, Span


def trace(site: Site, sources: Mapping[str, Source], text: str, format: str) -> str:
    """The way of the packet that the flow `text` asks about, as "text" or "json"; FlowError where it asks for nothing
    that is there."""
    walker = Walker(site.every)
    trip = plan_trip(walker, parse_flow(text))
    journey = walker.journey(trip.host, trip.packet)
    report = _Report(sources, trip, journey, several=len(site.hosts) > 1)
    return report.json(text) if format == "json" else report.text()


class _Report:
    def __init__(self, sources: Mapping[str, Source], trip: Trip, journey: Journey, *, several: bool) -> None:
        self.sources, self.trip, self.journey = sources, trip, journey
        self.several = several

    def text(self) -> str:
        journey = self.journey
        lines = [f"{self.place(note.span)}: {note.text}" for note in self.trip.notes]
        for index, leg in enumerate(journey.legs):
            if self.several or len(journey.legs) > 1:
                lines += ["", f"on {leg.host.name or 'the host'}"]
            steps = leg.steps
            if journey.relay is not None and index == len(journey.legs) - 1:
                steps = (journey.relay.step, *steps)
            lines += self.steps(steps)
        if journey.answer:
            lines += ["", "the answer"]
            lines += self.steps(tuple(step for leg in journey.answer for step in leg.steps))
        if journey.doubts:
            lines += ["", "not certain"]
            lines += self.steps(journey.doubts)
        lines += ["", self.verdict(), *self.answer()]
        return "\n".join(clean(line) for line in lines).lstrip("\n") + "\n"

    def steps(self, steps: tuple[Passage, ...]) -> Iterator[str]:
        width = max((len(self.place(step.span)) for step in steps), default=0)
        for step in steps:
            yield f"  {self.place(step.span):<{width}}  {step.text}"

    def verdict(self) -> str:
        """The last line but that of the answer: the verdict and the tuple as it arrives."""
        journey, last = self.journey, self.journey.last
        sure = "" if journey.certain else ", if nothing above decides otherwise"
        if not journey.accepted:
            at = last.decided or last.steps[-1].span
            return f"{journey.verdict} by {self.place(at)}: {_ends(journey.arrives)}{sure}"
        arrives = _ends(journey.arrives)
        if last.delivered:
            where = f"delivered to {last.host.name or 'the host'} as {arrives}"
        else:
            where = f"leaves {last.left.out_interface} as {arrives}"
        rewritten = self.rewritten()
        return f"accepted, {where}{f' ({rewritten})' if rewritten else ''}{sure}"

    def rewritten(self) -> str:
        parts = []
        for name, rule in (("source", self.journey.source_rule), ("destination", self.journey.destination_rule)):
            if rule is not None:
                parts.append(f"{name} rewritten by {self.place(rule.span)}")
        if self.journey.relay is not None:
            parts.append("by docker-proxy, whose address is the source")
        chosen = [leg.chosen for leg in self.journey.legs if leg.chosen]
        return ", ".join([*parts, *(f"the kernel chooses {one}" for one in chosen)])

    def answer(self) -> Iterator[str]:
        journey = self.journey
        if not journey.answer_text:
            return
        at = f" ({self.place(journey.answer_at)})" if journey.answer_at is not None else ""
        yield journey.answer_text + at + ("" if journey.answered is not None else ", if nothing decides otherwise")

    def place(self, span: Span) -> str:
        source = self.sources.get(span.source)
        return f"{span.source}:{source.position(span.start).line}" if source is not None else span.source

    def json(self, text: str) -> str:
        journey = self.journey
        return encode(
            {
                "version": 1,
                "flow": text,
                "host": self.trip.host.name,
                "packet": _packet(journey.packet),
                "notes": [self.step(note) for note in self.trip.notes],
                "verdict": journey.verdict,
                "certain": journey.certain,
                "reached": self.trip.reaches(journey),
                "keeps_source": journey.keeps_source,
                "delivered": journey.last.delivered,
                "arrives": _packet(journey.arrives),
                "steps": [self.step(step) for step in journey.steps],
                "doubts": [self.step(step) for step in journey.doubts],
                "answer": {
                    "comes_back": journey.answered,
                    "text": journey.answer_text,
                    "steps": [self.step(step) for leg in journey.answer for step in leg.steps],
                }
                if journey.answer_text
                else None,
                "summary": self.verdict(),
            }
        )

    def step(self, step: Passage) -> dict[str, Any]:
        source = self.sources.get(step.span.source)
        if source is None:
            return {"file": step.span.source, "start": None, "end": None, "text": step.text}
        start, end = source.position(step.span.start), source.position(step.span.end)
        return {"file": step.span.source, "start": structs.asdict(start), "end": structs.asdict(end), "text": step.text}


def _ends(packet: Packet) -> str:
    """`10.0.0.1:40000 > 10.0.0.2:80`."""
    return str(packet).partition(" ")[2]


def _packet(packet: Packet) -> dict[str, Any]:
    return {
        "protocol": packet.protocol,
        "source": str(packet.source),
        "source_port": packet.source_port,
        "destination": str(packet.destination),
        "destination_port": packet.destination_port,
        "in_interface": packet.in_interface,
        "out_interface": packet.out_interface,
    }
