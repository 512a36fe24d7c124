"""Real Compose files: what `docker compose config` accepts is never called invalid, and nothing raises."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from netlint.build.compose import build_projects
from netlint.build.facts import HostFacts, Parsed
from netlint.parse.yaml import parse
from netlint.source import Source

CORPUS = Path(__file__).resolve().parents[2] / "../shared/corpus"


@pytest.mark.skipif(
    not (CORPUS / "compose.jsonl").exists(), reason="the corpus of real files is not beside the project"
)
def test_no_accepted_file_is_called_invalid() -> None:
    rows = [json.loads(line) for line in (CORPUS / "compose.jsonl").read_text(encoding="utf-8").splitlines()]
    accepted, false_alarms, ports, subnets = 0, [], 0, 0
    for row in rows:
        text = (CORPUS / row["file"]).read_bytes().decode("utf-8", "surrogateescape")
        source = Source(row["file"], text)
        tree, problems = parse(source)
        facts = HostFacts(None, implied=True)
        build_projects([Parsed(source, "compose", tree)], facts)
        ports += sum(len(service.ports) for project in facts.projects for service in project.services)
        subnets += sum(len(network.subnets) for network in facts.networks)
        if row["compose_config"] == row["no_interpolate"] == row["no_env"] == 0:
            accepted += 1
            duplicates = [key.name for project in facts.projects for key in project.duplicate_keys]
            if problems or facts.unreadable or facts.not_understood or duplicates:
                false_alarms.append((row["file"], problems, facts.unreadable, facts.not_understood, duplicates))
    assert not false_alarms
    assert accepted > 1000
    assert ports > 1500
    assert subnets > 30
