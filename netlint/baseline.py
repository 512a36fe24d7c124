"""Findings that are accepted as they are: `netlint baseline --write FILE`, `netlint check --baseline FILE`.

An entry is known by the rule, the file (relative to the baseline's folder) and a hash of the text at its place, so that
lines above can come and go. Of several equal ones as many are accepted as were there.
"""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import msgspec
from msgspec import Struct, structs

from netlint.config import ConfigError
from netlint.finding import Finding, Suppression
from netlint.fingerprint import content_hash
from netlint.report.json import encode
from netlint.run import Run


class Entry(Struct, frozen=True):
    """An accepted finding. `rule` and `message` are for readers: the code is what counts, and a message may change."""

    code: str
    file: str
    content: str
    rule: str = ""
    message: str = ""


class Baseline(Struct, frozen=True):
    """What the file holds."""

    version: int
    findings: list[Entry]


class _Key(Struct, frozen=True):
    code: str
    file: str
    content: str


def render_baseline(run: Run, folder: str) -> str:
    """Today's findings as the text of a baseline that is to lie in `folder`."""
    found = [
        {"code": key.code, "rule": finding.rule, "file": key.file, "content": key.content, "message": finding.message}
        for finding in run.findings
        if finding.suppressed is None
        for key in [_key(finding, run, folder)]
    ]
    found.sort(key=lambda one: (one["file"], one["code"], one["content"]))
    return encode({"version": 1, "findings": found})


def read_baseline(path: Path) -> Baseline:
    """The baseline at `path`; ConfigError where it cannot be read or is none."""
    try:
        found = msgspec.json.decode(path.read_bytes(), type=Baseline)
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: this is no baseline: {error}; write one with netlint baseline --write") from error
    if found.version != 1:
        raise ConfigError(f"{path}: version {found.version} of a baseline is not known; write it anew")
    return found


def apply_baseline(run: Run, name: str) -> tuple[Run, int]:
    """The run with accepted findings marked as suppressed, and how many accepted ones are there no more."""
    path = Path(name)
    folder = os.path.dirname(os.path.realpath(path))
    left = Counter(_Key(one.code, one.file, one.content) for one in read_baseline(path).findings)
    findings: list[Finding] = []
    for finding in run.findings:
        if finding.suppressed is None:
            key = _key(finding, run, folder)
            if left[key] > 0:
                left[key] -= 1
                finding = structs.replace(  # noqa: PLW2901
                    finding, suppressed=Suppression(kind="baseline", reason=f"accepted in {path}")
                )
        findings.append(finding)
    return structs.replace(run, findings=tuple(findings)), _gone(left, run, folder)


def _gone(left: Counter[_Key], run: Run, folder: str) -> int:
    """How many entries of files that were read found nothing: of another file nobody knows."""
    read = {_path(run, file.path, folder) for file in run.coverage.files if file.status != "unread"}
    return sum(count for key, count in left.items() if key.file in read)


def _key(finding: Finding, run: Run, folder: str) -> _Key:
    return _Key(finding.code, _path(run, finding.at.source, folder), content_hash(finding, run.sources))


def _path(run: Run, path: str, folder: str) -> str:
    return os.path.relpath(os.path.join(os.path.realpath(run.root), path), folder)
