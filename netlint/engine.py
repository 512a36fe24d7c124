"""Inputs to a run: build the site, run the rules, suppress, order."""

from __future__ import annotations

import os.path
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from msgspec import structs

from netlint.build.site import SiteBuilder, collector_paused
from netlint.config import Config
from netlint.discover import Discovery
from netlint.finding import Finding, Label, Severity
from netlint.globs import ConfigPaths
from netlint.hosts import group
from netlint.model.given import IgnoreComment, InputProblem
from netlint.model.host import Site
from netlint.rule import Rule, RuleError, select
from netlint.run import Coverage, FileCoverage, NotChecked, Run
from netlint.schedule import found_by
from netlint.source import Source, Span
from netlint.spoken import Spoken
from netlint.suppress import config_source, ignore_comments, suppression, unused, unused_per_file

_LONGEST = 400  # characters of a message
UNUSED = "NL904"  # the rule that is run last, on what the others have left of the suppressions


def _silent(what: str, done: int, total: int | None = None) -> None:
    """Says nothing of the progress that it is told."""


@collector_paused()
def build(
    discovery: Discovery,
    config: Config,
    progress: Callable[[str, int, int | None], None] = _silent,
    jobs: int = 1,
) -> tuple[Site, list[FileCoverage]]:
    """The site that the discovered files describe, and what became of each file. `progress` is told what is done: in
    words, how much of it, and of how much in all. Of a large site, hosts and texts are packed, and `jobs` processes
    read them."""
    builder = SiteBuilder(config.engine, config.reserved, discovery.missing)
    if config.hosts:
        from netlint.assigned import group_stated  # noqa: PLC0415 - few configurations state hosts

        hosts = group_stated(discovery.inputs, config.hosts, ConfigPaths(discovery.root, config.path).of)
    else:
        hosts = group(discovery.inputs)
    if len(hosts) > 1 and discovery.spool is not None:
        from netlint.build.many import read_packed  # noqa: PLC0415 - for large sites only

        read_packed(builder, hosts, discovery.spool, jobs, progress)
    else:
        for number, host in enumerate(hosts):
            progress(f"reading {host.name or 'files'}", number, len(hosts))
            builder.add(host)
    for item in (*discovery.unreadable, *discovery.skipped):
        builder.files.append(FileCoverage(path=item.path, format=None, host=None, status="unread", reason=item.reason))
    wholes = {item.source.path: item.source.whole for item in discovery.inputs}
    ignores = [comment for source in wholes.values() for comment in ignore_comments(source)]
    return structs.replace(builder.site(ignores), expectations=config.expect), builder.files


@collector_paused()
def check(
    discovery: Discovery,
    rules: Sequence[Rule],
    config: Config,
    *,
    ignores: bool = True,
    fingerprints: bool = True,
    jobs: int = 1,
    progress: Callable[[str, int, int | None], None] = _silent,
) -> Run:
    """Check everything that was discovered. `ignores` False shows suppressed findings as if nothing suppressed them.

    `jobs` is how many processes read hosts and run the rules; `fingerprints` False leaves those of the findings empty,
    for reports that do not have them.
    """
    site, files = build(discovery, config, progress, jobs)
    sources = {item.source.path: item.source.whole for item in discovery.inputs}
    active = active_rules(rules, config)
    useful = active
    if all(host.compose_alone for host in site.hosts):
        spoken = Spoken(site)
        useful = [one for one in active if one.concerns_compose(site, spoken)]
    findings = found_by(useful, site, lambda one, part: list(findings_of(one, part, config)), jobs, progress)
    findings = list(with_replaced(findings, site))
    gaps = list(not_checked(active, site))
    if ignores:
        findings = list(suppressed(findings, sources, site.ignores, config, discovery.root))
        if config.warn_unused_ignores:
            from netlint.assigned import all_seen  # noqa: PLC0415 - as in build

            file = config_source(config, discovery.root) if config.per_file and all_seen(discovery, config) else None
            idle = unused_ignores(site, findings, sources, rules, active, config, file, discovery.root)
            site = structs.replace(site, unused_ignores=tuple(idle))
            last = [finding for one in active if one.code == UNUSED for finding in findings_of(one, site, config)]
            findings += suppressed(last, sources, site.ignores, config, discovery.root)
            if file is not None and any(finding.at.source == file.path for finding in last):
                sources[file.path] = file
    findings = ordered(findings)
    if findings and fingerprints:
        from netlint.fingerprint import fingerprinted  # noqa: PLC0415 - loads OpenSSL, which takes 7 ms

        findings = list(fingerprinted(findings, sources))
    if any(finding.fixes for finding in findings):
        from netlint.fix.resolve import editable, with_edits  # noqa: PLC0415 - few findings have a fix

        findings = with_edits(findings, sources, editable(discovery.inputs))
    covered = {file.path for file in files}
    ignored = discovery.ignored + sum(item.source.path not in covered for item in discovery.inputs)
    coverage = Coverage(files=tuple(files), not_checked=tuple(gaps), ignored=ignored)
    return Run(
        root=discovery.root,
        sources=sources,
        findings=tuple(findings),
        rules=tuple(active),
        coverage=coverage,
        site=site,
    )


