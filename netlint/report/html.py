"""The report as one HTML page for people: findings with excerpts, packets and diffs, address plan, drawing, coverage

It holds no script and loads nothing; its policy (Content-Security-Policy) allows its own style and nothing else.
"""

from __future__ import annotations

import os
import re
from base64 import b64encode
from collections import Counter
from collections.abc import Iterator, Mapping
from hashlib import sha256
from html import escape
from urllib.parse import quote

from netlint import __version__
from netlint.finding import Confidence, Finding, Fix, Severity, Suppression, Witness
from netlint.fix.resolve import applied
from netlint.guard.texts import guarded, masked_text
from netlint.report.diff import diff
from netlint.report.documentation import as_text, without_marks
from netlint.report.drawing import Drawing
from netlint.report.excerpt import blocks, draw, last_line
from netlint.report.html_style import STYLE
from netlint.report.marks import Mark
from netlint.report.paths import Paths, blob_links
from netlint.report.plan import Entry, address_plan, whose
from netlint.report.sarif_rules import HOME
from netlint.report.summary import not_checked, title, totals
from netlint.report.svg import svg
from netlint.report.terminal import Paint, clean
from netlint.rule import Rule
from netlint.run import FileCoverage, Run
from netlint.source import Source, Span

MAX_FINDINGS = 1000  # that are shown in full
MAX_ROWS = 500  # of a table
_MAX_PLACES = 40  # of a finding
_COLUMNS = 100  # of an excerpt
_OPEN = 10  # steps of a packet that are not folded away
_ORDER = {"error": 0, "warning": 1, "note": 2}
_STATUS = {"read": "read", "partial": "read in part", "unread": "not read"}


