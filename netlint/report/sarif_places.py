"""Places in files as SARIF has them, and the files that they are in."""

from __future__ import annotations

import os
from urllib.parse import quote

import sarif_om as om
from msgspec import Struct

from netlint.finding import Label
from netlint.report.paths import Paths
from netlint.report.sarif_objects import sentence
from netlint.report.secrets import masked
from netlint.run import Run
from netlint.source import Source, Span

ROOT = "%SRCROOT%"
REDACTED = "[redacted]"
_SNIPPET = 400  # characters; a longer quotation helps nobody and makes the upload large
_LINES = 2000  # of a file whose marked lines are embedded


class _Lines(Struct, frozen=True):
    """The lines of a span: numbers of the first and the last, offset of their begin, their text without the last line
    end, and what may be shown of it."""

    first: int
    last: int
    start: int
    text: str
    shown: str


class Places:
    """Makes locations. A file gets its entry in `artifacts()` with the first of them that lies in it."""

    def __init__(self, run: Run, checkout: str | None) -> None:
        self.run = run
        self.paths = Paths(run, checkout)
        self.root = self.paths.root
        self.indexes: dict[str, int] = {}
        self.marked: dict[str, set[int]] = {}

    def artifact(self, path: str) -> om.ArtifactLocation:
        """A file below the root relative to it, another one (`../x`) by its absolute name."""
        return self._uri(path, self.indexes.get(path, -1))

    def _uri(self, path: str, index: int = -1) -> om.ArtifactLocation:
        inner = self.paths.of(path)
        if inner.startswith("/"):
            return om.ArtifactLocation(uri="file://" + _quoted(inner), index=index)
        return om.ArtifactLocation(uri=_quoted(inner), uri_base_id=ROOT, index=index)

    def artifacts(self) -> list[om.Artifact]:
        """The files that locations lie in. Their contents are the lines that something marks, the others redacted:
        enough to follow a result where the files are not, as with the dump of a server."""
        found = []
        for path in self.indexes:
            contents = self._contents(self.run.sources[path], self.marked[path])
            found.append(
                om.Artifact(
                    location=self._uri(path),
                    roles=["analysisTarget"],
                    contents=None if contents is None else om.ArtifactContent(text=contents),
                )
            )
        return found

    def _contents(self, source: Source, marked: set[int]) -> str | None:
        """The text with unmarked lines redacted, up to the last marked one; None where that is too much."""
        last = max(marked)
        if last > _LINES:
            return None
        lines = []
        for number in range(1, last + 1):
            line = source.line(number)
            show = number in marked and len(line) <= _SNIPPET and masked(line) == line
            lines.append(line if show or not line.strip() else REDACTED)
        return "\n".join(lines) + "\n"

    def name(self, span: Span) -> str:
        return f"{span.source}:{self.run.sources[span.source].position(span.start).line}"

    def location(self, label: Label, number: int = -1) -> om.Location:
        return om.Location(
            id=number, physical_location=self.place(label.span), message=sentence(label.text) if label.text else None
        )

    def place(self, span: Span) -> om.PhysicalLocation:
        """The place with its text and what is around it, unless that is long; a secret is redacted."""
        source = self.run.sources[span.source]
        self.indexes.setdefault(span.source, len(self.indexes))
        lines = self._lines(source, span)
        self.marked.setdefault(span.source, set()).update(range(lines.first, min(lines.last, _LINES + 1) + 1))
        around = self._around(source, span, lines)
        region, context = self.region(span), None if around is None else self.region(around)
        if span.end - span.start <= _SNIPPET:
            region.snippet = self._snippet(source, span, lines)
            if context is not None and around is not None:
                context.snippet = self._snippet(source, around, lines)
        return om.PhysicalLocation(artifact_location=self.artifact(span.source), region=region, context_region=context)

    @staticmethod
    def _lines(source: Source, span: Span) -> _Lines:
        first, last = (source.position(at).line for at in (span.start, max(span.start, span.end - 1)))
        starts = source.line_starts
        end = starts[last] if last < len(starts) else len(source.text)
        text = source.text[starts[first - 1] : end].rstrip("\r\n")
        return _Lines(first, last, starts[first - 1], text, masked(text))

    @staticmethod
    def _snippet(source: Source, span: Span, lines: _Lines) -> om.ArtifactContent:
        start, end = (max(0, offset - lines.start) for offset in (span.start, span.end))
        secret = lines.shown[start:end] != lines.text[start:end]
        return om.ArtifactContent(text=REDACTED if secret else source.slice(span))

    @staticmethod
    def _around(source: Source, span: Span, lines: _Lines) -> Span | None:
        """The lines that a span lies in, or the part around it where they are long. Where the span is whole lines, a
        line end is what there is more; None where it is the whole file."""
        first, last = lines.start, max(lines.start + len(lines.text), span.end)
        if last - first > _SNIPPET:
            first, last = max(first, span.start - _SNIPPET // 4), min(last, span.end + _SNIPPET // 4)
        if (first, last) == (span.start, span.end):
            if source.text.startswith(("\n", "\r"), last):
                last += 2 if source.text.startswith("\r\n", last) else 1
            elif first > 0:
                first -= 2 if source.text.startswith("\r\n", first - 2) else 1
            else:
                return None
        return Span(span.source, first, last)

    def region(self, span: Span) -> om.Region:
        source = self.run.sources[span.source]
        start, end = source.position(span.start), source.position(span.end)
        return om.Region(start_line=start.line, start_column=start.column, end_line=end.line, end_column=end.column)


def _quoted(path: str) -> str:
    return quote(os.fsencode(path), safe="/")
