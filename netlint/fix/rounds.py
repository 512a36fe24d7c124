"""Fixes applied in rounds, in memory: what does not hold its promise is undone and said."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct, structs

from netlint.config import Config
from netlint.discover import Discovery
from netlint.engine import check
from netlint.finding import Confidence, Edit, Finding, Fix, Severity
from netlint.fix.layout import UnfitError
from netlint.fix.resolve import TREES, apart, applied, editable, place
from netlint.fix.verify import changed
from netlint.rule import Rule
from netlint.run import FileCoverage, Run
from netlint.source import Source, Span

_ROUNDS = 100  # each accepts at least one fix, and most accept nearly all that are left
_BATCH = 500  # fixes that are tried at once


class Applied(Struct, frozen=True):
    """A fix that was made, and where its finding stood in the file as it was then; `line` and `column` from 1."""

    finding: Finding
    fix: Fix
    line: int
    column: int


class Left(Struct, frozen=True):
    """A finding that stays, and why nothing was done; `reason` is empty where its rule offers no fix."""

    finding: Finding
    reason: str


class Repair(Struct, frozen=True, kw_only=True):
    """What came of it. `before` and `after` hold each changed file by its path; `run` is that of the changed files."""

    before: Mapping[str, Source]
    after: Mapping[str, str]
    applied: tuple[Applied, ...]
    left: tuple[Left, ...]
    run: Run


class Wanted(Struct, frozen=True, kw_only=True):
    """Which findings to repair: of the rules that `rule` names (all where it is empty), as severe and sure as that, and
    whether with fixes that may change what works."""

    rules: frozenset[str] = frozenset()
    severity: Severity = Severity.NOTE
    confidence: Confidence = Confidence.MEDIUM
    unsafe: bool = False

    def shows(self, finding: Finding) -> bool:
        return (
            finding.suppressed is None
            and (finding.severity or Severity.NOTE) >= self.severity
            and (finding.confidence or Confidence.HIGH) >= self.confidence
        )

    def covers(self, finding: Finding) -> bool:
        return self.shows(finding) and (not self.rules or finding.code in self.rules)

    def fixes(self, finding: Finding) -> list[Fix]:
        return [fix for fix in finding.fixes if fix.edits and (fix.safe or self.unsafe)]


def repair(discovery: Discovery, rules: Sequence[Rule], config: Config, wanted: Wanted) -> Repair:
    """Make the fixes of what is wanted, as many as hold: each is accepted only if its finding goes, none comes, and the
    content of its file changes by what it says and nothing else."""
    return _Workshop(discovery, rules, config, wanted).repair()


class _Workshop:
    def __init__(self, discovery: Discovery, rules: Sequence[Rule], config: Config, wanted: Wanted) -> None:
        self.discovery = discovery
        self.rules = rules
        self.config = config
        self.wanted = wanted
        self.formats = editable(discovery.inputs)
        self.run = check(discovery, rules, config)
        self.first = {item.source.path: item.source.whole for item in discovery.inputs}
        self.applied: list[Applied] = []
        self.refused: dict[tuple[str, str], str] = {}  # by fingerprint and title: why

    def repair(self) -> Repair:
        for _ in range(_ROUNDS):
            batch = self.batch()
            if not batch or not self.attempt(batch):
                break
        after = {path: source.text for path, source in self.run.sources.items() if source.text != self.first[path].text}
        return Repair(
            before={path: self.first[path] for path in after},
            after=after,
            applied=tuple(self.applied),
            left=tuple(
                Left(finding, self.reason(finding)) for finding in self.run.findings if self.wanted.covers(finding)
            ),
            run=self.run,
        )

    def batch(self) -> list[tuple[Finding, Fix]]:
        """A fix for each finding that has one, as far as they leave each other alone; the others wait for a round."""
        chosen: list[tuple[Finding, Fix]] = []
        taken: dict[str, list[Edit]] = {}
        same: set[tuple[Edit, ...]] = set()
        for finding in self.run.findings:
            if len(chosen) == _BATCH:
                break
            for fix in self.wanted.fixes(finding) if self.wanted.covers(finding) else ():
                if (finding.fingerprint, fix.title) in self.refused:
                    continue
                if fix.edits in same or _fits(fix, taken):
                    if fix.edits not in same:
                        chosen.append((finding, fix))
                        same.add(fix.edits)
                        for edit in fix.edits:
                            taken.setdefault(edit.span.source, []).append(edit)
                    break
        return chosen

    def attempt(self, batch: list[tuple[Finding, Fix]]) -> bool:
        """Make the fixes of the batch, or of a part of it that holds; False where none does."""
        reason = self.accept(batch)
        if reason is None:
            return True
        if len(batch) == 1:
            finding, fix = batch[0]
            self.refused[finding.fingerprint, fix.title] = reason
            return False
        middle = len(batch) // 2
        return self.attempt(batch[:middle]) or self.attempt(batch[middle:])

    def accept(self, batch: list[tuple[Finding, Fix]]) -> str | None:
        """Make all fixes of the batch, or say why not."""
        sources = self.run.sources
        edits: dict[str, list[Edit]] = {}
        for _, fix in batch:
            for edit in fix.edits:
                edits.setdefault(edit.span.source, []).append(edit)
        texts = {}
        for path, some in edits.items():
            some.sort(key=lambda edit: (edit.span.start, edit.span.end))
            texts[path] = applied(sources[path].text, some)
            if self.formats[path] in TREES:
                own = [fix for _, fix in batch if any(edit.span.source == path for edit in fix.edits)]
                try:
                    changed(sources[path], texts[path], self.formats[path], _of_file(own, path))
                except UnfitError as error:
                    return str(error)
        inputs = [
            structs.replace(item, source=Source(item.source.path, texts[item.source.path]))
            if item.source.path in texts
            else item
            for item in self.discovery.inputs
        ]
        discovery = structs.replace(self.discovery, inputs=inputs)
        run = check(discovery, self.rules, self.config)
        reason = self.compared(run, batch, edits)
        if reason is not None:
            return reason
        for finding, fix in batch:
            position = sources[finding.at.source].position(finding.at.start)
            self.applied.append(Applied(finding, fix, position.line, position.column))
        self.discovery, self.run = discovery, run
        return None

    def compared(self, run: Run, batch: list[tuple[Finding, Fix]], edits: Mapping[str, Sequence[Edit]]) -> str | None:
        """What is wrong with the findings after the change: None where those of the batch went and none came."""
        before_it = {file.path: file for file in self.run.coverage.files}
        for file in run.coverage.files:
            was = before_it.get(file.path)
            if file.path in edits and was is not None and _is_worse(file, was):
                return f"{file.path} could not be read as before"
        old = [finding for finding in self.run.findings if self.wanted.shows(finding)]
        new = [finding for finding in run.findings if self.wanted.shows(finding)]
        same = Counter(map(_fact, old)) & Counter(map(_fact, new))
        old, new = _without(old, same), _without(new, same)
        lines: dict[tuple[object, ...], list[Finding]] = {}
        for finding in old:
            span = _moved(finding.at, edits.get(finding.at.source, ()))
            line = run.sources[span.source].position(span.start).line
            lines.setdefault((finding.code, finding.host, span.source, line), []).append(finding)
        for finding in new:
            source = run.sources[finding.at.source]
            line = source.position(finding.at.start).line
            before = lines.get((finding.code, finding.host, finding.at.source, line))
            if not before or (before[0].severity or 0) < (finding.severity or 0):
                return f"it would bring {finding.code} {finding.rule}: {finding.message}"
            before.pop(0)
        gone = {finding.fingerprint for left in lines.values() for finding in left}
        stays = next((finding for finding, _ in batch if finding.fingerprint not in gone), None)
        return f"{stays.rule} would still hold" if stays is not None else None

    def reason(self, finding: Finding) -> str:
        """Why a finding that is left was not repaired."""
        reasons = [
            self.refused[finding.fingerprint, fix.title]
            for fix in finding.fixes
            if (finding.fingerprint, fix.title) in self.refused
        ]
        if reasons:
            return f"the fix was tried and undone: {reasons[0]}"
        unsafe = next((fix for fix in finding.fixes if not fix.safe), None)
        if unsafe is not None and not self.wanted.unsafe:
            return f"its fix may change what works (--unsafe): {unsafe.title}"
        return ""


def _fits(fix: Fix, taken: Mapping[str, Sequence[Edit]]) -> bool:
    """Whether the edits of a fix leave those alone that are taken; two insertions at one place do not."""
    for edit in fix.edits:
        for other in taken.get(edit.span.source, ()):
            touch = edit.span.start == other.span.start
            if touch or (edit.span.start < other.span.end and other.span.start < edit.span.end):
                return False
    return apart(fix.edits)


def _of_file(fixes: Iterable[Fix], path: str) -> list[Fix]:
    """The fixes with the changes alone that are in the file."""
    return [
        structs.replace(fix, changes=tuple(change for change in fix.changes if place(change) == path)) for fix in fixes
    ]


def _is_worse(file: FileCoverage, was: FileCoverage) -> bool:
    """Whether less of the file was read than before."""
    order = ("unread", "partial", "read")
    return order.index(file.status) < order.index(was.status) or file.problems > was.problems


def _fact(finding: Finding) -> tuple[object, ...]:
    return (finding.code, finding.host, finding.at.source, finding.severity, finding.message)


def _without(findings: Iterable[Finding], same: Counter[tuple[object, ...]]) -> list[Finding]:
    """The findings but for as many of each fact as `same` counts."""
    rest = same.copy()
    found = []
    for finding in findings:
        fact = _fact(finding)
        if rest[fact]:
            rest[fact] -= 1
        else:
            found.append(finding)
    return found


def _moved(span: Span, edits: Sequence[Edit]) -> Span:
    """Where what stood at `span` begins after the edits, which are in order."""
    shift = 0
    for edit in edits:
        if edit.span.end <= span.start:
            shift += len(edit.text) - (edit.span.end - edit.span.start)
        elif edit.span.start < span.start:
            return Span(span.source, edit.span.start + shift, edit.span.start + shift)
    return Span(span.source, span.start + shift, span.start + shift)
