"""Write the pages that come from the rules: `python docs/generate.py`; `--check` only says whether they are current."""

from __future__ import annotations

import sys
from pathlib import Path

from netlint.report.rules import render_rules
from netlint.rule import Rule, load_rules, rules_folder

DOCS = Path(__file__).parent


def page(rule: Rule) -> str:
    """The page of one rule."""
    needs = ", ".join(rule.needs) or "nothing but the file itself"
    return (
        f"# {rule.code} {rule.slug}\n\n{rule.documentation}\n\n"
        f"| | |\n|---|---|\n| severity | {rule.severity} |\n| confidence | {rule.confidence} |\n| needs | {needs} |\n"
        f"| proof | {rule.proof} |\n| since | {rule.since} |\n"
    )


def pages() -> dict[Path, str]:
    """Every generated page with its text."""
    rules = load_rules([rules_folder()])
    texts = {DOCS / "rules" / f"{rule.slug}.md": page(rule) for rule in rules}
    texts[DOCS / "rules.md"] = "# Rules\n\n" + render_rules(rules, "markdown")
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
