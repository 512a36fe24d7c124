"""The examples in the rules' documentation: the text that netlint lints is the text that the lab runs."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

from netlint.config import Config, read_config
from netlint.discover import discover
from netlint.engine import build, check
from netlint.examples import examples
from netlint.model.host import Host
from netlint.rule import Rule, load_rules, rules_folder


@cache
def rules() -> dict[str, Rule]:
    return {rule.code: rule for rule in load_rules([rules_folder()])}


def files(code: str, title: str) -> dict[str, str]:
    """The files of the example `title` of a rule: path to text."""
    (found,) = (one for one in examples(rules()[code].documentation) if one.title == title)
    return {file.path: file.text for file in found.files}


def write(texts: dict[str, str], folder: Path) -> Path:
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def site(texts: dict[str, str]) -> Host:
    """The host that netlint sees in the files of an example."""
    with tempfile.TemporaryDirectory() as folder:
        built, _ = build(discover([str(write(texts, Path(folder)))]), Config())
    (host,) = built.hosts
    return host


def reported(folder: Path) -> set[str]:
    """The codes of the rules that netlint reports on what lies in `folder`."""
    config = folder / "netlint.toml"
    run = check(discover([str(folder)]), list(rules().values()), read_config(config) if config.exists() else Config())
    return {finding.code for finding in run.findings}


def images(texts: dict[str, str]) -> list[str]:
    """The images that an example's services want."""
    services = (service for project in site(texts).projects for service in project.services)
    return [service.image.value for service in services if service.image is not None]
