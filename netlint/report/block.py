"""The block of one finding, with the lines of the files that show it."""

from __future__ import annotations

from collections.abc import Iterator

from netlint.finding import Confidence, Finding, Severity, Witness
from netlint.report.excerpt import blocks, draw, last_line
from netlint.report.marks import Mark
from netlint.report.terminal import Paint, clean, fill, width
from netlint.run import Run
from netlint.source import Span

_RELATED = 8  # related places and steps that are shown; --verbose shows all


def finding_lines(
    run: Run, finding: Finding, paint: Paint, *, verbose: bool = False, columns: int = 100
) -> Iterator[str]:
    """The block of one finding: what is wrong, the lines of the files that show it, the cure and the witness."""
    return _Block(run, finding, paint, verbose, columns).lines()


class _Block:
    """One finding."""

    def __init__(self, run: Run, finding: Finding, paint: Paint, verbose: bool, columns: int) -> None:
        self.run = run
        self.finding = finding
        self.paint = paint
        self.verbose = verbose
        self.columns = columns
        self.level = str(finding.severity or Severity.NOTE)
        related = finding.related if verbose else finding.related[:_RELATED]
        self.left_out = len(finding.related) - len(related)
        marks = [Mark(finding.at, clean(finding.label), primary=True)]
        marks += [Mark(label.span, clean(label.text)) for label in related]
        self.blocks = blocks(marks, run.sources, columns)
        self.digits = len(str(last_line(self.blocks)))

    def lines(self) -> Iterator[str]:
        finding, paint = self.finding, self.paint
        heading = paint(self.level, f"{self.level}[{finding.code}]")
        yield f"{heading} {paint('bold', f'{finding.rule}: {clean(finding.message)}')}"
        for number, block in enumerate(self.blocks):
            arrow = paint("frame", " " * (self.digits + 1) + (":::" if number else "-->"))
            at = clean(f"{block.source.path}:{block.head.first}:{block.head.start}")
            yield f"{arrow} {paint.link(self.run.root, block.source.path, at)}"
            yield from draw(block, self.digits, self.columns, self.level, paint)
        if self.left_out:
            yield from self.entry("note", f"{self.left_out} more places (--verbose shows them)")
        if finding.help:
            yield from self.entry("help", finding.help)
        for fix in finding.fixes:
            yield from self.entry("fix", fix.title)
        if finding.witness is not None:
            yield from self.entry("witness", finding.witness.packet)
            yield from self.steps(finding.witness)
        if self.verbose:
            if finding.confidence is not None and finding.confidence < Confidence.HIGH:
                yield from self.entry("confidence", str(finding.confidence))
            if finding.host is not None:
                yield from self.entry("host", finding.host)

    def entry(self, name: str, text: str) -> Iterator[str]:
        """`= name: text`, broken into lines under each other."""
        indent = " " * (self.digits + 2)
        head = f"= {name}: "
        first, *more = fill(clean(text), self.columns - len(indent) - len(head))
        yield f"{indent}{self.paint('frame', '=')} {self.paint('bold', f'{name}:')} {first}"
        for line in more:
            yield indent + " " * len(head) + line

    def steps(self, witness: Witness) -> Iterator[str]:
        steps = witness.steps if self.verbose else witness.steps[: _RELATED + 1]
        indent = " " * (self.digits + 4)
        places = [self.at(step.span) for step in steps]
        column = max(width(place) for place in places) if places else 0
        number = len(str(len(steps)))
        for index, (step, place) in enumerate(zip(steps, places, strict=True), start=1):
            head = f"{index:>{number}}. "
            # A place too long for a column of its own stands above its step.
            beside = column <= self.columns // 3
            room = self.columns - len(indent) - len(head) - (column + 2 if beside else 0)
            first, *more = fill(clean(step.text), room)
            hanging = indent + " " * (len(head) + (column + 2 if beside else 0))
            padding = " " * (column - width(place) + 2) if beside else "\n" + hanging
            yield f"{indent}{head}{self.paint('frame', place)}{padding}{first}"
            for line in more:
                yield hanging + line
        if len(steps) < len(witness.steps):
            yield f"{indent}and {len(witness.steps) - len(steps)} more steps (--verbose shows them)"

    def at(self, span: Span) -> str:
        return clean(f"{span.source}:{self.run.sources[span.source].position(span.start).line}")
