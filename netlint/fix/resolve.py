"""The fixes that rules offer, as edits of the files that were read; those that do not fit their file are left out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import pairwise

from msgspec import structs

from netlint.discover import Input
from netlint.finding import Change, Edit, Finding, Fix, Join, Nest
from netlint.source import Source

# Files that people write. Everything else is a listing: evidence, not a setting.
EDITABLE = frozenset({"compose", "daemon-json", "docker-defaults", "env-file", "shell-script", "systemd-unit"})
TREES = frozenset({"compose", "daemon-json"})  # of these, the ones that are trees


def editable(inputs: Iterable[Input]) -> dict[str, str]:
    """The formats of the files that people write, by path; parts of a transcript are none."""
    return {
        item.source.path: item.format for item in inputs if item.format in EDITABLE and item.source.whole is item.source
    }


def with_edits(findings: Iterable[Finding], sources: Mapping[str, Source], formats: Mapping[str, str]) -> list[Finding]:
    """The findings with the edits of their fixes worked out. `formats` are those of the files that can be edited."""
    files: dict[str, object] = {}
    found = []
    for finding in findings:
        if finding.fixes:
            fixes = tuple(fix for one in finding.fixes if (fix := _resolved(one, sources, formats, files)) is not None)
            finding = structs.replace(finding, fixes=fixes)  # noqa: PLW2901
        found.append(finding)
    return found


def _resolved(
    fix: Fix, sources: Mapping[str, Source], formats: Mapping[str, str], files: dict[str, object]
) -> Fix | None:
    edits: list[Edit] = []
    for change in fix.changes:
        path = place(change)
        source, kind = sources.get(path), formats.get(path, "")
        if source is None or not kind:
            return None
        if isinstance(change, Edit):
            if change.old is not None and source.slice(change.span) != change.old:
                return None
            edits.append(change)
            continue
        if kind not in TREES:
            return None
        from netlint.fix.layout import Layout, UnfitError  # noqa: PLC0415 - most runs have no such fix
        from netlint.fix.trees import layout  # noqa: PLC0415

        one = files.get(path)
        if one is None:
            one = files[path] = layout(source, kind)
        assert isinstance(one, Layout)
        try:
            edits += one.edits(change)
        except UnfitError:
            return None
    edits.sort(key=lambda edit: (edit.span.source, edit.span.start, edit.span.end))
    return structs.replace(fix, edits=tuple(edits)) if apart(edits) else None


def place(change: Change) -> str:
    """The file that a change is in."""
    match change:
        case Nest(keys=keys):
            return keys[0].source
        case Join(key=key):
            return key.source
        case Edit(span=span):
            return span.source
    return change.span.source if hasattr(change, "span") else change.below.source


def apart(edits: Iterable[Edit]) -> bool:
    """Whether the edits, in order, leave each other alone."""
    return all(
        one.span.source != other.span.source or one.span.end <= other.span.start for one, other in pairwise(edits)
    )


def applied(text: str, edits: Iterable[Edit]) -> str:
    """`text` with the edits made, which are in order and apart."""
    parts, at = [], 0
    for edit in edits:
        parts += [text[at : edit.span.start], edit.text]
        at = edit.span.end
    return "".join([*parts, text[at:]])
