"""The HTML report: well formed, loads nothing, and shows any text letter by letter."""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from netlint.finding import Confidence, Edit, Fix, Label, Severity, Step, Suppression, Witness
from netlint.model.host import Site
from netlint.report import html
from netlint.report.drawing import Drawing, Edge, Group, Node
from netlint.report.html import render
from netlint.report.svg import svg
from netlint.report.terminal import clean
from netlint.run import NotChecked

if TYPE_CHECKING:
    from tests.report.conftest import Make

HOSTILE = (
    "<script>alert(1)</script> </pre></style><img src=x onerror=alert(1)> \" ' &lt; &#60; --> ]]> "
    "javascript:alert(1) {{x}} \x01error\x02 \x03 \x1b[2J \u202e \x00 \ud800"
)
VOID = {"meta", "rect", "path"}


class Page(HTMLParser):
    """Tags, attributes and text of a page, whose elements are closed in order."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str, str]] = []
        self.text = ""
        self.feed(page)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag != "meta":
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in VOID
        self.handle_starttag(tag, attrs)
        self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def full(make: Make, text: str) -> str:
    """A page on which everything that may stand there says `text`."""
    name = f"{text.replace('/', '')}.yaml"
    make.file(name, f"a: {text}\nb: 2\n")
    at, b = make.at(name, f"a: {text}"), make.at(name, "2")
    make.finding(
        at,
        text,
        label=text,
        help=text,
        host=text,
        related=(Label(b, text),),
        witness=Witness(text, (Step(b, text),)),
        fixes=(Fix(title=text, edits=(Edit(b, text.replace("\n", "")),)),),
    )
    make.finding(at, text, confidence=Confidence.MEDIUM, severity=Severity.NOTE, code="MY001", rule="my-rule")
    make.finding(at, text, suppressed=Suppression(kind="inline", reason=text))
    make.file(f"{text}.txt", "", format="docker-ps", status="unread", reason=text)
    make.gaps.append(NotChecked("a-rule", text, text))
    return render(make.run())


def test_hostile_text_makes_no_markup(make: Make) -> None:
    page = Page(full(make, HOSTILE))
    own = "html head meta title style body header h1 h2 h3 h4 p nav a main div table tr th td b code small details "
    own += "summary section article span pre dl dt dd ol ul li ins del footer"
    assert not page.tags - {*own.split()}
    assert not [one for one in page.attributes if one[1].startswith("on") or one[1] in ("style", "src")]
    links = {value for _, name, value in page.attributes if name == "href"}
    assert all(link.startswith(("#", "https://github.com/container-netlint/")) for link in links)
    assert page.text.count(clean(HOSTILE)) == 14, "it is shown as it is, wherever it stands"
    assert not re.findall("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\ud800-\udfff]", page.text)


def test_it_may_load_and_run_nothing(make: Make) -> None:
    text = full(make, "x")
    found = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', text)
    style = re.search(r"<style>(.*?)</style>", text, re.DOTALL)
    assert found is not None
    assert style is not None
    digest = b64encode(sha256(style[1].encode()).digest()).decode()
    assert found[1].split("; ") == [
        "default-src 'none'",
        f"style-src 'sha256-{digest}'",
        "base-uri 'none'",
        "form-action 'none'",
    ]
    assert text.index("Content-Security-Policy") < text.index("<style>")
    assert "@import" not in style[1]
    assert "url(" not in style[1]


@pytest.mark.parametrize("text", ["x", HOSTILE])
def test_a_parser_of_html5_has_nothing_to_say(make: Make, text: str) -> None:
    html5lib: Any = pytest.importorskip("html5lib", reason="html5lib is not installed (pip install -e '.[dev]')")
    html5lib.HTMLParser(strict=True).parse(full(make, text))
    html5lib.HTMLParser(strict=True).parse(render(make.run(), "/srv/site"))


@given(st.text(), st.text("<>&'\"=/ax\x01\x02\x03"))
def test_any_text_in_a_drawing(text: str, other: str) -> None:
    drawing = Drawing(Site(hosts=()))
    kinds = ("port", "service", "network", "interface", "claim", "more")
    nodes = [Node(f"n{number}", kind, (clean(text), clean(other))) for number, kind in enumerate(kinds)]
    drawing.groups = [Group("h0", clean(text), nodes), Group("h1", clean(other), [])]
    drawing.between = [Node("l", "link", (clean(other),))]
    drawing.edges = [Edge("n0", "n1"), Edge("n1", "n2", clean(text)), Edge("n2", "n4", clean(other), clash=True)]
    drawing.edges += [Edge("n3", "l"), Edge("n3", "n4"), Edge("n1", "gone")]
    page = Page(svg(drawing))
    assert page.tags <= {"svg", "rect", "path", "text", "title"}
    assert {name for _, name, _ in page.attributes} == {
        *"xmlns role aria-label width height viewbox class x y rx d".split()
    }


def test_report(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    make.file("a/com pose.yaml", "a: 1\nb: 2\n")
    at = make.at("a/com pose.yaml", "1")
    fix = Fix(title="take 3", edits=(Edit(at, "3"),))
    make.finding(at, "subnet is taken", label="here", help="another range", host="edge", fixes=(fix,))
    make.finding(at, "known", severity=Severity.NOTE, suppressed=Suppression(kind="baseline", reason=""))
    make.gaps.append(NotChecked("a-rule", "edge", "no routes"))
    text = render(make.run())
    page = Page(text).text
    assert "found 1 error (1 in the baseline)" in page
    assert "Host edge" in page
    assert " 1 | a: 1\n   |    ^ here" in page
    assert "another range" in page
    assert "<del>-a: 1</del><ins>+a: 3</ins>" in text
    assert "(may change what works)" in page
    assert "Choose another range." in page, "the rule is explained"
    assert "- subnet: 172.28.0.0/16" not in page, "without its examples"
    assert "1 suppressed" in page
    assert "a-rule (edge: no routes)" in page
    assert '<a href="https://github.example' not in text
    monkeypatch.setenv("GITHUB_SERVER_URL", "https://github.example")
    monkeypatch.setenv("GITHUB_REPOSITORY", "a/b")
    monkeypatch.setenv("GITHUB_SHA", "0" * 40)
    assert f'<a href="https://github.example/a/b/blob/{"0" * 40}/a/com%20pose.yaml#L1">' in render(make.run())


def test_a_diff_shows_no_secret(make: Make) -> None:
    secret = "hunter2canary"
    text = f"services:\n  a:\n    environment:\n      X: {secret}\n    ports: ['1:1']\n"
    original = make.file("compose.yaml", text)
    at = make.at("compose.yaml", "1:1")
    make.finding(at, fixes=(Fix(title="narrow", edits=(Edit(at, "127.0.0.1:1:1"),)),))
    run = make.run()
    masked = structs.replace(
        run, sources={"compose.yaml": type(original)("compose.yaml", text.replace(secret, "*" * 13))}
    )
    page = render(masked, originals={"compose.yaml": original})
    assert "127.0.0.1:1:1" in page
    assert secret not in page


def test_a_large_report_is_cut(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    make.file("a.yaml", "a: 1\n")
    for number in range(30):
        make.finding(make.at("a.yaml", "1"), f"finding {number}.")
    monkeypatch.setattr(html, "MAX_FINDINGS", 20)
    text = render(make.run())
    assert "finding 19." in text
    assert "finding 20." not in text
    assert "and 10 more" in text


def test_no_findings(make: Make) -> None:
    make.file("compose.yaml", "a: 1\n")
    page = Page(render(make.run()))
    assert "no problems found in 1 file: Compose file" in page.text
    assert "Every rule could be checked." in page.text
    assert 'class="good"' in render(make.run())
