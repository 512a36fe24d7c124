"""Inputs to a run: build the site, run the rules, suppress, order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from msgspec import structs

from netlint.build.site import SiteBuilder, collector_paused
from netlint.config import Config
from netlint.discover import Discovery
from netlint.finding import Finding, Severity
from netlint.hosts import group
from netlint.model.host import IgnoreComment, Site
from netlint.rule import Rule, select
from netlint.run import Coverage, FileCoverage, NotChecked, Run
from netlint.source import Source, Span
from netlint.suppress import ignore_comments, suppression

_LONGEST = 400  # characters of a message


@collector_paused()
def build(discovery: Discovery, config: Config) -> tuple[Site, list[FileCoverage]]:
    """The site that the discovered files describe, and what became of each file."""
    builder = SiteBuilder(config.engine, config.reserved, discovery.missing)
    for host in group(discovery.inputs):
        builder.add(host)
    for item in (*discovery.unreadable, *discovery.skipped):
        builder.files.append(FileCoverage(path=item.path, format=None, host=None, status="unread", reason=item.reason))
    ignores = [comment for item in discovery.inputs for comment in ignore_comments(item.source)]
    return builder.site(ignores), builder.files


@collector_paused()
def check(discovery: Discovery, rules: Sequence[Rule], config: Config, *, ignores: bool = True) -> Run:
    """Check everything that was discovered. `ignores` False shows suppressed findings as if nothing suppressed them."""
    site, files = build(discovery, config)
    sources = {item.source.path: item.source for item in discovery.inputs}
    active = active_rules(rules, config)
    findings = [finding for one in active for finding in findings_of(one, site, config)]
    if findings:
        findings = list(fingerprinted(ordered(findings), sources))
    if ignores:
        findings = list(suppressed(findings, sources, site.ignores, config))
    covered = {file.path for file in files}
    ignored = discovery.ignored + sum(path not in covered for path in sources)
    coverage = Coverage(files=tuple(files), not_checked=tuple(not_checked(active, site)), ignored=ignored)
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
    for names in ([name for name, _ in config.severity], *(entry.ignore for entry in config.per_file)):
        select(rules, names)
    return [one for one in chosen if one.code not in ignored]


def findings_of(one: Rule, site: Site, config: Config) -> Iterable[Finding]:
    """What a rule finds, with code, slug, severity and confidence filled in; the same fact only once."""
    override = next((severity for name, severity in config.severity if one.is_named(name)), None)
    seen: set[tuple[str, Span]] = set()
    for finding in one.check(site):
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


def clipped(message: str) -> str:
    """`message`, cut where a value of the input makes it longer than anybody reads."""
    return message if len(message) <= _LONGEST else f"{message[:_LONGEST]}…"


def ordered(findings: Iterable[Finding]) -> list[Finding]:
    """Errors first, then by file and place."""
    return sorted(findings, key=lambda f: (-(f.severity or Severity.NOTE), f.at.source, f.at.start, f.code, f.message))


def fingerprinted(findings: Iterable[Finding], sources: Mapping[str, Source]) -> Iterable[Finding]:
    """Fingerprints from rule, file and the text at the place: they survive when lines above are added or removed."""
    from hashlib import sha256  # noqa: PLC0415 - loads OpenSSL, which a clean run does without

    times: Counter[str] = Counter()
    for finding in findings:
        source = sources[finding.at.source]
        line = source.line(source.position(finding.at.start).line).strip()
        content = "\0".join((finding.code, finding.at.source, line, source.slice(finding.at)[:200]))
        digest = sha256(content.encode("utf-8", "surrogatepass")).hexdigest()[:32]
        times[digest] += 1
        yield structs.replace(finding, fingerprint=f"{digest}:{times[digest]}")


def suppressed(
    findings: Iterable[Finding], sources: Mapping[str, Source], comments: Iterable[IgnoreComment], config: Config
) -> Iterable[Finding]:
    by_file: dict[str, list[IgnoreComment]] = {}
    for comment in comments:
        by_file.setdefault(comment.span.source, []).append(comment)
    for finding in findings:
        reason = suppression(finding, sources, by_file, config)
        yield structs.replace(finding, suppressed=reason) if reason is not None else finding


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
