"""What a run found in total, what it read, what it did not read and what it could not check."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from netlint.finding import Severity
from netlint.formats import FORMATS
from netlint.report.terminal import Paint, clean, fill, table
from netlint.run import FileCoverage, NotChecked, Run

_NAMES = 3  # files, hosts and rules that are named before the rest is counted; --verbose names all


def totals(run: Run, paint: Paint) -> str:
    """One line: how many findings there are of each severity, or what was read without finding one."""
    counts = Counter(finding.severity for finding in run.findings if finding.suppressed is None)
    kinds = [finding.suppressed.kind for finding in run.findings if finding.suppressed is not None]
    accepted = kinds.count("baseline")
    parts = [
        paint(str(severity), f"{counts[severity]} {severity}{'s' if counts[severity] > 1 else ''}")
        for severity in sorted(Severity, reverse=True)
        if counts[severity]
    ]
    left_out = [f"{len(kinds) - accepted} suppressed"] if len(kinds) > accepted else []
    left_out += [f"{accepted} in the baseline"] if accepted else []
    left_out += [f"{run.below} below the severity or confidence asked for"] if run.below else []
    suppressed = f" ({', '.join(left_out)})" if left_out else ""
    if parts:
        return f"found {listed(parts)}{suppressed}"
    read = [file for file in run.coverage.files if file.status != "unread"]
    if not read:
        return "nothing was read, so nothing was checked"
    gaps = len(read) < len(run.coverage.files) or any(file.status == "partial" for file in read)
    what = "what was read: " if gaps or run.coverage.not_checked else ""
    return f"{paint('good', 'no problems found')} in {what}{files(read)}{suppressed}"


def coverage(run: Run, verbose: bool, columns: int, paint: Paint) -> Iterator[str]:
    """What was read, what not, and what could not be checked for want of what."""
    read = [file for file in run.coverage.files if file.status != "unread"]
    unread = [file for file in run.coverage.files if file.status == "unread"]
    partial = [file for file in read if file.status == "partial"]
    found = any(finding.suppressed is None for finding in run.findings)
    if verbose:
        yield from _every_file(run.coverage.files)
        if run.coverage.ignored:
            yield f"{paint('bold', 'ignored:')} {run.coverage.ignored} of no format that netlint knows"
    elif found and read:
        yield from _entry("read", [files(read)], columns, paint)
    if not verbose:
        yield from _entry("read in part", _partial(partial), columns, paint)
        yield from _entry("not read", _unread(unread), columns, paint)
    yield from _entry("not checked", not_checked(run.coverage.not_checked, verbose), columns, paint)


def files(read: Sequence[FileCoverage]) -> str:
    """`3 files: Compose file (2), ip route`."""
    read = list({file.path: file for file in read}.values())  # one that several hosts share is listed for each
    titles = Counter(title(file) for file in read)
    named = (f"{name} ({count})" if count > 1 else name for name, count in titles.items())
    return f"{len(read)} file{'s' if len(read) > 1 else ''}: {', '.join(named)}"


def title(file: FileCoverage) -> str:
    """The format as readers call it."""
    return FORMATS[file.format].title if file.format is not None else "unknown format"


def listed(parts: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join(filter(None, (", ".join(parts[:-1]), parts[-1])))


def _some(names: Iterable[str], verbose: bool = False) -> str:
    """The names, or the first of them and how many more there are."""
    every = [clean(name) for name in names]
    if verbose or len(every) <= _NAMES + 1:
        return ", ".join(every)
    return f"{', '.join(every[:_NAMES])} and {len(every) - _NAMES} more"


def _entry(name: str, items: list[str], columns: int, paint: Paint) -> Iterator[str]:
    """`name: item`, each further item on a line of its own below the first."""
    for index, item in enumerate(items):
        for number, line in enumerate(fill(item, columns - len(name) - 2)):
            yield (paint("bold", f"{name}:") if not index and not number else " " * (len(name) + 1)) + f" {line}"


def _partial(partial: Sequence[FileCoverage]) -> list[str]:
    by_title: dict[str, list[str]] = {}
    for file in partial:
        by_title.setdefault(title(file), []).append(file.path)
    return [f"{_some(paths)} ({name})" for name, paths in by_title.items()]


def _unread(unread: Sequence[FileCoverage]) -> list[str]:
    by_reason: dict[str, list[str]] = {}
    for file in unread:
        name = title(file)
        reason = file.reason if name in file.reason or file.format is None else f"{name}: {file.reason}"
        by_reason.setdefault(clean(reason), []).append(file.path)
    return [f"{_some(paths)} ({reason})" for reason, paths in by_reason.items()]


def _every_file(every: Sequence[FileCoverage]) -> list[str]:
    words = {"read": "read", "partial": "read in part", "unread": "not read"}
    return table(
        (
            words[file.status],
            clean(file.path),
            title(file),
            clean("; ".join(filter(None, (file.host and f"host {file.host}", _wrong(file.problems), file.reason)))),
        )
        for file in every
    )


def _wrong(problems: int) -> str:
    return f"{problems} syntax error{'s' if problems > 1 else ''}" if problems else ""


def not_checked(gaps: Iterable[NotChecked], verbose: bool) -> list[str]:
    """Lines of the rules that lack the same on the same hosts, with what they lack."""
    rules: dict[tuple[str | None, str], list[str]] = {}
    for gap in gaps:
        rules.setdefault((gap.host, gap.reason), []).append(gap.rule)
    hosts: dict[tuple[str, tuple[str, ...]], list[str | None]] = {}
    for (host, reason), names in rules.items():
        hosts.setdefault((reason, tuple(names)), []).append(host)
    return [
        f"{_some(names, verbose)} ({_where(where, verbose)}{clean(reason)})" for (reason, names), where in hosts.items()
    ]


def _where(hosts: list[str | None], verbose: bool) -> str:
    """The hosts; nothing where no host has a name."""
    named = [host for host in hosts if host is not None]
    if len(hosts) > _NAMES and named and not verbose:
        return f"{len(hosts)} hosts: "
    others = ["hosts without facts"] if named and len(named) < len(hosts) else []
    return f"{_some([*named, *others], verbose)}: " if named else ""