def active_rules(rules: Sequence[Rule], config: Config) -> list[Rule]:
    """The rules that the configuration leaves on; RuleError where it names one that does not exist."""
    chosen = list(select(rules, config.select)) if config.select else list(rules)
    ignored = {one.code for one in select(rules, config.ignore)}
    severities = ("severity", tuple(name for name, _ in config.severity))
    for key, names in (severities, *(("per-file", entry.ignore) for entry in config.per_file)):
        try:
            list(select(rules, names))
        except RuleError as error:
            raise RuleError(f"{config.path or 'configuration'}: {key}: {error}") from error
    return [one for one in chosen if one.code not in ignored]


def findings_of(one: Rule, site: Site, config: Config) -> Iterable[Finding]:
    """What a rule finds, with code, slug, severity and confidence filled in; the same fact only once.

    RuleError where the rule fails: what it would have found is not known, and the report must not look complete.
    """
    override = next((severity for name, severity in config.severity if one.is_named(name)), None)
    seen: set[tuple[str, Span]] = set()
    for finding in _tried(one, site):
        if (finding.message, finding.at) in seen:
            continue
        seen.add((finding.message, finding.at))
        yield structs.replace(
            finding,
            message=clipped(finding.message),
            code=one.code,
            rule=one.slug,
            severity=override or finding.severity or one.severity,
            confidence=finding.confidence or one.confidence,
        )


def _tried(one: Rule, site: Site) -> Iterator[Finding]:
    try:
        yield from one.check(site)
    except RuleError:
        raise
    except Exception as error:
        from traceback import extract_tb  # noqa: PLC0415 - a rule that fails is rare

        at = extract_tb(error.__traceback__)[-1]
        # without the error's own text, which may hold a value of the input
        what = f"{type(error).__name__} in {os.path.basename(at.filename)}, line {at.lineno}"
        raise RuleError(f"rule {one.slug} failed ({what}); --ignore {one.slug} checks without it") from error


def with_replaced(findings: Iterable[Finding], site: Site) -> Iterable[Finding]:
    """The findings, those at a value that replaces one of another Compose file with the place of that one."""
    places: dict[str, list[tuple[Span, Span]]] = {}
    for host in site.hosts:
        for project in host.projects:
            for over, base in project.replaced:
                places.setdefault(over.source, []).append((over, base))
    for finding in findings:
        at = finding.at
        found = [one for one in places.get(at.source, ()) if one[0].start <= at.start and at.end <= one[0].end]
        if found and found[0][1] not in (label.span for label in finding.related):
            _, base = min(found, key=lambda one: one[0].end - one[0].start)
            label = Label(base, "replaces what stands here")
            finding = structs.replace(finding, related=(*finding.related, label))  # noqa: PLW2901
        yield finding


def clipped(message: str) -> str:
    """`message`, cut where a value of the input makes it longer than anybody reads."""
    return message if len(message) <= _LONGEST else f"{message[:_LONGEST]}…"


def ordered(findings: Iterable[Finding]) -> list[Finding]:
    """Errors first, then by file and place."""
    return sorted(findings, key=lambda f: (-(f.severity or Severity.NOTE), f.at.source, f.at.start, f.code, f.message))


def suppressed(
    findings: Iterable[Finding],
    sources: Mapping[str, Source],
    comments: Iterable[IgnoreComment],
    config: Config,
    root: str,
) -> Iterable[Finding]:
    by_file: dict[str, list[IgnoreComment]] = {}
    for comment in comments:
        by_file.setdefault(comment.span.source, []).append(comment)
    paths = ConfigPaths(root, config.path)
    for finding in findings:
        reason = suppression(finding, sources, by_file, config, paths)
        yield structs.replace(finding, suppressed=reason) if reason is not None else finding


def unused_ignores(
    site: Site,
    findings: Iterable[Finding],
    sources: Mapping[str, Source],
    rules: Sequence[Rule],
    active: Sequence[Rule],
    config: Config,
    file: Source | None,
    root: str,
) -> Iterable[InputProblem]:
    """Suppressions of rules that were checked and found nothing there: in files and, where its `file` is given,
    in the configuration. A rule counts as checked where no host lacked what it needs: which host a file is of does not
    tell which hosts a rule compares it with."""
    ran = {one.code for one in active if one.code != UNUSED and not any(one.missing(host) for host in site.hosts)}
    findings = list(findings)
    yield from unused(site.ignores, findings, sources, rules, lambda rule: rule.code in ran)
    if file is not None:
        paths = ConfigPaths(root, config.path)
        yield from unused_per_file(config, file, paths, sources, findings, rules, lambda rule: rule.code in ran)


def not_checked(rules: Iterable[Rule], site: Site) -> list[NotChecked]:
    """The rules that lack facts, host by host. Where a Compose file alone was given, nobody expects a host's listings:
    there the gaps have one reason."""
    gaps: dict[NotChecked, None] = {}
    for one in rules:
        for host in site.hosts:
            for reason in one.missing(host):
                gap = NotChecked(one.slug, host.name, "nothing is known of the host" if host.implied else reason)
                gaps[gap] = None
    return list(gaps)
