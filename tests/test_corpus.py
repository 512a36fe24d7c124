"""Every real-world file of the corpus is read without a traceback, and nothing that Docker accepts is called wrong."""

import json
from pathlib import Path

import pytest

from netlint.config import Config
from netlint.discover import discover
from netlint.engine import check
from netlint.rule import load_rules, rules_folder

CORPUS = Path(__file__).resolve().parents[2] / "shared" / "corpus"
RULES = load_rules([rules_folder()])

pytestmark = pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of public files is not beside the project")


@pytest.mark.parametrize("kind", ["compose", "daemon", "dumps", "k8s"])
def test_no_file_stops_netlint(kind: str) -> None:
    rows = [json.loads(line) for line in (CORPUS / f"{kind}.jsonl").read_text(encoding="utf-8").splitlines()]
    false_errors = []
    for row in rows:
        run = check(discover([str(CORPUS / row["file"])]), RULES, Config())
        clean = kind == "compose" and not (row["compose_config"] or row["no_interpolate"] or row["no_env"])
        false_errors += [
            f"{row['file']}: {finding.message}" for finding in run.findings if clean and finding.rule == "syntax-error"
        ]
    assert not false_errors
    assert rows
