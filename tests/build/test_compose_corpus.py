"""Real Compose files: what `docker compose config` accepts is never called invalid, and nothing raises."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from netlint.build.compose import build_project
from netlint.build.compose_files import Library, ProjectFiles, folder_of
from netlint.build.facts import HostFacts
from netlint.parse.yaml import parse
from netlint.source import Source

CORPUS = Path(__file__).resolve().parents[2] / "../shared/corpus"


@pytest.mark.skipif(
    not (CORPUS / "compose.jsonl").exists(), reason="the corpus of real files is not beside the project"
)
def test_no_accepted_file_is_called_invalid() -> None:
    rows = [json.loads(line) for line in (CORPUS / "compose.jsonl").read_text(encoding="utf-8").splitlines()]
    texts = {row["file"]: (CORPUS / row["file"]).read_bytes().decode("utf-8", "surrogateescape") for row in rows}
    library = Library((Source(path, text), "compose") for path, text in texts.items())
    accepted, false_alarms, ports, subnets = 0, [], 0, 0
    for row in rows:
        path = row["file"]
        facts = HostFacts(None, implied=True)
        project = build_project(ProjectFiles((path,), folder_of(path)), library, facts)
        ports += sum(len(service.ports) for service in project.services) if project is not None else 0
        subnets += sum(len(network.subnets) for network in project.networks) if project is not None else 0
        if row["compose_config"] == row["no_interpolate"] == row["no_env"] == 0:
            accepted += 1
            problems = parse(Source(path, texts[path]))[1]
            duplicates = [key.name for key in project.duplicate_keys] if project is not None else ["nothing is in it"]
            unknown = [one for one in facts.not_understood if "is not among the files" not in one.message]
            if problems or facts.unreadable or unknown or duplicates:
                false_alarms.append((path, problems, facts.unreadable, unknown, duplicates))
    assert not false_alarms
    assert accepted > 1000
    assert ports > 1500
    assert subnets > 30
