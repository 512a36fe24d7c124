"""netlint's model of Compose projects against that of `docker compose` 2.40.3 itself.

Compared are services: their networks with addresses, aliases and priorities, ports with host address, range, protocol
and mode, network_mode, links, depends_on, extra_hosts, dns, expose, replicas, container names, labels, profiles and names
of environment variables; and networks: names, drivers, options, ipam, internal, attachable, external, labels. On the
corpus every twelfth file is compared; NETLINT_COMPLETE=1 compares all 1,014 that Compose accepts.

Differences that are left, none of them open:

- The names of networks that `external: true` makes known by a variable alone, and all other values that only a variable
  tells: Compose reads them as empty, netlint leaves them open.
- `config` drops networks that no service uses; netlint's project keeps them for the rules (`Project.uses`).

Fourteen files cannot be compared: ten include or extend files that are not in the corpus, one makes `config` itself fail
when it prints (`SSHKey`), one has a container name twice if all profiles are on, and the variables of two want values of
several kinds at once.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from netlint.build.compose import build_project
from netlint.build.compose_files import Library, ProjectFiles, folder_of
from netlint.build.facts import HostFacts
from netlint.source import Source
from tests.build.compose_oracle import ABSENT, COMPOSE, Refused, View, differences, reference, view

CORPUS = Path(__file__).resolve().parents[2] / "../shared/corpus"
COMPLETE = bool(os.environ.get("NETLINT_COMPLETE"))
STEP = 1 if COMPLETE else 12
# Why a file cannot be compared here: what it includes or extends is not in the corpus, Compose cannot print it (a defect
# of 2.40.3), or its variables want values of several kinds at once.
EXPLAINED = re.compile(r"no such file|types\.SSHKey|failed to cast|in duration|already in use")
# Variables without a default.
VARIABLE = re.compile(r"(?<!\$)\$(?:\{(\w+)(?::?\?[^}]*)?\}|(\w+))")

pytestmark = pytest.mark.skipif(not COMPOSE.exists(), reason=ABSENT)


@pytest.mark.skipif(
    not (CORPUS / "compose.jsonl").exists(), reason="the corpus of real files is not beside the project"
)
def test_corpus(tmp_path: Path) -> None:
    rows = [json.loads(line) for line in (CORPUS / "compose.jsonl").read_text(encoding="utf-8").splitlines()]
    texts = {row["file"]: (CORPUS / row["file"]).read_bytes().decode("utf-8", "surrogateescape") for row in rows}
    clean = [row["file"] for row in rows if row["compose_config"] == row["no_interpolate"] == row["no_env"] == 0]
    chosen = clean[::STEP]
    with ThreadPoolExecutor(max_workers=2) as pool:
        references = list(pool.map(lambda path: _reference_of(path, texts[path], tmp_path), chosen))
    library = Library((Source(path, text), "compose") for path, text in texts.items())
    found, refused = [], []
    for path, theirs in zip(chosen, references, strict=True):
        if isinstance(theirs, str):
            refused.append((path, theirs))
            continue
        project = build_project(ProjectFiles((path,), folder_of(path)), library, HostFacts(None))
        assert project is not None
        found += [f"{path}{line}" for line in differences(view(project), theirs)]
    assert not found
    print(f"compared {len(chosen) - len(refused)} of {len(chosen)} files; not to be compared: {refused}")
    assert not [(path, reason) for path, reason in refused if EXPLAINED.search(reason) is None]
    assert len(refused) <= (16 if COMPLETE else 3)


@pytest.mark.skipif(
    not (CORPUS / "compose.jsonl").exists(), reason="the corpus of real files is not beside the project"
)
def test_profiles() -> None:
    """Without a profile, Compose starts the services that netlint's model gives none."""
    rows = [json.loads(line) for line in (CORPUS / "compose.jsonl").read_text(encoding="utf-8").splitlines()]
    texts = {row["file"]: (CORPUS / row["file"]).read_bytes().decode("utf-8", "surrogateescape") for row in rows}
    clean = [row["file"] for row in rows if row["compose_config"] == row["no_interpolate"] == row["no_env"] == 0]
    library = Library((Source(path, text), "compose") for path, text in texts.items())
    compared = 0
    for path in (path for path in clean if "profiles:" in texts[path]):
        try:
            theirs = reference((CORPUS / path).parent, "-f", (CORPUS / path).name, profiles=())
        except Refused:
            continue
        project = build_project(ProjectFiles((path,), folder_of(path)), library, HostFacts(None))
        assert project is not None
        assert {one.name for one in project.services if not one.profiles} == set(theirs["services"]), path
        compared += 1
    assert compared > 5


def _reference_of(path: str, text: str, scratch: Path) -> View | str:
    """What Compose makes of a file of the corpus, or why it refuses it.

    Where only environment files or variables are missing, empty files and some value stand in for them: netlint leaves
    open what they decide.
    """
    file = CORPUS / path
    try:
        return reference(file.parent, "-f", file.name)
    except Refused as error:
        reason = str(error)
    folder = scratch / path.replace("/", "_") / file.parent.name
    shutil.copytree(file.parent, folder)
    names = {name for pair in VARIABLE.findall(text) for name in pair if name}
    for value in ("1", "11"):
        environment = {name: "/x" if re.search(rf"\$\{{?{name}\}}?:?/", text) else value for name in names}
        for _ in range(10):
            try:
                return reference(folder, "-f", file.name, environment=environment)
            except Refused as error:
                reason = str(error)
            missing = re.search(r"env file (\S+) not found", reason)
            if missing is None:
                break
            Path(missing[1]).parent.mkdir(parents=True, exist_ok=True)
            Path(missing[1]).touch()
    return reason
