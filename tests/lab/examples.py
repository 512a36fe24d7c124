"""The examples in the rules' documentation: the text that netlint lints is the text that the lab runs."""

from __future__ import annotations

import shlex
import tempfile
from functools import cache
from pathlib import Path

from netlint.config import Config, read_config
from netlint.discover import discover
from netlint.engine import build, check
from netlint.examples import examples
from netlint.finding import Finding
from netlint.model.host import Host
from netlint.rule import Rule, load_rules, rules_folder


@cache
def rules() -> dict[str, Rule]:
    return {rule.code: rule for rule in load_rules([rules_folder()])}


def files(code: str, title: str) -> dict[str, str]:
    """The files of the example `title` of a rule: path to text."""
    (found,) = (one for one in examples(rules()[code].documentation) if one.title == title)
    return {file.path: file.text for file in found.files}


def firewall_rules(code: str, title: str, chain: str = "") -> list[list[str]]:
    """The rules in the firewall dump of an example, in words (`-A CHAIN …`): of `chain`, or those that are marked."""
    (found,) = (one for one in examples(rules()[code].documentation) if one.title == title)
    file = next(file for file in found.files if file.path.endswith("iptables-save.txt"))
    marked = {number for number, _ in file.marks}
    return [
        shlex.split(line)
        for number, line in enumerate(file.text.splitlines(), 1)
        if (line.startswith(f"-A {chain} ") if chain else number in marked)
    ]


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


def findings(folder: Path) -> tuple[Finding, ...]:
    """What netlint reports on what lies in `folder`."""
    config = folder / "netlint.toml"
    run = check(discover([str(folder)]), list(rules().values()), read_config(config) if config.exists() else Config())
    return tuple(run.findings)


def reported(folder: Path) -> set[str]:
    """The codes of the rules that netlint reports on what lies in `folder`."""
    return {finding.code for finding in findings(folder)}


def images(texts: dict[str, str]) -> list[str]:
    """The images that an example's services want."""
    services = (service for project in site(texts).projects for service in project.services)
    return [service.image.value for service in services if service.image is not None]
