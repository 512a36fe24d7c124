"""Write the pages that come from rules, options and schemas: `python docs/generate.py`.

`--check` only says whether they are current.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

import reference

from netlint.evidence import QUOTES, evidence_of, evidence_table, quotes_text, read_evidence
from netlint.proofs import Proof, observations, read_proofs
from netlint.report.rules import proof_of, render_rules
from netlint.rule import INDEX, Rule, index_text, load_rules, rules_folder

DOCS = Path(__file__).parent
_PROOFS = """\
# Proofs

What the rules claim is run on real Docker engines, in network namespaces of one machine: the bad configuration, mostly
the very text of a rule's example, has the effect, and the good one has not. `pytest -m lab` repeats it; `pytest -m lab
--write-proofs` writes `rules/proofs.json`, from which this page is made, where every test has passed.
"""


def page(rule: Rule) -> str:
    """The page of one rule."""
    needs = ", ".join(rule.needs) or "nothing but the file itself"
    return (
        f"# {rule.code} {rule.slug}\n\n{rule.documentation}\n\n"
        f"| | |\n|---|---|\n| severity | {rule.severity} |\n| confidence | {rule.confidence} |\n| needs | {needs} |\n"
        f"| proof | {cell(proof_of(rule))} |\n| since | {rule.since} |\n"
        f"{measured(rule)}"
    )


def measured(rule: Rule) -> str:
    """The measurements that the rule rests on; empty for one without any."""
    rows = evidence_table(evidence_of(rule.slug))
    if not rows:
        return ""
    head = "\n## Measured\n\n| what | result | versions and conditions | source |\n|---|---|---|---|\n"
    return head + "".join(f"| {' | '.join(map(cell, row))} |\n" for row in rows)


def proofs_page(rules: Iterable[Rule], proofs: Iterable[Proof]) -> str:
    """The proofs rule by rule, then the rules without one and what they rest on."""
    lines, without = (
        [_PROOFS],
        ["## Rules without a proof in the lab", "", "| rule | why, or what it rests on |", "|---|---|"],
    )
    proofs = list(proofs)
    for rule in rules:
        seen = list(observations(proofs, rule.code))
        if not seen:
            without.append(f"| [{rule.code}](rules/{rule.slug}.md) {rule.slug} | {cell(rule.proof)} |")
            continue
        lines += [f"## {rule.code} {rule.slug}", "", "| engine | observed | date |", "|---|---|---|"]
        lines += [f"| {', '.join(one.engines)} | {cell(one.observed)} | {one.date} |" for one in seen]
        lines += ["", *([f"Besides: {rule.proof}.", ""] if rule.proof else [])]
    return "\n".join([*lines, *without]) + "\n"


def cell(text: str) -> str:
    """`text` for a cell of a Markdown table."""
    return text.replace("|", "\\|")


def pages() -> dict[Path, str]:
    """Every generated page with its text."""
    rules = load_rules([rules_folder()], indexed=False)
    texts = {DOCS / "rules" / f"{rule.slug}.md": page(rule) for rule in rules}
    texts |= {DOCS / "reference" / name: text for name, text in reference.pages().items()}
    texts[DOCS / "rules.md"] = "# Rules\n\n" + render_rules(rules, "markdown")
    texts[DOCS / "proofs.md"] = proofs_page(rules, read_proofs(Path(rules_folder())))
    texts[Path(rules_folder(), INDEX)] = index_text(rules)
    texts[Path(rules_folder(), QUOTES)] = quotes_text(read_evidence())
    return texts


def main() -> int:
    wanted = pages()
    present = {*(DOCS / "rules").glob("*.md"), DOCS / "rules.md"}
    stale = [path for path, text in wanted.items() if not path.is_file() or path.read_text(encoding="utf-8") != text]
    gone = [path for path in present if path not in wanted and path.is_file()]
    if "--check" in sys.argv[1:]:
        for path in stale + gone:
            print(f"{path.relative_to(DOCS.parent)}: not current; run python docs/generate.py")
        return 1 if stale or gone else 0
    (DOCS / "rules").mkdir(exist_ok=True)
    for path in gone:
        path.unlink()
    for path in stale:
        path.write_text(wanted[path], encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
