"""What a finding is known by from one run to the next: rule and content, not the number of its line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256

from msgspec import structs

from netlint.finding import Finding
from netlint.source import Source

_ENDLESS, _NEAR = 4000, 200  # characters


def content_hash(finding: Finding, sources: Mapping[str, Source], *more: str) -> str:
    """Hash of the rule, of `more` and of the text at the finding's place, as 32 hex digits."""
    source = sources[finding.at.source]
    line = _line(source, finding.at.start).strip()
    content = "\0".join((finding.code, *more, line, source.slice(finding.at)[:200]))
    return sha256(content.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _line(source: Source, offset: int) -> str:
    """The line of `offset`; of an endless one, which may have a finding at each word, what is near."""
    position = source.position(offset)
    begin, starts = offset - position.column + 1, source.line_starts
    end = starts[position.line] if position.line < len(starts) else len(source.text)
    if end - begin <= _ENDLESS:
        return source.line(position.line)
    return source.text[max(begin, offset - _NEAR) : min(end, offset + _NEAR)]


def fingerprinted(findings: Iterable[Finding], sources: Mapping[str, Source]) -> Iterator[Finding]:
    """The findings with fingerprints, which survive when lines above are added or removed."""
    times: Counter[str] = Counter()
    for finding in findings:
        digest = content_hash(finding, sources, finding.at.source)
        times[digest] += 1
        yield structs.replace(finding, fingerprint=f"{digest}:{times[digest]}")
