"""The Markdown report, as a reader of GitHub's Markdown sees it."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from netlint.finding import Label, Severity, Step, Suppression, Witness
from netlint.report import markdown
from netlint.report.markdown import escaped, render
from netlint.report.terminal import clean
from netlint.run import NotChecked

if TYPE_CHECKING:
    from tests.report.conftest import Make

ZERO_WIDTH = "\u200b"
HOSTILE = (
    "a | b ` c <script>alert(1)</script> [x](https://e.example) ![i](//e.example/i.png) **b** _u_ ~~s~~ @somebody "
    "#1 https://e.example www.e.example $x$ &amp; \\ \n# heading\n- item {{x}}"
)


class Seen(HTMLParser):
    """The tags and the text of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


def shown(text: str) -> Seen:
    parser: Any = pytest.importorskip("markdown_it", reason="markdown-it-py is not installed (pip install -e '.[dev]')")
    reader = parser.MarkdownIt("gfm-like", {"html": True})
    reader.linkify.set({"fuzzy_link": False})  # GitHub makes no link of a bare e.example, nor of //e.example
    reader.linkify.add("//", None)
    return Seen(reader.render(text))


@given(st.one_of(st.text(), st.text("ab.@:/\\`*_[]{}()<>&|~$#!-+=wWhtps01 \n")))
def test_any_text_is_shown_letter_by_letter(text: str) -> None:
    page = shown(f"| a |\n|---|\n| x{escaped(text)}x |\n")
    assert page.tags == ["table", "thead", "tr", "th", "tbody", "tr", "td"]
    # markdown-it has no NUL and its table cells are stripped; clean() leaves neither at the ends here
    cell = page.text.split("\n")
    assert f"x{clean(text)}x" in [line.replace(ZERO_WIDTH, "") for line in cell] or ZERO_WIDTH in text


def test_hostile_text_makes_no_markup(make: Make) -> None:
    name = "a|`<img src=x>` @me [l](u).yaml"
    make.file(name, "a: 1\n")
    at = make.at(name, "1")
    make.finding(
        at,
        HOSTILE,
        help=HOSTILE,
        related=(Label(at, HOSTILE),),
        witness=Witness(HOSTILE, (Step(at, HOSTILE),)),
    )
    make.file("ps`|<b>.txt", "", format="docker-ps", status="unread", reason=HOSTILE)
    page = shown(render(make.run()))
    own = {"h2", "table", "thead", "tbody", "tr", "th", "td", "a", "code", "ul", "ol", "li", "p", "details", "summary"}
    assert set(page.tags) - own == {"strong"}
    assert page.tags.count("a") == 1, "the link to the rule's page is the only one"
    assert page.tags.count("strong") == 1
    assert re.search(r"@\w", page.text) is None, "nobody is mentioned"


def test_report(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_SERVER_URL", "https://github.example")
    monkeypatch.setenv("GITHUB_REPOSITORY", "a/b")
    monkeypatch.setenv("GITHUB_SHA", "0" * 40)
    make.file("a/com pose.yaml", "a: 1\n")
    at = make.at("a/com pose.yaml", "1")
    make.finding(at, "subnet is taken", help="another range")
    make.finding(at, severity=Severity.NOTE, suppressed=Suppression(kind="inline", reason="known"))
    text = render(make.run())
    assert text.startswith("## netlint: found 1 error (1 suppressed)\n")
    assert "| 🔴 error | [NL101](" in text
    assert f'<a href="https://github.example/a/b/blob/{"0" * 40}/a/com%20pose.yaml#L1">' in text
    assert "help: another range" in text
    make.gaps += [NotChecked("a-rule", "edge", "no routes"), NotChecked("b-rule", "edge", "no firewall")]
    text = render(make.run())
    assert (
        "- read: 1 file: Compose file\n- not checked: a-rule (edge: no routes)\n  - b-rule (edge: no firewall)" in text
    )
    monkeypatch.setenv("GITHUB_REPOSITORY", 'a/b"><script>')
    assert "<a href" not in render(make.run())


def test_no_findings(make: Make) -> None:
    make.file("compose.yaml", "a: 1\n")
    assert render(make.run()) == "## netlint: no problems found in 1 file: Compose file\n"


def test_a_large_report_is_cut(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    make.file("a.yaml", "a: 1\n")
    for number in range(300):
        make.finding(make.at("a.yaml", "1"), f"finding {number}")
    whole = render(make.run())
    assert "finding 199 |" in whole
    assert "*and 100 more*" in whole
    monkeypatch.setattr(markdown, "MAX_SIZE", 10_000)
    text = render(make.run())
    assert len(text.encode()) < 10_200
    assert "This summary is cut" in text


def test_empty_run(make: Make) -> None:
    run = structs.replace(make.run(), rules=())
    assert render(run) == "## netlint: nothing was read, so nothing was checked\n"
