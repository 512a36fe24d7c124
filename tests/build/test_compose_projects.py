"""Projects of several files (compose_projects.md) against `docker compose` 2.40.3: what it makes of them or refuses."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from netlint.config import Config
from netlint.discover import discover
from netlint.engine import build
from netlint.examples import Example, examples
from netlint.model.host import Site
from tests.build.compose_oracle import ABSENT, COMPOSE, Refused, differences, reference, view

DOCUMENT = Path(__file__).with_name("compose_projects.md").read_text(encoding="utf-8")
CASES = list(examples(DOCUMENT))
# Under each bad case: the file, the text in it at which netlint speaks, and what it says.
SAID = {
    found["title"]: (found["file"], found["text"], found["message"])
    for found in re.finditer(
        r"^## Bad: (?P<title>.*)$(?:(?!^## )[^\0])*?^`(?P<file>[^`\n]+)`, `(?P<text>[^`\n]+)`: (?P<message>.*)$",
        DOCUMENT,
        re.MULTILINE,
    )
}
needs_compose = pytest.mark.skipif(not COMPOSE.exists(), reason=ABSENT)


@needs_compose
@pytest.mark.parametrize("case", [one for one in CASES if not one.bad], ids=lambda one: one.title)
def test_model(case: Example, tmp_path: Path) -> None:
    folder = written(case, tmp_path)
    site = site_of(folder)
    assert not [problem.message for problem in (*site.unreadable, *site.not_understood)]
    stated = re.search(r"COMPOSE_FILE=([\w./]+)", "".join(file.text for file in case.files if file.path == ".env"))
    first = stated[1] if stated is not None else "compose.yaml"
    [project] = [one for host in site.hosts for one in host.projects if one.files[0] == first]
    assert not differences(view(project), reference(folder))


@pytest.mark.parametrize("case", [one for one in CASES if one.bad], ids=lambda one: one.title)
def test_refused(case: Example, tmp_path: Path) -> None:
    texts = {file.path: file.text for file in case.files}
    found = [
        (one.span.source, texts[one.span.source][one.span.start : one.span.end], one.message)
        for one in site_of(written(case, tmp_path)).unreadable
    ]
    assert found == [SAID[case.title]]


@needs_compose
@pytest.mark.parametrize("case", [one for one in CASES if one.bad], ids=lambda one: one.title)
def test_compose_refuses(case: Example, tmp_path: Path) -> None:
    with pytest.raises(Refused):
        reference(written(case, tmp_path))


def written(case: Example, parent: Path) -> Path:
    """A folder `shop` with the files."""
    folder = parent / "shop"
    for file in case.files:
        (folder / file.path).parent.mkdir(parents=True, exist_ok=True)
        (folder / file.path).write_text(file.text, encoding="utf-8")
    return folder


def site_of(folder: Path) -> Site:
    return build(discover([str(folder)]), Config())[0]
