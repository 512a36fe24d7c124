"""What the pages of the documentation say holds: their links lead somewhere, their commands and files are accepted."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from netlint.arguments import parser
from netlint.cli import main
from netlint.config import parse_config
from netlint.rule import load_rules, rules_folder

PROJECT = Path(__file__).resolve().parents[1]
PAGES = [PROJECT / "README.md", PROJECT / "CHANGELOG.md", *sorted((PROJECT / "docs").rglob("*.md"))]
WRITTEN = [page for page in PAGES if page.parent.name != "rules"]
COMMANDS = ("check", "explain", "rules", "show", "trace", "fix", "plan", "baseline", "new-rule", "completion")
FENCE = re.compile(r'^(`{3,})(\w*)(?: title="([^"]+)")?[ ]*\n(.*?)^\1[ ]*$', re.MULTILINE | re.DOTALL)


def name(page: Path) -> str:
    return str(page.relative_to(PROJECT))


def fences(page: Path) -> list[tuple[str, str, str]]:
    """Language, title and text of each fence."""
    return [(found[2], found[3] or "", found[4]) for found in FENCE.finditer(page.read_text(encoding="utf-8"))]


def anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.*)$", FENCE.sub("", page.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links(page: Path) -> None:
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    for target in re.findall(r"\]\(([^)\s]+)\)", re.sub(r"`[^`\n]*`", "", text)):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        found = (page.parent / path).resolve() if path else page
        assert found.exists(), target
        if anchor:
            assert anchor in anchors(found), target


def commands() -> list[tuple[Path, str]]:
    """What is said to be typed; the pages that are made from the parser need no proof."""
    found: dict[tuple[Path, str], None] = {}
    for page in WRITTEN:
        if page.name == "CHANGELOG.md" or page.parent.name == "reference":
            continue
        texts = [text for language, _, text in fences(page) if language in ("sh", "yaml")]
        texts += re.findall(r"`((?:netlint|ssh [^`]*netlint) [^`]*)`", FENCE.sub("", page.read_text(encoding="utf-8")))
        for line in "\n".join(texts).splitlines():
            for part in re.split(r"\||&&|;|\bthen\b|[<>]", line.replace("\\|", "|")):
                start = re.search(r"(?:^|\s)(?:\S*/)?netlint (?=[a-z-])", part)
                if start is not None:
                    found[page, part[start.end() :].strip()] = None
    return list(found)


@pytest.mark.parametrize(("page", "command"), commands(), ids=lambda value: value if isinstance(value, str) else "")
def test_commands_are_accepted(page: Path, command: str) -> None:
    if command in COMMANDS:  # `netlint trace` as the name of something
        return
    try:
        parser().parse_args(shlex.split(command, comments=True))
    except SystemExit:
        pytest.fail(f"{name(page)}: netlint {command}")


def configurations() -> list[tuple[Path, str]]:
    return [(page, text) for page in PAGES for _, title, text in fences(page) if title == "netlint.toml"]


@pytest.mark.parametrize(("page", "text"), configurations(), ids=lambda value: name(value) if value in PAGES else "")
def test_configurations_are_accepted(page: Path, text: str) -> None:
    parse_config(tomllib.loads(re.sub(r"  # <- \w+$", "", text, flags=re.MULTILINE)))


def test_every_rule_has_its_page() -> None:
    slugs = {rule.slug for rule in load_rules([rules_folder()])}
    assert slugs == {page.stem for page in (PROJECT / "docs/rules").glob("*.md")}


def test_the_report_in_the_quick_start(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = next(text for language, _, text in fences(PROJECT / "docs/quick-start.md") if language == "text")
    monkeypatch.chdir(tmp_path)
    Path("compose.yaml").write_text(
        "services:\n  web: {image: x, networks: [front, back]}\nnetworks:\n"
        "  front: {ipam: {config: [{subnet: 172.28.0.0/16}]}}\n  back: {ipam: {config: [{subnet: 172.28.5.0/24}]}}\n"
    )
    assert main(["check", "-q"]) == 1
    assert capsys.readouterr().out.startswith(report)


def test_the_rule_and_the_tests_of_the_page_on_rules(tmp_path: Path) -> None:
    page = PROJECT / "docs/new-rule.md"
    check, tests = (text for language, _, text in fences(page) if language == "python")
    example = next(text for language, _, text in fences(page) if language == "markdown")
    rules = tmp_path / "my-rules"
    rules.mkdir()
    (rules / "network_without_owner.py").write_text(f'"""A network has no owner\n\n{example}"""\n\n{check}')
    (tmp_path / "test_my_rules.py").write_text(tests)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_my_rules.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert "1 passed" in done.stdout