def render(run: Run, checkout: str | None = None, originals: Mapping[str, Source] | None = None) -> str:
    """The page. `originals` are the sources where those of the run are masked: diffs are made of them, and masked."""
    digest = b64encode(sha256(STYLE.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    head = (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark"><meta name="referrer" content="no-referrer">'
        f"<title>netlint report</title><style>{STYLE}</style></head>\n<body>\n"
    )
    return head + "\n".join(_Page(run, Paths(run, checkout), originals or run.sources).parts()) + "\n</body></html>\n"


class _Marked(Paint):
    """Styles as control characters, which no text in a report holds: they become elements when the text is escaped."""

    def __init__(self) -> None:
        super().__init__(color=False)

    def __call__(self, style: str, text: str) -> str:
        return f"\x01{style}\x02{text}\x03" if style and text else text


class _Page:
    def __init__(self, run: Run, paths: Paths, originals: Mapping[str, Source]) -> None:
        self.run = run
        self.paths = paths
        self.originals = originals
        self.links = blob_links()
        self.rules = {rule.code: rule for rule in run.rules}
        self.formats = {file.path: file.format for file in run.coverage.files if file.format is not None}
        self.shown = [finding for finding in run.findings if finding.suppressed is None]
        self.groups: dict[str | None, dict[str, list[Finding]]] = {}
        for finding in self.shown[:MAX_FINDINGS]:
            self.groups.setdefault(finding.host, {}).setdefault(finding.code, []).append(finding)

    def parts(self) -> Iterator[str]:
        style = "" if self.shown or not self.run.coverage.files else ' class="good"'
        yield f"<header><h1>netlint report</h1><p{style}>{_text(totals(self.run, Paint(False)))}</p></header>"
        plans = list(self.address_plans())
        drawing = Drawing(self.run.site)
        names = [("findings", "Findings", bool(self.shown)), ("plan", "Address plan", bool(plans))]
        names += [("drawing", "Hosts and networks", bool(drawing)), ("coverage", "What was read and checked", True)]
        links = "".join(f'<a href="#{name}">{words}</a>' for name, words, there in names if there)
        yield f"<nav>{links}</nav>\n<main>"
        yield from self.findings()
        yield from self.suppressed()
        if plans:
            yield '<h2 id="plan">Address plan</h2>'
            yield from plans
        if drawing:
            yield f'<h2 id="drawing">Hosts and networks</h2><div class="wide">{svg(drawing)}</div>'
        yield from self.coverage()
        yield f'</main>\n<footer class="dim"><p>netlint {_text(__version__)}</p></footer>'

    def findings(self) -> Iterator[str]:
        if not self.shown:
            return
        yield '<h2 id="findings">Findings</h2>'
        yield from self.index()
        for number, (host, rules) in enumerate(self.groups.items()):
            if host is not None or len(self.groups) > 1:
                yield f"<h2>{_text(f'Host {host}' if host is not None else 'Files of no host')}</h2>"
            for code, findings in rules.items():
                yield f'<section id="{_anchor(number, code)}">'
                yield from self.rule(code, findings[0].rule)
                for finding in findings:
                    yield from self.finding(finding)
                yield "</section>"
        if len(self.shown) > MAX_FINDINGS:
            yield f"<p>and {len(self.shown) - MAX_FINDINGS} more, which the JSON report has</p>"

    def index(self) -> Iterator[str]:
        """How often each rule has found something, with links."""
        yield '<div class="wide"><table class="index"><tr><th>severity</th><th>rule</th><th></th><th>found</th></tr>'
        counts = Counter(finding.code for finding in self.shown)
        first: dict[str, str] = {}
        places: dict[str, list[str]] = {}
        for number, (host, rules) in enumerate(self.groups.items()):
            for code in rules:
                name = host if host is not None else "no host" if len(self.groups) > 1 else "show"
                places.setdefault(code, []).append(f'<a href="#{_anchor(number, code)}">{_text(name)}</a>')
        for finding in self.shown:
            first.setdefault(finding.code, str(finding.severity or Severity.NOTE))  # the worst come first
        for code, links in sorted(places.items(), key=lambda item: (_ORDER[first[item[0]]], item[0])):
            rule = self.rules.get(code)
            about = rule.summary if rule is not None else ""
            slug = next(finding.rule for finding in self.shown if finding.code == code)
            yield (
                f'<tr><td><b class="{first[code]}">{first[code]}</b></td><td><code>{_text(code)}</code> {_text(slug)}'
                f"</td><td>{_plain(about)}</td><td>{counts[code]}: {', '.join(links)}</td></tr>"
            )
        yield "</table></div>"

    def rule(self, code: str, slug: str) -> Iterator[str]:
        rule = self.rules.get(code)
        yield f"<h3>{_text(code)} {_text(slug)} <small>{_plain(rule.summary) if rule is not None else ''}</small></h3>"
        if rule is not None:
            yield f"<details><summary>About this rule</summary><pre>{_text_lines(_about(rule))}</pre>"
            if code.startswith("NL"):
                link = f"{HOME}/blob/main/docs/rules/{quote(rule.slug)}.md"
                yield f'<p><a href="{escape(link)}">Its page, with examples</a></p>'
            yield "</details>"

    def finding(self, finding: Finding) -> Iterator[str]:
        level = str(finding.severity or Severity.NOTE)
        sure = finding.confidence
        doubt = f" <small>confidence {sure}</small>" if sure is not None and sure < Confidence.HIGH else ""
        yield f'<article class="{level}"><h4 class="{level}"><span class="level">{level}</span> '
        yield f"{_text(finding.message)}{doubt}</h4>"
        yield from self.excerpts(finding, level)
        yield "<dl>"
        if finding.help:
            yield f"<dt>help</dt><dd>{_text(finding.help)}</dd>"
        for fix in finding.fixes:
            yield f"<dt>fix</dt><dd>{_text(fix.title)}{'' if fix.safe else ' <small>(may change what works)</small>'}"
            yield from self.diffs(fix)
            yield "</dd>"
        if finding.witness is not None:
            yield f"<dt>packet</dt><dd>{''.join(self.witness(finding.witness))}</dd>"
        yield "</dl></article>"

    def excerpts(self, finding: Finding, level: str) -> Iterator[str]:
        related = finding.related[:_MAX_PLACES]
        marks = [Mark(finding.at, clean(finding.label), primary=True)]
        marks += [Mark(label.span, clean(label.text)) for label in related]
        found = blocks(marks, self.run.sources, _COLUMNS)
        digits = len(str(last_line(found)))
        for block in found:
            at = block.head.mark.span
            lines = "\n".join(list(draw(block, digits, _COLUMNS, level, _Marked()))[1:])  # without the empty one
            yield f"<div>{self.place(at, column=True)}</div><pre>{_styled(lines)}</pre>"
        if len(related) < len(finding.related):
            yield f"<p>and {len(finding.related) - len(related)} more places</p>"

    def witness(self, witness: Witness) -> Iterator[str]:
        steps = "".join(f"<li>{self.place(step.span)} {_text(step.text)}</li>" for step in witness.steps)
        packet = f"<code>{_text(witness.packet)}</code>"
        if not steps:
            yield packet
            return
        yield f"<details{' open' if len(witness.steps) <= _OPEN else ''}><summary>{packet}</summary><ol>{steps}</ol>"
        yield "</details>"

    def diffs(self, fix: Fix) -> Iterator[str]:
        """What the fix changes, file by file, with secrets masked."""
        for path in dict.fromkeys(edit.span.source for edit in fix.edits):
            before = self.originals[path]
            edits = [edit for edit in fix.edits if edit.span.source == path]
            after = Source(path, applied(before.text, edits))
            kind = self.formats.get(path, "")
            shown = [masked_text(one.text, guarded(one, kind)) for one in (before, after)]
            text = diff(self.paths.of(path), before.text, after.text, *shown).text
            yield f"<pre>{''.join(map(_diff_line, text.splitlines()))}</pre>"

    def suppressed(self) -> Iterator[str]:
        hidden = [(finding, finding.suppressed) for finding in self.run.findings if finding.suppressed is not None]
        if not hidden:
            return
        rows = [self.suppressed_row(finding, why) for finding, why in hidden]
        yield f"<details><summary>{len(hidden)} suppressed</summary>"
        yield from _table(("rule", "place", "finding", "why"), rows)
        yield "</details>"

    def suppressed_row(self, finding: Finding, why: Suppression) -> tuple[str, ...]:
        reason = why.reason or {"baseline": "accepted by the baseline"}.get(why.kind, "no reason given")
        return (
            f"{_text(finding.code)} {_text(finding.rule)}",
            self.place(finding.at),
            _text(finding.message),
            _text(reason),
        )

    def address_plans(self) -> Iterator[str]:
        for host in self.run.site.hosts:
            entries = address_plan(host, self.run.site)
            if not entries:
                continue
            yield f"<h3>{_text(whose(host))}</h3>"
            yield from _table(("range", "claimed by", "place", "overlaps"), [self.entry(entry) for entry in entries], 0)

    def entry(self, entry: Entry) -> tuple[str, ...]:
        claim = entry.claim
        clash = ", ".join(f"{rival.what} ({rival.prefix})" for rival in entry.rivals[:3])
        more = f" and {len(entry.rivals) - 3} more" if len(entry.rivals) > 3 else ""
        place = "netlint.toml" if claim.span is None else self.place(claim.span)
        depth = "  " * min(entry.depth, 8)
        rivals = f'<b class="error">{_text(clash + more)}</b>' if clash else ""
        return (f"<code>{depth}{_text(str(claim.prefix))}</code>", _text(claim.what), place, rivals)

    def coverage(self) -> Iterator[str]:
        found = self.run.coverage
        yield '<h2 id="coverage">What was read and checked</h2>'
        gaps = not_checked(found.not_checked, verbose=True)
        if gaps:
            yield f"<h3>Not checked</h3><ul>{''.join(f'<li>{_text(line)}</li>' for line in gaps)}</ul>"
        elif found.files:
            yield "<p>Every rule could be checked.</p>"
        if found.files:
            yield "<h3>Files</h3>"
            order = sorted(found.files, key=lambda file: (-["read", "partial", "unread"].index(file.status), file.path))
            yield from _table(("", "file", "format", "host", ""), [self.file(file) for file in order])
        if found.ignored:
            yield f"<p>{found.ignored} more of no format that netlint knows</p>"

    def file(self, file: FileCoverage) -> tuple[str, ...]:
        wrong = f"{file.problems} syntax error{'s' if file.problems > 1 else ''}" if file.problems else ""
        about = _text("; ".join(filter(None, (wrong, file.reason))))
        path = f"<code>{_text(self.paths.of(file.path))}</code>"
        status = _STATUS[file.status] if file.status == "read" else f'<b class="warning">{_STATUS[file.status]}</b>'
        return (status, path, _text(title(file)), _text(file.host or ""), about)

    def place(self, span: Span, column: bool = False) -> str:
        """`file:line`, with a link to it where a job of GitHub tells in which repository it lies."""
        path = self.paths.of(span.source)
        source = self.run.sources.get(span.source)
        position = source.position(span.start) if source is not None else None
        line = position.line if position is not None else 1
        end = f":{position.column}" if column and position is not None else ""
        text = f"<code>{_text(f'{path}:{line}{end}')}</code>"
        if not self.links or path.startswith(("/", "../")):
            return text
        return f'<a href="{escape(self.links)}/{quote(os.fsencode(path))}#L{line}">{text}</a>'


def _text(text: str) -> str:
    """`text` as HTML shows it letter by letter; what a reader would not see stands as an escape."""
    return escape(clean(text))


def _text_lines(text: str) -> str:
    return "\n".join(_text(line) for line in text.splitlines())


def _plain(markdown: str) -> str:
    """A line of a rule's documentation."""
    return _text(markdown.replace("`", ""))


def _styled(text: str) -> str:
    """Lines of an excerpt, whose styles are control characters."""
    return re.sub("\x01(\\w+)\x02", r'<span class="m-\1">', escape(text)).replace("\x03", "</span>")


def _diff_line(line: str) -> str:
    tag = {"+": "ins", "-": "del"}.get(line[:1], "")
    if tag and not line.startswith(("+++ ", "--- ")):
        return f"<{tag}>{escape(line)}</{tag}>"
    return f"{escape(line)}\n"


def _about(rule: Rule) -> str:
    """The documentation of a rule without its first line and its examples."""
    text = without_marks(rule.documentation).partition("\n")[2]
    return as_text(re.split(r"^## (?:Bad|Good)\b", text, maxsplit=1, flags=re.MULTILINE)[0], 90)


def _anchor(number: int, code: str) -> str:
    return f"h{number}-{re.sub(r'[^A-Za-z0-9]', '_', code)}"


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]], ranges: int | None = None) -> Iterator[str]:
    """Cells that are HTML already, under a head of words; the column `ranges` keeps its blanks."""
    yield f'<div class="wide"><table><tr>{"".join(f"<th>{words}</th>" for words in head)}</tr>'
    for row in rows[:MAX_ROWS]:
        cells = (
            f"<td>{cell}</td>" if at != ranges else f'<td class="range">{cell}</td>' for at, cell in enumerate(row)
        )
        yield f"<tr>{''.join(cells)}</tr>"
    yield "</table></div>"
    if len(rows) > MAX_ROWS:
        yield f"<p>and {len(rows) - MAX_ROWS} more</p>"
