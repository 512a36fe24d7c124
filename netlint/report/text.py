"""The report for people: a block with source excerpts for each finding, then what was read and what was not."""

from __future__ import annotations

from netlint.report.summary import coverage, totals
from netlint.report.terminal import Paint
from netlint.run import Run


def render(
    run: Run,
    *,
    color: bool,
    verbose: bool = False,
    quiet: bool = False,
    hyperlinks: bool = False,
    columns: int = 100,
) -> str:
    """The report as text of at most `columns` columns, but for headings and words that are longer.

    `verbose` shows every related place, step and file, `quiet` the findings alone. Suppressed findings are counted.
    """
    paint = Paint(color, hyperlinks)
    shown = [finding for finding in run.findings if finding.suppressed is None]
    lines: list[str] = []
    if shown:
        from netlint.report.block import finding_lines  # noqa: PLC0415 - a run without findings draws nothing
    for finding in shown:
        lines += finding_lines(run, finding, paint, verbose=verbose, columns=columns)
        lines.append("")
    if not quiet:
        rows = list(coverage(run, verbose, columns, paint))
        # Without findings the last word is what was found in what was read: gaps are said before it.
        lines += [totals(run, paint), *rows] if shown else [*rows, totals(run, paint)]
    elif shown:
        lines.append(totals(run, paint))
    return "\n".join(lines) + "\n" if lines else ""
