"""`netlint fix`: makes the fixes that rules offer, or shows them."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Iterator, Sequence

from netlint.config import Config, severity
from netlint.discover import Discovery
from netlint.finding import Confidence
from netlint.fix.plain import differences, whole
from netlint.fix.resolve import TREES, editable
from netlint.fix.rounds import Repair, Wanted, repair
from netlint.fix.trees import parsed
from netlint.fix.write import WriteError, target, write
from netlint.guard.texts import guarded, masked_text
from netlint.guard.trees import shows
from netlint.report.diff import diff
from netlint.report.secrets import masked
from netlint.report.terminal import clean
from netlint.rule import Rule, select
from netlint.run import Run
from netlint.source import Source


def fix(discovery: Discovery, rules: Sequence[Rule], config: Config, arguments: Namespace) -> tuple[Run, bool]:
    """Repair what `arguments` ask for, write or show it, and say what was done. The run is that of the changed texts;
    True: something was not written that could be changed."""
    chosen = [part.strip() for part in (arguments.select or "").split(",") if part.strip()]
    wanted = Wanted(
        rules=frozenset(one.code for one in select(rules, chosen)) if chosen else frozenset(),
        severity=severity(arguments.severity),
        confidence=Confidence[arguments.confidence.upper()],
        unsafe=arguments.unsafe,
    )
    result = repair(discovery, rules, config, wanted)
    stdin = {
        name for name in discovery.named if "-" in arguments.paths and name == (arguments.stdin_filename or "stdin")
    }
    unwritten: dict[str, str] = {}
    formats = editable(discovery.inputs)
    for path, after in result.after.items():
        if arguments.diff:
            _show(result, path, formats[path])
        elif path not in stdin:
            try:
                write(target(discovery.root, path), result.before[path].text, after)
            except WriteError as error:
                unwritten[path] = str(error)
                _show(result, path, formats[path])
    piped = stdin and not arguments.diff
    for name in stdin if piped else ():
        source = result.run.sources.get(name)
        if source is not None:
            sys.stdout.write(source.text)
    stream = sys.stderr if arguments.diff or piped or unwritten else sys.stdout
    for line in _report(result, formats, arguments.diff, unwritten):
        print(line, file=stream)
    return result.run, bool(result.after) if arguments.diff else bool(unwritten)


def _show(result: Repair, path: str, format: str) -> None:
    before, after = result.before[path], Source(path, result.after[path])
    quoted = (masked_text(source.text, guarded(source, format)) for source in (before, after))
    shown = diff(path, before.text, after.text, *quoted)
    sys.stdout.write(shown.text)
    if shown.hidden:
        print(f"netlint: {clean(path)}: a changed line holds a secret, which the diff does not show", file=sys.stderr)


def _report(result: Repair, formats: dict[str, str], only_shown: bool, unwritten: dict[str, str]) -> Iterator[str]:
    for path, after in result.after.items():
        verb = "would change" if only_shown else "not written" if path in unwritten else "changed"
        yield f"{verb} {clean(path)}" + (f": {unwritten[path]}" if path in unwritten else "")
        for one in result.applied:
            if any(edit.span.source == path for edit in one.fix.edits):
                at = f"{clean(one.finding.at.source)}:{one.line}:{one.column}"
                yield f"  {one.finding.code} {one.finding.rule} at {at}: {clean(one.fix.title)}"
        if formats[path] in TREES:
            before, now = (
                whole(parsed(source, formats[path])[0]) for source in (result.before[path], Source(path, after))
            )
            for place, old, new in differences(before, now):
                yield f"    {clean(_difference(place, old, new, formats[path]))}"
    for left in result.left:
        position = result.run.sources[left.finding.at.source].position(left.finding.at.start)
        at = f"{left.finding.at.source}:{position.line}:{position.column}"
        reason = left.reason or "no fix: " + (left.finding.help or "see netlint explain")
        yield f"left {left.finding.code} {left.finding.rule} at {clean(at)}: {clean(reason)}"
    yield _totals(result, only_shown or len(unwritten) == len(result.after) > 0)


def _difference(place: str, old: str | None, new: str | None, format: str) -> str:
    if not shows(place, format):
        old, new = (None if value is None else "…" for value in (old, new))
    if old is None:
        return f"+ {masked(f'{place}: {new}')}"
    shown = masked(f"{place}: {old}")
    if new is None:
        return f"- {shown}"
    return f"{shown} -> {masked(f'{place}: {new}')[len(place) + 2 :]}"


def _totals(result: Repair, only_shown: bool) -> str:
    verb = "would fix" if only_shown else "fixed"
    files = f" in {len(result.after)} file{'s' if len(result.after) > 1 else ''}" if result.after else ""
    count = len(result.applied)
    if not count and not result.left:
        return "nothing to fix"
    text = f"{verb} {count} finding{'s' if count != 1 else ''}{files}"
    if result.left:
        offered = sum("--unsafe" in left.reason for left in result.left)
        text += f"; {len(result.left)} left"
        text += f", {offered} of them with a fix that may change what works (--unsafe)" if offered else ""
    return text
