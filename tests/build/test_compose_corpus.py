"""Real Compose files: what `docker compose config` accepts is never called invalid, what it refuses for reasons that
are netlint's business is reported, and nothing raises."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from netlint.build.compose import build_project
from netlint.build.compose_files import BASES, Library, ProjectFiles, folder_of
from netlint.build.facts import HostFacts
from netlint.config import Config
from netlint.discover import discover
from netlint.engine import check
from netlint.parse.yaml import parse
from netlint.rule import load_rules, rules_folder
from netlint.source import Source

# Why Compose refuses files that netlint says nothing of: what concerns volumes alone, files that are not in the corpus,
# variables that Compose demands or that the environment sets, layers under a name that Compose takes not by itself.
NOT_OURS = re.compile(
    r"undefined volume|section between colons|\.volumes\.|no such file|required variable|No port specified"
    r"|project name must not be empty|bad host name ''"
)
LAYER = re.compile(r"has neither an image nor a build context")
REPORTS = {"NL201", "NL203", "NL217", "NL223", "NL901", "NL902"}

CORPUS = Path(__file__).resolve().parents[2] / "../shared/corpus"


needs_corpus = pytest.mark.skipif(
    not (CORPUS / "compose.jsonl").exists(), reason="the corpus of real files is not beside the project"
)


@needs_corpus
def test_what_compose_refuses_is_reported() -> None:
    rules, reported, silent = load_rules([rules_folder()]), 0, []
    for line in (CORPUS / "compose.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        reason, name = row["compose_config"], row["file"].rpartition("/")[2]
        if row["class"] == "not-compose" or reason == 0 or NOT_OURS.search(reason):
            continue
        text = (CORPUS / row["file"]).read_text(encoding="utf-8", errors="replace")
        if LAYER.search(reason) and (name not in BASES or "image: $" in text):
            continue
        run = check(discover([str(CORPUS / row["file"])]), rules, Config())
        if REPORTS.isdisjoint(finding.code for finding in run.findings):
            silent.append((row["file"], reason))
        reported += 1
    assert not silent
    assert reported > 250


@needs_corpus
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
