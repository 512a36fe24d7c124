"""Data flows one way: parse and model know nothing of each other, rules see netlint.api alone, reports see the run.

Below parse and model are patterns, texts, what these are decoded from, prefixes and the values of firewall rules: of
those a dump has a million, which there is no time to make twice.
"""

import ast
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[1]
BELOW = (
    "netlint.decode",
    "netlint.pattern",
    "netlint.source",
    "netlint.spool",
    "netlint.prefix",
    "netlint.firewall_rule",
)
ALLOWED = {
    "netlint/parse": ("netlint.parse", *BELOW),
    "netlint/model": ("netlint.model", *BELOW),
    "netlint/addresses": ("netlint.addresses", "netlint.model", "netlint.pattern", "netlint.source", "netlint.prefix"),
    "netlint/dataplane": (
        "netlint.dataplane",
        "netlint.addresses",
        "netlint.model",
        "netlint.pattern",
        "netlint.source",
        "netlint.prefix",
    ),
    "rules": ("netlint.api",),
}
FILES = [(path, folder) for folder in ALLOWED for path in sorted((PROJECT / folder).rglob("*.py"))]


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    return {name for name in names if name == "netlint" or name.startswith("netlint.")}


@pytest.mark.parametrize(("path", "folder"), FILES, ids=lambda value: str(value).removeprefix(f"{PROJECT}/"))
def test_imports(path: Path, folder: str) -> None:
    strange = {name for name in imported(path) if not name.startswith(ALLOWED[folder])}
    assert not strange


def test_reports_see_no_parser_or_builder() -> None:
    for path in (PROJECT / "netlint/report").glob("*.py"):
        assert not {name for name in imported(path) if name.startswith(("netlint.parse", "netlint.build"))}, path
