"""Where findings of merged projects point: at the line that wrote the value, and at the one whose place it took."""

from __future__ import annotations

from pathlib import Path

import pytest

from netlint.config import Config
from netlint.discover import discover
from netlint.engine import check
from netlint.finding import Finding, Label
from netlint.rule import load_rules, rules_folder
from netlint.source import Span

BASE = """services:
  web: {image: w, networks: {n: {ipv4_address: 10.5.0.7}}, ports: ['127.0.0.1:8080:80']}
networks:
  n: {ipam: {config: [{subnet: 10.5.0.0/24, gateway: 10.5.0.1}]}}
"""
EXTENDING = "services: {web: {extends: {file: base.yaml, service: web}, networks: {n: {ipv4_address: 10.6.0.7}}}}\n"


@pytest.mark.parametrize(
    ("files", "code", "at", "replaced"),
    [
        (
            {"compose.override.yaml": "services: {web: {networks: {n: {ipv4_address: 10.6.0.7}}}}"},
            "NL114",
            ("compose.override.yaml", "10.6.0.7"),
            ("compose.yaml", "10.5.0.7"),
        ),
        (
            {"compose.override.yaml": "networks: {n: {ipam: {config: [{subnet: 10.5.0.0/24, gateway: 10.9.0.1}]}}}"},
            "NL112",
            ("compose.override.yaml", "10.9.0.1"),
            ("compose.yaml", "10.5.0.1"),
        ),
        (
            {"compose.override.yaml": "services: {web: {ports: !override ['70.0.0.1:80:80', '0.0.0.0:80:81']}}"},
            "NL205",
            ("compose.override.yaml", "80"),
            ("compose.yaml", "['127.0.0.1:8080:80']"),
        ),
        (
            {"base.yaml": BASE, "compose.yaml": EXTENDING + BASE.partition("networks:\n")[2].join(["networks:\n", ""])},
            "NL114",
            ("compose.yaml", "10.6.0.7"),
            ("base.yaml", "10.5.0.7"),
        ),
        (
            {"compose.override.yaml": "services: {web: {networks: {n: {aliases: [x]}}, network_mode: host}}"},
            "NL203",
            ("compose.override.yaml", "host"),
            None,
        ),
    ],
)
def test_places(
    files: dict[str, str], code: str, at: tuple[str, str], replaced: tuple[str, str] | None, tmp_path: Path
) -> None:
    for name, text in {"compose.yaml": BASE, **files}.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    run = check(discover([str(tmp_path)]), load_rules([rules_folder()]), Config())
    [finding] = [one for one in run.findings if one.code == code]

    def place(span: Span) -> tuple[str, str]:
        return span.source, run.sources[span.source].slice(span)

    assert place(finding.at) == at
    assert [place(label.span) for label in _replacing(finding)] == ([replaced] if replaced is not None else [])


def _replacing(finding: Finding) -> list[Label]:
    return [label for label in finding.related if label.text == "replaces what stands here"]
